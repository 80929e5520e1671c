// path - a stack in one line, and the ways from it into the other views

import { abridge, type Step } from "../abridge";
import type { Context } from "../context";
import { SAMPLES, baseName, type Level, type Sample } from "../data";
import { el } from "../dom";
import { sampleWith } from "../model";
import { shorten } from "../names";
import { largestBox, nodeAt, pathOf } from "../tree";
import type { State, View } from "../state";

const NAME_MAX = 60;

export function pathLine(path: Step[], at: number, program: string): HTMLElement {
  return el("p", { class: "path", "aria-label": "Its stack, from main inward" },
    ...abridge(path, at, program).flatMap((step, i) => [
      i > 0 && el("span", { class: "soft", "aria-hidden": "true" }, " › "),
      step === null ? el("span", { class: "soft" }, "…")
        : el("span", { class: `code ${step === path[at] ? "named" : "soft"}`, title: step.name },
          shorten(step.name, NAME_MAX) + (step.line ? `:${step.line}` : ""))]).filter(Boolean) as Node[]);
}

// Where the function that is named allocates, as people write it.
export function stepPlace(step: Step | undefined): string {
  return step?.file ? `${baseName(step.file)}${step.line ? `:${step.line}` : ""}` : "";
}

type FlameBox = Pick<State, "sample" | "zoom" | "invert">;

// The largest box of a unit, in a figure of which it has some.
export function boxOfUnit(context: Context, level: Level, unit: number, wanted: Sample): FlameBox {
  const folded = context.foldedAt(level), sample = sampleWith(folded, unit, wanted);
  const tree = context.treeAt(level, false);
  return { sample, zoom: pathOf(tree, folded, largestBox(tree, sample, unit)), invert: false };
}

// The box of a stack's named frame; where its stack is none of the page's, its largest.
function boxOf(context: Context, path: Step[], at: number, wanted: Sample): FlameBox {
  const folded = context.foldedAt("functions"), tree = context.treeAt("functions", false);
  const zoom = path.slice(0, at + 1).filter(step => step.unit >= 0)
    .map(step => folded.units[step.unit].key.slice(-4)).join(".");
  const sample = [wanted, ...SAMPLES].find(one =>
    tree.unit(nodeAt(tree, folded, one, zoom)) === path[at].unit);
  return sample ? { zoom, sample, invert: false }
    : boxOfUnit(context, "functions", path[at].unit, wanted);
}

export function pathActions(context: Context, path: Step[], at: number, sample: Sample): HTMLElement {
  const step = path[at], { units } = context.foldedAt("functions"), { store } = context;
  const chosen = { level: "functions", sel: units[step.unit]?.key ?? "", line: 0 } as const;
  const button = (label: string, act: () => void) =>
    el("button", { type: "button", class: "button", onclick: act }, label);
  const filled = sampleWith(context.foldedAt("functions"), step.unit, sample);
  const show = (view: View) => () => store.set({ ...chosen, sample: filled, view });
  return el("p", { class: "shortcuts" },
    button("Flame graph", () => store.set({ ...chosen, view: "flame",
      ...boxOf(context, path, at, sample) })),
    button("Call graph", show("graph")),
    button("Source line", () => store.set({ ...chosen, sample: filled, view: "source",
      file: step.file, line: step.line })));
}
