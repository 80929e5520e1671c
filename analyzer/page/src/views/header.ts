// header - whose profile this is, the four figures to choose from, and the search

import type { Context } from "../context";
import { SAMPLES, plain, type Process, type Sample } from "../data";
import { el, moveAmong, segments } from "../dom";
import { SAMPLE_NAMES, alike, bytes, exactly, figure, percent, signed } from "../format";
import { matchedSum } from "../tree";

function stateOf(process: Process): string {
  return process.state === "live" ? "running"
    : process.state === "exited" ? `exited ${process.exit ?? ""}`.trim()
    : `killed${process.signal ? ` by signal ${process.signal}` : ""}`;
}

const PLACEHOLDER_ROOM = 260; // of the whole sentence

export class Header {
  readonly element = el("header");
  readonly live = el("span", { class: "live" });
  private readonly title = el("div", { class: "title" });
  private readonly cards = el("div", { class: "cards", role: "radiogroup",
    "aria-label": "Figure to show" });
  private readonly level = el("span");
  private readonly matched = el("span", { class: "matched", role: "status" });
  readonly search = el("input", { type: "search", class: "search", spellcheck: "false",
    autocomplete: "off",
    "aria-label": "Search by regular expression (press /)" });

  constructor(private readonly context: Context, help: () => void, theme: () => void) {
    const icon = (text: string, label: string, act: () => void) => el("button",
      { type: "button", class: "icon", "aria-label": label, title: label, onclick: act }, text);
    this.element.append(
      el("div", { class: "top" }, this.title, this.live,
        icon("◐", "Light or dark", theme), icon("?", "Help (?)", help)),
      this.cards,
      el("div", { class: "tools main-tools" },
        el("label", { class: "search-box" }, this.search, this.matched), this.level));
    this.cards.addEventListener("keydown", event => moveAmong(event, this.cards, "[role=radio]"));
    new ResizeObserver(() => {
      this.search.placeholder = this.search.clientWidth < PLACEHOLDER_ROOM ? "Search"
        : "Search: function, file or module";
    }).observe(this.search);
    let waiting = 0;
    this.search.addEventListener("input", () => {
      clearTimeout(waiting);
      waiting = window.setTimeout(() => context.store.set({ q: this.search.value }), 120);
    });
    this.search.addEventListener("keydown", event => {
      if (event.key !== "Escape")
        return;
      event.stopPropagation();
      this.search.value = "";
      context.store.set({ q: "" });
      this.search.blur();
    });
  }

  draw(): void {
    this.drawTitle();
    this.drawCards();
    this.drawSearch();
  }

  private drawTitle(): void {
    const { raw } = this.context.profile, { process, mode } = raw;
    const facts = [process.pid ? `pid ${process.pid}` : "", stateOf(process),
      mode.kind === "sampled" ? `sampled, one in ${bytes(mode.rate_bytes)}` : mode.kind,
      raw.at === "peak" ? `at its peak${raw.peak_error ? `, at most ${bytes(raw.peak_error)} low` : ""}`
        : "",
      raw.folded ? `${raw.folded.shown.toLocaleString("en-US")} largest stacks, ${
        raw.folded.stacks.toLocaleString("en-US")} folded` : "",
      raw.base ? `compared with ${plain(raw.base.process.exe.replace(/.*\//, ""))}, pid ${
        raw.base.process.pid}${raw.base.normalized ? ", scaled to the same totals" : ""}` : "",
      process.start_unix_ns > 0 ? `started ${new Date(process.start_unix_ns / 1e6)
        .toLocaleString(undefined, { dateStyle: "medium", timeStyle: "short" })}` : ""];
    const name = plain(this.context.program), command = process.command.map(plain).join(" ");
    document.title = `${name} · heapring`;
    this.title.replaceChildren(el("h1", {}, name),
      el("p", { class: "facts soft" }, facts.filter(Boolean).join(" · ")),
      command && command !== name ? el("p", { class: "command soft code", title: command }, command) : "");
  }

  private shownPart(sample: Sample): string {
    const { raw } = this.context.profile, shown = this.context.folded.shown[sample];
    const whole = raw.total[sample];
    return shown === whole ? "" : `${percent(shown, raw.own_total[sample])} passes the filters`;
  }

  // In the unit of the peak that stands below it.
  private main(sample: Sample): string {
    const { total, base, at } = this.context.profile.raw;
    return base ? signed(sample, total[sample]) : sample === "inuse_space" && !at
      ? alike(total[sample], total.peak_space) : figure(sample, total[sample]);
  }

  private note(sample: Sample): string {
    const { raw } = this.context.profile, before = raw.base?.total[sample];
    if (before !== undefined)
      return `from ${figure(sample, raw.own_total[sample] - raw.total[sample])} to ${
        figure(sample, raw.own_total[sample])}`;
    if (this.shownPart(sample))
      return this.shownPart(sample);
    if (sample === "inuse_space")
      return raw.at === "peak" ? "at the peak" : `peak ${bytes(raw.total.peak_space)}`;
    if (sample === "alloc_space" && raw.total.alloc_objects > 0)
      return `${bytes(raw.total.alloc_space / raw.total.alloc_objects)} on average`;
    if (sample === "inuse_objects" && raw.total.alloc_objects > 0)
      return `${percent(raw.total.inuse_objects, raw.total.alloc_objects)} of all allocated`;
    return "since the start";
  }

  private drawCards(): void {
    const { raw } = this.context.profile, { sample: chosen } = this.context;
    const had = this.cards.contains(document.activeElement);
    this.cards.replaceChildren(...SAMPLES.map(sample => el("button", {
      type: "button", role: "radio", class: "card", "data-value": sample,
      "aria-checked": String(sample === chosen), tabindex: sample === chosen ? 0 : -1,
      title: `${sample}: ${exactly(sample, raw.total[sample])}`,
      onclick: () => this.context.store.set({ sample }) },
      el("span", { class: "card-name" }, SAMPLE_NAMES[sample]),
      el("span", { class: "card-figure", "data-total": raw.total[sample] },
        this.main(sample)),
      el("span", { class: "card-note" }, this.note(sample)))));
    if (had)
      this.cards.querySelector<HTMLElement>("[aria-checked=true]")?.focus();
  }

  private drawSearch(): void {
    const { context } = this, { search, sample, state, store } = context;
    if (document.activeElement !== this.search)
      this.search.value = state.q;
    this.search.setAttribute("aria-invalid", String(search.broken));
    this.matched.textContent = search.broken ? "no regular expression"
      : !search.found ? "" : search.found.size === 0 ? "no match"
      : `${percent(matchedSum(context.folded, sample, search.found), context.total)} in ${
        search.found.size.toLocaleString("en-US")}`;
    const had = this.level.contains(document.activeElement);
    this.level.replaceChildren(segments("Detail",
      [["functions", "Functions"], ["lines", "Lines"], ["modules", "Modules"]], state.level,
      value => store.set({ level: value as typeof state.level, zoom: "" })));
    if (had)
      this.level.querySelector<HTMLElement>("[aria-checked=true]")?.focus();
  }
}
