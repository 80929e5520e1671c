// summary - the first thing to read: the verdict, what stands out, the largest holders

import type { Context, Panel } from "../context";
import { OTHER, baseName, plain, type Sample, type Verdict } from "../data";
import { bar, el } from "../dom";
import { abridge, findings, type Finding } from "../findings";
import { SAMPLE_NAMES, bytes, duration, figure, percent, signed } from "../format";
import { flat, place } from "../model";
import type { State, View } from "../state";

const ROWS = 12;

const GOOD = new Set(["steady", "none", "warming"]);

export class Summary implements Panel {
  readonly element = el("section", { class: "view summary" });

  constructor(private readonly context: Context) {}

  draw(): void {
    const { raw } = this.context.profile;
    this.element.replaceChildren(
      raw.verdict ? this.verdict(raw.verdict) : raw.base ? "" : el("p", { class: "soft no-verdict" },
        "No verdict: it takes the history of the whole run, which this page was made without."),
      el("div", { class: "columns" },
        el("div", {}, el("h2", {}, "What stands out"), this.findings(), this.losses()),
        el("div", {}, el("h2", {}, this.context.profile.base ? "What changed most" : "Largest"),
          this.largest())));
  }

  private verdict(verdict: Verdict): HTMLElement {
    const name = plain(verdict.verdict).replace(/_/g, " "), good = GOOD.has(verdict.verdict);
    const rate = verdict.rate_bytes_per_s, eta = verdict.eta_to_limit_s;
    const list = (title: string, lines: string[] | undefined) => lines?.length
      ? el("div", {}, el("h3", {}, title), el("ul", {}, ...lines.map(line =>
        el("li", {}, plain(line))))) : null;
    return el("div", { class: `verdict ${good ? "good" : "bad"}`, role: "status" },
      el("p", { class: "verdict-name" }, el("strong", {}, name),
        verdict.confidence === undefined ? "" : el("span", { class: "soft" },
          ` ${Math.round(100 * verdict.confidence)}\u202f% sure`),
        verdict.growth && verdict.growth !== "none" ? el("span", { class: "soft" },
          ` · growth ${plain(verdict.growth)}`) : "",
        rate ? el("span", { class: "soft" }, ` · ${rate > 0 ? "+" : ""}${bytes(rate)}/s`) : "",
        eta ? el("span", { class: "soft" }, ` · limit in ${duration(eta)}`) : ""),
      this.site(verdict),
      el("div", { class: "columns" }, list("Evidence", verdict.evidence),
        list("Advice", verdict.advice)));
  }

  private site({ site }: Verdict): HTMLElement | null {
    const name = site && plain(site.function);
    const { units } = this.context.foldedAt("functions");
    const unit = units.findIndex(one => one.name === name);
    if (!site || !name)
      return null;
    const where = [site.file ? baseName(plain(site.file)) + (site.line ? `:${site.line}` : "") : "",
      plain(site.module ?? "")].filter(Boolean).join(" · ");
    return el("p", { class: "finding-name" }, unit >= 0 ? this.go(unit, { level: "functions" })
      : el("span", { class: "code" }, name), el("span", { class: "soft code" }, where));
  }

  // A function's name that selects it and opens the flame graph.
  private go(unit: number, patch: Partial<State>): HTMLElement {
    const { units } = this.context.foldedAt(patch.level ?? this.context.state.level);
    return el("button", { type: "button", class: "link code", onclick: () =>
      this.context.store.set({ ...patch, sel: units[unit].key }) }, units[unit].name);
  }

  private findings(): HTMLElement {
    const list = findings(this.context);
    return list.length ? el("ol", { class: "findings" }, ...list.map(one => this.finding(one)))
      : el("p", { class: "soft" }, "Nothing is in use and nothing was allocated.");
  }

  private finding(one: Finding): HTMLElement {
    const { units } = this.context.foldedAt("functions"), unit = units[one.unit];
    const patch = { level: "functions", sample: one.sample } as const;
    const show = (view: View, label: string) => el("button", { type: "button", class: "button",
      onclick: () => this.context.store.set({ ...patch, view, sel: unit.key }) }, label);
    return el("li", { class: `finding ${one.kind}` },
      el("p", { class: "finding-title" }, one.title),
      el("p", { class: "finding-name" }, this.go(one.unit, patch),
        el("span", { class: "soft code" }, [place(unit), unit.module].filter(Boolean).join(" · "))),
      el("p", {}, one.text, one.wrapper >= 0 && one.wrapper !== one.unit ? el("span",
        { class: "soft" }, ", allocated through ", el("span", { class: "code" },
          units[one.wrapper].name)) : ""),
      el("p", { class: "path", "aria-label": "Its largest stack, outermost first" },
        ...abridge(one.path, one.unit, units).flatMap((at, i) => [
          i > 0 && el("span", { class: "soft", "aria-hidden": "true" }, " › "),
          at === null ? el("span", { class: "soft" }, "…") : el("span",
            { class: `code ${at.unit === one.unit ? "named" : "soft"}` },
            units[at.unit].name + (at.line ? `:${at.line}` : ""))]).filter(Boolean) as Node[]),
      el("p", { class: "shortcuts" }, show("flame", "Flame graph"), show("graph", "Call graph"),
        show("source", "Source")));
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

  private largest(): HTMLElement {
    const { context } = this, { folded, sample, total, profile } = context;
    const order = folded.units.map((_, i) => i)
      .filter(unit => flat(folded, sample, unit) !== 0)
      .sort((a, b) => Math.abs(flat(folded, sample, b)) - Math.abs(flat(folded, sample, a)));
    const largest = Math.abs(flat(folded, sample, order[0] ?? 0)) || 1;
    const show = profile.base ? signed : figure;
    const row = (unit: number) => {
      const value = flat(folded, sample, unit);
      return el("tr", { class: unit === context.selected ? "chosen" : "" },
        el("td", { class: "number" }, show(sample, value)),
        el("td", { class: "number soft" }, percent(value, total)),
        el("td", { class: "bar-cell" }, bar(value / largest, value < 0 ? "shrank"
          : profile.base ? "grew" : "")),
        el("td", {}, this.go(unit, {}), el("span", { class: "soft code where" },
          place(folded.units[unit]) || folded.units[unit].module)));
    };
    const rest = order.slice(ROWS).reduce((sum, unit) => sum + flat(folded, sample, unit), 0);
    return el("div", { class: "largest" }, el("table", {},
      el("caption", {}, `${SAMPLE_NAMES[sample as Sample]}, by the ${
        context.state.level.replace(/s$/, "")} that allocated it`),
      el("tbody", {}, ...order.slice(0, ROWS).map(row))),
      order.length > ROWS ? el("p", { class: "soft" }, `and ${
        (order.length - ROWS).toLocaleString("en-US")} more with ${show(sample, rest)}. `,
        el("button", { type: "button", class: "link", onclick: () =>
          context.store.set({ view: "table" }) }, "Table")) : "");
  }
}
