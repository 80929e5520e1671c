// summary - the first thing to read: the verdict, what stands out, the largest holders

import type { Context, Panel } from "../context";
import { freedAtExit, heightOf, mostWasFreed, type Height } from "../course";
import { OTHER, type Sample } from "../data";
import { bar, el } from "../dom";
import { accused, findings, sumsOf, type Finding } from "../findings";
import { SAMPLE_NAMES, bytes, duration, figure, percent, signed } from "../format";
import { defined } from "../model";
import { shorten } from "../names";
import type { State } from "../state";
import { pathActions, pathLine, stepPlace } from "./path";
import { verdictBox } from "./verdict";

const ROWS = 12;

export class Summary implements Panel {
  readonly element = el("section", { class: "view summary" });

  constructor(private readonly context: Context) {}

  draw(): void {
    const { raw } = this.context.profile, { height } = this;
    const said = raw.base ? -1 : accused(this.context.foldedAt("functions"));
    this.element.replaceChildren(
      raw.verdict ? verdictBox(this.context, raw.verdict) : raw.base ? "" : el("p", { class: "soft no-verdict" },
        "No verdict: it takes the history of the whole run, which this page was made without."),
      this.freed(),
      el("div", { class: "columns" },
        el("div", {}, el("h2", {}, said < 0 ? "What stands out" : "What else stands out"), this.findings(), this.losses()),
        el("div", {}, el("h2", {}, this.context.profile.base ? "What changed most"
          : height ? "Largest at the height" : "Largest"),
          this.largest(height), ...(height ? [el("h2", { class: "at-end" }, `Largest ${this.end}`),
            this.largest(null)] : []))));
  }

  private get end(): string {
    return this.context.profile.raw.process.state === "live" ? "now" : "at the end";
  }

  // The end is another moment than the one that matters: say so before its figures.
  private freed(): HTMLElement | string {
    const { raw } = this.context.profile, { own_total, total, history } = raw;
    if (!mostWasFreed(raw))
      return "";
    // One moment is named: that of the height, where the holders below are from.
    const when = heightOf(this.context.foldedAt("functions")) || typeof history?.peak_s !== "number" ? ""
      : ` after ${duration(history.peak_s)}`;
    return el("p", { class: "freed" }, el("strong", {}, freedAtExit(raw)
      ? "Most was freed only as the program ended: "
      : `Most was freed by ${this.end.replace("at ", "")}: `),
      `${bytes(own_total.inuse_space)} is left of ${bytes(total.peak_space)}, the peak${when}. ` +
      `What is in use tells of ${this.end.replace("at ", "")} only; what was freed is under `,
      el("button", { type: "button", class: "link", onclick: () =>
        this.context.store.set({ sample: "alloc_space" }) }, SAMPLE_NAMES.alloc_space),
      history ? ", and how it went in the " : "", history ? el("button", { type: "button",
        class: "link", onclick: () => this.context.store.set({ view: "time" }) }, "Time line") : "",
      ".");
  }

  // Where what is in use is next to nothing, the largest are those of the height.
  private get height(): Height | null {
    const { profile, sample, state, folded } = this.context;
    return mostWasFreed(profile.raw) && sample === "inuse_space" && state.level === "functions"
      ? heightOf(folded) : null;
  }

  // A function's name that selects it.
  private go(unit: number, patch: Partial<State>): HTMLElement {
    const { units } = this.context.foldedAt(patch.level ?? this.context.state.level);
    return el("button", { type: "button", class: "link code", onclick: () =>
      this.context.store.set({ ...patch, sel: units[unit].key, line: 0 }) }, units[unit].name);
  }

  private findings(): HTMLElement {
    const list = findings(this.context);
    return list.length ? el("ol", { class: "findings" }, ...list.map(one => this.finding(one)))
      : el("p", { class: "soft" }, this.context.profile.raw.total.alloc_objects
        ? "Nothing beside what is said above." : "Nothing is in use and nothing was allocated.");
  }

  private finding(one: Finding): HTMLElement {
    const { units } = this.context.foldedAt("functions"), unit = units[one.unit];
    return el("li", { class: `finding ${one.kind}` },
      el("p", { class: "finding-title" }, one.title),
      el("p", { class: "finding-name" },
        this.go(one.unit, { level: "functions", sample: one.sample }),
        el("span", { class: "soft code" }, [stepPlace(one.path[one.at]), unit.module]
          .filter(Boolean).join(" · "))),
      el("p", {}, one.text, one.through >= 0 && one.through !== one.unit ? el("span",
        { class: "soft" }, ", allocated through ", el("span", { class: "code",
          title: units[one.through].name }, shorten(units[one.through].name, 60))) : ""),
      pathLine(one.path, one.at, this.context.program), pathActions(this.context, one.path, one.at, one.sample));
  }

  private losses(): HTMLElement {
    const { coverage, folded, mode } = this.context.profile.raw, lost = ["truncated", "overflow",
      "missed_frees", "dropped"].filter(key => coverage[key] > 0)
      .map(key => `${coverage[key].toLocaleString("en-US")} ${key.replace("_", " ")}`);
    return el("p", { class: "soft losses-line" },
      `${percent(coverage.stacks_complete_pct, 100)} of allocations have a complete stack${
        lost.length ? `; ${lost.join(", ")}` : ""}. `,
      folded ? `${folded.stacks.toLocaleString("en-US")} small stacks are folded into ${OTHER}. ` : "",
      mode.kind === "sampled" ? `Sampled, one in ${bytes(mode.rate_bytes)}. ` : "",
      el("button", { type: "button", class: "link", onclick: () =>
        this.context.store.set({ view: "coverage" }) }, "Coverage and losses"));
  }

  private largest(height: Height | null): HTMLElement {
    const { context } = this, { folded, sample, total, profile } = context;
    const sums = sumsOf(folded), size = (unit: number) => height
      ? height.held.get(unit) ?? 0 : sums.change(sample, unit);
    const whole = height ? [...height.held.values()].reduce((sum, one) => sum + one, 0) : total;
    const order = folded.units.map((_, i) => i).filter(unit => size(unit) !== 0)
      .sort((a, b) => Math.abs(size(b)) - Math.abs(size(a)));
    const largest = Math.abs(size(order[0] ?? 0)) || 1, show = profile.base ? signed : figure;
    const row = (unit: number) => el("tr", { class: unit === context.selected ? "chosen" : "",
      "data-unit": folded.units[unit].name, "data-value": size(unit) },
      el("td", { class: "number" }, show(sample, size(unit))),
      el("td", { class: "number soft" }, percent(size(unit), whole)),
      el("td", { class: "bar-cell" }, bar(size(unit) / largest, size(unit) < 0 ? "shrank"
        : profile.base ? "grew" : "")),
      el("td", {}, this.go(unit, {}), el("span", { class: "soft code where" },
        defined(folded, unit) || folded.units[unit].module)));
    if (order.length === 0)
      return el("p", { class: "soft" }, `Nothing ${profile.base ? "changed in" : "to show of"} this figure.`);
    const rest = order.slice(ROWS).reduce((sum, unit) => sum + size(unit), 0);
    const of = context.state.level.replace(/s$/, "");
    return el("div", { class: "largest" }, el("table", {},
      el("caption", {}, `${height ? `In use after ${duration(height.time)}`
        : SAMPLE_NAMES[sample as Sample]}, by the ${of} that is responsible: ` +
        "what containers and wrappers allocate counts for who calls them"),
      el("tbody", {}, ...order.slice(0, ROWS).map(row))),
      el("p", { class: "soft" }, order.length > ROWS ? `and ${
        (order.length - ROWS).toLocaleString("en-US")} more with ${show(sample, rest)}. ` : "",
        "By who called the allocator: ", el("button", { type: "button", class: "link",
          onclick: () => context.store.set({ view: "table" }) }, "Table")));
  }
}
