/*
 * commands - the subcommands, one file cmd_<name>.c each
 *
 * Contract: each gets argv with its own name first, prints its errors itself
 * and returns the exit status of `heapring`.
 */
#ifndef ANALYZER_COMMANDS_COMMANDS_H
#define ANALYZER_COMMANDS_COMMANDS_H

#include "analyzer/console/options.h"

extern const struct command cmd_audit;
extern const struct command cmd_check;
extern const struct command cmd_run;
extern const struct command cmd_ps;
extern const struct command cmd_doctor;
extern const struct command cmd_dump;
extern const struct command cmd_clean;
extern const struct command cmd_on;
extern const struct command cmd_off;
extern const struct command cmd_rate;
extern const struct command cmd_top;
extern const struct command cmd_traces;
extern const struct command cmd_diff;
extern const struct command cmd_export;
extern const struct command cmd_flame;
extern const struct command cmd_foreign;
extern const struct command cmd_lifetimes;
extern const struct command cmd_guard;
extern const struct command cmd_list;
extern const struct command cmd_pack;
extern const struct command cmd_peek;
extern const struct command cmd_pins;
extern const struct command cmd_report;
extern const struct command cmd_rss;
extern const struct command cmd_serve;
extern const struct command cmd_sizes;
extern const struct command cmd_slack;
extern const struct command cmd_tree;
extern const struct command cmd_threads;
extern const struct command cmd_trend;
extern const struct command cmd_triage;
extern const struct command cmd_version;
extern const struct command cmd_watch;
extern const struct command cmd_web;

#endif
