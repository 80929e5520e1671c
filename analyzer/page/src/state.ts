// state - what the reader chose, kept in the address so that a link shows the same
//
// Units are named by a hash of their names, not by number, so a link also works on a
// newer profile of the program.

import { SAMPLES, type Level, type Sample } from "./data";

export const VIEWS = ["summary", "flame", "graph", "table", "source", "time", "coverage"] as const;
export type View = (typeof VIEWS)[number];

export interface State {
  view: View;
  sample: Sample;
  level: Level;
  q: string;        // search
  sel: string;      // key of the selected unit
  zoom: string;     // path in the flame graph
  up: boolean;      // flames grow upward
  invert: boolean;  // from the leaf outward
  color: "module" | "kept";
  sort: string;     // "-flat": by flat, largest first
  file: string;     // of the source view
  line: number;     // in that file, to look at whatever is selected; 0: none
  nodes: number;    // of the call graph
}

type Listener = (state: State, changed: Set<keyof State>) => void;

const choices: { [K in keyof State]?: readonly string[] } = {
  view: VIEWS, sample: SAMPLES, level: ["functions", "lines", "modules"],
  color: ["module", "kept"],
};

export class Store {
  state: State;
  private listeners: Listener[] = [];

  constructor(private readonly defaults: State) {
    this.state = { ...defaults, ...this.read() };
    addEventListener("hashchange", () => this.update({ ...this.defaults, ...this.read() }, false));
  }

  private read(): Partial<State> {
    const from = new URLSearchParams(location.hash.slice(1)), out: Record<string, unknown> = {};
    for (const [name, fallback] of Object.entries(this.defaults)) {
      const text = from.get(name);
      const allowed = choices[name as keyof State];
      if (text === null || (allowed && !allowed.includes(text)))
        continue;
      out[name] = typeof fallback === "boolean" ? text === "1"
        : typeof fallback === "number" ? Number(text) || fallback : text;
    }
    return out as Partial<State>;
  }

  private write(push: boolean): void {
    const to = new URLSearchParams();
    for (const [name, value] of Object.entries(this.state))
      if (value !== (this.defaults as unknown as Record<string, unknown>)[name])
        to.set(name, value === true ? "1" : value === false ? "0" : String(value));
    const hash = to.toString();
    if (hash === location.hash.slice(1))
      return;
    // the address alone would be a file's own without a fragment
    const url = hash ? `#${hash}` : location.pathname + location.search;
    if (push)
      history.pushState(null, "", url);
    else
      history.replaceState(null, "", url);
  }

  listen(listener: Listener): void {
    this.listeners.push(listener);
  }

  private update(patch: Partial<State>, write: boolean): void {
    const changed = new Set<keyof State>();
    for (const key of Object.keys(patch) as (keyof State)[])
      if (patch[key] !== this.state[key])
        changed.add(key);
    if (changed.size === 0)
      return;
    this.state = { ...this.state, ...patch };
    if (write)
      this.write(changed.has("view") || changed.has("zoom"));
    for (const listener of this.listeners)
      listener(this.state, changed);
  }

  set(patch: Partial<State>): void {
    this.update(patch, true);
  }
}
