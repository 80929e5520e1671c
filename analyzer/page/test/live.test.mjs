// live.test - the served page follows a process, and tells when it ended
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import test from "node:test";
import { folder, go, open, options } from "./harness.mjs";

const { HEAPRING, CHURN, SHIM } = process.env;

async function started(t, stream, program, args, pattern, env) {
  const child = spawn(program, args, { stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, HEAPRING_DIR: folder, DISPLAY: "", WAYLAND_DISPLAY: "", ...env } });
  t.after(() => child.kill("SIGKILL"));
  let said = "";
  for await (const [chunk] of (async function* () {
    while (true)
      yield await once(child[stream], "data");
  })()) {
    said += chunk;
    if (pattern.test(said))
      return { child, found: pattern.exec(said) };
  }
}

test("web follows a live process to its end", options, async t => {
  const { child } = await started(t, "stdout", CHURN, ["300"], /ready/, { LD_PRELOAD: SHIM });
  const { child: server, found } = await started(t, "stderr", HEAPRING, ["web", String(child.pid)],
    /serving (http:\S+)/, {});
  const page = await open(t, found[1]);
  const total = () => page.$eval('.card[data-value="alloc_objects"] [data-total]',
    card => Number(card.dataset.total));
  assert.equal(await page.textContent("h1"), "churn");
  const before = await total();
  await go(page, "view=table&sample=alloc_objects");
  await page.waitForFunction(old => Number(document.querySelector(
    '.card[data-value="alloc_objects"] [data-total]').dataset.total) > old, before);
  assert.match(await page.textContent(".live-state"), /live/);
  await go(page, "view=coverage");
  const lines = await page.$$eval(".rss tbody tr", rows => rows.map(row => row.textContent));
  assert.match(lines[0], /^live: bytes/);
  assert.match(lines.at(-1), /^unexplained/);
  child.kill("SIGKILL");
  await page.waitForFunction(() => document.querySelector(".live-state").textContent === "ended",
    null);
  assert.match(await page.textContent(".facts"), /killed/);
  server.kill("SIGTERM");
  const [status] = await once(server, "exit");
  assert.equal(status, 0);
});
