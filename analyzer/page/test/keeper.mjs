// keeper - dumps of a real program (tests/programs/keeper.cc), and reports rewritten to a case
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { folder, heapring, json, report } from "./harness.mjs";

const { KEEPER } = process.env;

export const dump = join(folder, "keeper.dump");
heapring("run", "-q", "--interval", "10ms", "-o", dump, "--", KEEPER);

// The same, but it gave everything back at its end.
export const freed = join(folder, "freed.dump");
heapring("run", "-q", "--interval", "10ms", "-o", freed, "--", KEEPER, "free");

// A report in which something else stands; what audit says of so short a run is chance.
export function rewritten(change, ...args) {
  return rewrittenOf(dump, change, ...args);
}

export function rewrittenOf(from, change, ...args) {
  const file = report(from, ...args), page = readFileSync(file, "utf8");
  const [before, rest] = page.split('<script type="application/json" id="data">');
  const [text, after] = rest.split(/<\/script>(.*)/s), data = JSON.parse(text);
  change(data);
  writeFileSync(file, `${before}<script type="application/json" id="data">${
    JSON.stringify(data).replaceAll("<", "\\u003c")}</script>${after}`);
  return file;
}

// As audit writes it, of the heaviest stack of checked_malloc.
export function blame(data) {
  const [row] = json("traces", "--lines", "--focus", "^checked_malloc$", dump).rows;
  const at = row.stack.find(frame => frame.function === "SessionStore::remember");
  data.verdict = { verdict: "leak", growth: "linear", pattern: "", confidence: 0.99,
    rate_bytes_per_s: 1024, eta_to_limit_s: 7200, evidence: ["it grows"], advice: ["free it"],
    checklist: [], site: { ...at, stack: row.stack } };
  return at;
}
