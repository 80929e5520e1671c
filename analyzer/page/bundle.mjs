// bundle - one HTML file of the page's sources and the packages they use
//
// Usage: node bundle.mjs TEMPLATE OUTPUT DEPFILE
// The template's @STYLE@, @SCRIPT@ and @LICENCES@ are filled in here; @CONNECT@ and
// @DATA@ are left for heapring. The policy of the page names the hashes of the one
// script and the one style sheet, so that nothing else can ever run in it.
import { createHash } from "node:crypto";
import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const [template, output, depfile] = process.argv.slice(2);
const here = dirname(fileURLToPath(import.meta.url));

const result = await build({
  absWorkingDir: here,
  entryPoints: [{ in: "src/main.ts", out: "page" }],
  outdir: "out",
  bundle: true,
  minify: true,
  write: false,
  metafile: true,
  format: "iife",
  target: "es2022",
  legalComments: "none",
  charset: "utf8",
  logLevel: "warning",
});
const text = ending => result.outputFiles.find(file => file.path.endsWith(ending)).text.trim();
const script = text(".js"), style = text(".css");
const inputs = Object.keys(result.metafile.inputs);

function licence(name) {
  const folder = join(here, "node_modules", name);
  const about = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  const file = readdirSync(folder).find(entry => /^licen[cs]e/i.test(entry));
  if (!file)
    throw new Error(`${name} ${about.version} has no licence file`);
  return `${name} ${about.version} (${about.license})\n\n` +
    readFileSync(join(folder, file), "utf8").trim();
}

const bundled = new Set(inputs.filter(path => path.includes("node_modules/"))
  .map(path => /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path)[1]));
const licences = [...bundled].sort().map(licence).join(`\n\n${"-".repeat(72)}\n\n`);
const hash = content => `'sha256-${createHash("sha256").update(content).digest("base64")}'`;

if (/<\/(script|style)/i.test(script + style))
  throw new Error("the bundle would end its own element");
const fill = { "@STYLE@": style, "@SCRIPT@": script, "@STYLE_HASH@": hash(style),
  "@SCRIPT_HASH@": hash(script), "@LICENCES@": licences.replaceAll("<", "&lt;") };
writeFileSync(output, readFileSync(template, "utf8")
  .replace(/@(STYLE|SCRIPT|STYLE_HASH|SCRIPT_HASH|LICENCES)@/g, mark => fill[mark]));
if (depfile)
  writeFileSync(depfile, `${output}: ` + [template, join(here, "package-lock.json"),
    ...inputs.map(path => relative(process.cwd(), join(here, path)))].join(" ") + "\n");
