// source - the lines of a file with what each holds beside it
//
// Where there is no text, the page says which file was looked for and how to get at it.

import type { Context, Panel } from "../context";
import { plain, type SourceFile } from "../data";
import { el, fadeWhereCut } from "../dom";
import { sumsOf } from "../findings";
import { figure, percent, signed } from "../format";
import { targetOf } from "../shell";

const LOST_SHOWN = 6;

interface LineFigures { flat: number; cum: number }

export class Source implements Panel {
  readonly element = el("section", { class: "view source" });
  private readonly files = el("select", { "aria-label": "Source file" });
  private readonly note = el("p", { class: "status", role: "status" });
  private readonly advice = el("div", { class: "lost" });
  private readonly lines = el("div", { class: "listing", tabindex: 0, role: "region",
    "aria-label": "Source lines" });
  private readonly fade = fadeWhereCut(this.lines);
  private options = "";
  private opened = "";

  constructor(private readonly context: Context) {
    this.element.append(el("div", { class: "tools" }, this.files), this.note, this.advice,
      this.lines);
    this.files.addEventListener("change", () =>
      context.store.set({ file: this.files.value, sel: "", line: 0 }));
  }

  // A line that was asked for comes first, then the selected unit's file, then the chosen
  // one, then that of whoever is responsible for the most, then the heaviest.
  private fileOf(sources: SourceFile[]): { file: string; line: number } {
    const { context } = this, unit = context.folded.units[context.selected];
    if (context.state.line && context.state.file)
      return { file: context.state.file, line: context.state.line };
    if (unit?.file)
      return { file: unit.file, line: unit.line };
    const functions = context.foldedAt("functions");
    const largest = functions.units[sumsOf(functions).best(context.sample, 1, () => true)];
    const named = (name: string | undefined) => sources.find(one => plain(one.file) === name);
    const file = named(context.state.file) ?? named(largest?.file) ?? sources[0];
    return { file: plain(file?.file ?? ""), line: 0 };
  }

  draw(): void {
    const { context } = this, sources = context.profile.raw.sources ?? [];
    const { file, line } = this.fileOf(sources);
    const source = sources.find(one => plain(one.file) === file);
    const names = sources.map(one => plain(one.file)).join("\n");
    if (this.options !== names) {
      this.options = names;
      this.files.replaceChildren(...sources.map(one =>
        el("option", { value: plain(one.file) }, plain(one.file))));
    }
    this.files.value = source ? file : "";
    this.files.parentElement!.hidden = sources.length === 0;
    this.note.textContent = this.say(sources, file, source);
    this.advice.replaceChildren(...(source ? [] : this.advise(file)));
    const figures = file ? this.figuresOf(file) : new Map<number, LineFigures>();
    const rows = source ? this.listing(source, figures) : this.bare(figures);
    this.lines.replaceChildren(rows.length ? el("div", { class: "sheet" }, ...rows) : "");
    for (const figure of ["flat", "cum"] as const)
      this.lines.classList.toggle(`without-${figure}`, ![...figures.values()].some(one => one[figure]));
    this.reveal(figures, line);
    this.fade();
  }

  private say(sources: SourceFile[], file: string, source: SourceFile | undefined): string {
    const { profile, folded, selected } = this.context, unit = folded.units[selected];
    if (source)
      return `${file}: flat and cum of each line; lines far from any figure are left out.`;
    if (unit && !unit.file)
      return `${unit.name} has no line information: build it with -g, or install its debug symbols.`;
    if (!profile.raw.sources)
      return location.protocol.startsWith("http")
        ? "The server gives out no lines of source files: `heapring serve --sources` does, and so does `heapring web`."
        : "This page was written with --no-sources, so it has no lines of source files.";
    if (file && !this.lost.some(one => plain(one.file) === file))
      return `${file} is not in the page: its lines hold too little, or it is no source file by its ` +
        "name. The figures of its lines:";
    if (file)
      return `${file} was not found when the page was written. The figures of its lines:`;
    return sources.length || this.lost.length ? "None of the source files was found when the page was written."
      : "No function here has line information: build the program with -g, or install its debug symbols.";
  }

  private get lost() { return this.context.profile.raw.lost_sources ?? []; }

  // What was looked for: the file that is shown, or the heaviest ones.
  private advise(file: string): HTMLElement[] {
    const shown = this.lost.filter(one => !file || plain(one.file) === file).slice(0, LOST_SHOWN);
    const live = location.protocol.startsWith("http");
    return shown.length === 0 ? [] : [el("ul", {}, ...shown.map(({ file: name, advice }) => el("li", {},
      "Looked for ", el("span", { class: "code" }, plain(name)), `: ${plain(advice)}.`))),
      el("p", { class: "soft" }, live ? "--source-path is an option of " : "Write the page again with ",
        el("span", { class: "code" }, `heapring report --source-path DIR ${
          targetOf(this.context.profile.raw)} -o page.html`), ".")];
  }

  private figuresOf(file: string): Map<number, LineFigures> {
    const { profile, sample } = this.context, { places, nodes, texts } = profile;
    const number = texts.indexOf(file), figures = new Map<number, LineFigures>();
    const base = profile.base?.[sample];
    profile.stacks.forEach((leaf, stack) => {
      const value = profile.own[sample][stack] - (base ? base[stack] : 0);
      let seen: Set<number> | null = null;
      for (let node = leaf; node >= 0; node = nodes.parent[node]) {
        const at = nodes.place[node], line = places.line[at];
        if (places.file[at] !== number || !line || seen?.has(line))
          continue;
        (seen ??= new Set()).add(line);
        let entry = figures.get(line);
        if (!entry)
          figures.set(line, entry = { flat: 0, cum: 0 });
        entry.cum += value;
        if (node === leaf)
          entry.flat += value;
      }
    });
    return figures;
  }

  private line(number: number, text: string, entry: LineFigures | undefined): HTMLElement {
    const { sample, total, profile } = this.context, show = profile.base ? signed : figure;
    const cell = (name: "flat" | "cum") => el("span", { class: `figure ${name}` },
      entry?.[name] ? show(sample, entry[name]) : "");
    const row = el("div", { class: `line${entry?.cum ? " hot" : ""}`, "data-line": number,
      "data-flat": entry?.flat,
      title: entry?.cum ? `${percent(entry.cum, total)} of all` : "" },
      cell("flat"), cell("cum"), el("span", { class: "number" }, String(number)),
      el("code", {}, text || " "));
    if (entry?.cum)
      row.style.setProperty("--heat", String(Math.min(1, Math.abs(entry.cum) / (total || 1))));
    return row;
  }

  private heading(): HTMLElement {
    return el("div", { class: "line heading" }, el("span", { class: "figure flat" }, "flat"),
      el("span", { class: "figure cum" }, "cum"), el("span", { class: "number" }, "line"), el("span"));
  }

  private listing(source: SourceFile, figures: Map<number, LineFigures>): HTMLElement[] {
    const rows = [this.heading()];
    for (const [first, text] of source.pieces) {
      if (rows.length > 1)
        rows.push(el("div", { class: "gap", "aria-hidden": "true" }, "⋯"));
      text.split("\n").forEach((line, i) =>
        rows.push(this.line(first + i, line.replace(/\t/g, "        "), figures.get(first + i))));
    }
    return rows;
  }

  private bare(figures: Map<number, LineFigures>): HTMLElement[] {
    return figures.size === 0 ? [] : [this.heading(), ...[...figures].sort((a, b) => a[0] - b[0])
      .map(([number, entry]) => this.line(number, "", entry))];
  }

  // The selected function's heaviest line is brought into sight.
  private reveal(figures: Map<number, LineFigures>, start: number): void {
    const { context } = this, unit = context.folded.units[context.selected];
    const asked = context.state.line;
    const key = `${context.state.sel} ${context.state.file} ${asked}`;
    if (this.opened === key || !this.lines.clientHeight)
      return;
    this.opened = key;
    const own = unit ? this.linesOf(context.selected) : new Set<number>();
    const best = [...figures].filter(([number]) => own.size === 0 || own.has(number))
      .sort((a, b) => Math.abs(b[1].cum) - Math.abs(a[1].cum))[0];
    const at = asked || (best ? best[0] : start);
    const row = this.lines.querySelector<HTMLElement>(`[data-line="${at}"]`);
    this.lines.scrollTop = row ? row.offsetTop - this.lines.clientHeight / 3 : 0;
    for (const number of asked ? [asked] : own)
      this.lines.querySelector(`[data-line="${number}"]`)?.classList.add("chosen");
  }

  private linesOf(unit: number): Set<number> {
    const { unitOf, profile } = this.context.folded, lines = new Set<number>();
    unitOf.forEach((of, at) => {
      if (of === unit && profile.places.line[at])
        lines.add(profile.places.line[at]);
    });
    return lines;
  }
}
