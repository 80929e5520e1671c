// model - a profile folded to functions, lines or modules, with its figures
//
// A unit is what a row, a box or a node of the graph stands for. The figures follow
// the command line: flat belongs to the innermost unit of a stack, cum to every unit
// on it, once. With a base every shown figure is the target's own less the base's.

import { SAMPLES, baseName, type Figures, type Level, type Profile, type Sample } from "./data";

export interface Unit {
  name: string; module: string; file: string; line: number;
  key: string; // the same in every profile of the program: for links
}

export interface Rows { flat: Figures; cum: Figures }

export interface Folded {
  profile: Profile;
  level: Level;
  units: Unit[];
  unitOf: Int32Array; // by place
  own: Rows;
  base: Rows | null;
  variance: Rows | null;
  shown: Record<Sample, number>; // sum of all stacks, less the base
  byKey: Map<string, number>;
}

function hashText(text: string): string {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++)
    hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return (hash >>> 0).toString(36);
}

function makeUnit(profile: Profile, fn: number, file: number, line: number): Unit {
  const text = (at: number) => at < 0 ? "" : profile.texts[at];
  const unit = { name: text(profile.functions.name[fn]), file: text(file), line,
    module: text(profile.functions.module[fn]), key: "" };
  unit.key = hashText(`${unit.name}\n${unit.module}`);
  return unit;
}

function unitsOf(profile: Profile, level: Level): { units: Unit[]; unitOf: Int32Array } {
  const { functions, places } = profile;
  if (level === "functions")
    return { units: Array.from(functions.name, (_, f) =>
      makeUnit(profile, f, functions.file[f], functions.line[f])), unitOf: places.function };
  if (level === "lines") {
    const units = Array.from(places.function, (fn, p) =>
      makeUnit(profile, fn, places.file[p], places.line[p]));
    for (const unit of units)
      unit.key = hashText(`${unit.key}\n${unit.file}:${unit.line}`);
    return { units, unitOf: Int32Array.from(units, (_, i) => i) };
  }
  const numbers = new Map<string, number>(), units: Unit[] = [];
  const unitOf = Int32Array.from(places.function, fn => {
    const module = profile.texts[functions.module[fn]];
    if (!numbers.has(module)) {
      numbers.set(module, units.length);
      units.push({ name: module || "[unknown]", module, file: "", line: 0,
        key: hashText(`module\n${module}`) });
    }
    return numbers.get(module)!;
  });
  return { units, unitOf };
}

export const newFigures = (count: number): Figures =>
  Object.fromEntries(SAMPLES.map(s => [s, new Float64Array(count)])) as Figures;

// Calls visit(unit) for each unit on a stack once, innermost first.
function eachUnit(profile: Profile, unitOf: Int32Array, seen: Int32Array, stack: number,
                  visit: (unit: number) => void): void {
  const { parent, place } = profile.nodes;
  for (let node = profile.stacks[stack]; node >= 0; node = parent[node]) {
    const unit = unitOf[place[node]];
    if (seen[unit] !== stack + 1) {
      seen[unit] = stack + 1;
      visit(unit);
    }
  }
}

function addUp(profile: Profile, unitOf: Int32Array, count: number, from: Figures): Rows {
  const rows = { flat: newFigures(count), cum: newFigures(count) };
  const seen = new Int32Array(count), columns = SAMPLES.map(s => from[s]);
  const cum = SAMPLES.map(s => rows.cum[s]);
  for (let stack = 0; stack < profile.stacks.length; stack++) {
    const innermost = unitOf[profile.nodes.place[profile.stacks[stack]]];
    SAMPLES.forEach((s, i) => { rows.flat[s][innermost] += columns[i][stack]; });
    eachUnit(profile, unitOf, seen, stack, unit => {
      for (let i = 0; i < 4; i++)
        cum[i][unit] += columns[i][stack];
    });
  }
  return rows;
}

export function fold(profile: Profile, level: Level): Folded {
  const { units, unitOf } = unitsOf(profile, level);
  const sum = (column: Float64Array) => column.reduce((a, b) => a + b, 0);
  const rowsOf = (from: Figures | null) => from && addUp(profile, unitOf, units.length, from);
  return {
    profile, level, units, unitOf,
    own: rowsOf(profile.own)!, base: rowsOf(profile.base), variance: rowsOf(profile.variance),
    shown: Object.fromEntries(SAMPLES.map(s => [s,
      sum(profile.own[s]) - (profile.base ? sum(profile.base[s]) : 0)])) as Record<Sample, number>,
    byKey: new Map(units.map((unit, i) => [unit.key, i])),
  };
}

export const flat = (folded: Folded, sample: Sample, unit: number) =>
  folded.own.flat[sample][unit] - (folded.base ? folded.base.flat[sample][unit] : 0);
export const cum = (folded: Folded, sample: Sample, unit: number) =>
  folded.own.cum[sample][unit] - (folded.base ? folded.base.cum[sample][unit] : 0);

// The wanted figure, or one of which the unit has some: of what was freed the
// allocations are left.
export function sampleWith(folded: Folded, unit: number, wanted: Sample): Sample {
  const order: Sample[] = [wanted, wanted.endsWith("space") ? "alloc_space" : "alloc_objects", ...SAMPLES];
  return order.find(sample => unit >= 0 && cum(folded, sample, unit)) ?? wanted;
}

// 95 times in 100 the true figure lies so far from the shown one; 0: it is exact.
export const error95 = (folded: Folded, which: "flat" | "cum", sample: Sample, unit: number) =>
  folded.variance ? 1.96 * Math.sqrt(folded.variance[which][sample][unit]) : 0;

// The share of allocations that were not freed: 1 is a block that stays; NaN: not known.
export const keptShare = (living: number, allocated: number) =>
  allocated > 0 ? Math.min(1, living / allocated) : NaN;

// Of what a unit and all that it called allocated.
export const kept = ({ own: { cum: all } }: Folded, unit: number) =>
  keptShare(all.inuse_objects[unit], all.alloc_objects[unit]);

export function place(unit: Unit): string {
  return unit.file ? baseName(unit.file) + (unit.line ? `:${unit.line}` : "") : "";
}

// Of a function the line is where it begins, not one that allocates: say so.
export function defined(folded: Folded, unit: number): string {
  const where = place(folded.units[unit]);
  return where && folded.level === "functions" && folded.units[unit].line ? `defined at ${where}`
    : where;
}

export interface Neighbours { callers: [number, number][]; callees: [number, number][] }

// What came through each caller of a unit and went to each callee, a stack once each.
export function neighbours(folded: Folded, sample: Sample, unit: number): Neighbours {
  const { profile, unitOf } = folded, { parent, place: placeOf } = profile.nodes;
  const count = folded.units.length, own = profile.own[sample], base = profile.base?.[sample];
  const made = () => ({ sum: new Float64Array(count), last: new Int32Array(count).fill(-1) });
  const callers = made(), callees = made();
  function add(to: typeof callers, other: number, stack: number): void {
    if (to.last[other] !== stack)
      to.sum[other] += own[stack] - (base ? base[stack] : 0);
    to.last[other] = stack;
  }
  for (let stack = 0; stack < profile.stacks.length; stack++) {
    let inner = -1;
    for (let node = profile.stacks[stack]; node >= 0; node = parent[node]) {
      const at = unitOf[placeOf[node]];
      if (at === unit && inner >= 0 && inner !== unit)
        add(callees, inner, stack);
      if (inner === unit && at !== unit)
        add(callers, at, stack);
      inner = at;
    }
  }
  const sorted = ({ sum }: typeof callers) => Array.from(sum, (value, other) =>
    [other, value] as [number, number]).filter(([, value]) => value !== 0)
    .sort((a, b) => Math.abs(b[1]) - Math.abs(a[1]) || a[0] - b[0]);
  return { callers: sorted(callers), callees: sorted(callees) };
}
