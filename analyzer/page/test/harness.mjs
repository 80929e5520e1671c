// harness - dumps whose truth is known, pages made of them, and a real browser
//
// HEAPRING and MAKE_SEGMENT name the programs under test. Chromium is Debian's; where
// it is missing the tests skip, or fail with HEAPRING_TEST_REQUIRE=1.
import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after } from "node:test";
import { chromium } from "playwright-core";

const { HEAPRING, MAKE_SEGMENT } = process.env;
const CHROMIUM = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"]
  .find(path => existsSync(path));

const PATIENCE_MS = 120000; // of a machine that does much else

export const SAMPLES = ["inuse_space", "inuse_objects", "alloc_space", "alloc_objects"];
export const folder = mkdtempSync(join(tmpdir(), "heapring-page."));
const skipped = !CHROMIUM && process.env.HEAPRING_TEST_REQUIRE !== "1";
export const options = { skip: skipped && "no Chromium (scripts/setup installs it)",
  timeout: 300000 };

let browser = null;

after(async () => {
  await browser?.close();
  rmSync(folder, { recursive: true });
});

export function heapring(...args) {
  return execFileSync(HEAPRING, args, { encoding: "utf8", maxBuffer: 1 << 28,
    env: { ...process.env, HEAPRING_DIR: folder } });
}

export function json(...args) {
  return JSON.parse(heapring(...args, "--format", "json"));
}

export function make(kind, ...args) {
  const path = join(folder, `${kind}${args.length ? `-${args.at(-1)}` : ""}.dump`);
  if (!existsSync(path))
    execFileSync(MAKE_SEGMENT, [kind, path, ...args], { stdio: "ignore" });
  return path;
}

// A dump in which the program's name is another one of the same length or less.
export function renamed(dump, name) {
  const bytes = readFileSync(dump), before = Buffer.from("/usr/bin/example\0");
  const after = Buffer.alloc(before.length);
  after.write(name);
  let at = bytes.indexOf(before);
  if (at < 0 || Buffer.byteLength(name) >= before.length)
    throw new Error("nothing to rename, or too long a name");
  for (; at >= 0; at = bytes.indexOf(before, at + 1))
    after.copy(bytes, at);
  const path = `${dump}.${Buffer.from(name).toString("hex")}`;
  writeFileSync(path, bytes);
  return path;
}

export function report(dump, ...args) {
  const path = join(folder, `${Math.random().toString(36).slice(2)}.html`);
  heapring("report", ...args, dump, "-o", path);
  return path;
}

// A page that fails its test for an error, or for asking for anything but itself.
export async function open(t, address, { hash = "", forgive, ...context } = {}) {
  browser ??= await chromium.launch({ executablePath: CHROMIUM,
    timeout: PATIENCE_MS, args: ["--no-sandbox", "--disable-dev-shm-usage"] });
  const page = await browser.newPage({ viewport: { width: 1280, height: 900 },
    reducedMotion: "reduce", ...context });
  page.setDefaultTimeout(PATIENCE_MS);
  const url = (address.startsWith("http") ? address : `file://${address}`) + (hash && `#${hash}`);
  const wrong = [];
  page.on("console", message => {
    if (["error", "warning"].includes(message.type()) && !forgive?.test(message.text()))
      wrong.push(message.text());
  });
  page.on("pageerror", error => wrong.push(String(error)));
  page.on("dialog", dialog => wrong.push(`dialog ${dialog.message()}`));
  page.on("request", request => {
    const asked = request.url().replace(/#.*/, "");
    if (asked !== url.replace(/#.*/, "") && !asked.startsWith("data:") &&
        !asked.endsWith("/data.json"))
      wrong.push(`request of ${asked}`);
  });
  t.after(async () => {
    await page.close();
    if (wrong.length)
      throw new Error(`the page said: ${wrong.join("; ")}`);
  });
  await page.goto(url);
  return page;
}

export async function go(page, hash) {
  await page.evaluate(text => { location.hash = text; }, hash);
  await page.waitForFunction(view => document.querySelector(
    `[role=tab][aria-selected=true]`)?.dataset.value === view,
  new URLSearchParams(hash).get("view") ?? "summary");
}

// The rows of the table, all of them: the window has to be tall enough.
export async function rows(page) {
  return page.$$eval(".rows .row", found => found.map(row => Object.fromEntries(
    [...row.querySelectorAll("[data-key]")].map(cell =>
      [cell.dataset.key, cell.dataset.value]))));
}
