// help - the keys, the words, and the licences of what the page is made of

import { el } from "../dom";

const KEYS: [string, string][] = [
  ["/", "search; Esc clears it"],
  ["1 … 7", "summary, flame graph, call graph, table, source, time line, coverage"],
  ["s", "the next figure: in use, blocks, allocated, allocations"],
  ["Tab, arrows", "move among boxes, rows and choices"],
  ["Enter", "in the flame graph: zoom; elsewhere: select"],
  ["Esc", "zoom out one step; then select nothing"],
  ["t", "light or dark"],
  ["?", "this help"],
];
const WORDS: [string, string][] = [
  ["In use", "allocated and not yet freed"],
  ["Allocated", "since the start, freed or not"],
  ["Flat", "allocated by the function itself"],
  ["Cum", "allocated by the function and all that it called"],
  ["Kept", "blocks in use of those a function ever allocated: near 100 % it never frees"],
];

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
