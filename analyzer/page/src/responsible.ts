// responsible - who is to be named for a stack: not malloc's wrapper but its caller
//
// Many programs allocate through a function of their own (xmalloc, sqlite3Malloc,
// PyMem_RawMalloc), which then holds everything and says nothing. A wrapper is known by
// its name and by having several callers, or by carrying a large part of all
// allocations for many. The outermost wrapper near the inner end of a stack is looked
// for, and the function that called it is named. This is for sentences only: flat and
// cum are never touched by it.

import { cum, type Folded } from "./model";

const NEAR = 6;               // frames from the inner end, or from another wrapper
const CALLERS_NAMED = 3;      // with a name that says so
const CALLERS_MANY = 8, SHARE = 0.3;
const NAME = /alloc|calloc|realloc|strdup|_new$|::new$/i;

export interface Responsible {
  ofStack: Int32Array;
  wrapperOf: Int32Array; // the outermost wrapper on that stack, -1: none
}

function countCallers(folded: Folded): Int32Array {
  const { profile, unitOf } = folded, { parent, place } = profile.nodes;
  const pairs = new Set<number>(), callers = new Int32Array(folded.units.length);
  parent.forEach((above, node) => {
    if (above < 0)
      return;
    const from = unitOf[place[above]], to = unitOf[place[node]];
    const key = from * folded.units.length + to;
    if (from !== to && !pairs.has(key)) {
      pairs.add(key);
      callers[to]++;
    }
  });
  return callers;
}

export function responsible(folded: Folded): Responsible {
  const { profile, unitOf } = folded, { parent, place } = profile.nodes;
  const callers = countCallers(folded), all = folded.shown.alloc_objects || 1;
  const isWrapper = folded.units.map((unit, i) =>
    (callers[i] >= CALLERS_NAMED && NAME.test(unit.name)) ||
    (callers[i] >= CALLERS_MANY && cum(folded, "alloc_objects", i) >= SHARE * all));
  const ofStack = new Int32Array(profile.stacks.length);
  const wrapperOf = new Int32Array(profile.stacks.length).fill(-1);
  profile.stacks.forEach((leaf, stack) => {
    ofStack[stack] = unitOf[place[leaf]];
    for (let node = leaf, left = NEAR; left > 0 && parent[node] >= 0; left--, node = parent[node])
      if (isWrapper[unitOf[place[node]]]) {
        wrapperOf[stack] = unitOf[place[node]];
        ofStack[stack] = unitOf[place[parent[node]]];
        left = NEAR;
      }
  });
  return { ofStack, wrapperOf };
}
