// findings - what stands out in a profile, in sentences with their figures
//
// Not a verdict: that is for `heapring audit`, which looks at how things moved. These
// are plain facts about one moment, chosen so that a leak, a hoard or a churn is seen.
// Figures are sums over the stacks for which a function is responsible.

import type { Step } from "./abridge";
import type { Context } from "./context";
import { heightOf, mostWasFreed } from "./course";
import { OTHER, SAMPLES, plain, type Figures, type Frame, type Sample, type Suspect } from "./data";
import { bytes, count, counted, duration, figure, percent, signed } from "./format";
import { newFigures, type Folded } from "./model";
import { responsible, type Responsible } from "./responsible";

export interface Finding {
  kind: "hold" | "stay" | "churn" | "grew" | "shrank";
  title: string;
  text: string;
  unit: number;
  through: number; // by what it allocates, -1: itself
  sample: Sample;
  path: Step[];    // the heaviest stack, outermost first
  at: number;      // the unit's place in it
}

const NEXT = ", but for those above";
const SUSPECTS_MAX = 3;
const STAY_MIN = 0.9, BLOCKS_MIN = 50, SHARE_MIN = 0.02, CHURN_MIN = 0.05, FREED_MIN = 0.9;

export class Sums {
  readonly own: Figures;
  readonly base: Figures;
  private readonly named: Responsible;

  constructor(private readonly folded: Folded) {
    const { profile, units } = folded;
    this.named = responsible(folded);
    this.own = newFigures(units.length);
    this.base = newFigures(units.length);
    this.named.ofStack.forEach((unit, stack) => {
      for (const s of SAMPLES) {
        this.own[s][unit] += profile.own[s][stack];
        this.base[s][unit] += profile.base?.[s][stack] ?? 0;
      }
    });
  }

  change(sample: Sample, unit: number): number {
    return this.own[sample][unit] - this.base[sample][unit];
  }

  kept(unit: number): number {
    return this.own.inuse_objects[unit] / (this.own.alloc_objects[unit] || Infinity);
  }

  // What many small stacks hold together stands for none of them.
  best(sample: Sample, sign: 1 | -1, fits: (unit: number) => boolean): number {
    let unit = -1;
    this.folded.units.forEach(({ name }, i) => {
      const size = sign * this.change(sample, i);
      if (size > 0 && name !== OTHER && fits(i) && (unit < 0 || size > sign * this.change(sample, unit)))
        unit = i;
    });
    return unit;
  }

  heaviest(sample: Sample, fits: (stack: number, unit: number) => boolean): number {
    const { profile } = this.folded;
    let heaviest = -1, most = 0;
    this.named.ofStack.forEach((unit, stack) => {
      const size = Math.abs(profile.own[sample][stack] - (profile.base?.[sample][stack] ?? 0));
      if (size > most && fits(stack, unit)) {
        most = size;
        heaviest = stack;
      }
    });
    return heaviest;
  }

  path(stack: number): Step[] {
    const { profile, unitOf } = this.folded, { parent, place } = profile.nodes, path: Step[] = [];
    for (let node = profile.stacks[stack] ?? -1; node >= 0; node = parent[node])
      path.unshift(this.step(unitOf[place[node]], place[node]));
    return path;
  }

  private step(unit: number, place: number): Step {
    const { profile, units } = this.folded, file = profile.places.file[place];
    return { unit, name: units[unit].name, module: units[unit].module,
      line: profile.places.line[place], file: file < 0 ? "" : profile.texts[file] };
  }

  finding(kind: Finding["kind"], sample: Sample, unit: number, title: string,
          text: string): Finding {
    const stack = this.heaviest(sample, (_, of) => of === unit), path = this.path(stack);
    return { kind, title, text, unit, sample, path, through: this.named.throughOf[stack],
      at: path.findLastIndex(step => step.unit === unit) };
  }

  // Is it called from more places than one?
  private hasCallers(unit: number): boolean {
    const { profile, unitOf } = this.folded, { parent, place } = profile.nodes;
    const callers = new Set<number>();
    this.named.ofStack.forEach((of, stack) => {
      const outer = parent[this.named.nodeOf[stack]];
      if (of === unit && outer >= 0)
        callers.add(unitOf[place[outer]]);
    });
    return callers.size > 1;
  }

  // The stacks whose blocks are not freed, though they allocate again and again. Where
  // the function frees what it allocates for others, its caller is named.
  staying(total: number, said: Set<number>): Finding | null {
    const { own } = this.folded.profile, sums = new Map<number, number[]>();
    const stays = (stack: number) => own.alloc_objects[stack] >= BLOCKS_MIN &&
      !said.has(this.named.ofStack[stack]) &&
      this.folded.units[this.named.ofStack[stack]].name !== OTHER &&
      own.inuse_objects[stack] >= STAY_MIN * own.alloc_objects[stack];
    this.named.ofStack.forEach((unit, stack) => {
      if (!stays(stack))
        return;
      const sum = sums.get(unit) ?? [0, 0, 0];
      sum[0] += own.inuse_space[stack];
      sum[1] += own.inuse_objects[stack];
      sum[2] += own.alloc_objects[stack];
      sums.set(unit, sum);
    });
    const [first] = [...sums].sort((a, b) => b[1][0] - a[1][0]);
    if (!first || first[1][0] < SHARE_MIN * total)
      return null;
    const [unit, [space, living, made]] = first;
    const path = this.path(this.heaviest("inuse_space", (stack, of) => of === unit && stays(stack)));
    const at = path.findLastIndex(step => step.unit === unit);
    const freesForOthers = this.kept(unit) < STAY_MIN && at > 0 && this.hasCallers(unit);
    const caller = freesForOthers ? path[at - 1].unit : unit;
    if (said.has(caller))
      return null;
    return { kind: "stay", title: "Allocates again and again, and does not free", sample: "inuse_space",
      unit: caller, at: freesForOthers ? at - 1 : at, path,
      through: freesForOthers ? unit : path[at + 1]?.unit ?? -1, text: `${bytes(space)} in use, ${
        percent(space, total)} of all; ${living === made ? "none" : `only ${
        percent(made - living, made)}`} of the ${counted(made, "block")} from such stacks ${
        living === made ? "was" : "were"} freed` };
  }
}

function compared(sums: Sums, sample: Sample): Finding[] {
  const say = (unit: number) => `${signed(sample, sums.change(sample, unit))}, from ${
    figure(sample, sums.base[sample][unit])} to ${figure(sample, sums.own[sample][unit])}`;
  const grew = sums.best(sample, 1, () => true), shrank = sums.best(sample, -1, () => true);
  return [
    ...(grew < 0 ? [] : [sums.finding("grew", sample, grew, "Grew most", say(grew))]),
    ...(shrank < 0 ? [] : [sums.finding("shrank", sample, shrank, "Shrank most", say(shrank))])];
}

// A stack as a path of the page's own functions, outermost first.
export function stepsOf({ units }: Folded, stack: Frame[]): Step[] {
  return stack.map(frame => {
    const name = plain(frame.function), module = plain(frame.module);
    return { name, module, line: frame.line ?? 0, file: plain(frame.file ?? ""),
      unit: units.findIndex(one => one.name === name && one.module === module) };
  }).reverse();
}

// Whom the verdict above the findings names and shows already; -1: nobody for sure.
export function accused({ profile, units }: Folded): number {
  const { verdict } = profile.raw, site = verdict?.site;
  return !site || verdict.too_short ? -1 : units.findIndex(one =>
    one.name === plain(site.function) && one.module === plain(site.module));
}

// A process may leak in two places: who else grows, by the same measure as the verdict.
function suspects(folded: Folded): Finding[] {
  const { verdict } = folded.profile.raw, others = verdict?.too_short ? [] : verdict?.findings ?? [];
  return others.slice(1, 1 + SUSPECTS_MAX).map(one => suspect(folded, one)).filter(one => one.unit >= 0);
}

function suspect(folded: Folded, one: Suspect): Finding {
  const path = stepsOf(folded, one.stack);
  const at = path.findLastIndex(step => step.name === plain(one.function));
  return { kind: "grew", title: "Grows too", sample: "inuse_space", unit: path[at]?.unit ?? -1,
    through: -1, path, at, text: `${signed("inuse_space", 60 * one.rate_bytes_per_s)} a minute, ${
      percent(one.confidence, 1)} sure` };
}

const endOf = ({ profile }: Folded) => profile.raw.process.state === "live" ? "now" : "the end";

// Who held the most when the run held the most, of which the end tells nothing.
function heldAtHeight(sums: Sums, folded: Folded, said: Set<number>): Finding[] {
  const height = heightOf(folded), [most] = [...height?.held ?? []]
    .filter(([unit]) => !said.has(unit) && folded.units[unit].name !== OTHER).sort((a, b) => b[1] - a[1]);
  if (!height || !most)
    return [];
  const [unit, held] = most, whole = [...height.held.values()].reduce((sum, one) => sum + one, 0);
  const left = sums.own.inuse_space[unit];
  return [sums.finding("hold", "alloc_space", unit,
    `Held the most at the height${said.size ? NEXT : ""}`,
    `${bytes(held)} after ${duration(height.time)}, ${percent(held, whole)} of what was in use; ${
      left ? `${bytes(left)} of it is left` : `all of it was freed by ${endOf(folded)}`}`)];
}

const summed = new WeakMap<Folded, Sums>();

// What each unit is responsible for.
export function sumsOf(folded: Folded): Sums {
  const sums = summed.get(folded) ?? new Sums(folded);
  summed.set(folded, sums);
  return sums;
}

const made = new WeakMap<Folded, Finding[]>();

export function findings(context: Context): Finding[] {
  const folded = context.foldedAt("functions"), known = made.get(folded) ?? find(context);
  made.set(folded, known);
  return known;
}

function find(context: Context): Finding[] {
  const folded = context.foldedAt("functions"), sums = sumsOf(folded), { own } = sums;
  const { own_total: total, sample } = context.profile.raw;
  if (context.profile.base)
    return compared(sums, sample);
  const freed = mostWasFreed(context.profile.raw), found = suspects(folded);
  const said = new Set([accused(folded), ...found.map(one => one.unit)].filter(unit => unit >= 0));
  const next = said.size ? NEXT : "";
  const hold = sums.best("inuse_space", 1, unit => !said.has(unit) &&
    (!said.size || own.inuse_space[unit] >= SHARE_MIN * total.inuse_space));
  const churn = sums.best("alloc_objects", 1, unit => !said.has(unit) && sums.kept(unit) <= 1 - FREED_MIN &&
    own.alloc_objects[unit] >= CHURN_MIN * total.alloc_objects);
  const stay = sums.staying(total.inuse_space, said);
  if (stay)
    found.push(stay);
  found.push(...(freed ? heldAtHeight(sums, folded, said) : []));
  if (hold >= 0 && !(stay && (stay.unit === hold || stay.through === hold)))
    found.push(sums.finding("hold", "inuse_space", hold,
      `Holds the most${freed ? " at the end" : ""}${next}`,
      `${bytes(own.inuse_space[hold])} in ${counted(own.inuse_objects[hold], "block")}, ${
        percent(own.inuse_space[hold], total.inuse_space)} of what is in use`));
  if (churn >= 0)
    found.push(sums.finding("churn", "alloc_objects", churn,
      `Allocates and frees the most${next}`,
      `${counted(own.alloc_objects[churn], "allocation")}, ${
        percent(own.alloc_objects[churn], total.alloc_objects)} of all, ${
        own.inuse_objects[churn] === 0 ? "every one" : `all but ${
          count(own.inuse_objects[churn])}`} freed by ${endOf(folded)}`));
  return found;
}
