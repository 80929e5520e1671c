// data - what heapring wrote into the page, decoded into typed arrays
//
// The format is described in analyzer/page/page_data.h. Node i's parent has a lower
// number; -1 is the root. Names may hold anything: control and direction marks, with
// which a name could pose as another, become visible replacement characters.

export const SAMPLES = ["inuse_space", "inuse_objects", "alloc_space", "alloc_objects"] as const;
export type Sample = (typeof SAMPLES)[number];
export type Figures = Record<Sample, Float64Array>;
export type Totals = Record<Sample, number>;
export type Level = "functions" | "lines" | "modules";

export interface Process {
  pid: number; exe: string; command: string[]; start_unix_ns: number;
  state: "live" | "exited" | "killed"; exit: number | null; signal: number | null;
}
export interface Frame { function: string; module: string; file: string | null; line: number | null }
// One whom audit names: the first is the verdict's own, others grow beside it.
export interface Suspect extends Frame {
  verdict: string; confidence: number; rate_bytes_per_s: number;
  stack: Frame[]; // innermost first
}
export interface Verdict {
  verdict: string; growth: string; pattern: string; confidence: number; too_short?: boolean; history_full?: boolean;
  site: Frame & { stack: Frame[] } | null; // innermost first
  window_s?: [number, number]; rate_bytes_per_s?: number | null; eta_to_limit_s?: number | null;
  evidence: string[]; advice: string[]; checklist: { step: string; finding: string }[];
  findings?: Suspect[];
}
// Totals at moments, oldest first; seconds since profiling began.
export interface History extends Record<Sample, number[]> {
  time_s: number[];
  interval_s: number;
  from_start: boolean; // or what came before is lost
  damaged: boolean;
  peak_s: number | null;
  marks: { name: string; count: number; first_s: number; last_s: number }[];
  grid_s: number[];
  stacks: { stack: number; inuse_space: number[] }[]; // those that held the most, at grid_s
}
export interface SourceFile { file: string; lines: number; pieces: [number, string][] }
export interface LostSource { file: string; advice: string }

export interface RssLine { key: string; what: string; depth: number; bytes: number; pct: number; how: string; error: string }
// What too many stacks made one place of: its name, how many, and what they add up to.
export const OTHER = "(other)";
export interface Other extends Totals { stacks: number; shown: number }

export interface Rss { resident: number; live: number; live_absent: number; lines: RssLine[] }

type Columns = Record<string, number[]>;
export interface Raw {
  process: Process;
  mode: { kind: string; rate_bytes: number };
  coverage: Record<string, number>;
  total: Totals & { peak_space: number };
  own_total: Totals;
  sample: Sample; view: "page" | "flame"; level: Level; at?: string; peak_error?: number;
  base?: { process: Process; total: Totals; normalized: boolean };
  folded?: Other;
  warnings: string[];
  target?: string; // as it was named on the command line
  sources?: SourceFile[];
  lost_sources?: LostSource[];
  source_path?: string; trim_path?: string; // as they were given
  verdict?: Verdict;
  rss?: Rss;
  history?: History;
  texts: string[];
  functions: Columns; places: Columns; nodes: Columns; stacks: Columns;
  base_stacks?: Columns; variance?: Columns;
}

export interface Profile {
  raw: Raw;
  texts: string[];
  functions: { name: Int32Array; module: Int32Array; file: Int32Array; line: Int32Array };
  places: { function: Int32Array; file: Int32Array; line: Int32Array };
  nodes: { parent: Int32Array; place: Int32Array };
  stacks: Int32Array;
  culprit: Int32Array; // by stack: frames between its innermost one and whom to name for it
  own: Figures;
  base: Figures | null;
  variance: Figures | null;
}

const DECEIVING = /[\u0000-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g;

export function plain(text: string): string {
  return text.replace(DECEIVING, "\ufffd");
}

function figures(columns: Columns): Figures {
  return Object.fromEntries(SAMPLES.map(s => [s, Float64Array.from(columns[s])])) as Figures;
}

function parents(depth: number[]): Int32Array {
  const parent = new Int32Array(depth.length), last: number[] = [-1];
  depth.forEach((d, node) => {
    parent[node] = last[d - 1];
    last[d] = node;
  });
  return parent;
}

function running(distance: number[]): Int32Array {
  let at = -1;
  return Int32Array.from(distance, step => at += step);
}

const int = (column: number[]) => Int32Array.from(column);

export function decode(raw: Raw): Profile {
  return {
    raw,
    texts: raw.texts.map(plain),
    functions: { name: int(raw.functions.name), module: int(raw.functions.module),
      file: int(raw.functions.file), line: int(raw.functions.line) },
    places: { function: int(raw.places.function), file: int(raw.places.file),
      line: int(raw.places.line) },
    nodes: { parent: parents(raw.nodes.depth), place: int(raw.nodes.place) },
    stacks: running(raw.stacks.node),
    culprit: int(raw.stacks.culprit),
    own: figures(raw.stacks),
    base: raw.base_stacks ? figures(raw.base_stacks) : null,
    variance: raw.variance ? figures(raw.variance) : null,
  };
}

export function baseName(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1) || path;
}
