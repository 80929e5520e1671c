// summary.test - a first reader: whom to blame, by which path, and what to do next
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { folder, go, heapring, json, open, options, report } from "./harness.mjs";
import { blame, dump, freed, rewritten, rewrittenOf } from "./keeper.mjs";

const OWN = new Set(["SessionStore::remember", "load_settings", "main", "parse"]);

test("the largest are the program's own functions, and add up", options, async t => {
  const page = await open(t, report(dump)), { total } = json("top", dump);
  for (const sample of ["inuse_space", "alloc_objects"]) {
    await page.click(`.card[data-value=${sample}]`);
    const rows = await page.$$eval(".largest tbody tr", found => found.map(row =>
      [row.dataset.unit, Number(row.dataset.value)]));
    const [[first]] = rows, own = rows.filter(([name]) => OWN.has(name));
    assert.equal(first, sample === "inuse_space" ? "SessionStore::remember" : "parse");
    assert.deepEqual(rows.filter(([name]) => /^std::|malloc|operator new/.test(name)), []);
    const sum = own.reduce((all, [, value]) => all + value, 0);
    assert.ok(sum > 0.5 * total[sample] && sum <= total[sample], `${sum} of ${total[sample]}`);
  }
  await page.click('[role=tab][data-value="source"]');
  assert.match(await page.inputValue(".source select"), /\/keeper\.cc$/);
  await page.click('[role=tab][data-value="summary"]');
  const named = await page.$$eval(".finding-name .link", found => found.map(one => one.textContent));
  assert.ok(named.length > 1 && named.every(name => OWN.has(name)), named.join());
  assert.match(await page.textContent(".finding"), /SessionStore::remember.*keeper\.cc:\d+/);
});

test("history follows who holds the memory, not the containers", options, async t => {
  const page = await open(t, report(dump), { hash: "view=time" });
  const holders = page.locator("figure", { hasText: "by who holds them" });
  assert.match(await holders.locator(".u-legend").textContent(), /SessionStore::remember/);
  assert.doesNotMatch(await holders.locator(".u-legend").textContent(), /std::|malloc/);
});

test("the verdict leads to its stack, its line and the next command", options, async t => {
  let at = null;
  const file = rewritten(data => { at = blame(data); });
  const page = await open(t, file, { permissions: ["clipboard-read", "clipboard-write"] });
  const box = page.locator(".verdict");
  assert.match(await box.textContent(), /Leak|leak/);
  assert.match(await box.textContent(), /\+60\.0\u202fKiB a minute/);
  assert.match(await box.locator(".path").textContent(), /main:\d+ › SessionStore::remember:\d+ ›/);
  await box.locator(".copy").first().click();
  assert.equal(await page.evaluate(() => navigator.clipboard.readText()),
    "heapring list '^SessionStore::remember$' keeper.dump");
  assert.match(heapring("list", "^SessionStore::remember$", dump), /session\.note = checked_malloc/);
  assert.match(await box.textContent(), new RegExp(
    `gdb -ex 'break keeper.cc:${at.line}' -ex run --args \\S*keeper`));
  await box.getByText("Flame graph").click();
  assert.match(await page.textContent("#flame-status"), /^SessionStore::remember: /);
  assert.equal(await page.textContent(".details h2"), "SessionStore::remember");
  assert.match(await page.textContent(".details .code.soft"), /defined at .*keeper\.cc:\d+/);
  await page.goBack();
  await box.getByText("Source line").click();
  assert.equal(await page.textContent(".line.chosen .number"), String(at.line));
  assert.match(await page.textContent(".line.chosen code"), /checked_malloc/);
});

test("after a run that freed all, its height is told, and the ways lead to figures", options,
  async t => {
    const page = await open(t, rewrittenOf(freed, blame));
    assert.match(await page.textContent(".freed"), /Most was freed by the end: .* is left of .*, the peak/);
    assert.equal(await page.getAttribute(".largest tbody tr >> nth=0", "data-unit"),
      "SessionStore::remember");
    assert.match(await page.textContent(".largest caption"), /^In use after /);
    assert.equal(await page.textContent(".at-end"), "Largest at the end");
    const silent = await open(t, rewrittenOf(freed, data => { data.verdict = undefined; }));
    assert.match(await silent.textContent(".finding >> nth=0"), /SessionStore::remember.*freed by the end/);
    await page.locator(".verdict").getByText("Call graph").click();
    assert.match(await page.getAttribute(".node.chosen", "aria-label"),
      /^SessionStore::remember: .*[1-9]/);
    await page.goBack();
    await page.locator(".verdict").getByText("Source line").click();
    assert.ok(await page.$eval(".line.chosen", line => line.classList.contains("hot")));
    assert.match(await page.textContent(".line.chosen"), /KiB/);
    const kept = await open(t, report(dump));
    assert.equal(await kept.locator(".freed").count(), 0);
  });

test("what a leak kept until the tear-down is said to be freed only then, at one moment", options,
  async t => {
    const page = await open(t, rewrittenOf(freed, data => {
      blame(data);
      const { history, total } = data, high = Math.max(...history.inuse_space);
      total.peak_space = high + 1;
      history.peak_s = history.time_s[0] / 2; // its start was as high for a moment
      data.verdict.window_s = [0, history.time_s[history.inuse_space.lastIndexOf(high)]];
    }));
    const said = await page.textContent(".freed");
    assert.match(said, /^Most was freed only as the program ended: .* is left of .*, the peak\. /);
    assert.doesNotMatch(await page.textContent(".summary"), /Churns the most/);
  });

test("of an interpreter's own functions there is nothing to stop in", options, async t => {
  const page = await open(t, rewritten(data => {
    blame(data);
    data.verdict.pattern = "a script's objects";
  }));
  assert.doesNotMatch(await page.textContent(".verdict"), /gdb|heapring list/);
  assert.match(await page.textContent(".verdict .path"), /SessionStore::remember/);
});

test("the verdict has a picture of live bytes, with the true peak and who is named", options,
  async t => {
    let history;
    const file = rewrittenOf(freed, data => {
      blame(data);
      data.total.peak_space *= 3; // between two points of the ring
      data.history.peak_s = (data.history.time_s[0] + data.history.time_s[1]) / 2;
      ({ history } = data);
    });
    const page = await open(t, file), spark = page.locator(".verdict .spark");
    const points = (await spark.locator(".spark-line").getAttribute("d")).slice(1).split("L")
      .map(point => point.split(" ").map(Number));
    const [first] = history.time_s, x = 300 * (history.peak_s - first) / (history.time_s.at(-1) - first);
    assert.equal(points.length, history.time_s.length + 1);
    const [top] = [...points].sort((a, b) => a[1] - b[1]);
    assert.equal(top[1], 2);
    assert.ok(Math.abs(top[0] - x) < 0.1, `${top[0]} ${x}`);
    assert.equal(await spark.locator(".spark-named").count(), 1);
    assert.match(await spark.locator(".spark-key").textContent(),
      /^SessionStore::remember at most .*iB, 0.B at last/);
    const peak = (await page.textContent(".card .card-note >> nth=0")).replace("peak ", "");
    assert.ok((await spark.textContent()).includes(`at most ${peak}, `));
    await spark.locator(".link").click();
    assert.match(await page.textContent("#view-time .status"), new RegExp(`at most ${peak} after`));
  });

test("a run that was too short to tell says so first, and accuses nobody", options, async t => {
  const page = await open(t, rewritten(data => {
    blame(data);
    Object.assign(data.verdict, { too_short: true, confidence: 0.11 });
  })), box = page.locator(".verdict");
  assert.equal(await box.locator(".verdict-name strong").textContent(), "too short to tell");
  assert.match(await box.locator(".verdict-name").textContent(), /at a guess leak · 11.% sure/);
  const ink = (one, name) => page.$eval(one, (element, property) =>
    getComputedStyle(element).getPropertyValue(property), name);
  assert.notEqual(await ink(".verdict-name strong", "color"), await ink(".spark-named", "stroke"));
});

test("a steady run that swings is said to", options, async t => {
  const curve = async values => {
    const page = await open(t, rewritten(data => {
      Object.assign(data.verdict ??= {}, { verdict: "steady", growth: "none", site: null,
        evidence: ["no trend"], advice: [] });
      data.history.time_s = values.map((_, i) => i);
      data.history.inuse_space = values;
      data.history.alloc_space = values;
      data.total.peak_space = Math.max(...values);
    }));
    return page.textContent(".verdict .spark");
  };
  assert.match(await curve([0, 900, 200, 1000, 300, 950]), /rises and falls 2 times/);
  assert.doesNotMatch(await curve([0, 900, 850, 1000, 900, 950, 0]), /falls/);
});

test("figures side by side have one unit", options, async t => {
  const page = await open(t, rewritten(data => {
    data.stacks.inuse_space[0] += 1022 * 1024 - data.total.inuse_space;
    data.total.inuse_space = data.own_total.inuse_space = 1022 * 1024;
    data.total.peak_space = 1024 * 1024;
    data.history.inuse_space[data.history.inuse_space.length - 1] = 1022 * 1024;
  }));
  assert.equal(await page.textContent(".card-figure >> nth=0"), "0.998\u202fMiB");
  assert.equal(await page.textContent(".card-note >> nth=0"), "peak 1.00\u202fMiB");
  await go(page, "view=time");
  assert.match(await page.textContent("#view-time .status"), /0\.998\u202fMiB at last, at most 1\.00\u202fMiB/);
  const small = await open(t, rewritten(data => {
    data.stacks.inuse_space[0] += 71 * 1024 - data.total.inuse_space;
    data.total.inuse_space = data.own_total.inuse_space = 71 * 1024;
    data.total.peak_space = 1024 * 1024;
  }));
  assert.equal(await small.textContent(".card-figure >> nth=0"), "71.0\u202fKiB");
});

test("a path begins at main, or the thread's own code, and drops libraries first", options,
  async t => {
    const frame = (name, module) => ({ function: name, module, file: null, line: 7 });
    const some = (count, name, module) => Array.from({ length: count }, (_, i) =>
      frame(`${name}${i}`, module));
    const shown = async outer => {
      const page = await open(t, rewritten(data => {
        const at = blame(data);
        data.verdict.site.stack = [frame("malloc", "libc.so.6"), ...some(6, "std::inner", "keeper"),
          at, ...some(8, "own", "keeper"), ...some(6, "std::outer", "keeper"),
          ...some(3, "other", "libother.so.1"), ...outer];
      }));
      return page.textContent(".verdict .path");
    };
    const main = await shown([frame("main", "keeper"), frame("__libc_start_main_impl", "libc.so.6"),
      frame("_start", "keeper")]);
    assert.match(main, /^main:7 › … › own7:7/);
    for (let i = 0; i < 8; i++)
      assert.match(main, new RegExp(`own${i}:7`));
    assert.doesNotMatch(main, /std::|_start/);
    const thread = await shown([frame("std::thread::_State_impl<F>::_M_run", "keeper"),
      frame("libstdc++.so.6+0xd44a3", "libstdc++.so.6"), frame("start_thread", "libc.so.6"),
      frame("__clone3", "libc.so.6")]);
    assert.match(thread, /^other2:7 › … › own7:7/);
  });

test("a long name keeps its outer scope and its end, and its arguments go first", options,
  async t => {
    const shown = async name => {
      const page = await open(t, rewritten(data => {
        const at = blame(data), place = data.verdict.site.stack.indexOf(at);
        data.verdict.site.stack[place - 1] = { function: name, module: "keeper", file: null, line: 0 };
      }));
      return page.textContent(".verdict .path");
    };
    const pair = "std::pair<key_of_an_entry, std::vector<value_of_an_entry> >";
    assert.match(await shown(`own::Table<${pair}, long>::find_or_insert`),
      /own::Table<std::pair<…>, long>::find_or_insert/);
    assert.match(await shown(`own::Table<${pair}, ${pair}>::find_or_insert_the_value`),
      /own::Table<…>::find_or_insert_the_value/);
    assert.match(await shown(`own::operator<< <${pair}, ${pair}>`), /own::operator<< <std::pair<…>, std::pair<…>>/);
    assert.match(await shown(`own::${"a".repeat(60)}::end_of_it`), /own::a+…a+::end_of_it/);
  });

test("a copied command finds what the page shows", options, async t => {
  const sources = ["--source-path", join(folder, "of the sources")];
  const page = await open(t, rewrittenOf(freed, blame, ...sources));
  const command = await page.locator(".verdict .command-line code").first().textContent();
  assert.equal(command, `heapring list --sample alloc_space --source-path '${sources[1]}' ` +
    "'^SessionStore::remember$' freed.dump");
  for (const file of [dump, freed])
    assert.doesNotMatch(await (await open(t, report(file))).textContent(".verdict"), /\bTARGET\b/);
  const [row] = json("list", "--sample", "alloc_space", ...sources, "^SessionStore::remember$",
    freed).rows;
  assert.ok(row.lines.some(line => line.cum > 0));
});

test("a source that is not in the page is named, and the way to it told", options, async t => {
  const lost = file => rewritten(data => {
    data.sources = [];
    data.lost_sources = [{ file, advice: "`apt-get source keeper`, then --source-path" }];
  });
  const page = await open(t, lost("/build/keeper-1.2/keeper.cc"), { hash: "view=source" });
  const said = await page.textContent("#view-source");
  assert.match(said, /Looked for \/build\/keeper-1\.2\/keeper\.cc: `apt-get source keeper`/);
  assert.match(said, /heapring report --source-path DIR keeper\.dump -o page\.html/);
  const without = await open(t, report(dump, "--no-sources"), { hash: "view=source" });
  assert.match(await without.textContent("#view-source"), /written with --no-sources/);
  const { file } = json("list", "^parse$", dump).rows[0];
  const again = await open(t, lost(file));
  await again.click(".largest .link >> nth=0");
  await go(again, `${await again.evaluate(() => location.hash.slice(1))}&view=source`);
  assert.match(await again.textContent("#view-source"), /keeper\.cc was not found/);
  assert.ok(await again.locator(".line[data-line]").count() > 0);
});

test("no title of a column is cut, and the chosen tab is in sight", options, async t => {
  const page = await open(t, report(dump), { hash: "view=table" });
  for (const sample of ["inuse_space", "inuse_objects", "alloc_space", "alloc_objects"]) {
    await go(page, `view=table&sample=${sample}&sort=-inuse_objects`);
    const cut = await page.$$eval(".head .cell", cells => cells.filter(cell =>
      cell.scrollWidth > cell.clientWidth).map(cell => cell.textContent));
    assert.deepEqual(cut, []);
  }
  const narrow = await open(t, report(dump), { viewport: { width: 420, height: 800 } });
  for (const view of ["summary", "time", "table"]) {
    await go(narrow, `view=${view}`);
    const out = await narrow.$eval(".tab[aria-selected=true]", tab => {
      const box = tab.getBoundingClientRect();
      return box.left < 0 || box.right > innerWidth;
    });
    assert.equal(out, false, view);
    assert.equal(await narrow.$$eval(".tab", tabs => new Set(tabs.map(tab => tab.offsetTop)).size), 1);
    assert.equal(await narrow.evaluate(() => document.scrollingElement.scrollWidth), 420, view);
  }
});

test("a telephone shows the verdict at once, and no figure cut", options, async t => {
  const page = await open(t, rewritten(blame), { viewport: { width: 420, height: 800 } });
  assert.ok(await page.$eval(".verdict", box => box.getBoundingClientRect().top) < 300);
  const cut = selector => page.$$eval(selector, cells => cells.filter(cell => {
    const box = cell.getBoundingClientRect();
    return box.left < innerWidth && (box.right > innerWidth || cell.scrollWidth > cell.clientWidth);
  }).map(cell => cell.textContent));
  assert.deepEqual(await cut(".card-figure, .card-name"), []);
  await go(page, "view=table");
  assert.deepEqual(await cut('.rows [data-key="flat"], .rows [data-key="cum"]'), []);
  assert.ok(await page.isVisible('.rows [data-key="cum"] .main >> nth=0'));
});

test("figures that no line has take no room", options, async t => {
  const page = await open(t, rewritten(data => {
    data.stacks.inuse_objects.fill(0);
  }), { hash: "view=source&sample=inuse_objects" });
  const width = name => page.$eval(`.heading .${name}`, cell => cell.getBoundingClientRect().width);
  assert.equal(await width("figure"), 0);
  await go(page, "view=source&sample=alloc_space");
  assert.ok(await page.$eval(".heading .figure >> nth=1", cell => cell.clientWidth) > 40);
});

test("help explains each verdict that audit gives, and the colours", options, async t => {
  const page = await open(t, report(dump));
  await page.keyboard.press("?");
  const terms = (await page.$$eval("dialog dt", found => found.map(one => one.textContent)))
    .map(term => term.toLowerCase());
  const given = readFileSync(new URL("../../audit/audit.c", import.meta.url), "utf8")
    .match(/"steady", [^}]*/)[0].match(/"[a-z_]+"/g).map(name => name.slice(1, -1).replace("_", " "));
  assert.ok(given.length >= 7);
  assert.deepEqual(given.filter(name => !terms.includes(name)), []);
  assert.ok(terms.includes("% sure") && terms.includes("churn"));
  assert.equal(await page.locator("dialog .patch").count(), 8);
});
