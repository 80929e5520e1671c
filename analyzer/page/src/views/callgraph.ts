// callgraph - who calls whom, laid out by dagre; boxes grow with what they allocate

import { Graph as Layout, layout } from "@dagrejs/dagre";
import { select } from "d3-selection";
import { scaleSqrt } from "d3-scale";
import { zoom, zoomIdentity, type ZoomBehavior } from "d3-zoom";
import type { Context, Panel } from "../context";
import { rowChange, unitColor } from "../color";
import { el, svg } from "../dom";
import { callGraph, type Edge, type Graph } from "../edges";
import { SAMPLE_NAMES, figure, percent, signed } from "../format";
import { cum, flat, sampleWith } from "../model";
import { shorten } from "../names";

const NAME_MAX = 34, LETTER = 7.3, READABLE = 0.8;

export class CallGraph implements Panel {
  readonly element = el("section", { class: "view graph" });
  private readonly picture = svg("svg", { class: "graph-picture", role: "group",
    "aria-label": "Call graph: boxes are functions, arrows point to what they call" });
  private readonly content = svg("g");
  private readonly note = el("p", { class: "status", role: "status" });
  private readonly range = el("input", { type: "range", min: 5, max: 80, step: 5,
    "aria-label": "How many functions the graph shows" });
  private readonly amount = el("output");
  private readonly zooming: ZoomBehavior<SVGSVGElement, unknown>;
  private drawn = "";
  private chosen = -1; // when it was drawn
  private places = new Map<number, { x: number; y: number; width: number; height: number }>();

  constructor(private readonly context: Context) {
    this.picture.append(svg("defs", {}, svg("marker", { id: "arrow", viewBox: "0 0 8 8", refX: 7,
      refY: 4, markerWidth: 7, markerHeight: 7, orient: "auto-start-reverse",
      markerUnits: "userSpaceOnUse" }, svg("path", { d: "M0 0 L8 4 L0 8 z", class: "arrow" }))),
      this.content);
    this.zooming = zoom<SVGSVGElement, unknown>().scaleExtent([0.1, 4])
      .filter(event => !event.button && (event.type !== "wheel" || event.ctrlKey ||
        this.picture.matches(":focus-within")))
      .on("zoom", event => this.content.setAttribute("transform", event.transform));
    select(this.picture as SVGSVGElement).call(this.zooming);
    this.range.addEventListener("input", () =>
      context.store.set({ nodes: Number(this.range.value) }));
    const button = (text: string, label: string, act: () => void) =>
      el("button", { type: "button", class: "button", "aria-label": label, onclick: act }, text);
    this.element.append(el("div", { class: "tools" },
      el("label", { class: "range" }, "Largest ", this.range, this.amount),
      button("+", "Larger", () => this.scale(1.4)), button("−", "Smaller", () => this.scale(1 / 1.4)),
      button("Fit", "Fit the graph into the view", () => this.fit())), this.note, this.picture);
    new ResizeObserver(() => this.show()).observe(this.picture);
  }

  draw(): void {
    const { context } = this, { folded, sample, state, selected } = context;
    this.range.value = String(state.nodes);
    this.amount.textContent = String(state.nodes);
    const graph = callGraph(folded, sample, state.nodes, selected);
    this.note.replaceChildren(...this.say(graph));
    this.build(graph);
    const key = [...graph.nodes].sort().join() + sample + state.level;
    if (this.drawn !== key || (this.chosen !== selected && !this.isInSight(selected)))
      this.show();
    this.drawn = key;
    this.chosen = selected;
  }

  private say({ nodes, left, forced }: Graph): (Node | string)[] {
    const { context } = this, { folded, sample, state, selected } = context;
    if (nodes.length === 0)
      return ["Nothing to show of this figure."];
    const text = `${nodes.length} of ${(nodes.length + left).toLocaleString("en-US")} ${
      state.level}; a dashed arrow passes over some that are left out.`;
    const name = selected >= 0 ? shorten(folded.units[selected].name, NAME_MAX) : "";
    const filled = sampleWith(folded, selected, sample);
    if (filled !== sample)
      return [`${text} ${name} has nothing of this figure: `, el("button", { type: "button",
        class: "link", onclick: () => context.store.set({ sample: filled }) },
        `show ${SAMPLE_NAMES[filled].toLowerCase()}`)];
    return [forced ? `${text} ${name} is no large one; it is here because it is selected.` : text];
  }

  private label(unit: number): string[] {
    const { folded, sample, total, profile } = this.context;
    const own = flat(folded, sample, unit), all = cum(folded, sample, unit);
    const show = profile.base ? signed : figure;
    const text = (value: number) => `${show(sample, value)} (${percent(value, total)})`;
    return own === all || own === 0 ? [text(all)] : [text(own), `of ${text(all)}`];
  }

  private build(graph: Graph): void {
    const { folded, sample, total } = this.context;
    const plan = new Layout({ multigraph: false });
    const size = scaleSqrt().domain([0, 1]).range([11, 19]);
    plan.setGraph({ rankdir: "TB", nodesep: 16, ranksep: 30, marginx: 12, marginy: 12 });
    plan.setDefaultEdgeLabel(() => ({}));
    for (const unit of graph.nodes) {
      const font = size(Math.min(1, Math.abs(flat(folded, sample, unit)) / (total || 1)));
      const letters = Math.max(shorten(folded.units[unit].name, NAME_MAX).length,
        ...this.label(unit).map(line => line.length * 0.92));
      plan.setNode(String(unit), { width: letters * LETTER * font / 12 + 20,
        height: font * (1.5 + this.label(unit).length * 1.3) + 8, font });
    }
    for (const edge of graph.edges)
      plan.setEdge(String(edge.from), String(edge.to), {
        weight: 1 + Math.round(10 * Math.abs(edge.value) / (total || 1)), edge });
    layout(plan);
    this.places = new Map(graph.nodes.map(unit => [unit, plan.node(String(unit))]));
    this.content.replaceChildren(
      svg("g", { class: "edges" }, ...plan.edges().map(id => this.edge(plan.edge(id)))),
      svg("g", { class: "nodes" }, ...graph.nodes.map(unit =>
        this.node(unit, plan.node(String(unit))))));
  }

  private edge(laid: any): SVGElement {
    const edge: Edge = laid.edge, { sample, total, folded, profile } = this.context;
    const share = Math.min(1, Math.abs(edge.value) / (total || 1));
    const points: { x: number; y: number }[] = laid.points;
    const d = points.reduce((path, { x, y }, i) => {
      if (i === 0)
        return `M${x} ${y}`;
      const before = points[i - 1], middle = (before.y + y) / 2;
      return `${path} C${before.x} ${middle} ${x} ${middle} ${x} ${y}`;
    }, "");
    const names = [edge.from, edge.to].map(unit => folded.units[unit].name).join(" → ");
    const text = (profile.base ? signed : figure)(sample, edge.value);
    const middle = points[Math.floor(points.length / 2)];
    return svg("g", {},
      svg("path", { d, class: `edge${edge.across ? " across" : ""}${
        edge.value < 0 ? " shrank" : profile.base && edge.value > 0 ? " grew" : ""}`,
        "stroke-width": (0.8 + 7 * share).toFixed(2), "marker-end": "url(#arrow)" },
        svg("title", {}, `${names}: ${text}`)),
      share > 0.02 && svg("text", { x: middle.x + 6, y: middle.y, class: "edge-text" }, text));
  }

  private node(unit: number, laid: any): SVGElement {
    const { context } = this, { folded, search, selected, colors, state } = context;
    const { name, module } = folded.units[unit], lines = this.label(unit);
    const chosen = unit === selected, hit = search.found?.has(unit);
    const box = svg("rect", { width: laid.width, height: laid.height, rx: 5, class: "box" });
    box.style.fill = context.profile.base ? rowChange(folded, context.sample, unit)
      : unitColor(folded, colors, unit, state.color);
    const group = svg("g", { tabindex: 0, role: "button", "data-unit": unit,
      class: `node${chosen ? " chosen" : ""}${hit ? " found" : ""}${
        search.found && !hit ? " faded" : ""}`, "aria-pressed": String(chosen),
      "aria-label": `${name}: ${lines.join(" ")}`,
      transform: `translate(${laid.x - laid.width / 2} ${laid.y - laid.height / 2})`,
      onclick: () => context.select(unit),
      onkeydown: (event: KeyboardEvent) => {
        if (event.key !== "Enter" && event.key !== " ")
          return;
        event.preventDefault();
        context.select(unit);
        this.content.querySelector<SVGElement>(`[data-unit="${unit}"]`)?.focus();
      } },
      svg("title", {}, `${name}${module ? ` [${module}]` : ""}`), box,
      svg("text", { x: 10, y: laid.font * 1.35, class: "name", "font-size": laid.font },
        shorten(name, NAME_MAX)),
      ...lines.map((line, i) => svg("text", { x: 10, y: laid.font * (2.7 + 1.3 * i),
        class: "figures", "font-size": laid.font * 0.88 }, line)));
    return group;
  }

  private scale(by: number): void {
    this.zooming.scaleBy(select(this.picture as SVGSVGElement), by);
  }

  private look(x: number, y: number, scale: number): void {
    this.zooming.transform(select(this.picture as SVGSVGElement),
      zoomIdentity.translate(x, y).scale(scale));
  }

  // All of it, in width and height, however small that is.
  private fit(): void {
    const { width, height } = this.picture.getBoundingClientRect();
    const box = (this.content as SVGGElement).getBBox();
    if (!width || !box.width)
      return;
    const scale = Math.min(1.1, (width - 16) / box.width, (height - 16) / box.height);
    this.look((width - box.width * scale) / 2 - box.x * scale,
      (height - box.height * scale) / 2 - box.y * scale, scale);
  }

  // As much of it as can be read, around the selected box, or from the top downward.
  private show(): void {
    const { width, height } = this.picture.getBoundingClientRect();
    const box = (this.content as SVGGElement).getBBox();
    if (!width || !box.width)
      return;
    const scale = Math.min((width - 16) / box.width, (height - 16) / box.height);
    if (scale >= READABLE)
      return this.fit();
    const chosen = this.places.get(this.context.selected);
    const at = chosen ?? [...this.places.values()].reduce((top, one) => one.y < top.y ? one : top);
    this.look(width / 2 - at.x * READABLE, chosen ? height / 2 - at.y * READABLE
      : 8 - box.y * READABLE, READABLE);
  }

  private isInSight(unit: number): boolean {
    const box = this.content.querySelector(`[data-unit="${unit}"]`)?.getBoundingClientRect();
    const sight = this.picture.getBoundingClientRect();
    return !box || (box.left >= sight.left && box.right <= sight.right &&
      box.top >= sight.top && box.bottom <= sight.bottom);
  }
}
