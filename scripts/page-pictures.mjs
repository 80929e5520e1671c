#!/usr/bin/env node
// Takes the pictures of the page that README and docs/report.md show.
//
// Usage: scripts/page-pictures.mjs REPORT.html
//
// REPORT.html: of a program that leaks, such as
//   heapring run --interval 250ms -o fault.dump -- heapring-pipeline run --duration 25 \
//     --rate 20000 --quiet --fault retry-forever
import { execFileSync } from "node:child_process";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const { chromium } = await import(join(root, "analyzer/page/node_modules/playwright-core/index.mjs"));
const report = process.argv[2];

if (process.argv.length !== 3 || report.startsWith("-")) {
  console.error("usage: scripts/page-pictures.mjs REPORT.html");
  process.exit(2);
}

async function opened(browser, height, colorScheme = "light") {
  const page = await browser.newPage({ viewport: { width: 1280, height }, colorScheme,
    reducedMotion: "reduce" });
  await page.goto(`file://${resolve(report)}`);
  await page.waitForSelector(".verdict");
  return page;
}

// 256 colours are enough for it and a third of the size (ImageMagick).
async function take(page, name) {
  const path = join(root, "docs", `page-${name}.png`);
  await page.waitForTimeout(500);
  await page.screenshot({ path });
  execFileSync("convert", [path, "+dither", "-colors", "256", `PNG8:${path}`]);
}

const browser = await chromium.launch({ executablePath: "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-dev-shm-usage"] });
const page = await opened(browser, 860);
await take(page, "summary");
await page.getByText("Flame graph").nth(1).click(); // of the verdict
await take(page, "flame");
const dark = await opened(browser, 860, "dark");
await dark.evaluate(() => { location.hash = "view=time"; });
await take(dark, "time");
await browser.close();
