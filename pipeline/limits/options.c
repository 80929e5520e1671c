/*
 * options - the command line, checked
 *
 * One table drives parsing, ranges and the help text. Defaults and why:
 *   queue 8000    sixteen batches: half of them may be in SQLite's transaction, or wait
 *                 for its checkpoint, while the others fill and decode
 *   batch 500     the knee of the curve for SQLite (50: half of it, 2000: +7 %)
 *   batch-wait 10 the latency a quiet topic pays; half of the 25 ms goal for p99
 *   workers 1     decoding takes a tenth of what the sink takes
 *   partitions 4  of the embedded broker, which keeps up to 5 MiB for each
 *   attempts 5    with exponential backoff from 50 ms: about 1.5 s of trouble
 *   retry-ttl 30s the longest a refused row may hold its partition's commits
 *   first-poison 50  more than a burst of bad messages at a restart usually is, and
 *                 few enough that a wrong --encoding buries none
 *   drain 10s     below the time in which a container is killed after SIGTERM
 */
#include "pipeline/limits/options.h"

#include <errno.h>
#include <getopt.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "pipeline/base/say.h"
#include "pipeline/base/units.h"
#include "pipeline/kafka/order.h"

#define TOPIC_MAX 249u
#define TOPIC_LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-"

enum kind {
	KIND_TEXT,
	KIND_WORD,   /* one of those that value lists */
	KIND_COUNT,  /* unsigned */
	KIND_NUMBER, /* uint64_t */
	KIND_BYTES,
	KIND_SIZE, /* bytes in an unsigned */
	KIND_TIME,
	KIND_RATE,
	KIND_PERCENT,
	KIND_FLAG,
};

/* commands: the first letters of those that take it. */
struct rule {
	const char *name, *value, *commands;
	enum kind kind;
	size_t at;
	uint64_t min, max;
	const char *help;
};

#define FIELD(name) offsetof(struct options, name)
#define RUN "r"
#define PRODUCE "p"
#define PLAN "l"

static const struct rule rules[] = {
	{ "broker", "embedded|HOST:PORT", RUN PRODUCE, KIND_TEXT, FIELD(broker), 0, 0,
	  "a Kafka; embedded: a broker in the process (embedded)" },
	{ "topic", "T", RUN PRODUCE, KIND_TEXT, FIELD(topic), 0, 0,
	  "topic to consume or fill (orders)" },
	{ "group", "G", RUN PRODUCE, KIND_TEXT, FIELD(group), 0, 0,
	  "consumer group (heapring-pipeline)" },
	{ "workers", "N", RUN, KIND_COUNT, FIELD(workers), 1, 64,
	  "decoding threads (1)" },
	{ "queue", "N", RUN PLAN, KIND_COUNT, FIELD(queue), 1, 1000000,
	  "messages in flight at most (8000)" },
	{ "batch", "N", RUN PLAN, KIND_COUNT, FIELD(batch), 1, 10000,
	  "messages a batch (500)" },
	{ "batch-wait", "MS", RUN, KIND_TIME, FIELD(batch_wait_us), 0, 10000000,
	  "longest wait for a batch to fill (10)" },
	{ "decode", "zerocopy|copy", RUN, KIND_WORD, 0, 0, 0,
	  "how to decode (zerocopy)" },
	{ "encoding", "json|protobuf", RUN PRODUCE, KIND_WORD, 0, 0, 0,
	  "of the messages (json)" },
	{ "sink", "sqlite:FILE|postgres:URI|null", RUN PLAN, KIND_TEXT, FIELD(sink), 0, 0,
	  "where rows go (sqlite: a temporary file)" },
	{ "messages", "N", RUN PRODUCE, KIND_NUMBER, FIELD(messages), 1, INT64_MAX,
	  "stop after N" },
	{ "duration", "S", RUN PRODUCE, KIND_TIME, FIELD(duration_us), 1,
	  UINT64_C(31536000000000), "stop after S seconds" },
	{ "rate", "N/s|max", RUN PRODUCE PLAN, KIND_RATE, FIELD(rate), 0, INT64_MAX,
	  "pace of the producer (max)" },
	{ "payload", "BYTES", RUN PRODUCE PLAN, KIND_SIZE, FIELD(payload),
	  ORDER_PAYLOAD_MIN, ORDER_PAYLOAD_MAX, "size of a message (300)" },
	{ "memory", "BYTES", RUN PLAN, KIND_BYTES, FIELD(memory), 1 << 20,
	  UINT64_C(1) << 40, "budget of the process: gives every limit" },
	{ "fault", "NAME", RUN, KIND_TEXT, FIELD(fault), 0, 0,
	  "an anti-pattern; see faults" },
	{ "metrics", "HOST:PORT", RUN, KIND_TEXT, FIELD(metrics), 0, 0,
	  "serve Prometheus metrics there" },
	{ "summary", "json", RUN PRODUCE PLAN, KIND_WORD, 0, 0, 0,
	  "print the summary as JSON on stdout" },
	{ "partitions", "N", RUN PRODUCE PLAN, KIND_COUNT, FIELD(partitions), 1, 1024,
	  "of the topic: embedded, or made by produce (4)" },
	{ "poison", "PERCENT", RUN PRODUCE, KIND_PERCENT, FIELD(poison), 0, 100,
	  "share of messages that the producer spoils (0)" },
	{ "attempts", "N", RUN, KIND_COUNT, FIELD(attempts), 1, 100,
	  "tries of a refused row, then a dead letter (5)" },
	{ "retry-ttl", "S", RUN, KIND_TIME, FIELD(retry_ttl_us), 1, 3600000000u,
	  "longest stay in the retry queue (30)" },
	{ "dlq", "T|off", RUN, KIND_TEXT, FIELD(dlq), 0, 0,
	  "dead letter topic; off: drop them (TOPIC.dlq)" },
	{ "first-poison", "N", RUN, KIND_COUNT, FIELD(first_poison), 0, 10000,
	  "end if the first N cannot be decoded; 0: never (50)" },
	{ "drain", "S", RUN, KIND_TIME, FIELD(drain_us), 1, 600000000u,
	  "longest wait at the end for what is in flight (10)" },
	{ "latency", "MS", PLAN, KIND_TIME, FIELD(latency_us), 1, 60000000u,
	  "time a message is in the pipeline (5)" },
	{ "chaos", "LIST", RUN, KIND_TEXT, FIELD(chaos), 0, 0,
	  "test aid: slow=US,outage=START:SECONDS,refuse=PERCENT" },
	{ "quiet", NULL, RUN PRODUCE, KIND_FLAG, FIELD(quiet), 0, 0,
	  "errors only on stderr" },
	{ "help", NULL, RUN PRODUCE PLAN, KIND_FLAG, FIELD(help), 0, 0, "this text" },
};

#define RULES (sizeof(rules) / sizeof(rules[0]))

/* In the order of enum command; letter: in the rules. */
static const struct {
	const char *name, *letter, *what;
} commands[] = {
	{ "run", RUN, "consume a topic within fixed bounds, into a sink" },
	{ "produce", PRODUCE, "fill a topic with orders; embedded: and serve it" },
	{ "plan", PLAN, "the arithmetic of memory for a rate or a budget" },
	{ "faults", "", "the anti-patterns of run --fault" },
	{ "help", "", "this text" },
	{ "version", "", "the release" },
};

#define COMMANDS (sizeof(commands) / sizeof(commands[0]))

/* What a value looks like, where its name alone does not tell. */
static const char *allowed(const struct rule *rule)
{
	switch (rule->kind) {
	case KIND_BYTES:
	case KIND_SIZE:
		return "a size such as 300, 64K, 32MiB";
	case KIND_TIME:
		return "a time such as 10ms, 2s, 1m";
	case KIND_RATE:
		return "a rate such as 5000/s, 100k/s, or max";
	case KIND_PERCENT:
		return "a number from 0 to 100";
	default:
		return rule->value;
	}
}

static int bad_value(const struct rule *rule, const char *value, const char *why)
{
	say_error("--%s %s: %s; allowed is %s", rule->name, value, why, allowed(rule));
	return EXIT_USAGE;
}

static void number_text(const struct rule *rule, uint64_t number, char *to)
{
	if (rule->kind == KIND_BYTES || rule->kind == KIND_SIZE)
		units_bytes_text(to, number);
	else if (rule->kind != KIND_TIME)
		snprintf(to, UNITS_TEXT_MAX, "%llu", (unsigned long long)number);
	else
		snprintf(to, UNITS_TEXT_MAX, number < 1000 ? "%.3gms" : "%.9gs",
			 (double)number / (number < 1000 ? 1e3 : 1e6));
}

static int bad_range(const struct rule *rule, const char *value)
{
	char low[UNITS_TEXT_MAX], high[UNITS_TEXT_MAX];

	if (rule->kind == KIND_RATE)
		return bad_value(rule, value, "out of range");
	number_text(rule, rule->min, low);
	number_text(rule, rule->max, high);
	say_error("--%s %s: out of range; allowed is %s to %s", rule->name, value, low,
		  high);
	return EXIT_USAGE;
}

static int read_number(const struct rule *rule, const char *text, uint64_t *ret)
{
	char seconds[64];

	switch (rule->kind) {
	case KIND_BYTES:
	case KIND_SIZE:
		return units_bytes(text, ret);
	case KIND_TIME:
		/* a bare number means what the help says: seconds or milliseconds */
		if (rule->value[0] == 'S' &&
		    strspn(text, "0123456789.") == strlen(text)) {
			snprintf(seconds, sizeof(seconds), "%ss", text);
			return units_time_us(seconds, ret);
		}
		return units_time_us(text, ret);
	case KIND_RATE:
		return units_rate(text, ret);
	default:
		return units_count(text, ret);
	}
}

static int set_percent(struct options *o, const struct rule *rule, const char *text)
{
	double percent;
	char rest;

	/* written so that what is no number fails too */
	if (sscanf(text, "%lf%c", &percent, &rest) != 1 ||
	    !(percent >= 0 && percent <= 100))
		return bad_value(rule, text, "not a share from 0 to 100");
	o->poison = percent / 100;
	return 0;
}

static int set_word(struct options *o, const struct rule *rule, const char *text)
{
	if (strcmp(rule->name, "decode") == 0 && strcmp(text, "zerocopy") == 0)
		o->decode = DECODE_ZEROCOPY;
	else if (strcmp(rule->name, "decode") == 0 && strcmp(text, "copy") == 0)
		o->decode = DECODE_COPY;
	else if (strcmp(rule->name, "encoding") == 0 && strcmp(text, "json") == 0)
		o->encoding = ENCODING_JSON;
	else if (strcmp(rule->name, "encoding") == 0 && strcmp(text, "protobuf") == 0)
		o->encoding = ENCODING_PROTOBUF;
	else if (strcmp(rule->name, "summary") == 0 && strcmp(text, "json") == 0)
		o->summary_json = true;
	else
		return bad_value(rule, text, "not known");
	return 0;
}

static int set_value(struct options *o, const struct rule *rule, const char *text)
{
	char *at = (char *)o + rule->at;
	uint64_t number;
	int r;

	if (rule->kind == KIND_FLAG) {
		*(bool *)at = true;
		return 0;
	}
	if (rule->kind == KIND_PERCENT)
		return set_percent(o, rule, text);
	if (rule->kind == KIND_WORD)
		return set_word(o, rule, text);
	if (rule->kind == KIND_TEXT) {
		if (text[0] == '\0')
			return bad_value(rule, "''", "empty");
		*(const char **)at = text;
		return 0;
	}
	r = read_number(rule, text, &number);
	if (r == -ERANGE || (r == 0 && (number < rule->min || number > rule->max)))
		return bad_range(rule, text);
	if (r != 0)
		return bad_value(rule, text, "not a number with a known unit");
	if (rule->kind == KIND_COUNT || rule->kind == KIND_SIZE)
		*(unsigned *)at = (unsigned)number;
	else
		*(uint64_t *)at = number;
	o->payload_given |= rule->at == FIELD(payload);
	o->rate_given |= rule->at == FIELD(rate);
	o->partitions_given |= rule->at == FIELD(partitions);
	return 0;
}

static int usage(const char *what, const char *why)
{
	say_error("%s: %s; see heapring-pipeline --help", what, why);
	return EXIT_USAGE;
}

/* With a broker that is not ours nothing is produced. */
static int check_producing(const struct options *o)
{
	if (o->command != COMMAND_RUN || o->embedded)
		return 0;
	if (o->rate_given || o->poison > 0)
		return usage(o->rate_given ? "--rate" : "--poison",
			     "is for the embedded producer; with --broker HOST:PORT "
			     "give it to produce instead");
	if (o->partitions_given)
		return usage("--partitions",
			     "is for the embedded broker; a Kafka says itself how many "
			     "its topic has");
	return 0;
}

static int check_broker(const struct options *o)
{
	const char *colon = strrchr(o->broker, ':');
	uint64_t port;

	if (o->embedded)
		return 0;
	if (colon == NULL || colon == o->broker || units_count(colon + 1, &port) != 0 ||
	    port == 0 || port > 65535)
		return usage(o->broker, "--broker is neither embedded nor HOST:PORT");
	return 0;
}

/* Kafka's rules; a broker would say just "invalid topic". */
static int check_topic(const char *option, const char *name)
{
	size_t len = strlen(name);

	if (len <= TOPIC_MAX && strcmp(name, ".") != 0 && strcmp(name, "..") != 0 &&
	    strspn(name, TOPIC_LETTERS) == len)
		return 0;
	say_error("%s '%.40s%s': no name for a topic; allowed are at most %u letters, "
		  "digits, '.', '_' and '-', not . or .. alone",
		  option, name, len > 40 ? "..." : "", TOPIC_MAX);
	return EXIT_USAGE;
}

static int check_topics(const struct options *o)
{
	if (check_topic("--topic", o->topic) != 0)
		return EXIT_USAGE;
	if (o->dlq != NULL && strcmp(o->dlq, o->topic) == 0)
		return usage("--dlq", "is the topic that is read: each dead letter would "
				      "be read again and buried again");
	if (o->dlq != NULL)
		return check_topic("--dlq", o->dlq);
	if (o->command != COMMAND_RUN || strlen(o->topic) + strlen(".dlq") <= TOPIC_MAX)
		return 0;
	return usage("--topic", "leaves no room for .dlq at its end; give --dlq T too");
}

static int check(struct options *o)
{
	o->embedded = strcmp(o->broker, "embedded") == 0;
	if (o->messages != 0 && o->duration_us != 0)
		return usage("--messages and --duration",
			     "only one of them may be given");
	if (o->batch > o->queue)
		o->batch = o->queue;
	if (strcmp(o->sink, "null") != 0 && strncmp(o->sink, "sqlite:", 7) != 0 &&
	    strncmp(o->sink, "postgres:", 9) != 0)
		return usage(o->sink,
			     "--sink is none of sqlite:FILE, postgres:URI, null");
	if (o->command == COMMAND_PRODUCE && o->messages == 0 && o->duration_us == 0)
		return usage("produce", "give --messages N or --duration S");
	return check_topics(o) != 0 || check_broker(o) != 0 ? EXIT_USAGE
							    : check_producing(o);
}

static void defaults(struct options *o)
{
	*o = (struct options){
		.command = COMMAND_HELP,
		.broker = "embedded",
		.topic = "orders",
		.group = "heapring-pipeline",
		.sink = "sqlite:",
		.workers = 1,
		.queue = 8000,
		.batch = 500,
		.partitions = 4,
		.payload = 300,
		.attempts = 5,
		.first_poison = 50,
		.batch_wait_us = 10000,
		.retry_ttl_us = 30000000,
		.drain_us = 10000000,
		.latency_us = 5000,
	};
}

static bool belongs(const struct rule *rule, enum command command)
{
	const char *letter = commands[command].letter;

	return letter[0] != '\0' && strstr(rule->commands, letter) != NULL;
}

static int take_rule(struct options *o, const struct rule *rule, const char *text)
{
	if (rule->kind != KIND_FLAG && !belongs(rule, o->command)) {
		say_error("--%s: is no option of %s; see heapring-pipeline %s --help",
			  rule->name, commands[o->command].name,
			  commands[o->command].name);
		return EXIT_USAGE;
	}
	return set_value(o, rule, text);
}

static int parse_rules(int argc, char **argv, struct options *o)
{
	struct option longs[RULES + 1] = { 0 };
	int which, r = 0, c;

	for (size_t i = 0; i < RULES; i++)
		longs[i] = (struct option){ rules[i].name,
					    rules[i].value != NULL ? required_argument
								   : no_argument,
					    NULL, 'o' };
	opterr = 0;
	optind = 1;
	while (r == 0 && (c = getopt_long(argc, argv, ":h", longs, &which)) != -1) {
		if (c == 'h')
			o->help = true;
		else if (c == ':')
			r = usage(argv[optind - 1], "the value is missing");
		else if (c != 'o')
			r = usage(argv[optind - 1], "no such option");
		else
			r = take_rule(o, &rules[which], optarg);
	}
	if (r == 0 && optind < argc)
		r = usage(argv[optind], "unexpected argument");
	return r;
}

static int find_command(const char *word, enum command *ret)
{
	for (size_t i = 0; i < COMMANDS; i++)
		if (strcmp(commands[i].name, word) == 0) {
			*ret = (enum command)i;
			return 0;
		}
	*ret = COMMAND_VERSION;
	if (strcmp(word, "--version") == 0)
		return 0;
	return usage(word, "no such command; there are run, produce, plan, faults");
}

int options_parse(int argc, char **argv, struct options *o)
{
	int r;

	defaults(o);
	if (argc < 2)
		return usage("heapring-pipeline",
			     "give a command: run, produce, plan, faults");
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)
		return 0;
	if (find_command(argv[1], &o->command) != 0)
		return EXIT_USAGE;
	r = parse_rules(argc - 1, argv + 1, o);
	return r != 0 || o->help ? r : check(o);
}

static void help_option(const struct rule *rule)
{
	char left[64];

	snprintf(left, sizeof(left), "--%s%s%s", rule->name,
		 rule->value != NULL ? " " : "", rule->value != NULL ? rule->value : "");
	printf("  %-37s %s\n", left, rule->help);
}

static void help_of(enum command command)
{
	printf("usage: heapring-pipeline %s%s\n%s\n", commands[command].name,
	       commands[command].letter[0] != '\0' ? " [OPTION...]" : "",
	       commands[command].what);
	putchar('\n');
	for (size_t i = 0; i < RULES; i++)
		if (belongs(&rules[i], command))
			help_option(&rules[i]);
}

static void help_commands(void)
{
	puts("usage: heapring-pipeline COMMAND [OPTION...]\n");
	for (size_t i = 0; i < COMMANDS; i++)
		printf("  %-37s %s\n", commands[i].name, commands[i].what);
	puts("\noptions; heapring-pipeline COMMAND --help has those of one command:\n");
	for (size_t i = 0; i < RULES; i++)
		help_option(&rules[i]);
}

void options_help(const struct options *o)
{
	if (o->command != COMMAND_HELP)
		help_of(o->command);
	else
		help_commands();
	puts("\nTimes: 10ms, 2s, 1m; sizes: 300, 64K, 32MiB; rates: 5000/s, 100k/s.\n"
	     "Exit status: 0 fine, 1 a promise was broken or the run gave up, 2 usage,\n"
	     "3 a broker, topic, sink or file that cannot be used.");
}
