// format - figures as text, in the units of the command line

import type { Sample } from "./data";

const BYTES = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"], COUNTS = ["", "k", "M", "G", "T", "P"];

const MOST_DIGITS = 999.5; // 1022 KiB is 0.998 MiB, beside a peak of 1.00 MiB

function scaled(value: number, step: number, units: string[]): string {
  let size = Math.abs(value), unit = 0;
  while (size >= (unit ? MOST_DIGITS : step) && unit < units.length - 1) {
    size /= step;
    unit++;
  }
  const digits = unit === 0 ? String(Math.round(size))
    : size >= 99.95 ? String(Math.round(size)) : size.toPrecision(3);
  return (value < 0 ? "\u2212" : "") + digits + (units[unit] ? "\u202f" + units[unit] : "");
}

// In the unit of another figure that stands beside it, where that leaves digits to read.
export function alike(value: number, other: number): string {
  const unit = Math.floor(Math.log2(Math.max(1, Math.abs(other))) / 10);
  const size = Math.abs(value) / 1024 ** unit;
  return unit === 0 || size < 0.1 || unit >= BYTES.length ? bytes(value)
    : `${value < 0 ? "\u2212" : ""}${size >= 99.95 ? Math.round(size)
      : size.toPrecision(3)}\u202f${BYTES[unit]}`;
}

export const isBytes = (sample: Sample) => sample.endsWith("space");
export const bytes = (value: number) => scaled(value, 1024, BYTES);
export const count = (value: number) => Math.abs(value) < 100000
  ? (value < 0 ? "\u2212" : "") + Math.abs(Math.round(value)).toLocaleString("en-US")
  : scaled(value, 1000, COUNTS);
export const counted = (value: number, noun: string) =>
  `${count(value)} ${noun}${value === 1 ? "" : "s"}`;
export const figure = (sample: Sample, value: number) =>
  isBytes(sample) ? bytes(value) : count(value);
export const exactly = (sample: Sample, value: number) =>
  Math.round(value).toLocaleString("en-US") + (isBytes(sample) ? " bytes" : "");

const POWER = /(?<![\w.])\d+(?:\.\d+)?e[+-]?\d+(?!\w)/g;
const UNIT = /(?<![\w.,/]|\w-)(\d[\d,]*(?:\.\d+)?)(B|[KMGTP]iB|[kMGTP]|ms|s|min|h|%)(?!\w)/g;

// A sentence of the command line, its figures as they are written here; what stands
// in backticks is to be typed as it is.
export function asOnPage(sentence: string): string {
  return sentence.split("`").map((part, i) => i % 2 ? part
    : part.replace(POWER, power => Number(power).toLocaleString("en-US",
      { maximumSignificantDigits: 3 })).replace(UNIT, "$1\u202f$2")).join("`");
}

// With a sign, for differences.
export const signed = (sample: Sample, value: number) =>
  (value > 0 ? "+" : "") + figure(sample, value);

export function percent(part: number, whole: number): string {
  if (!whole || !part)
    return "0\u202f%";
  const share = 100 * part / whole, size = Math.abs(share);
  const digits = size >= 99.995 ? 0 : size >= 9.995 ? 1 : size >= 0.01 ? 2 : -1;
  return (digits < 0 ? (share < 0 ? "\u2212" : "") + "<0.01"
    : share.toFixed(digits).replace("-", "\u2212")) + "\u202f%";
}

export function duration(seconds: number): string {
  if (seconds < 1)
    return `${Math.round(seconds * 1000)}\u202fms`;
  if (seconds < 120)
    return `${seconds < 10 ? seconds.toFixed(1) : Math.round(seconds)}\u202fs`;
  if (seconds < 7200)
    return `${Math.round(seconds / 60)}\u202fmin`;
  if (seconds < 172800)
    return `${(seconds / 3600).toFixed(1)}\u202fh`;
  return `${(seconds / 86400).toFixed(1)}\u202fdays`;
}

export const SAMPLE_NAMES: Record<Sample, string> = {
  inuse_space: "In use", inuse_objects: "Blocks in use",
  alloc_space: "Allocated", alloc_objects: "Allocations",
};
