// spark - live bytes of a run in a small picture: rise, teeth or swings at one look
//
// The process is an area, whoever is named a line over it; both from zero. One who holds
// little of the whole has a scale of his own, or a leak would be a flat line.

import type { Context } from "../context";
import { falls, holders, liveCurve, type Curve } from "../course";
import { el, svg } from "../dom";
import { alike, bytes, duration } from "../format";

const WIDTH = 300, HEIGHT = 56, MARGIN = 2, SWINGS_MIN = 2, SHARE_MIN = 0.25;

function pathData({ time, value }: Curve, from: number, span: number, most: number): string {
  return time.map((at, i) => `${i ? "L" : "M"}${(WIDTH * (at - from) / span).toFixed(1)} ${
    (HEIGHT - (HEIGHT - MARGIN) * value[i] / most).toFixed(1)}`).join("");
}

export function sparkline(context: Context, unit: number, name: string): HTMLElement | null {
  const { raw } = context.profile, live = liveCurve(raw);
  if (!live)
    return null;
  const values = holders(context.foldedAt("functions")).get(unit);
  const named = values && { time: raw.history!.grid_s, value: values };
  const from = live.time[0], span = live.time.at(-1)! - from || 1;
  const most = Math.max(...live.value, ...(values ?? []), 1);
  const top = Math.max(...(values ?? [0])), scale = top && top < SHARE_MIN * most ? top : most;
  const line = pathData(live, from, span, most), end = live.value.at(-1)!;
  const swings = falls(live), said = `${alike(live.value[0], most)} at first, at most ${alike(most, most)}, ${
    alike(end, most)} at last; ${duration(span)}${
    swings >= SWINGS_MIN ? `; rises and falls ${swings} times` : ""}`;
  return el("figure", { class: "spark" },
    svg("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: "none", role: "img",
      "aria-label": `Live bytes: ${said}` },
      svg("path", { class: "spark-area", d: `${line}L${WIDTH} ${HEIGHT}L0 ${HEIGHT}z` }),
      svg("path", { class: "spark-line", d: line }),
      named ? svg("path", { class: "spark-named", d: pathData(named, from, span, scale) }) : null),
    el("figcaption", {}, el("button", { type: "button", class: "link", onclick: () =>
      context.store.set({ view: "time" }) }, "Live bytes"), ` ${said}`,
      named ? el("span", { class: "spark-key" }, el("span", { class: "code" }, name), ` at most ${
        bytes(top)}, ${alike(named.value.at(-1)!, top)} at last${
        scale === most ? "" : ", in a scale of its own"}`) : ""));
}
