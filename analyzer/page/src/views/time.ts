// time - live bytes, who holds them, and the rate of allocation over time, drawn by uPlot

import uPlot from "uplot";
import { isDark } from "../color";
import type { Context, Panel } from "../context";
import { holders, liveCurve } from "../course";
import { plain, type History } from "../data";
import { el } from "../dom";
import { alike, bytes, duration } from "../format";

const HUES = [35, 250, 155, 320, 90, 200, 290, 15];

// Where nothing is pointed at, the legend tells how it ended.
function lastInLegend(plot: uPlot): void {
  if (plot.cursor.idx === null || plot.cursor.idx === undefined)
    plot.setLegend({ idx: plot.data[0].length - 1 });
}

// Ticks in one unit, with as many digits as tell them apart.
function moments(at: number[]): string[] {
  const [divisor, unit] = at[at.length - 1] >= 7200 ? [3600, "h"]
    : at[at.length - 1] >= 180 ? [60, "min"] : [1, "s"];
  const step = at.length > 1 ? (at[1] - at[0]) / divisor : 1;
  const digits = Math.max(0, Math.min(3, -Math.floor(Math.log10(step) + 1e-9)));
  const exact = Math.abs(step * 10 ** digits - Math.round(step * 10 ** digits)) > 1e-6;
  return at.map(one => `${(one / divisor).toFixed(digits + Number(exact))}\u202f${unit}`);
}

export class Time implements Panel {
  readonly element = el("section", { class: "view time" });
  private readonly note = el("p", { class: "status", role: "status" });
  private readonly charts = el("div", { class: "charts" });
  private plots: uPlot[] = [];
  private drawn = "";

  constructor(private readonly context: Context) {
    this.element.append(this.note, this.charts);
    new ResizeObserver(() => {
      const width = this.charts.clientWidth;
      for (const plot of this.plots)
        if (width && Math.abs(plot.width - width) > 1)
          plot.setSize({ width, height: plot.height });
    }).observe(this.charts);
  }

  draw(): void {
    const { profile } = this.context, history = profile.raw.history;
    const key = `${this.charts.clientWidth} ${history?.time_s.length} ${history?.time_s.at(-1)} ${
      getComputedStyle(this.element).getPropertyValue("--text")}`;
    this.note.textContent = this.say(history);
    if (key === this.drawn || !this.charts.clientWidth)
      return;
    this.drawn = key;
    this.plots.forEach(plot => plot.destroy());
    this.charts.replaceChildren();
    this.plots = history && history.time_s.length > 1 ? this.build(history) : [];
  }

  private say(history: History | undefined): string {
    const { raw } = this.context.profile;
    if (!history || history.time_s.length < 2)
      return "This profile has no history: it ended before its first time slice, was read from " +
        `another format, or was written with options that take none. The peak was ${
        bytes(raw.total.peak_space)}.`;
    const live = history.inuse_space, end = history.time_s.at(-1)!, peak = raw.total.peak_space;
    return `${duration(end - history.time_s[0])} in ${history.time_s.length} points${
      history.from_start ? "" : ", the time before is no longer in the ring"}. In use: ${
      alike(live[0], peak)} at first, ${alike(live.at(-1)!, peak)} at last, at most ${
      bytes(peak)}${history.peak_s === null ? "" : ` after ${duration(history.peak_s)}`}.${
      history.damaged ? " A part of the ring was not readable." : ""}`;
  }

  private build(history: History): uPlot[] {
    const { time_s: time, alloc_space: allocated } = history;
    const rate = time.map((at, i) => i === 0 || at <= time[i - 1] ? null
      : (allocated[i] - allocated[i - 1]) / (at - time[i - 1]));
    const named = this.byFunction(), live = liveCurve(this.context.profile.raw)!;
    const series = named.map((one, i) => ({ label: one.name, width: 2, points: { show: false },
      stroke: `oklch(${isDark() ? 0.75 : 0.58} 0.15 ${HUES[i]})`,
      value: (_: uPlot, at: number | null) => at === null ? "" : bytes(at) }));
    return [
      this.plot("Live bytes", history, [live.time, live.value],
        [this.series("In use", "--accent", true)], ""),
      ...(named.length === 0 ? [] : [this.plot("Live bytes by who holds them", history,
        [history.grid_s, ...named.map(one => one.values)], series, "")]),
      this.plot("Allocated a second", history, [time, rate],
        [this.series("Rate", "--rate", false)], "/s")];
  }

  private byFunction(): { name: string; values: number[] }[] {
    const folded = this.context.foldedAt("functions");
    return [...holders(folded)].sort((a, b) => Math.max(...b[1]) - Math.max(...a[1])).slice(0, HUES.length)
      .map(([unit, values]) => ({ name: folded.units[unit].name, values }));
  }

  private series(label: string, color: string, area: boolean): uPlot.Series {
    const value = getComputedStyle(this.element).getPropertyValue(color).trim();
    return { label, stroke: value, width: 2, points: { show: false },
      ...(area ? { fill: `color-mix(in oklab, ${value} 18%, transparent)` } : {}),
      value: (_, at) => at === null ? "" : bytes(at) + (area ? "" : "/s") };
  }

  private plot(title: string, history: History, data: (number | null)[][], series: uPlot.Series[],
               after: string): uPlot {
    const style = getComputedStyle(this.element), color = (name: string) =>
      style.getPropertyValue(name).trim();
    const axis = { stroke: color("--soft"), font: `12px ${color("--sans")}`,
      grid: { stroke: color("--line"), width: 1 }, ticks: { show: false } };
    const holder = el("figure", { "aria-label": `${title} over time` }, el("figcaption", {}, title));
    this.charts.append(holder);
    return new uPlot({
      width: this.charts.clientWidth, height: title.startsWith("Allocated") ? 170 : 260,
      series: [{ label: "Time", value: (_, at) => at === null ? "" : duration(at) }, ...series],
      scales: { x: { time: false }, y: { range: (_, low, high) => [Math.min(0, low), (high || 1) * 1.16] } },
      axes: [{ ...axis, size: 32, values: (_, at) => moments(at) },
        { ...axis, size: 84, values: (_, at) => at.map(one => alike(one, at.at(-1)!) + after), incrs: this.steps() }],
      cursor: { points: { size: 7 }, sync: { key: "time" } },
      legend: { live: true },
      hooks: { draw: [plot => this.mark(plot, history, title === "Live bytes")],
        ready: [lastInLegend], setCursor: [lastInLegend] },
    }, data as uPlot.AlignedData, holder);
  }

  private steps(): number[] {
    const steps: number[] = [];
    for (let power = 0; power < 50; power++)
      steps.push(2 ** power);
    return steps;
  }

  // The peak and the program's own marks, as lines with a name.
  private mark(plot: uPlot, history: History, withPeak: boolean): void {
    const pen = plot.ctx, { left, top, height, width } = plot.bbox, ratio = devicePixelRatio || 1;
    const style = getComputedStyle(this.element);
    const lines = history.marks.map(one => ({ at: one.first_s, color: "--soft",
      text: plain(one.name) + (one.count > 1 ? ` ×${one.count}` : "") }));
    if (withPeak && history.peak_s !== null)
      lines.push({ at: history.peak_s, color: "--warn",
        text: `peak ${bytes(this.context.profile.raw.total.peak_space)}` });
    pen.save();
    pen.font = `${12 * ratio}px ${style.getPropertyValue("--sans")}`;
    lines.forEach(({ at, color, text }, i) => {
      const x = plot.valToPos(at, "x", true), room = pen.measureText(text).width + 12 * ratio;
      if (x < left - 2 || x > left + width + 2)
        return;
      pen.strokeStyle = pen.fillStyle = style.getPropertyValue(color).trim();
      pen.lineWidth = ratio;
      pen.setLineDash([4 * ratio, 3 * ratio]);
      pen.beginPath();
      pen.moveTo(x, top);
      pen.lineTo(x, top + height);
      pen.stroke();
      pen.textAlign = x + room > left + width ? "right" : "left";
      pen.fillText(text, x + (pen.textAlign === "left" ? 5 : -5) * ratio,
        top + (14 + 15 * (i % 4)) * ratio);
    });
    pen.restore();
  }
}
