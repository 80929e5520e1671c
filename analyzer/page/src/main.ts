// main - puts the page together and keeps its parts to one state

import "uplot/dist/uPlot.min.css";
import "./style.css";
import { Context, type Panel } from "./context";
import { SAMPLES, decode, type Raw } from "./data";
import { el, fadeWhereCut, moveAmong } from "./dom";
import { Live } from "./live";
import { Store, VIEWS, type View } from "./state";
import { Theme } from "./theme";
import { CallGraph } from "./views/callgraph";
import { Coverage } from "./views/coverage";
import { Details } from "./views/details";
import { Flame } from "./views/flame";
import { Header } from "./views/header";
import { Help } from "./views/help";
import { Source } from "./views/source";
import { Summary } from "./views/summary";
import { Table } from "./views/table";
import { Time } from "./views/time";

const LABELS: Record<View, string> = { summary: "Summary", flame: "Flame graph",
  graph: "Call graph", table: "Table", source: "Source", time: "Time line",
  coverage: "Coverage" };
const PAPER_ROWS = 40;

const raw = JSON.parse(document.getElementById("data")!.textContent!) as Raw;
const onlyFlame = raw.view === "flame";
const store = new Store({ view: onlyFlame ? "flame" : "summary", sample: raw.sample,
  level: raw.level, q: "", sel: "", zoom: "", up: false, invert: false, color: "module",
  sort: "-flat", file: "", line: 0, nodes: 30 });
const context = new Context(decode(raw), store);
const table = new Table(context);
const panels: Record<View, Panel> = { summary: new Summary(context), flame: new Flame(context),
  graph: new CallGraph(context), table, source: new Source(context), time: new Time(context),
  coverage: new Coverage(context) };
const help = new Help(), theme = new Theme(() => draw());
const header = new Header(context, () => help.toggle(), () => theme.toggle());
const details = new Details(context, onlyFlame ? []
  : (["flame", "graph", "table", "source"] as View[]).map(view => [view, LABELS[view]]));

const tabs = el("div", { class: "tabs", role: "tablist", "aria-label": "Views" },
  ...VIEWS.map((view, i) => el("button", { type: "button", role: "tab", class: "tab",
    id: `tab-${view}`, "data-value": view, "aria-controls": `view-${view}`,
    title: `${LABELS[view]} (${i + 1})`, onclick: () => store.set({ view }) }, LABELS[view])));
tabs.addEventListener("keydown", event => moveAmong(event, tabs, "[role=tab]"));
tabs.hidden = onlyFlame;
const fadeTabs = fadeWhereCut(tabs);

for (const view of VIEWS) {
  const { element } = panels[view];
  element.id = `view-${view}`;
  element.setAttribute("role", "tabpanel");
  element.setAttribute("aria-labelledby", `tab-${view}`);
}

const main = el("main", {}, ...VIEWS.map(view => panels[view].element));
const paper = el("div", { class: "paper-only" });
document.getElementById("page")!.append(header.element, tabs,
  el("div", { class: "content" }, main, details.element), paper, help.element);

function draw(): void {
  const { view } = store.state;
  header.draw();
  for (const tab of tabs.querySelectorAll<HTMLElement>("[role=tab]")) {
    const active = tab.dataset.value === view;
    tab.setAttribute("aria-selected", String(active));
    tab.tabIndex = active ? 0 : -1;
    if (active)
      tabs.scrollLeft = Math.max(0, Math.min(tabs.scrollLeft, tab.offsetLeft - tabs.offsetLeft),
        tab.offsetLeft - tabs.offsetLeft + tab.offsetWidth - tabs.clientWidth);
  }
  fadeTabs();
  details.draw();
  for (const name of VIEWS)
    panels[name].element.hidden = name !== view;
  panels[view].draw();
}

function onKey(event: KeyboardEvent): void {
  const target = event.target as HTMLElement;
  if (event.ctrlKey || event.metaKey || event.altKey || help.element.open ||
      target.matches("input:not([type=range]), select, textarea"))
    return;
  const number = Number(event.key);
  if (event.key === "/")
    header.search.focus();
  else if (event.key === "?")
    help.toggle();
  else if (event.key === "t")
    theme.toggle();
  else if (event.key === "s")
    store.set({ sample: SAMPLES[(SAMPLES.indexOf(store.state.sample) + 1) % SAMPLES.length] });
  else if (event.key === "Escape" && store.state.zoom)
    store.set({ zoom: store.state.zoom.split(".").slice(0, -1).join(".") });
  else if (event.key === "Escape")
    store.set({ sel: "" });
  else if (number >= 1 && number <= VIEWS.length && !onlyFlame)
    store.set({ view: VIEWS[number - 1] });
  else
    return;
  event.preventDefault();
}

// On paper: the view that is shown, and the largest rows of the table.
function toPaper(): void {
  document.body.classList.add("printing");
  theme.toPaper();
  table.draw();
  paper.replaceChildren(el("h2", {}, `The largest ${PAPER_ROWS}`), table.printed(PAPER_ROWS));
  panels[store.state.view].draw();
}

function fromPaper(): void {
  document.body.classList.remove("printing");
  paper.replaceChildren();
  theme.fromPaper();
}

store.listen(draw);
addEventListener("keydown", onKey);
addEventListener("beforeprint", toPaper);
addEventListener("afterprint", fromPaper);
addEventListener("resize", () => panels[store.state.view].draw());
draw();

if (location.protocol.startsWith("http"))
  new Live(header.live, fresh => {
    fresh.sources ??= raw.sources;
    fresh.lost_sources ??= raw.lost_sources;
    context.replace(decode(fresh));
    draw();
  });
