// details - the selected function: all its figures, who calls it, what it calls

import type { Context } from "../context";
import { SAMPLES } from "../data";
import { bar, el } from "../dom";
import { SAMPLE_NAMES, counted, exactly, figure, percent, signed } from "../format";
import { cum, defined, flat, kept, neighbours, sampleWith } from "../model";
import { shorten } from "../names";
import type { State, View } from "../state";
import { boxOfUnit } from "./path";

const MOST = 6, NAME_MAX = 27;

export class Details {
  readonly element = el("aside", { class: "details", "aria-label": "Selected function" });

  constructor(private readonly context: Context, private readonly views: [View, string][]) {}

  draw(): void {
    const { context } = this, { folded, selected: unit } = context;
    document.body.classList.toggle("has-details", unit >= 0);
    this.element.hidden = unit < 0;
    if (unit < 0)
      return this.element.replaceChildren();
    const { name, module, file, line } = folded.units[unit], share = kept(folded, unit);
    this.element.replaceChildren(el("div", {},
      el("div", { class: "details-head" }, el("h2", { class: "code" }, name),
        el("button", { type: "button", class: "icon", "aria-label": "Nothing selected",
          title: "Close (Esc)", onclick: () => context.select(-1) }, "×")),
      el("p", { class: "soft code where", title: file && `${file}${line ? `:${line}` : ""}` },
        [defined(folded, unit), module].filter(Boolean).join(" · ")),
      this.figures(unit),
      !context.profile.base && share >= 0 && el("p", { class: "kept" }, this.keptText(share, unit)),
      this.shortcuts(),
      ...this.neighbours(unit)));
  }

  private keptText(share: number, unit: number): string {
    const { flat: own, cum: all } = this.context.folded.own, allocated = all.alloc_objects[unit];
    const who = own.alloc_objects[unit] === allocated ? "it allocated itself"
      : "it and all that it called allocated";
    const of = `of the ${counted(allocated, "block")} ${who}`;
    return allocated === 1 ? `The one block ${who} ${share ? "is still in use" : "was freed"}.`
      : share === 1 ? `None ${of} was freed.` : share === 0 ? `All ${of} were freed.`
      : `${percent(share, 1)} ${of} are still in use.`;
  }

  private figures(unit: number): HTMLElement {
    const { folded, profile, sample: chosen } = this.context, show = profile.base ? signed : figure;
    const cell = (sample: typeof chosen, value: number) => el("td", { class: "number",
      title: exactly(sample, value) }, show(sample, value),
      el("small", {}, percent(value, profile.raw.own_total[sample])));
    return el("table", { class: "figures" },
      el("thead", {}, el("tr", {}, el("th"), el("th", { class: "number" }, "Flat"),
        el("th", { class: "number" }, "Cum"))),
      el("tbody", {}, ...SAMPLES.map(sample => el("tr", { class: sample === chosen ? "chosen" : "",
        "data-sample": sample }, el("th", { scope: "row" }, SAMPLE_NAMES[sample]),
        cell(sample, flat(folded, sample, unit)), cell(sample, cum(folded, sample, unit))))));
  }

  private shortcuts(): HTMLElement {
    const { store, state } = this.context;
    return el("p", { class: "shortcuts" }, ...this.views.filter(([view]) => view !== state.view)
      .map(([view, label]) => el("button", { type: "button", class: "button",
        onclick: () => store.set({ view, ...this.arrival(view) }) }, label)));
  }

  // What shows the function there, whatever figure and zoom there were.
  private arrival(view: View): Partial<State> {
    const { context } = this, { folded, selected, sample, state } = context;
    return view === "flame" ? boxOfUnit(context, state.level, selected, sample)
      : { sample: sampleWith(folded, selected, sample) };
  }

  private neighbours(unit: number): Node[] {
    const { context } = this, { folded, sample } = context;
    const { callers, callees } = neighbours(folded, sample, unit);
    const whole = Math.abs(cum(folded, sample, unit)) || 1;
    const show = context.profile.base ? signed : figure;
    const list = (title: string, from: [number, number][]) => from.length === 0 ? [] : [
      el("h3", {}, title),
      el("ul", { class: "neighbours" }, ...from.slice(0, MOST).map(([other, value]) =>
        el("li", {}, el("button", { type: "button", class: "neighbour", "data-value": value,
          onclick: () => context.select(other) },
          el("span", { class: "code", title: folded.units[other].name },
            shorten(folded.units[other].name, NAME_MAX)),
          el("span", { class: "number" }, show(sample, value)), bar(value / whole)))),
        from.length > MOST && el("li", { class: "soft" }, `and ${from.length - MOST} more`))];
    return [...list("Called by", callers), ...list("Calls", callees)];
  }
}
