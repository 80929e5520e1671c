// tree - the boxes of a flame graph: from the outside in, or from the allocating leaf out
//
// Node 0 is the root, which stands for all stacks. Widths are the target's own
// figures; what a base had is beside them. The inverted tree would hold every frame of
// every stack, so its nodes are made when they are first looked at.

import { SAMPLES, type Sample } from "./data";
import { newFigures, type Folded } from "./model";

export interface Tree {
  unit(node: number): number; // -1: the root
  parent(node: number): number;
  depth(node: number): number;
  cum(node: number, sample: Sample): number;
  base(node: number, sample: Sample): number;
  // largest first; only what has some of the sample
  children(node: number, sample: Sample): number[];
}

function sortBy(tree: Tree, nodes: number[], sample: Sample): number[] {
  return nodes.filter(node => tree.cum(node, sample) > 0)
    .sort((a, b) => tree.cum(b, sample) - tree.cum(a, sample) || a - b);
}

// Nodes that follow one another in the same module are one when folded to modules.
function mergeNodes(folded: Folded): { parent: number[]; unit: number[]; to: Int32Array } {
  const { nodes } = folded.profile, to = new Int32Array(nodes.parent.length);
  const parent = [-1], unit = [-1], found = new Map<number, number>();
  for (let i = 0; i < to.length; i++) {
    const above = nodes.parent[i] < 0 ? 0 : to[nodes.parent[i]];
    const own = folded.unitOf[nodes.place[i]], key = above * folded.units.length + own;
    if (folded.level === "modules" && unit[above] === own) {
      to[i] = above;
      continue;
    }
    let node = found.get(key);
    if (node === undefined) {
      node = parent.length;
      parent.push(above);
      unit.push(own);
      found.set(key, node);
    }
    to[i] = node;
  }
  return { parent, unit, to };
}

export function callTree(folded: Folded): Tree {
  const { profile } = folded, { parent, unit, to } = mergeNodes(folded);
  const count = parent.length, own = newFigures(count);
  const base = profile.base ? newFigures(count) : null;
  const depth = new Int32Array(count), below: number[][] = [];
  for (const s of SAMPLES) {
    profile.stacks.forEach((node, stack) => {
      own[s][to[node]] += profile.own[s][stack];
      if (base)
        base[s][to[node]] += profile.base![s][stack];
    });
    for (let i = count - 1; i > 0; i--) {
      own[s][parent[i]] += own[s][i];
      if (base)
        base[s][parent[i]] += base[s][i];
    }
  }
  for (let i = 0; i < count; i++) {
    below.push([]);
    if (i > 0) {
      depth[i] = depth[parent[i]] + 1;
      below[parent[i]].push(i);
    }
  }
  const sorted = new Map<number, number[]>();
  const tree: Tree = {
    unit: node => unit[node],
    parent: node => parent[node],
    depth: node => depth[node],
    cum: (node, sample) => own[sample][node],
    base: (node, sample) => base ? base[sample][node] : 0,
    children(node, sample) {
      const key = node * 4 + SAMPLES.indexOf(sample);
      let list = sorted.get(key);
      if (!list)
        sorted.set(key, list = sortBy(tree, below[node], sample));
      return list;
    },
  };
  return tree;
}

// One node of the inverted tree: the stacks that end in these frames, and at which
// node of the profile each of them goes on.
interface Made {
  unit: number; parent: number; depth: number;
  stacks: number[]; next: number[];
  sums: number[]; baseSums: number[];
  below: number[] | null;
}

export function invertedTree(folded: Folded): Tree {
  const { profile, unitOf } = folded, { parent, place } = profile.nodes, made: Made[] = [];

  function make(unit: number, above: number, depth: number): Made {
    const node = { unit, parent: above, depth, stacks: [], next: [], sums: [0, 0, 0, 0],
      baseSums: [0, 0, 0, 0], below: null };
    made.push(node);
    return node;
  }
  function add(node: Made, stack: number, next: number): void {
    node.stacks.push(stack);
    node.next.push(next);
    for (let i = 0; i < 4; i++) {
      node.sums[i] += profile.own[SAMPLES[i]][stack];
      node.baseSums[i] += profile.base?.[SAMPLES[i]][stack] ?? 0;
    }
  }
  // Past frames of the same module, when folded to modules.
  function outward(node: number, unit: number): number {
    let next = parent[node];
    while (folded.level === "modules" && next >= 0 && unitOf[place[next]] === unit)
      next = parent[next];
    return next;
  }
  function expand(number: number): number[] {
    const node = made[number], found = new Map<number, number>();
    node.stacks.forEach((stack, i) => {
      const at = node.next[i];
      if (at < 0)
        return;
      const unit = unitOf[place[at]];
      if (!found.has(unit)) {
        found.set(unit, made.length);
        make(unit, number, node.depth + 1);
      }
      add(made[found.get(unit)!], stack, outward(at, unit));
    });
    return node.below = [...found.values()];
  }

  const root = make(-1, -1, 0);
  profile.stacks.forEach((node, stack) => add(root, stack, node));
  const sorted = new Map<number, number[]>();
  const tree: Tree = {
    unit: node => made[node].unit,
    parent: node => made[node].parent,
    depth: node => made[node].depth,
    cum: (node, sample) => made[node].sums[SAMPLES.indexOf(sample)],
    base: (node, sample) => made[node].baseSums[SAMPLES.indexOf(sample)],
    children(node, sample) {
      const key = node * 4 + SAMPLES.indexOf(sample);
      let list = sorted.get(key);
      if (!list)
        sorted.set(key, list = sortBy(tree, made[node].below ?? expand(node), sample));
      return list;
    },
  };
  return tree;
}

// The units from the root to a node as text for a link, and back.
export function pathOf(tree: Tree, folded: Folded, node: number): string {
  const keys: string[] = [];
  for (let at = node; at > 0; at = tree.parent(at))
    keys.unshift(folded.units[tree.unit(at)].key.slice(-4));
  return keys.join(".");
}

export function nodeAt(tree: Tree, folded: Folded, sample: Sample, path: string): number {
  let node = 0;
  for (const key of path ? path.split(".") : []) {
    const next = tree.children(node, sample)
      .find(child => folded.units[tree.unit(child)].key.slice(-4) === key);
    if (next === undefined)
      break;
    node = next;
  }
  return node;
}

// The largest box of a unit, -1 where it has none of the sample.
export function largestBox(tree: Tree, sample: Sample, unit: number): number {
  const todo = [0];
  let largest = -1, most = 0;
  for (let node = todo.pop(); node !== undefined; node = todo.pop()) {
    const size = tree.cum(node, sample);
    if (size <= most)
      continue;
    if (tree.unit(node) !== unit) {
      todo.push(...tree.children(node, sample));
      continue;
    }
    largest = node; // none of those inside is larger
    most = size;
  }
  return largest;
}

// What matches, counted once on each path, at its outermost box.
export function matchedSum(folded: Folded, sample: Sample, found: Set<number>): number {
  const { profile, unitOf } = folded, { parent, place } = profile.nodes;
  const state = new Uint8Array(parent.length);
  let sum = 0;
  for (let i = 0; i < parent.length; i++)
    state[i] = found.has(unitOf[place[i]]) || (parent[i] >= 0 && state[parent[i]]) ? 1 : 0;
  profile.stacks.forEach((node, stack) => {
    if (state[node])
      sum += profile.own[sample][stack] - (profile.base?.[sample][stack] ?? 0);
  });
  return sum;
}
