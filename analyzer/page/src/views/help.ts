// help - the keys, the words, and the licences of what the page is made of

import { el } from "../dom";

const KEYS: [string, string][] = [
  ["/", "search; Esc clears it"],
  ["1 … 7", "summary, flame graph, call graph, table, source, time line, coverage"],
  ["s", "the next figure: in use, blocks in use, allocated, allocations"],
  ["Tab, arrows", "move among boxes, rows and choices"],
  ["Enter", "in the flame graph: zoom; elsewhere: select"],
  ["Esc", "zoom out one step; then select nothing"],
  ["t", "light or dark"],
  ["?", "this help"],
];
const WORDS: [string, string][] = [
  ["Block", "what one allocation gave; in use until it is freed. An allocation is counted even after that"],
  ["In use", "allocated and not yet freed"],
  ["Allocated", "since the start, freed or not"],
  ["Flat", "allocated by the function itself"],
  ["Cum", "allocated by the function and all that it called"],
  ["Kept", "blocks in use of those that a function and all that it called ever allocated: near 100 % none is freed"],
];

const VERDICTS: [string, string][] = [
  ["Leak", "live bytes of a function rise and go on rising; what is freed only as the program ends is a leak too"],
  ["Thread leak", "threads are created and neither end nor are joined"],
  ["Fragmentation", "live bytes fell and resident memory did not: few blocks hold nearly empty pages"],
  ["Storm", "very many short-lived blocks: the time goes into allocating, not the memory"],
  ["Sawtooth", "memory rises and falls back, again and again, and the lows do not rise"],
  ["Warming", "memory rises less and less: a cache or a pool on its way to a plateau"],
  ["Steady", "none of these: no lasting rise; the picture beside it tells whether it swings"],
  ["Too short to tell", "the run has so few time slices that what stands behind it is a guess"],
  ["% sure", "how clearly the figures fit this verdict and no other"],
];
const COLOURS: [string, string, string][] = [
  ["--accent", "In use", "the figure that is chosen; bars and the area of live bytes"],
  ["--warn", "Bad news", "a verdict to act on, the function it names, the peak, losses"],
  ["--look", "Look", "a verdict that asks for something only where the height of memory hurts"],
  ["--good", "Good news", "a verdict that asks for nothing"],
  ["--grew", "Grew", "with a base: more than before; on its own: allocates and does not free"],
  ["--shrank", "Shrank", "with a base: less than before"],
  ["--rate", "Churn", "the rate of allocation, and what is freed again"],
  ["--found", "Found", "what the search matches"],
];

function patch(color: string): HTMLElement {
  const element = el("span", { class: "patch", "aria-hidden": "true" });
  element.style.background = `var(${color})`;
  return element;
}

export class Help {
  readonly element = el("dialog", { class: "help", "aria-labelledby": "help-title" });

  constructor() {
    const licences = document.getElementById("licences") as HTMLTemplateElement | null;
    const list = (rows: [string, string][], tag: "kbd" | "strong") => el("dl", {},
      ...rows.flatMap(([what, meaning]) => [el("dt", {}, el(tag, {}, what)), el("dd", {}, meaning)]));
    this.element.append(
      el("form", { method: "dialog", class: "details-head" },
        el("h2", { id: "help-title" }, "Help"),
        el("button", { class: "icon", "aria-label": "Close" }, "×")),
      el("h3", {}, "Keys"), list(KEYS, "kbd"), el("h3", {}, "Words"), list(WORDS, "strong"),
      el("h3", {}, "Verdicts"), list(VERDICTS, "strong"),
      el("h3", {}, "Colours"), el("dl", {}, ...COLOURS.flatMap(([color, what, meaning]) => [
        el("dt", {}, patch(color), el("strong", {}, what)), el("dd", {}, meaning)])),
      el("p", { class: "soft" }, "Boxes of the flame graph and the call graph are coloured by module, the ",
        "program itself amber, or by what is kept: warm stays, cool is freed, grey is not known."),
      el("p", { class: "soft" }, "The address holds what is shown: copy it to share this view."),
      el("details", {}, el("summary", {}, "Licences of the packages in this page"),
        el("pre", {}, licences?.content.textContent ?? "")));
    this.element.addEventListener("click", event => {
      if (event.target === this.element)
        this.element.close();
    });
  }

  toggle(): void {
    if (this.element.open)
      this.element.close();
    else
      this.element.showModal();
  }
}
