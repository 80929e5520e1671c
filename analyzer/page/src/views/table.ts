// table - every unit with its figures; only the rows in sight are elements

import { Virtualizer, elementScroll, observeElementOffset, observeElementRect }
  from "@tanstack/virtual-core";
import type { Context, Panel } from "../context";
import { SAMPLES, type Sample } from "../data";
import { bar, el } from "../dom";
import { SAMPLE_NAMES, exactly, figure, isBytes, percent, signed } from "../format";
import { shorten } from "../names";
import { cum, error95, flat, kept, place, type Folded } from "../model";

const NAME_MAX = 60, NAME_PADDING = 22;
// What goes first where there is no room for all.
const SPARE = ["module", "alloc_space", "alloc_objects", "inuse_space", "inuse_objects", "where"];
const ROW = 28, NARROW = 560, NARROW_FIGURE = 92;
const WIDTHS: Record<string, [number, number]> = { name: [190, 3], flat: [150, 1], cum: [150, 1],
  kept: [80, 0], where: [150, 1.5], module: [120, 1] };

interface Column {
  key: string; title: string; hint: string;
  kind: "text" | "number";
  value(folded: Folded, unit: number): number | string;
  cell(unit: number): (Node | string)[];
  exact?(unit: number): string;
}

export class Table implements Panel {
  readonly element = el("section", { class: "view table" });
  private readonly head = el("div", { role: "row", class: "row head" });
  private readonly body = el("div", { role: "rowgroup", class: "rows" });
  private readonly scroller = el("div", { class: "grid", role: "table", tabindex: 0,
    "aria-label": "Functions and their figures; arrow keys walk the rows, Enter selects" },
    el("div", { role: "rowgroup", class: "head-group" }, this.head), this.body);
  private readonly note = el("p", { class: "status", role: "status" });
  private readonly virtual: Virtualizer<HTMLElement, Element>;
  private order: number[] = [];
  private columns: Column[] = [];
  private fitting: Column[] = []; // those for which there is room
  private letters = NAME_MAX;     // of a name
  private cursor = -1;
  private existing = 0; // before the search
  private sorted: { folded: Folded; key: string } | null = null;

  constructor(private readonly context: Context) {
    this.element.append(this.note, this.scroller);
    this.virtual = new Virtualizer<HTMLElement, Element>(this.options());
    this.virtual._didMount();
    this.scroller.addEventListener("keydown", event => this.key(event));
  }

  private options() {
    return {
      count: this.order.length, getScrollElement: () => this.scroller, estimateSize: () => ROW,
      overscan: 12, scrollToFn: elementScroll, observeElementRect, observeElementOffset,
      paddingStart: 0, scrollPaddingStart: ROW + 8, onChange: () => this.fill(),
    };
  }

  private figureColumn(key: string, title: string, hint: string, sample: Sample,
                       of: (folded: Folded, sample: Sample, unit: number) => number,
                       withBar: boolean): Column {
    const { context } = this, total = context.profile.raw.own_total[sample];
    const show = context.profile.base ? signed : figure;
    return { key, title, hint, kind: "number", value: (folded, unit) => of(folded, sample, unit),
      exact: unit => exactly(sample, of(context.folded, sample, unit)),
      cell: unit => {
        const value = of(context.folded, sample, unit);
        if (!withBar)
          return [value ? show(sample, value) : "–"];
        const error = error95(context.folded, key === "cum" ? "cum" : "flat", sample, unit);
        return [value ? bar(value / (total || 1), value < 0 ? "shrank" : context.profile.base ? "grew" : "") : "",
          el("span", { class: "main" }, show(sample, value)),
          el("span", { class: "share" }, error ? `±${figure(sample, error)}`
            : percent(value, total))];
      } };
  }

  private makeColumns(): Column[] {
    const { context } = this, { folded, sample, profile, state } = context;
    const columns: Column[] = [
      { key: "name", title: state.level === "modules" ? "Module" : "Function", hint: "",
        kind: "text", value: (from, unit) => from.units[unit].name,
        cell: unit => [el("span", { class: "code" }, shorten(folded.units[unit].name, this.letters))] },
      this.figureColumn("flat", "Flat", "allocated by the function itself", sample, flat, true),
      this.figureColumn("cum", "Cum", "with all that it called", sample, cum, true),
      ...SAMPLES.filter(s => s !== sample).map(s => this.figureColumn(s, SAMPLE_NAMES[s],
        `flat ${isBytes(s) ? "bytes" : "blocks"}`, s, flat, false)),
    ];
    if (!profile.base)
      columns.push({ key: "kept", title: "Kept", kind: "number",
        hint: "blocks in use of those it and all that it called ever allocated",
        value: (from, unit) => kept(from, unit) || 0,
        cell: unit => [kept(folded, unit) >= 0 ? percent(kept(folded, unit), 1) : "–"] });
    if (state.level !== "modules")
      columns.push({ key: "where", title: state.level === "lines" ? "Line" : "Defined at",
        hint: state.level === "lines" ? "" : "where the function begins; Lines shows which allocate",
        kind: "text",
        value: (from, unit) => place(from.units[unit]),
        cell: unit => [el("span", { class: "code soft" }, place(folded.units[unit]))] },
      { key: "module", title: "Module", hint: "", kind: "text",
        value: (from, unit) => from.units[unit].module,
        cell: unit => [el("span", { class: "soft" }, folded.units[unit].module)] });
    return columns;
  }

  draw(): void {
    const { context } = this, { folded, search, sample } = context;
    this.columns = this.makeColumns();
    const key = [context.state.q, context.state.sort, sample].join("\n");
    if (this.sorted?.folded !== folded || this.sorted.key !== key)
      this.order = this.ordered();
    this.sorted = { folded, key };
    this.fit();
    this.drawHead();
    this.scroller.setAttribute("aria-rowcount", String(this.order.length + 1));
    this.note.textContent = search.broken ? `Not a regular expression: ${search.text}`
      : `${this.order.length.toLocaleString("en-US")} of ${
        this.existing.toLocaleString("en-US")} ${context.state.level}, with ${figure(sample,
        this.order.reduce((sum, unit) => sum + flat(folded, sample, unit), 0))} of their own${this.without()}`;
    this.virtual.setOptions({ ...this.virtual.options, ...this.options() });
    this.virtual._willUpdate();
    this.virtual.measure();
    const at = this.order.indexOf(context.selected);
    if (at >= 0 && this.cursor < 0)
      this.virtual.scrollToIndex(at, { align: "auto" });
    this.cursor = at;
    this.fill();
  }

  private get narrow(): boolean {
    const { clientWidth: width } = this.scroller;
    return width > 0 && width < NARROW;
  }

  // The least width of a column, and its share of what is left. On a narrow screen the
  // name, flat and cum fill it, so that no figure is cut; the rest is beside it.
  private width({ key }: Column): [number, number] {
    const usual = WIDTHS[key] ?? [122, 0];
    return !this.narrow ? usual
      : key === "name" ? [this.scroller.clientWidth - 2 * NARROW_FIGURE, 0]
      : key === "flat" || key === "cum" ? [NARROW_FIGURE, 0] : [usual[0], 0];
  }

  // Whole columns go before one is cut; never the one that the rows are sorted by.
  private fit(): void {
    const { clientWidth: room } = this.scroller, { state } = this.context;
    const least = () => this.fitting.reduce((sum, one) => sum + this.width(one)[0], 0);
    this.fitting = this.columns;
    for (const key of room && !this.narrow ? SPARE : [])
      if (least() > room && state.sort.replace("-", "") !== key)
        this.fitting = this.fitting.filter(one => one.key !== key);
    const widths = this.fitting.map(one => this.width(one));
    const shares = widths.reduce((sum, [, share]) => sum + share, 0) || 1;
    this.letters = Math.floor((widths[0][0] - NAME_PADDING +
      Math.max(0, room - least()) * widths[0][1] / shares) / this.letterWidth());
    this.scroller.style.setProperty("--columns", widths.map(([smallest, share]) =>
      share ? `minmax(${smallest}px, ${share}fr)` : `${smallest}px`).join(" "));
    this.scroller.style.setProperty("--least", `${least()}px`);
  }

  private letterWidth(): number {
    const pen = document.createElement("canvas").getContext("2d")!;
    pen.font = `12.88px ${getComputedStyle(this.scroller).getPropertyValue("--mono")}`;
    return pen.measureText("n".repeat(20)).width / 20;
  }

  private without(): string {
    const gone = this.columns.filter(one => !this.fitting.includes(one)).map(one => one.title);
    return gone.length ? `; no room for ${gone.join(", ")}` : "";
  }

  private ordered(): number[] {
    const { folded, search, state } = this.context, { sort } = state;
    const down = sort.startsWith("-"), key = sort.replace("-", "");
    const column = this.columns.find(one => one.key === key) ?? this.columns[1];
    const existing = folded.units.map((_, unit) => unit).filter(unit => SAMPLES.some(s =>
      folded.own.cum[s][unit] || folded.base?.cum[s][unit]));
    const values = new Map(existing.map(unit => [unit, column.value(folded, unit)]));
    this.existing = existing.length;
    return existing.filter(unit => !search.found || search.found.has(unit)).sort((a, b) => {
      const x = values.get(a)!, y = values.get(b)!;
      const r = typeof x === "number" ? Math.abs(x) - Math.abs(y as number) || x - (y as number)
        : x < y ? -1 : Number(x > y);
      return (down ? -r : r) || a - b;
    });
  }

  private drawHead(): void {
    const { state, store } = this.context, down = state.sort.startsWith("-");
    const key = state.sort.replace("-", ""), had = document.activeElement as HTMLElement;
    const focused = this.head.contains(had) ? had.dataset.key : undefined;
    this.head.replaceChildren(...this.fitting.map(column => {
      const active = column.key === key;
      return el("div", { role: "columnheader", class: `cell ${column.kind}`,
        "aria-sort": active ? (down ? "descending" : "ascending") : "none" },
        el("button", { type: "button", class: "sort", "data-key": column.key, title: column.hint,
          onclick: () => store.set({ sort: active ? (down ? "" : "-") + column.key
            : (column.kind === "number" ? "-" : "") + column.key }) },
          column.title, el("span", { class: "arrow", "aria-hidden": "true" },
            active ? (down ? "▾" : "▴") : "")));
    }));
    if (focused)
      this.head.querySelector<HTMLElement>(`[data-key="${focused}"]`)?.focus();
  }

  private fill(): void {
    const items = this.virtual.getVirtualItems(), { selected } = this.context;
    this.body.style.height = `${this.virtual.getTotalSize()}px`;
    this.body.replaceChildren(...items.map(({ index, start }) => {
      const unit = this.order[index], row = this.row(unit, index);
      row.style.transform = `translateY(${start}px)`;
      row.classList.toggle("chosen", unit === selected);
      return row;
    }));
  }

  private row(unit: number, index: number): HTMLElement {
    return el("div", { role: "row", class: "row", "aria-rowindex": index + 2, "data-unit": unit,
      onclick: () => { this.cursor = index; this.context.select(unit); } },
      ...this.fitting.map(column => el("div", { role: "cell", class: `cell ${column.kind}`,
        "data-key": column.key, "data-value": column.value(this.context.folded, unit),
        title: column.exact ? column.exact(unit) : String(column.value(this.context.folded, unit)) },
        ...column.cell(unit))));
  }

  private key(event: KeyboardEvent): void {
    const page = Math.max(1, Math.floor(this.scroller.clientHeight / ROW) - 2);
    const step = { ArrowDown: 1, ArrowUp: -1, PageDown: page, PageUp: -page,
      Home: -Infinity, End: Infinity }[event.key];
    if (step === undefined || event.target !== this.scroller || this.order.length === 0)
      return;
    event.preventDefault();
    this.cursor = Math.max(0, Math.min(this.order.length - 1, this.cursor + step));
    this.virtual.scrollToIndex(this.cursor, { align: "auto" });
    this.context.select(this.order[this.cursor]);
  }

  // The first rows as a plain table, for paper.
  printed(most: number): HTMLElement {
    this.letters = NAME_MAX;
    const cells = (unit: number) => this.columns.map(column =>
      el("td", { class: column.kind }, ...column.cell(unit)));
    return el("table", { class: "paper" },
      el("thead", {}, el("tr", {}, ...this.columns.map(one => el("th", { class: one.kind }, one.title)))),
      el("tbody", {}, ...this.order.slice(0, most).map(unit => el("tr", {}, ...cells(unit)))));
  }
}
