// reading.test - a first reader's eyes: colours that mean something, figures that can be read
import assert from "node:assert/strict";
import test from "node:test";
import { go, json, open, options, report } from "./harness.mjs";
import { blame, dump, freed, rewritten, rewrittenOf } from "./keeper.mjs";

const PHONE = { viewport: { width: 390, height: 844 } };

const accuse = verdict => rewritten(data => {
  blame(data);
  data.verdict.verdict = verdict;
});

test("red is for what grows or burns, and each verdict is told in a plain sentence", options,
  async t => {
    const looks = {}, sentences = new Set();
    for (const verdict of ["leak", "thread_leak", "storm", "sawtooth", "warming", "fragmentation",
      "steady"]) {
      const page = await open(t, accuse(verdict));
      const color = await page.$eval(".verdict-name strong", one => getComputedStyle(one).color);
      (looks[color] ??= []).push(verdict);
      sentences.add(await page.textContent(".verdict .means"));
    }
    assert.deepEqual(Object.values(looks), [["leak", "thread_leak", "storm"],
      ["sawtooth", "warming", "fragmentation"], ["steady"]]);
    assert.equal(sentences.size, 7);
    assert.ok([...sentences].every(one => one.length > 20));
    assert.ok([...sentences].some(one => one.startsWith(
      "Memory is filled and given back again and again; nothing leaks.")));
  });

test("the verdict's figures are written as the page's, and what is to be typed is left", options,
  async t => {
    const page = await open(t, rewritten(data => {
      blame(data);
      data.verdict.evidence = ["turned over 2.41e+03 times a second", "chance 1.6e-05",
        "rose from 0B to 1.48MiB in 30s, 13.7k blocks, 80% freed"];
      data.verdict.advice = ["heapring top --since 30s x.dump", "write `--interval 10ms` for v2s, lib-30s, not -3MiB"];
    }));
    const lines = await page.$$eval(".verdict li", found => found.map(one => one.textContent));
    assert.deepEqual(lines, ["turned over 2,410 times a second", "chance 0.000016",
      "rose from 0\u202fB to 1.48\u202fMiB in 30\u202fs, 13.7\u202fk blocks, 80\u202f% freed",
      "heapring top --since 30s x.dump", "write `--interval 10ms` for v2s, lib-30s, not -3\u202fMiB"]);
  });

test("what the verdict said stands out no second time", options, async t => {
  const named = async file => (await open(t, file)).$$eval(".finding-name .link", found =>
    found.slice(1).map(one => one.textContent));
  for (const from of [dump, freed]) {
    const next = await named(rewrittenOf(from, blame));
    assert.ok(next.length > 0);
    assert.ok(!next.includes("SessionStore::remember"), next.join());
  }
});

test("who else grows by the verdict's measure is the next suspect", options, async t => {
  const grows = (data, ...suspects) => {
    blame(data);
    const [row] = json("traces", "--lines", "--focus", "^load_settings$", dump).rows;
    const at = row.stack.find(frame => frame.function === "load_settings");
    data.verdict.findings = [{ ...data.verdict.site, verdict: "leak", confidence: 0.9, rate_bytes_per_s: 1024 },
      { ...at, stack: row.stack, verdict: "leak", confidence: 0.8, rate_bytes_per_s: 512 }, ...suspects];
  };
  const page = await open(t, rewritten(data => grows(data, { function: "nobody", module: "", file: null,
    line: null, stack: [], verdict: "leak", confidence: 0.5, rate_bytes_per_s: 1 })));
  const texts = await page.$$eval(".finding", found => found.map(one => one.textContent));
  assert.match(texts[0], /^Grows tooload_settings.*\+30\.0\u202fKiB a minute, 80\.0\u202f% sure/);
  assert.equal(texts.filter(text => /^[^›]*load_settings/.test(text)).length, 1, texts.join("\n"));
  const short = await open(t, rewritten(data => {
    grows(data);
    data.verdict.too_short = true;
  }));
  assert.doesNotMatch(await short.textContent(".findings"), /Grows too/);
});

test("bars of the table leave the digits alone, and no cell is cut beside the panel", options,
  async t => {
    const page = await open(t, report(dump), { hash: "view=table" });
    await page.click(".rows .row >> nth=0");
    const crossed = await page.$$eval(".rows .cell .bar + .main", found => found.filter(main => {
      const text = document.createRange();
      text.selectNodeContents(main);
      return main.previousElementSibling.getBoundingClientRect().top <
        text.getBoundingClientRect().bottom;
    }).length);
    assert.equal(crossed, 0);
    const cut = await page.$$eval('.rows .cell[data-key="name"], .rows .cell[data-key="kept"]',
      found => found.filter(cell => cell.scrollWidth > cell.clientWidth ||
        cell.getBoundingClientRect().right > document.querySelector(".grid")
          .getBoundingClientRect().right).map(cell => cell.textContent));
    assert.deepEqual(cut, []);
    assert.match(await page.textContent(".table .status"), /no room for .*Module/);
    await page.keyboard.press("Escape");
    assert.doesNotMatch(await page.textContent(".table .status"), /no room/);
  });

test("source lines keep their figures in sight, and their colour all along", options, async t => {
  const page = await open(t, report(dump), { ...PHONE, hash: "view=source&sample=alloc_space" });
  const left = () => page.$$eval(".line.hot .cum, .line.hot .number", found => found.map(one =>
    one.getBoundingClientRect().left));
  const before = await left();
  await page.$eval(".listing", box => { box.scrollLeft = 150; });
  assert.ok(await page.$eval(".listing", box => box.scrollLeft) > 100);
  assert.deepEqual(await left(), before);
  const widths = await page.$$eval(".line", found => new Set(found.map(one => one.clientWidth)).size);
  assert.equal(widths, 1);
  const [cum, line] = await page.$$eval(".heading .cum, .heading .number", found => found.map(one => {
    const text = document.createRange();
    text.selectNodeContents(one);
    const { left: from, right } = text.getBoundingClientRect();
    return { from, right };
  }));
  assert.ok(line.from - cum.right >= 4, `${cum.right} ${line.from}`);
});

test("the box of the source is as high as its lines, and none is there for none", options,
  async t => {
    const page = await open(t, rewritten(data => { data.sources = []; }),
      { hash: "view=source", viewport: { width: 1280, height: 2400 } });
    await page.click('[role=tab][data-value="summary"]');
    await page.click(".largest .link >> nth=0");
    await page.click('[role=tab][data-value="source"]');
    const [box, sheet] = await page.$$eval(".listing, .sheet", found => found.map(one =>
      one.offsetHeight));
    assert.ok(box - sheet < 24, `${box} around ${sheet}`);
    const none = await open(t, rewritten(data => {
      data.sources = [];
      data.places.file.fill(-1);
      data.functions.file.fill(-1);
    }), { hash: "view=source" });
    assert.equal(await none.isVisible(".listing"), false);
  });

test("a telephone has the panel in sight, and signs of what it cuts", options, async t => {
  const page = await open(t, report(dump), { ...PHONE, hash: "view=table" });
  await page.click(".rows .row >> nth=0");
  const box = await page.$eval(".details", one => one.getBoundingClientRect().toJSON());
  assert.ok(box.top > 300 && box.bottom <= 844 && box.height > 80, JSON.stringify(box));
  assert.equal(await page.getAttribute(".search", "placeholder"), "Search");
  const marks = () => page.$eval(".tabs", tabs => [...tabs.classList]
    .filter(name => name.startsWith("cut")));
  assert.ok((await marks()).includes("cut-right"));
  await go(page, "view=coverage");
  await page.waitForFunction(() => document.querySelector(".tabs.cut-left:not(.cut-right)"));
});

test("a function without the chosen figure is in the call graph, and the way to one told", options,
  async t => {
    const page = await open(t, report(freed), { hash: "view=table&sample=alloc_space" });
    await page.click('.rows .row:has([data-value="SessionStore::remember"])');
    await go(page, `${new URL(page.url()).hash.slice(1).replace(/view=table|sample=\w+/g, "")}&view=graph`);
    assert.match(await page.textContent(".graph .status"), /remember has nothing of this figure/);
    assert.equal(await page.locator(".node.chosen").count(), 1);
    await page.click(".graph .status .link");
    assert.match(await page.getAttribute(".node.chosen", "aria-label"), /: .*[1-9]/);
  });

test("what is kept has a colour in every frame, and grey is what is not known", options, async t => {
  const hash = "view=flame&sample=alloc_space&color=kept";
  const chroma = async page => page.$eval(".flame canvas", canvas => {
    const { data } = canvas.getContext("2d").getImageData(canvas.clientWidth / 2, 0, 1, 63);
    const at = row => [...data.slice(4 * (21 * row + 3), 4 * (21 * row + 3) + 3)];
    return [0, 1, 2].map(row => Math.max(...at(row)) - Math.min(...at(row)));
  });
  const page = await open(t, report(dump), { hash });
  assert.ok(Math.min(...await chroma(page)) > 30);
  assert.doesNotMatch(await page.textContent(".legend"), /not known/);
  const unknown = await open(t, rewritten(data => {
    data.stacks.alloc_objects.fill(0);
  }), { hash });
  assert.ok(Math.max(...await chroma(unknown)) < 12);
  assert.match(await unknown.textContent(".legend"), /not known/);
});
