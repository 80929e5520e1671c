// findings - what stands out in a profile, in sentences with their figures
//
// Not a verdict: that is for `heapring audit`, which looks at how things moved. These
// are plain facts about one moment, chosen so that a leak, a hoard or a churn is seen.

import type { Context } from "./context";
import type { Sample } from "./data";
import { bytes, count, percent, signed } from "./format";
import { flat, heaviestStack, kept, type Folded } from "./model";

export interface Finding {
  kind: "hold" | "stay" | "churn" | "grew" | "shrank";
  title: string;
  text: string;
  unit: number;
  sample: Sample;
  path: number[]; // the heaviest stack, outermost first
}

const KEPT_MIN = 0.9, BLOCKS_MIN = 50, SHARE_MIN = 0.02, CHURN_MIN = 0.1;

const best = (folded: Folded, sample: Sample, fits: (unit: number) => boolean): number => {
  let unit = -1;
  folded.units.forEach((_, i) => {
    const size = flat(folded, sample, i);
    if (size > 0 && fits(i) && (unit < 0 || size > flat(folded, sample, unit)))
      unit = i;
  });
  return unit;
};

function finding(folded: Folded, kind: Finding["kind"], sample: Sample, unit: number,
                 title: string, text: string): Finding {
  return { kind, title, text, unit, sample, path: heaviestStack(folded, sample, unit) };
}

function compared(context: Context, folded: Folded): Finding[] {
  const found: Finding[] = [], sample: Sample = context.profile.raw.sample;
  const order = folded.units.map((_, i) => i)
    .sort((a, b) => flat(folded, sample, b) - flat(folded, sample, a));
  const say = (unit: number) => `${signed(sample, flat(folded, sample, unit))}, from ${
    bytesOr(sample, folded.base!.flat[sample][unit])} to ${
    bytesOr(sample, folded.own.flat[sample][unit])}`;
  const most = order[0], least = order[order.length - 1];
  if (most !== undefined && flat(folded, sample, most) > 0)
    found.push(finding(folded, "grew", sample, most, "Grew most", say(most)));
  if (least !== undefined && flat(folded, sample, least) < 0)
    found.push(finding(folded, "shrank", sample, least, "Shrank most", say(least)));
  return found;
}

const bytesOr = (sample: Sample, value: number) =>
  sample.endsWith("space") ? bytes(value) : count(value);

export function findings(context: Context): Finding[] {
  const folded = context.foldedAt("functions"), { own_total: total } = context.profile.raw;
  if (context.profile.base)
    return compared(context, folded);
  const found: Finding[] = [], own = folded.own.flat;
  const hold = best(folded, "inuse_space", () => true);
  const stay = best(folded, "inuse_space", unit => kept(folded, unit) >= KEPT_MIN &&
    own.alloc_objects[unit] >= BLOCKS_MIN &&
    own.inuse_space[unit] >= SHARE_MIN * total.inuse_space);
  const churn = best(folded, "alloc_objects", unit => kept(folded, unit) <= 1 - KEPT_MIN &&
    own.alloc_objects[unit] >= CHURN_MIN * total.alloc_objects);
  if (hold >= 0)
    found.push(finding(folded, "hold", "inuse_space", hold, "Holds the most",
      `${bytes(own.inuse_space[hold])} in ${count(own.inuse_objects[hold])} blocks, ${
        percent(own.inuse_space[hold], total.inuse_space)} of what is in use`));
  if (stay >= 0)
    found.push(finding(folded, "stay", "inuse_space", stay, "Allocates and does not free",
      `${kept(folded, stay) === 1 ? "none" : `only ${percent(1 - kept(folded, stay), 1)}`} of its ${
        count(own.alloc_objects[stay])} blocks freed, ${bytes(own.inuse_space[stay])} in use`));
  if (churn >= 0)
    found.push(finding(folded, "churn", "alloc_objects", churn, "Churns the most",
      `${count(own.alloc_objects[churn])} allocations, ${
        percent(own.alloc_objects[churn], total.alloc_objects)} of all, ${
        kept(folded, churn) === 0 ? "every one freed" : `all but ${count(own.inuse_objects[churn])} freed`}`));
  return found;
}

// A path short enough to read: both ends, and the middle left out.
export function abridge(path: number[], most: number): (number | null)[] {
  if (path.length <= most)
    return path;
  const outer = Math.floor((most - 1) / 3);
  return [...path.slice(0, outer), null, ...path.slice(path.length - (most - 1 - outer))];
}
