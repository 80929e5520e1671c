// verdict - what `audit` says: who, on which path, how it is known, and what to do next

import type { Step } from "../abridge";
import type { Context } from "../context";
import { plain, type Frame, type Sample, type Verdict } from "../data";
import { el } from "../dom";
import { stepsOf } from "../findings";
import { asOnPage, bytes, duration } from "../format";
import { sampleWith } from "../model";
import { commandLine, gdbCommand, listCommand } from "../shell";
import { pathActions, pathLine, stepPlace } from "./path";
import { sparkline } from "./spark";

interface Meaning { kind: "bad" | "look" | "good"; means: string }

// Red is for what grows or burns; what only matters where its height hurts is no alarm.
const MEANINGS: Record<string, Meaning> = {
  leak: { kind: "bad", means:
    "Memory is taken again and again, and not all of it is given back: it grows for as " +
    "long as the program runs." },
  thread_leak: { kind: "bad", means:
    "Threads are started and none of them ends: each one keeps its stack and what it " +
    "holds." },
  storm: { kind: "bad", means:
    "Blocks are made and thrown away at a great rate: it costs time rather than memory; " +
    "nothing leaks." },
  sawtooth: { kind: "look", means:
    "Memory is filled and given back again and again; nothing leaks. Look at it if the " +
    "peak hurts." },
  warming: { kind: "look", means:
    "Memory rises less and less, as a cache or a pool does that fills; look at it if its " +
    "height hurts." },
  fragmentation: { kind: "look", means:
    "Blocks were freed, but the few that are left keep their pages from the system; look " +
    "at it if resident memory hurts." },
  steady: { kind: "good", means:
    "Memory does not grow; there is nothing to do." },
};
const UNSURE = "The run was too short to be sure of anything: let it run for longer, then look again.";
const FULL = "The history had no room for enough of the run to be sure of anything: run it again with more HEAPRING_HISTORY.";

function headline(verdict: Verdict): HTMLElement {
  const { confidence, growth, rate_bytes_per_s: rate, eta_to_limit_s: eta } = verdict;
  const name = plain(verdict.verdict).replace(/_/g, " ");
  const facts = [verdict.too_short ? `at a guess ${name}` : "",
    confidence === undefined ? "" : `${Math.round(100 * confidence)}\u202f% sure`,
    growth && growth !== "none" ? `growth ${plain(growth)}` : "",
    rate ? `${rate > 0 ? "+" : ""}${bytes(60 * rate)} a minute` : "",
    eta ? `limit in ${duration(eta)}` : ""];
  return el("p", { class: "verdict-name" },
    el("strong", {}, verdict.history_full ? "history too small to tell" : verdict.too_short ? "too short to tell" : name),
    el("span", { class: "soft" }, facts.filter(Boolean).join(" · ")));
}

interface Site { frame: Frame; path: Step[]; at: number } // at -1: not on its stack

function siteOf(context: Context, { site: frame }: Verdict): Site | null {
  const path = frame && stepsOf(context.foldedAt("functions"), frame.stack);
  return path && { frame, path,
    at: path.findLastIndex(step => step.name === plain(frame.function)) };
}

// What `audit` says of an interpreter's own functions: there is nothing to stop at in them.
const OF_A_SCRIPT = "a script's objects";

const wanted = (verdict: Verdict): Sample =>
  verdict.verdict === "storm" ? "alloc_space" : "inuse_space";

function site(context: Context, verdict: Verdict, { frame, path, at }: Site): HTMLElement[] {
  const where = el("span", { class: "soft code" }, [stepPlace(path[at]), plain(frame.module)]
    .filter(Boolean).join(" · "));
  const unit = context.foldedAt("functions").units[path[at]?.unit ?? -1];
  const name = el("p", { class: "finding-name" }, unit
    ? el("button", { type: "button", class: "link code", onclick: () =>
      context.store.set({ level: "functions", sel: unit.key, line: 0 }) }, unit.name)
    : el("strong", { class: "code" }, plain(frame.function)), where);
  return at < 0 ? [name]
    : [name, pathLine(path, at, context.program), pathActions(context, path, at, wanted(verdict))];
}

function commands(context: Context, verdict: Verdict, { frame, path, at }: Site): HTMLElement[] {
  if (at < 0 || verdict.pattern === OF_A_SCRIPT)
    return [];
  const { raw } = context.profile;
  const filled = sampleWith(context.foldedAt("functions"), path[at].unit, wanted(verdict));
  const gdb = gdbCommand(raw, { ...frame, file: path[at].file, line: path[at].line });
  return [commandLine(listCommand(raw, frame, filled)), ...(gdb ? [commandLine(gdb)] : [])];
}

export function verdictBox(context: Context, verdict: Verdict): HTMLElement {
  const list = (title: string, lines: string[] | undefined) => lines?.length
    ? el("div", {}, el("h3", {}, title), el("ul", {}, ...lines.map(line =>
      el("li", {}, line.startsWith("heapring ") ? el("span", { class: "code" }, plain(line))
        : asOnPage(plain(line)))))) : null;
  const named = siteOf(context, verdict);
  const spark = sparkline(context, named?.path[named.at]?.unit ?? -1,
    plain(named?.frame.function ?? ""));
  const meaning = MEANINGS[verdict.verdict];
  return el("div", { class: `verdict ${verdict.too_short ? "unsure" : meaning?.kind ?? "look"}`,
    role: "status" }, el("div", { class: "verdict-head" }, el("div", {}, headline(verdict),
      el("p", { class: "means" }, verdict.history_full ? FULL : verdict.too_short ? UNSURE : meaning?.means ?? ""),
      ...(named ? site(context, verdict, named) : [])), spark ?? ""),
    ...(named ? commands(context, verdict, named) : []),
    el("div", { class: "columns" }, list("Evidence", verdict.evidence),
      list("Advice", verdict.advice)));
}
