// page.test - the page in a reader's hands: zoom, search, keys, themes, screens, bad names
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";
import { SAMPLES, folder, go, heapring, json, make, open, options, renamed, report, rows } from
  "./harness.mjs";

const status = page => page.textContent("#flame-status");
const flame = "view=flame&sample=alloc_space";

async function clickBox(page, row, x = 20) {
  await page.click(".flame canvas", { position: { x, y: row * 21 + 10 } });
}

test("the flame graph zooms, and the address brings the zoom back", options, async t => {
  const file = report(make("example")), page = await open(t, file, { hash: flame });
  assert.match(await status(page), /^all stacks: 5\.91\u202fKiB · 100\u202f%/);
  await clickBox(page, 1);
  assert.match(await status(page), /^example\+0x1001: 5\.86\u202fKiB · 99\.2\u202f% of all/);
  assert.equal(await page.textContent(".details h2"), "example+0x1001");
  const again = await open(t, file, { hash: (await page.evaluate(() => location.hash)).slice(1) });
  assert.equal(await status(again), await status(page));
  await page.keyboard.press("Escape");
  assert.match(await status(page), /^all stacks/);
  await page.goBack();
  assert.match(await status(page), /^example\+0x1001/);
});

test("a search tells what matches, counted once, as --focus does", options, async t => {
  const dump = make("large", "300");
  const page = await open(t, report(dump), { hash: flame });
  for (const text of ["1[0-9a]", "large", "no such thing"]) {
    await page.fill(".search", text);
    const found = json("top", "--focus", text, "--sample", "alloc_space", dump);
    const sum = found.rows.reduce((all, row) => all + row.flat, 0);
    const share = 100 * sum / found.total.alloc_space;
    const shown = sum === 0 ? "no match"
      : `${share >= 99.995 ? "100" : share.toFixed(share >= 9.995 ? 1 : 2)}\u202f% in`;
    await page.waitForFunction(part => document.querySelector(".matched").textContent
      .startsWith(part), shown);
  }
  await page.fill(".search", "(");
  await page.waitForFunction(() =>
    document.querySelector(".matched").textContent === "no regular expression");
});

test("the flame graph grows upward, and by leaf it starts at who allocates", options, async t => {
  const page = await open(t, report(make("example")), { hash: `${flame}&up=1` });
  const height = await page.$eval(".flame-holder", box => box.clientHeight / 21);
  await clickBox(page, height - 2);
  assert.match(await status(page), /^example\+0x1001/);
  await go(page, `${flame}&invert=1`);
  await clickBox(page, 1);
  assert.match(await status(page), /^example\+0x3001: 4\.88\u202fKiB · 82\.6\u202f%/);
  await clickBox(page, 2);
  assert.match(await status(page), /^example\+0x1001: 4\.88\u202fKiB/);
});

test("what is selected in one view is selected in the others", options, async t => {
  const page = await open(t, report(make("example")), { hash: "view=table&sample=alloc_space" });
  await page.click('.rows .row:has([data-value="example+0x2001"])');
  assert.equal(await page.textContent(".details h2"), "example+0x2001");
  await page.click('[role=tab][data-value="graph"]');
  assert.match(await page.getAttribute(".node.chosen", "aria-label"), /^example\+0x2001:/);
  await page.click('.node[aria-label^="example+0x3001"]');
  await page.click('[role=tab][data-value="table"]');
  assert.equal(await page.getAttribute(".rows .row.chosen [data-key=name]", "data-value"),
    "example+0x3001");
  await page.click('.sort[data-key="name"]');
  assert.equal(await page.getAttribute(".head .cell >> nth=0", "aria-sort"), "ascending");
});

test("everything can be reached by keys", options, async t => {
  const page = await open(t, report(make("example")), { hash: "sample=alloc_space" });
  const selected = () => page.$eval("[role=tab][aria-selected=true]", tab => tab.dataset.value);
  await page.keyboard.press("/");
  await page.keyboard.type("0x2001");
  await page.waitForFunction(() => document.querySelector(".matched").textContent !== "");
  await page.keyboard.press("Escape");
  assert.equal(await page.inputValue(".search"), "");
  await page.keyboard.press("2");
  assert.equal(await selected(), "flame");
  await page.focus(".flame canvas");
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("ArrowDown");
  assert.match(await status(page), /^example\+0x3001/);
  await page.keyboard.press("ArrowRight");
  assert.match(await status(page), /^example\+0x2001/);
  await page.keyboard.press("Enter");
  assert.match(await page.evaluate(() => location.hash), /zoom=/);
  await page.keyboard.press("?");
  assert.equal(await page.$eval("dialog", dialog => dialog.open), true);
  assert.match(await page.textContent("dialog pre"), /uplot [\d.]+ \(MIT\)/);
  await page.keyboard.press("Escape");
  await page.keyboard.press("4");
  await page.focus(".grid");
  await page.keyboard.press("End");
  assert.equal(await page.$eval(".rows", list => list.lastElementChild ===
    list.querySelector(".chosen")), true);
  await page.focus("[role=tab][aria-selected=true]");
  await page.keyboard.press("ArrowRight");
  assert.equal(await selected(), "source");
  await page.focus(".card[aria-checked=true]");
  await page.keyboard.press("ArrowRight");
  assert.equal(await page.$eval(".card[aria-checked=true]", card => card.dataset.value),
    "alloc_objects");
  await page.keyboard.press("s");
  assert.equal(await page.$eval(".card[aria-checked=true]", card => card.dataset.value),
    "inuse_space");
});

test("light and dark follow the system, and the reader", options, async t => {
  const file = report(make("example"));
  const back = page => page.$eval("body", body => getComputedStyle(body).backgroundColor);
  const light = await open(t, file, { colorScheme: "light" });
  const dark = await open(t, file, { colorScheme: "dark" });
  const [white, black] = [await back(light), await back(dark)];
  assert.notEqual(white, black);
  await dark.keyboard.press("t");
  assert.equal(await back(dark), white);
  await dark.click('[aria-label="Light or dark"]');
  assert.equal(await back(dark), black);
});

test("no view is wider than a telephone", options, async t => {
  const page = await open(t, report(make("elf", process.env.MAKE_SEGMENT, "200")),
    { viewport: { width: 360, height: 740 } });
  for (const view of ["summary", "flame", "graph", "table", "source", "time", "coverage"]) {
    await go(page, `view=${view}&sel=${await page.evaluate(() =>
      new URLSearchParams(location.hash.slice(1)).get("sel") ?? "")}`);
    assert.equal(await page.evaluate(() => document.scrollingElement.scrollWidth), 360, view);
    if (view === "table")
      await page.click(".rows .row >> nth=0");
  }
});

test("names from a file are text, whatever they look like", options, async t => {
  for (const name of ["/u/</script><b>", "/u/<!--<script>", "/\u202etxt.exe"]) {
    const file = report(renamed(make("example"), name));
    const page = await open(t, file, { hash: "view=table&sample=alloc_space" });
    for (const view of ["summary", "flame", "graph", "table", "source", "coverage"])
      await go(page, `view=${view}&sample=alloc_space`);
    assert.equal(await page.locator("main b, main script, h1 *, main img").count(), 0);
    const title = await page.textContent("h1");
    assert.equal(title, name.replace("\u202e", "\ufffd").replace(/.*\//, ""));
    assert.equal(readFileSync(file, "utf8").match(/<\/script>/g).length, 2);
  }
});

test("nothing in the page leads to a network, and no other script would run", options, async t => {
  const file = report(make("example")), text = readFileSync(file, "utf8");
  assert.match(text, /default-src 'none'; script-src 'sha256-[^']+'; style-src 'sha256-/);
  assert.match(text, /connect-src 'none'/);
  assert.doesNotMatch(text, /(src|href)="?(https?:)?\/\//);
  const page = await open(t, file, { forgive: /inline script violates/ });
  const ran = await page.evaluate(() => {
    const script = document.createElement("script");
    script.textContent = "window.ran = 1";
    const quiet = new Promise(done => addEventListener("securitypolicyviolation", done));
    document.body.append(script);
    return quiet.then(() => window.ran);
  }).catch(() => undefined);
  assert.equal(ran, undefined);
});

test("on paper there is the view and the largest rows", options, async t => {
  const page = await open(t, report(make("example")), { hash: "view=flame", colorScheme: "dark" });
  await page.emulateMedia({ media: "print" });
  await page.evaluate(() => dispatchEvent(new Event("beforeprint")));
  assert.ok(await page.locator(".paper tbody tr").count() >= 3);
  assert.equal(await page.$eval("html", html => html.dataset.theme), "light");
  assert.equal(await page.isVisible(".tabs"), false);
  assert.ok((await page.pdf()).length > 10000);
  await page.evaluate(() => dispatchEvent(new Event("afterprint")));
  assert.equal(await page.$eval("html", html => html.dataset.theme), "dark");
});

test("60,000 stacks: under ten megabytes, shown, zoomed and searched", options, async t => {
  const dump = make("large", "60000"), file = report(dump);
  assert.ok(readFileSync(file).length < 10e6);
  const page = await open(t, file, { hash: flame });
  const top = json("top", "--cum", "-n", "3", "--sample", "alloc_space", dump);
  await clickBox(page, 1);
  assert.notEqual(await page.evaluate(() => new URLSearchParams(location.hash.slice(1)).get("zoom")),
    null);
  await go(page, "view=table&sample=alloc_space&sort=-cum");
  const cum = await page.$$eval('.rows [data-key="cum"]', cells => cells.slice(0, 3).map(cell =>
    Number(cell.dataset.value)));
  assert.deepEqual(cum, top.rows.map(row => row.cum));
  assert.ok(await page.locator(".rows .row").count() < 100);
});

test("of too many stacks the smallest are one, and the page says so", options, async t => {
  const dump = make("large", "60000"), file = report(dump, "--stacks", "500");
  assert.ok(readFileSync(file).length < 1e6);
  const page = await open(t, file, { hash: "view=coverage" }), { total } = json("top", dump);
  const data = JSON.parse(await page.textContent("#data"));
  assert.ok(data.folded.shown >= 300 && data.folded.shown < 1000);
  assert.equal(data.folded.shown + data.folded.stacks, json("traces", dump).rows.length);
  for (const sample of SAMPLES) {
    assert.equal(data.stacks[sample].reduce((sum, value) => sum + value, 0), total[sample]);
    assert.ok(data.folded[sample] > 0 && data.folded[sample] < total[sample]);
  }
  assert.match(await page.textContent(".coverage"), /not shown by themselves: 59,\d+ of 59,|60,000/);
  assert.match(await page.textContent(".facts"), /largest stacks/);
  await go(page, "view=table&sample=alloc_space&sort=-flat");
  const [first] = await rows(page);
  assert.deepEqual([first.name, Number(first.flat)], ["(other)", data.folded.alloc_space]);
  await page.fill(".search", "^\\(other\\)$");
  await page.waitForFunction(() => /%/.test(document.querySelector(".matched").textContent));
  const whole = report(dump, "--stacks", "0");
  assert.doesNotMatch(readFileSync(whole, "utf8"), /"folded"/);
});

test("flame writes the flame graph alone", options, async t => {
  const file = `${folder}/flame.html`;
  heapring("flame", "--sample", "alloc_space", make("example"), "-o", file);
  const page = await open(t, file);
  assert.equal(await page.isVisible(".tabs"), false);
  assert.match(await status(page), /^all stacks: 5\.91\u202fKiB/);
});

// What lies wholly inside a box of the page: two selectors' rectangles compared.
const inside = (page, selector, box) => page.evaluate(([one, other]) => {
  const sight = document.querySelector(other).getBoundingClientRect();
  return [...document.querySelectorAll(one)].map(element => {
    const { left, right, top, bottom } = element.getBoundingClientRect();
    return left >= sight.left && right <= sight.right && top >= sight.top && bottom <= sight.bottom;
  });
}, [selector, box]);

test("the ways from a selected function arrive at it, however small it is", options, async t => {
  const page = await open(t, report(make("large", "300")),
    { hash: "view=table&sample=alloc_space&nodes=5&sort=cum", viewport: { width: 1280, height: 700 } });
  await page.click(".rows .row >> nth=0");
  const name = await page.textContent(".details h2");
  await page.click('.details .shortcuts .button:text-is("Flame graph")');
  assert.ok((await status(page)).startsWith(`${name}: `), await status(page));
  await page.click('.flame .button:text-is("Reset zoom")');
  assert.match(await status(page), /^all stacks/);
  await page.click(".flame .button:has-text('Zoom to')");
  assert.ok((await status(page)).startsWith(`${name}: `));
  await page.click('.details .shortcuts .button:text-is("Call graph")');
  assert.match(await page.textContent(".graph .status"), /here because it is selected/);
  assert.equal(await page.locator(".graph .node").count(), 5);
  assert.deepEqual(await inside(page, ".graph .node.chosen", ".graph-picture"), [true]);
});

test("Fit shows the whole call graph, and a telephone begins at its top", options, async t => {
  const file = report(make("large", "300")), hash = "view=graph&sample=alloc_space&nodes=60";
  const page = await open(t, file, { hash, viewport: { width: 1280, height: 700 } });
  assert.ok((await inside(page, ".graph .node", ".graph-picture")).some(one => !one));
  await page.click('.graph .button:text-is("Fit")');
  const all = await inside(page, ".graph .node", ".graph-picture");
  assert.ok(all.length >= 30 && all.every(Boolean), `${all.filter(one => !one).length} cut`);
  const small = await open(t, file, { hash, viewport: { width: 390, height: 844 } });
  assert.ok((await inside(small, ".graph .node", ".graph-picture")).some(Boolean));
});
