// coverage - what the figures do not cover: losses, and resident memory that is no block

import type { Context, Panel } from "../context";
import { OTHER, SAMPLES, plain, type Raw, type Rss } from "../data";
import { el } from "../dom";
import { SAMPLE_NAMES, asOnPage, bytes, figure, percent } from "../format";

const LOSSES: [string, string, string][] = [
  ["truncated", "Stacks cut short", "They had more frames than HEAPRING_DEPTH; their outer end " +
    "is [truncated]. A larger HEAPRING_DEPTH keeps them whole."],
  ["overflow", "Counted under [overflow]", "The segment's budget was used up, so new stacks share " +
    "one name; totals stay right. A larger HEAPRING_BUDGET keeps them apart."],
  ["missed_frees", "Frees that were not seen", "A new block lay where an old one was believed to " +
    "live, so something else freed the old one."],
  ["untracked_frees", "Frees of unknown blocks", "They were allocated before profiling began, or " +
    "while it was off. Figures in use are not touched by them."],
  ["bypassed", "Not recorded, by design", "Allocations made inside the profiler itself, or by a " +
    "signal handler that interrupted it."],
  ["dropped", "Lost allocations", "An internal limit was reached; totals are low by these."],
];

// As `heapring rss` prints it: lines of depth 0 add up to what is resident.
function residentTable(rss: Rss): HTMLElement[] {
  return [el("h2", {}, `Where the resident memory is: ${bytes(rss.resident)}`),
    el("table", { class: "losses rss" },
      el("thead", {}, el("tr", {}, el("th", {}, "What"), el("th", { class: "number" }, "Bytes"),
        el("th", { class: "number" }, "Share"), el("th", {}, "How it was measured; where it may err"))),
      el("tbody", {}, ...rss.lines.filter(line => line.bytes !== 0 || line.depth === 0).map(line =>
        el("tr", {}, el("th", { scope: "row" }, `${line.depth ? "\u2003" : ""}${line.what}`),
          el("td", { class: "number" }, bytes(line.bytes)),
          el("td", { class: "number" }, percent(line.bytes, rss.resident)),
          el("td", {}, asOnPage(line.error ? `${line.how}; ${line.error}` : line.how)))))),
    el("p", {}, `In use, but not resident: ${bytes(rss.live_absent)} of ${bytes(rss.live)}.`)];
}

// A page that shows every one of a million stacks is no page to look at.
function foldedTable(raw: Raw): HTMLElement[] {
  const { folded } = raw;
  if (!folded)
    return [];
  return [el("h2", {}, `Stacks that are not shown by themselves: ${
    folded.stacks.toLocaleString("en-US")} of ${
    (folded.stacks + folded.shown).toLocaleString("en-US")}`),
    el("p", {}, "They are the smallest in all four figures, and end in ",
      el("span", { class: "code" }, OTHER), " below the calls that they share with larger ones. Totals are " +
      "exact; functions below these calls have less here than in ",
      el("span", { class: "code" }, "top"), ". More of them: ",
      el("span", { class: "code" }, "report --stacks COUNT"), "; a part of all: ",
      el("span", { class: "code" }, "--focus"), " and ", el("span", { class: "code" }, "--ignore"), "."),
    el("table", { class: "losses folded" },
      el("thead", {}, el("tr", {}, el("th", {}, "Figure"), el("th", { class: "number" }, OTHER),
        el("th", { class: "number" }, "Share"))),
      el("tbody", {}, ...SAMPLES.map(sample => el("tr", {},
        el("th", { scope: "row" }, SAMPLE_NAMES[sample]),
        el("td", { class: "number", "data-folded": folded[sample] }, figure(sample, folded[sample])),
        el("td", { class: "number" }, percent(folded[sample], raw.total[sample]))))))];
}

export class Coverage implements Panel {
  readonly element = el("section", { class: "view coverage" });

  constructor(private readonly context: Context) {}

  draw(): void {
    const { raw } = this.context.profile, { coverage, mode } = raw;
    const lost = LOSSES.filter(([key]) => coverage[key] > 0);
    this.element.replaceChildren(
      el("p", { class: "lead" }, el("strong", {}, percent(coverage.stacks_complete_pct, 100)),
        " of allocations have a complete stack."),
      el("table", { class: "losses" },
        el("thead", {}, el("tr", {}, el("th", {}, "What"), el("th", { class: "number" }, "Allocations"),
          el("th", {}, "What it means"))),
        el("tbody", {}, ...LOSSES.map(([key, name, meaning]) =>
          el("tr", { class: coverage[key] > 0 ? "some" : "" }, el("th", { scope: "row" }, name),
            el("td", { class: "number" }, coverage[key].toLocaleString("en-US")),
            el("td", {}, meaning))))),
      el("p", {}, lost.length === 0 ? "Nothing was lost. " : "",
        mode.kind === "sampled" ? `One in ${bytes(mode.rate_bytes)} on average was sampled: figures ` +
          "are estimates, and ± is where the true one lies 95 times in 100."
          : mode.kind === "exact" ? "Every allocation was counted."
          : "Recording was off when this was read."),
      ...foldedTable(raw),
      ...(raw.rss ? residentTable(raw.rss) : []),
      ...(raw.warnings.length ? [el("h2", {}, "Symbols"), el("ul", {}, ...raw.warnings.map(line =>
        el("li", {}, plain(line))))] : []));
  }
}
