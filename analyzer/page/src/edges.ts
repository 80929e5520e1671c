// edges - the call graph of the units that matter most
//
// A stack counts once on an edge. Where the units between two shown ones are left
// out, the edge goes across and is marked so.

import type { Sample } from "./data";
import { cum, flat, type Folded } from "./model";

export interface Edge {
  from: number; to: number; value: number; across: boolean;
  last: number; // the stack that was counted last
}
export interface Graph {
  nodes: number[];
  edges: Edge[];
  left: number;
  forced: boolean; // the selected one would not be among them
}

const EDGE_MIN = 0.015; // of the whole

// Largest first; the selected one is among them even if it has nothing of the figure.
function ranked(folded: Folded, sample: Sample, selected: number): number[] {
  const size = (unit: number) => Math.abs(cum(folded, sample, unit)) +
    Math.abs(flat(folded, sample, unit));
  const units = folded.units.map((_, unit) => unit)
    .filter(unit => size(unit) > 0 || unit === selected);
  return units.sort((a, b) => size(b) - size(a) || a - b);
}

// Thin edges go, except the largest one into each node: no box stands alone.
function thin(edges: Edge[], nodes: number[], whole: number): Edge[] {
  const into = new Map<number, Edge>(nodes.map(node => [node, { from: -1, to: node, value: 0,
    across: false, last: -1 }]));
  for (const edge of edges)
    if (Math.abs(edge.value) > Math.abs(into.get(edge.to)!.value))
      into.set(edge.to, edge);
  return edges.filter(edge => Math.abs(edge.value) >= EDGE_MIN * whole ||
    into.get(edge.to) === edge);
}

export function callGraph(folded: Folded, sample: Sample, most: number, selected: number): Graph {
  const { profile, unitOf } = folded, { parent, place } = profile.nodes;
  const order = ranked(folded, sample, selected), forced = order.indexOf(selected) >= most;
  const nodes = forced ? [...order.slice(0, most - 1), selected] : order.slice(0, most);
  const shown = new Uint8Array(folded.units.length), edges = new Map<number, Edge>(), count = folded.units.length;
  for (const node of nodes)
    shown[node] = 1;
  for (let stack = 0; stack < profile.stacks.length; stack++) {
    const value = profile.own[sample][stack] - (profile.base?.[sample][stack] ?? 0);
    if (value === 0)
      continue;
    let inner = -1, across = false;
    for (let node = profile.stacks[stack]; node >= 0; node = parent[node]) {
      const unit = unitOf[place[node]];
      if (!shown[unit]) {
        across = true;
        continue;
      }
      const key = unit * count + inner;
      if (inner >= 0 && unit !== inner) {
        let edge = edges.get(key);
        if (!edge)
          edges.set(key, edge = { from: unit, to: inner, value: 0, across: true, last: -1 });
        if (edge.last !== stack)
          edge.value += value;
        edge.across = edge.across && across;
        edge.last = stack;
      }
      inner = unit;
      across = false;
    }
  }
  return { nodes, edges: thin([...edges.values()], nodes, Math.abs(folded.shown[sample])),
    left: order.length - nodes.length, forced };
}
