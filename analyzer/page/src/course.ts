// course - how live bytes went: the curve with its true peak, and who held them then
//
// The ring keeps one point a slice, so the peak mostly lies between two of them; it is
// known by itself and becomes a point of the curve. Of the stacks that held the most
// the page has a coarser series, from which the holders at the height are read.

import type { Raw } from "./data";
import { responsible } from "./responsible";
import type { Folded } from "./model";

export interface Curve { time: number[]; value: number[] }

// Less of the peak than this is left: what is in use tells nothing of the run.
const LEFT_MAX = 0.5;

export function liveCurve({ history, total }: Raw): Curve | null {
  if (!history || history.time_s.length < 2)
    return null;
  const time = [...history.time_s], value = [...history.inuse_space];
  if (history.peak_s === null || total.peak_space <= Math.max(...value))
    return { time, value };
  const at = Math.min(history.peak_s, time.at(-1)!); // the last point stays the last
  const place = time.findIndex(one => one >= at);
  time.splice(place, 0, at);
  value.splice(place, 0, total.peak_space);
  return { time, value };
}

const SWING_MIN = 0.25; // of the height

// How often it fell by much after it had risen by much: teeth and swings, not noise.
export function falls({ value }: Curve): number {
  const much = SWING_MIN * Math.max(...value);
  let extreme = value[0], falling = true, count = 0;
  for (const one of value)
    if (falling ? one > extreme + much : one < extreme - much) {
      falling = !falling;
      count += Number(falling);
      extreme = one;
    } else {
      extreme = falling ? Math.min(extreme, one) : Math.max(extreme, one);
    }
  return count;
}

// Did it hold the most of it until the audit's window ended, at the tear-down?
export function freedAtExit(raw: Raw): boolean {
  const curve = liveCurve(raw), end = raw.verdict?.window_s?.[1];
  const at = curve && end !== undefined ? curve.time.findLastIndex(time => time <= end) : -1;
  return raw.process.state !== "live" && raw.verdict?.verdict === "leak" && at >= 0 &&
    curve!.value[at] >= LEFT_MAX * raw.total.peak_space;
}

// Was most of what the run held given back when the figures were read?
export function mostWasFreed({ at, base, own_total, total }: Raw): boolean {
  return !at && !base && own_total.inuse_space < LEFT_MAX * total.peak_space;
}

// Of each function that is responsible for a stack that the history follows, at grid_s.
export function holders(folded: Folded): Map<number, number[]> {
  const { history } = folded.profile.raw, { ofStack } = responsible(folded);
  const sums = new Map<number, number[]>();
  for (const { stack, inuse_space: values } of history?.stacks ?? []) {
    const sum = sums.get(ofStack[stack]) ?? values.map(() => 0);
    sums.set(ofStack[stack], sum.map((value, i) => value + values[i]));
  }
  return sums;
}

export interface Height { time: number; held: Map<number, number> } // held by unit

const HIGH = 0.95; // of the most: as good a moment, and the nearest to the peak is taken

// The point of the grid at which the followed stacks held the most together.
export function heightOf(folded: Folded): Height | null {
  const { history } = folded.profile.raw;
  const sums = (history?.grid_s ?? []).map((_, i) =>
    history!.stacks.reduce((sum, one) => sum + one.inuse_space[i], 0));
  const high = HIGH * Math.max(...sums), peak = history?.peak_s;
  const far = (i: number) => typeof peak === "number" ? Math.abs(history!.grid_s[i] - peak)
    : -sums[i];
  const at = sums.map((_, i) => i).filter(i => sums[i] >= high)
    .reduce((best, i) => best < 0 || far(i) < far(best) ? i : best, -1);
  return at < 0 || !sums[at] ? null : { time: history!.grid_s[at],
    held: new Map([...holders(folded)].map(([unit, values]) => [unit, values[at]])) };
}
