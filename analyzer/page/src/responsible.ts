// responsible - who is to be named for a stack: not a container or malloc's wrapper
//
// The rule is the audit's (analyzer/views/culprit.h), worked out when the page was
// written: for each stack, how many frames outside of its innermost one. Flat and cum
// are never touched by it.

import type { Folded } from "./model";

export interface Responsible {
  ofStack: Int32Array;
  nodeOf: Int32Array;    // where on the stack
  throughOf: Int32Array; // what it called for that, -1: it allocated itself
}

const made = new WeakMap<Folded, Responsible>();

export function responsible(folded: Folded): Responsible {
  const known = made.get(folded) ?? find(folded);
  made.set(folded, known);
  return known;
}

function find(folded: Folded): Responsible {
  const { profile, unitOf } = folded, { parent, place } = profile.nodes;
  const ofStack = new Int32Array(profile.stacks.length);
  const nodeOf = new Int32Array(profile.stacks.length);
  const throughOf = new Int32Array(profile.stacks.length).fill(-1);
  profile.stacks.forEach((leaf, stack) => {
    let node = leaf;
    for (let left = profile.culprit[stack]; left > 0 && parent[node] >= 0; left--) {
      throughOf[stack] = unitOf[place[node]];
      node = parent[node];
    }
    nodeOf[stack] = node;
    ofStack[stack] = unitOf[place[node]];
  });
  return { ofStack, nodeOf, throughOf };
}
