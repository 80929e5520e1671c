// figures.test - what the page says is what the command line says
import assert from "node:assert/strict";
import { dirname } from "node:path";
import test from "node:test";
import { fileURLToPath } from "node:url";
import { SAMPLES, go, json, make, open, options, report, rows } from "./harness.mjs";

// All rows at once, and hardly a pixel of them.
const TALL = { viewport: { width: 1400, height: 9000 }, deviceScaleFactor: 0.1 };
const ROOT = dirname(dirname(dirname(dirname(fileURLToPath(import.meta.url)))));
const name = row => `${row.function ?? row.name} ${row.module}`;

// Compares every row of the table and the totals, for all four figures.
async function compare(t, dump, level, ...args) {
  const page = await open(t, report(dump, `--${level}`, ...args), TALL);
  for (const sample of SAMPLES) {
    const top = json("top", "--cum", `--${level}`, "--sample", sample, ...args, dump);
    await go(page, `view=table&sample=${sample}`);
    const shown = await rows(page);
    const key = row => level === "lines"
      ? `${name(row)} ${row.where ?? (row.file ? row.file.replace(/.*\//, "") +
        (row.line ? `:${row.line}` : "") : "")}` : level === "modules"
      ? row.function ?? row.name : name(row);
    assert.ok(top.rows.length > 0);
    assert.equal(shown.length, top.rows.length);
    const said = from => from.map(row => [key(row), Number(row.flat), Number(row.cum)].join(" "))
      .sort();
    assert.deepEqual(said(shown), said(top.rows));
    for (const other of SAMPLES.filter(one => one !== sample))
      assert.equal(shown.reduce((sum, row) => sum + Number(row[other]), 0),
        top.rows.reduce((sum, row) => sum + row[other], 0));
    const totals = await page.$$eval(".card", cards => cards.map(card =>
      [card.dataset.value, Number(card.querySelector("[data-total]").dataset.total)]));
    assert.deepEqual(Object.fromEntries(totals),
      Object.fromEntries(SAMPLES.map(one => [one, top.total[one]])));
  }
}

test("rows and totals are those of top", options, async t => {
  await compare(t, make("example"), "functions");
  await compare(t, make("large", "60"), "functions");
});

test("lines and modules are those of top, through a real program's symbols", options, async t => {
  const dump = make("elf", process.env.MAKE_SEGMENT, "200");
  await compare(t, dump, "functions");
  await compare(t, dump, "lines");
  await compare(t, dump, "modules");
});

test("a base, the peak, a filter and sampling change the page as they change top", options,
  async t => {
    await compare(t, make("grown"), "functions", "--base", make("example"));
    await compare(t, make("peak"), "functions", "--at", "peak");
    await compare(t, make("large", "60"), "functions", "--focus", "1[0-9a]");
    await compare(t, make("sampled"), "functions");
    await compare(t, make("example"), "functions", "--by-thread");
  });

test("callers and callees are those of peek", options, async t => {
  const dump = make("large", "300");
  const page = await open(t, report(dump, "--sample", "alloc_space"), { hash: "view=table" });
  await page.click(".rows .row >> nth=2");
  const chosen = await page.textContent(".details h2");
  const [peek] = json("peek", "--sample", "alloc_space", `^${chosen.replace(/[+]/g, "[+]")}$`, dump)
    .rows;
  const lists = await page.$$eval(".details .neighbours", found => found.map(list =>
    [...list.querySelectorAll("[data-value]")].map(item =>
      [item.querySelector(".code").textContent, Number(item.dataset.value)])));
  const said = [peek.callers, peek.callees].filter(list => list.length)
    .map(list => list.slice(0, 6).map(row => row.value));
  assert.deepEqual(lists.map(list => list.map(([, value]) => value)), said);
});

test("source lines have the figures of list and the text of the file", options, async t => {
  const dump = make("elf", process.env.MAKE_SEGMENT, "200"), sources = ["--source-path", ROOT];
  const all = json("list", "--sample", "alloc_space", ...sources, "segment_builder", dump).rows
    .filter(row => row.file);
  if (all.length === 0)
    return t.skip("built without debug information");
  const { file } = all[0], wanted = all.filter(row => row.file === file);
  const page = await open(t, report(dump, "--sample", "alloc_space", ...sources),
    { hash: `view=source&file=${encodeURIComponent(file)}` });
  for (const { line, source } of wanted.flatMap(row => row.lines)) {
    assert.notEqual(source, null);
    const shown = page.locator(`.line[data-line="${line}"]`);
    assert.equal(await shown.locator("code").textContent(), source.replace(/\t/g, "        ") || " ");
    const sum = wanted.reduce((all, row) => all +
      (row.lines.find(one => one.line === line)?.flat ?? 0), 0);
    assert.equal(Number(await shown.getAttribute("data-flat")), sum);
  }
  const without = await open(t, report(dump, "--no-sources"), { hash: "view=source" });
  assert.equal(await without.locator(".line code").count(), 0);
});

test("kept is what is left of all that a function and its callees allocated", options, async t => {
  const dump = make("large", "60"), page = await open(t, report(dump), TALL);
  await go(page, "view=table");
  const of = sample => new Map(json("top", "--cum", "--sample", sample, dump).rows.map(row =>
    [name(row), row.cum]));
  const living = of("inuse_objects"), made = of("alloc_objects"), shown = await rows(page);
  let callers = 0;
  for (const row of shown) {
    callers += Number(row.alloc_objects) === 0;
    assert.ok(Math.abs(row.kept - living.get(name(row)) / made.get(name(row))) < 1e-9, name(row));
  }
  assert.ok(callers > 0);
});
