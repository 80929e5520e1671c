// flame - the flame graph and the icicle, drawn on a canvas of the window's size
//
// The canvas sticks to the window while the page scrolls over the graph's whole height.
// Only boxes of at least half a pixel and in sight are visited, so the cost of a
// frame follows the screen and not the profile. A zoom is a move of the window over
// the boxes of its outer node, which makes it smooth both ways.

import type { Context, Panel } from "../context";
import { changeColor, keptColor } from "../color";
import { el, segments } from "../dom";
import { exactly, figure, percent, signed } from "../format";
import { cum, defined, flat, kept, keptShare } from "../model";
import { shorten } from "../names";
import { matchedSum, nodeAt, pathOf, type Tree } from "../tree";
import { boxOfUnit } from "./path";

const ROW = 21, PIXELS_MIN = 0.5, MOVE_MS = 180, PAPER_HEIGHT = 900;
const CHOSEN_MAX = 28;
const ENDS = 8; // letters from which both ends of a name say more than its beginning

interface Box { node: number; x: number; width: number; row: number }

export class Flame implements Panel {
  readonly element = el("section", { class: "view flame" });
  private readonly canvas = el("canvas", { role: "application", tabindex: 0,
    "aria-roledescription": "flame graph", "aria-describedby": "flame-status",
    "aria-label": "Flame graph. Arrow keys walk the boxes, Enter zooms in, Escape zooms out." });
  private readonly holder = el("div", { class: "flame-holder" }, this.canvas);
  private readonly tools = el("div", { class: "tools" });
  private readonly status = el("p", { class: "status", id: "flame-status", role: "status" });
  private readonly legend = el("ul", { class: "legend", "aria-label": "Colours" });
  private readonly tip = el("div", { class: "tip", "aria-hidden": "true" });
  private boxes: Box[] = [];
  private focus = -1;      // the box that the keyboard is at
  private hover = -1;
  private rows = 1;
  private window: [number, number] = [0, 1]; // part of `outer` in sight
  private outer = 0;
  private zoomed = 0;
  private tree: Tree | null = null;

  constructor(private readonly context: Context) {
    this.element.append(this.tools, this.legend, this.status, this.holder, this.tip);
    this.canvas.addEventListener("mousemove", event => this.point(event));
    this.canvas.addEventListener("mouseleave", () => this.point(null));
    this.canvas.addEventListener("click", event => {
      const box = this.boxAt(event);
      if (box)
        this.zoomTo(box.node);
    });
    this.canvas.addEventListener("keydown", event => this.key(event));
    this.canvas.addEventListener("blur", () => { this.focus = -1; this.paint(); });
    addEventListener("scroll", () => this.paint(), { passive: true });
    new ResizeObserver(() => this.paint()).observe(this.holder);
  }

  draw(): void {
    const { context } = this;
    if (this.tree !== context.tree) {
      this.tree = context.tree;
      this.focus = this.hover = -1;
      this.zoomed = this.outer = 0;
      this.window = [0, 1];
    }
    this.drawTools();
    const target = nodeAt(this.tree, context.folded, context.sample, context.state.zoom);
    this.drawLegend();
    this.move(target);
  }

  private drawTools(): void {
    const { context } = this, { store, state, profile, selected, folded, sample } = context;
    const had = this.tools.contains(document.activeElement);
    this.tools.replaceChildren(
      segments("Direction", [["icicle", "Icicle"], ["flame", "Flame"]],
        state.up ? "flame" : "icicle", value => store.set({ up: value === "flame" })),
      segments("Root", [["callers", "From callers"], ["leaves", "By leaf"]],
        state.invert ? "leaves" : "callers",
        value => store.set({ invert: value === "leaves", zoom: "" })),
      ...(profile.base ? [] : [segments("Colour", [["module", "Module"], ["kept", "Kept"]],
        state.color, value => store.set({ color: value as "module" | "kept" }))]),
      el("button", { type: "button", class: "button", disabled: !state.zoom,
        onclick: () => store.set({ zoom: "" }) }, "Reset zoom"),
      selected >= 0 && el("button", { type: "button", class: "button",
        title: folded.units[selected].name,
        onclick: () => store.set(boxOfUnit(context, state.level, selected, sample)) },
        `Zoom to ${shorten(folded.units[selected].name, CHOSEN_MAX)}`) || "");
    if (had && !this.tools.contains(document.activeElement))
      this.tools.querySelector<HTMLElement>("[tabindex='0']")?.focus();
  }

  private drawLegend(): void {
    const { profile, state, colors } = this.context;
    const entries = profile.base
      ? [{ label: "grew", color: changeColor(2, 1) }, { label: "shrank", color: changeColor(1, 2) },
        { label: "new", color: changeColor(1, 0) }, { label: "unchanged", color: changeColor(1, 1) }]
      : state.color === "kept"
        ? [{ label: "all of it is freed", color: keptColor(0) },
          { label: "half", color: keptColor(0.5) }, { label: "none is freed", color: keptColor(1) },
          ...(this.isKeptKnown() ? [] : [{ label: "not known", color: keptColor(NaN) }])]
        : colors.legend();
    this.legend.replaceChildren(...entries.map(({ label, color }) => {
      const patch = el("span", { class: "patch" });
      patch.style.background = color;
      return el("li", {}, patch, label);
    }));
  }

  // A profile of another format may not tell what was allocated and freed.
  private isKeptKnown(): boolean {
    const { folded } = this.context;
    return folded.units.every((_, unit) => !cum(folded, "inuse_objects", unit) ||
      kept(folded, unit) >= 0);
  }

  // Where a node lies in an outer one, as shares of its width; null: not inside.
  private range(node: number, outer: number): [number, number] | null {
    const tree = this.tree!, { sample } = this.context, path: number[] = [];
    let at = node;
    for (; at !== outer && at >= 0; at = tree.parent(at))
      path.unshift(at);
    if (at < 0)
      return null;
    let from = 0, width = 1;
    at = outer;
    for (const next of path) {
      const whole = tree.cum(at, sample);
      let before = 0;
      for (const child of tree.children(at, sample)) {
        if (child === next)
          break;
        before += tree.cum(child, sample);
      }
      from += width * before / whole;
      width *= tree.cum(next, sample) / whole;
      at = next;
    }
    return [from, from + width];
  }

  private move(target: number): void {
    const inward = this.range(target, this.zoomed), outward = this.range(this.zoomed, target);
    const still = target === this.zoomed || matchMedia("(prefers-reduced-motion: reduce)").matches;
    const from: [number, number] = inward ? [0, 1] : outward ?? [0, 1];
    const to: [number, number] = inward ?? [0, 1];
    const outer = inward ? this.zoomed : target;
    this.zoomed = target;
    if (still || (!inward && !outward))
      return this.settle(target);
    const start = performance.now();
    const step = (now: number) => {
      if (this.zoomed !== target)
        return;
      const part = Math.min(1, Math.max(0, (now - start) / MOVE_MS)), ease = 1 - (1 - part) ** 3;
      if (part === 1)
        return this.settle(target);
      this.outer = outer;
      this.window = [from[0] + (to[0] - from[0]) * ease, from[1] + (to[1] - from[1]) * ease];
      this.paint();
      requestAnimationFrame(step);
    };
    requestAnimationFrame(step);
  }

  private settle(node: number): void {
    this.outer = node;
    this.window = [0, 1];
    this.paint();
    if (this.context.state.up)
      this.holder.scrollIntoView({ block: "end" });
    this.say(this.focus >= 0 ? this.focus : -1);
  }

  private layout(width: number): Box[] {
    const tree = this.tree!, { sample } = this.context, boxes: Box[] = [];
    const [from, to] = this.window, scale = width / (to - from);
    for (let at = this.outer; at > 0; at = tree.parent(at))
      boxes.unshift({ node: tree.parent(at), x: 0, width, row: tree.depth(tree.parent(at)) });
    const todo: [number, number, number][] = [[this.outer, 0, 1]];
    while (todo.length) {
      const [node, x, share] = todo.pop()!;
      const left = (x - from) * scale, right = left + share * scale;
      if (right - left < PIXELS_MIN || right <= 0 || left >= width)
        continue;
      boxes.push({ node, row: tree.depth(node), x: Math.max(0, left),
        width: Math.min(width, right) - Math.max(0, left) });
      const whole = tree.cum(node, sample);
      let at = x;
      if (whole > 0)
        for (const child of tree.children(node, sample)) {
          const part = share * tree.cum(child, sample) / whole;
          if (part * scale < PIXELS_MIN)
            break; // the rest is smaller still
          todo.push([child, at, part]);
          at += part;
        }
    }
    return boxes;
  }

  private y(row: number): number {
    return this.context.state.up ? (this.rows - 1 - row) * ROW : row * ROW;
  }

  private paint(): void {
    const width = this.holder.clientWidth;
    if (!width || !this.tree)
      return;
    this.boxes = this.layout(width);
    this.rows = this.boxes.reduce((most, box) => Math.max(most, box.row + 1), 1);
    const printing = document.body.classList.contains("printing");
    const height = Math.min(this.rows * ROW, printing ? PAPER_HEIGHT : innerHeight);
    const ratio = devicePixelRatio || 1;
    this.holder.style.height = `${printing ? height : this.rows * ROW}px`;
    this.canvas.style.height = `${height}px`;
    if (this.canvas.width !== Math.round(width * ratio) ||
        this.canvas.height !== Math.round(height * ratio)) {
      this.canvas.width = Math.round(width * ratio);
      this.canvas.height = Math.round(height * ratio);
    }
    const pen = this.canvas.getContext("2d")!;
    pen.setTransform(ratio, 0, 0, ratio, 0, 0);
    pen.clearRect(0, 0, width, height);
    pen.translate(0, -this.top());
    this.paintBoxes(pen, height);
  }

  // How far the page has scrolled over the graph.
  private top(): number {
    return this.canvas.getBoundingClientRect().top - this.holder.getBoundingClientRect().top;
  }

  private paintBoxes(pen: CanvasRenderingContext2D, height: number): void {
    const style = getComputedStyle(this.element), top = this.top();
    const color = (name: string) => style.getPropertyValue(name);
    const { search, selected, state } = this.context, mono = color("--mono");
    const text = color("--box-text"), accent = color("--accent"), found = color("--found");
    pen.font = `12px ${mono}`;
    pen.textBaseline = "middle";
    const letter = pen.measureText("n".repeat(20)).width / 20;
    const colors = new Map<number, string>();
    for (const box of this.boxes) {
      const y = this.y(box.row), unit = this.tree!.unit(box.node);
      if (y + ROW < top || y > top + height)
        continue;
      const hit = search.found?.has(unit);
      const key = this.context.profile.base || state.color === "kept" ? ~box.node : unit;
      let fill = colors.get(key);
      if (!fill)
        colors.set(key, fill = this.fillOf(box.node, unit, state.color));
      pen.globalAlpha = search.found && !hit ? 0.35
        : box.row < this.tree!.depth(this.outer) ? 0.6 : 1;
      pen.fillStyle = hit ? found : fill;
      pen.fillRect(box.x, y, Math.max(box.width - 1, 0.5), ROW - 1);
      if (box.width > 28) {
        pen.globalAlpha = search.found && !hit ? 0.6 : 1;
        pen.fillStyle = hit ? color("--found-text") : text;
        this.label(pen, box, y, letter);
      }
      pen.globalAlpha = 1;
      if (unit >= 0 && unit === selected && box.width > 2)
        this.outline(pen, box, y, accent, 2);
      if (box.node === this.hover || box.node === this.focus)
        this.outline(pen, box, y, color("--text"), box.node === this.focus ? 2 : 1);
    }
  }

  private fillOf(node: number, unit: number, by: "module" | "kept"): string {
    const { folded, colors, profile, sample } = this.context;
    if (profile.base)
      return changeColor(this.tree!.cum(node, sample), this.tree!.base(node, sample));
    return by === "kept" ? keptColor(this.keptIn(node))
      : unit < 0 ? changeColor(1, 1) : colors.of(folded, unit);
  }

  // Of the blocks that the stacks through a box allocated, how many are there yet.
  private keptIn(node: number): number {
    return keptShare(this.tree!.cum(node, "inuse_objects"), this.tree!.cum(node, "alloc_objects"));
  }

  private label(pen: CanvasRenderingContext2D, box: Box, y: number, letter: number): void {
    const name = this.name(box.node), room = Math.floor((box.width - 9) / letter);
    const text = name.length <= room ? name : room > ENDS ? shorten(name, room)
      : room > 2 ? name.slice(0, room - 1) + "…" : "";
    if (text)
      pen.fillText(text, box.x + 5, y + ROW / 2, box.width - 6);
  }

  private outline(pen: CanvasRenderingContext2D, box: Box, y: number, color: string,
                  width: number): void {
    pen.strokeStyle = color;
    pen.lineWidth = width;
    pen.strokeRect(box.x + width / 2, y + width / 2, Math.max(box.width - 1 - width, 1),
      ROW - 1 - width);
  }

  private name(node: number): string {
    const unit = this.tree!.unit(node), units = this.context.folded.units;
    if (unit < 0)
      return "all stacks";
    return this.context.state.level === "lines" && units[unit].line
      ? `${units[unit].name}:${units[unit].line}` : units[unit].name;
  }

  private describe(node: number): string[] {
    const { sample, folded, profile, total } = this.context, tree = this.tree!;
    const unit = tree.unit(node), own = tree.cum(node, sample), base = tree.base(node, sample);
    const lines = [`${figure(sample, own)} · ${percent(own, total)} of all`];
    if (profile.base)
      lines.push(`${signed(sample, own - base)} since the base (${figure(sample, base)})`);
    else if (unit >= 0 && flat(folded, sample, unit))
      lines.push(`${figure(sample, flat(folded, sample, unit))} allocated by itself, in all stacks`);
    if (unit >= 0) {
      const { module, file } = folded.units[unit];
      const where = [file && defined(folded, unit), module].filter(Boolean).join(" · ");
      if (where)
        lines.push(where);
    }
    if (!profile.base && this.context.state.color === "kept")
      lines.push(Number.isNaN(this.keptIn(node)) ? "how much of it is kept is not known"
        : `${percent(this.keptIn(node), 1)} of its blocks are still in use`);
    return lines;
  }

  private say(node: number): void {
    const { context } = this, { search, sample } = context;
    let text: string;
    if (search.broken)
      text = `Not a regular expression: ${search.text}`;
    else if (search.found && node < 0) {
      const sum = matchedSum(context.folded, sample, search.found);
      text = `/${search.text}/ matches ${search.found.size.toLocaleString("en-US")} ${
        context.state.level}, ${figure(sample, sum)}, ${percent(sum, context.total)} of all`;
    } else {
      const at = node < 0 ? this.zoomed : node;
      text = `${this.name(at)}: ${this.describe(at).join(", ")}`;
    }
    this.status.textContent = text;
  }

  private boxAt(event: MouseEvent): Box | undefined {
    const where = this.canvas.getBoundingClientRect();
    const x = event.clientX - where.left;
    const y = event.clientY - where.top + this.top();
    return this.boxes.find(box => x >= box.x && x < box.x + box.width &&
      y >= this.y(box.row) && y < this.y(box.row) + ROW);
  }

  private point(event: MouseEvent | null): void {
    const box = event ? this.boxAt(event) : undefined, node = box ? box.node : -1;
    this.canvas.style.cursor = box ? "pointer" : "";
    if (event && box) {
      const lines = this.describe(node);
      this.tip.replaceChildren(el("strong", {}, this.name(node)),
        ...lines.map(line => el("span", {}, line)),
        el("small", {}, exactly(this.context.sample, this.tree!.cum(node, this.context.sample))));
      this.tip.classList.add("shown");
      const { width, height } = this.tip.getBoundingClientRect();
      this.tip.style.left = `${Math.max(4, Math.min(event.clientX + 14, innerWidth - width - 8))}px`;
      this.tip.style.top = `${event.clientY + 18 + height > innerHeight
        ? event.clientY - height - 12 : event.clientY + 18}px`;
    } else {
      this.tip.classList.remove("shown");
    }
    if (node !== this.hover) {
      this.hover = node;
      this.paint();
    }
  }

  private zoomTo(node: number): void {
    const { store, folded } = this.context, unit = this.tree!.unit(node);
    store.set({ zoom: pathOf(this.tree!, folded, node),
      ...(unit >= 0 ? { sel: folded.units[unit].key, line: 0 } : {}) });
  }

  private key(event: KeyboardEvent): void {
    const tree = this.tree!, { sample, state } = this.context;
    const at = this.focus >= 0 ? this.focus : this.zoomed;
    const beside = at > 0 ? tree.children(tree.parent(at), sample) : [at];
    const deeper = tree.children(at, sample)[0], outer = tree.parent(at);
    const next: Record<string, number | undefined> = {
      [state.up ? "ArrowDown" : "ArrowUp"]: outer >= 0 ? outer : undefined,
      [state.up ? "ArrowUp" : "ArrowDown"]: deeper,
      ArrowLeft: beside[beside.indexOf(at) - 1], ArrowRight: beside[beside.indexOf(at) + 1],
      Home: 0,
    };
    if (event.key === "Enter" || event.key === " ")
      this.zoomTo(at);
    else if (event.key === "Escape" && this.zoomed > 0)
      this.zoomTo(tree.parent(this.zoomed));
    else if (next[event.key] !== undefined)
      this.focusOn(next[event.key]!);
    else
      return;
    event.preventDefault();
    event.stopPropagation();
  }

  private focusOn(node: number): void {
    this.focus = node;
    const y = this.holder.getBoundingClientRect().top + this.y(this.tree!.depth(node));
    if (y < 0 || y + ROW > innerHeight)
      scrollBy(0, y < 0 ? y - ROW : y + 2 * ROW - innerHeight);
    this.paint();
    this.say(node);
  }
}
