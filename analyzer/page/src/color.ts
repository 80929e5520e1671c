// color - hues with a meaning: the module, what is kept, or what changed
//
// The program itself is amber, the largest other modules have a hue each and a place
// in the legend, the rest is grey. Both themes use the same hues at another lightness.

import type { Sample } from "./data";
import { cum, kept, type Folded } from "./model";

const HUES = [70, 250, 155, 320, 200, 110, 290, 25];

export const isDark = () => document.documentElement.dataset.theme === "dark";

export interface Legend { label: string; color: string }

function tone(hue: number, chroma: number, nudge: number): string {
  return isDark() ? `oklch(${0.44 + nudge} ${chroma} ${hue})`
    : `oklch(${0.855 + nudge} ${chroma} ${hue})`;
}

const COOL = 235, WARM = 395, KEPT_CHROMA = 0.1;

// 0 is freed (cool), 1 stays (warm), half is between them; grey is not known.
export function keptColor(share: number): string {
  return Number.isNaN(share) ? tone(260, 0.008, 0)
    : tone((COOL + (WARM - COOL) * share) % 360, KEPT_CHROMA, 0);
}

// Red grew, blue shrank; as strong as the change is against what was there.
export function changeColor(now: number, before: number): string {
  const change = now - before;
  if (!change)
    return tone(260, 0.008, 0);
  const strength = before <= 0 ? 1 : Math.min(1, Math.abs(change) / before);
  return tone(change > 0 ? 25 : 250, 0.03 + 0.1 * strength, isDark() ? 0 : -0.1 * strength);
}

export class ModuleColors {
  private readonly hue = new Map<string, number>();
  private readonly order: string[];

  constructor(folded: Folded, program: string) {
    const sums = new Map<string, number>();
    folded.units.forEach((unit, i) => {
      const size = cum(folded, "alloc_space", i) + cum(folded, "inuse_space", i);
      sums.set(unit.module, (sums.get(unit.module) ?? 0) + Math.abs(size));
    });
    sums.delete("");
    this.order = [...sums].sort((a, b) => b[1] - a[1]).map(([module]) => module)
      .sort((a, b) => Number(b === program) - Number(a === program)).slice(0, HUES.length);
    this.order.forEach((module, i) => this.hue.set(module, HUES[i]));
  }

  of(folded: Folded, unit: number): string {
    const hue = this.hue.get(folded.units[unit].module);
    const nudge = (parseInt(folded.units[unit].key.slice(-2), 36) % 7 - 3) * 0.008;
    return hue === undefined ? tone(260, 0.008, nudge) : tone(hue, 0.075, nudge);
  }

  legend(): Legend[] {
    return [...this.order.map((module, i) => ({ label: module, color: tone(HUES[i], 0.075, 0) })),
      { label: "other", color: tone(260, 0.008, 0) }];
  }
}

export function unitColor(folded: Folded, colors: ModuleColors, unit: number,
                          by: "module" | "kept"): string {
  return by === "kept" ? keptColor(kept(folded, unit)) : colors.of(folded, unit);
}

export function rowChange(folded: Folded, sample: Sample, unit: number): string {
  return changeColor(folded.own.cum[sample][unit], folded.base?.cum[sample][unit] ?? 0);
}
