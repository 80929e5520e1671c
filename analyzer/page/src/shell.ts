// shell - command lines for a terminal, to be copied

import { el } from "./dom";
import { baseName, type Frame, type Raw, type Sample } from "./data";

const quoted = (text: string) => /^[\w@%+=:,./-]+$/.test(text) ? text
  : `'${text.replace(/'/g, "'\\''")}'`;

const isNameless = (name: string) => /(^|\+)0x[0-9a-f]+$/.test(name);

// The process while its segment is there, else the file, as if it lay beside the reader.
export function targetOf({ process, target }: Raw): string {
  const isSegment = process.state === "live" || /^heapring\.\d+\.\d+$/.test(target ?? "");
  return process.pid && isSegment ? String(process.pid) : target ?? "TARGET";
}

// With the options of the page, and a figure of which the function has some.
export function listCommand(raw: Raw, frame: Frame, sample: Sample): string {
  const name = frame.function.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&");
  const options = { "at": raw.at, "sample": sample === "inuse_space" ? undefined : sample,
    "source-path": raw.source_path, "trim-path": raw.trim_path };
  return ["heapring list", ...Object.entries(options).filter(([, value]) => value)
    .map(([option, value]) => `--${option} ${quoted(value!)}`),
    quoted(`^${name}$`), quoted(targetOf(raw))].join(" ");
}

// Stops where the frame allocates; null where a debugger would not know the place.
export function gdbCommand(raw: Raw, frame: Frame): string | null {
  const { process } = raw, command = process.command.length ? process.command : [process.exe];
  if (!frame.file && isNameless(frame.function))
    return null;
  const stop = quoted(`break ${frame.file && frame.line ? `${baseName(frame.file)}:${frame.line}`
    : frame.function}`);
  return process.state === "live" ? `gdb -p ${process.pid} -ex ${stop} -ex continue`
    : `gdb -ex ${stop} -ex run --args ${command.map(quoted).join(" ")}`;
}

async function copy(text: string, line: HTMLElement): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch { // a page of another host has no clipboard: the reader's own keys copy it
    getSelection()?.selectAllChildren(line);
    return false;
  }
}

export function commandLine(text: string): HTMLElement {
  const line = el("code", {}, text);
  const button: HTMLElement = el("button", { type: "button", class: "button copy",
    "aria-label": `Copy: ${text}`, onclick: async () => {
      button.textContent = await copy(text, line) ? "Copied" : "Selected";
      setTimeout(() => { button.textContent = "Copy"; }, 2000);
    } }, "Copy");
  return el("p", { class: "command-line" }, line, button);
}
