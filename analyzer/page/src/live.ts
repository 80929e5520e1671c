// live - a page that is served asks again and again for its data
//
// The next question comes a while after the last answer, so a slow server is never
// asked twice at once; after a failure it comes later and later. A page in the
// background waits.

import { el } from "./dom";
import type { Raw } from "./data";

const EVERY_MS = 2000, SLOWEST_MS = 30000;

export class Live {
  private failures = 0;
  private paused = false;
  private timer = 0;
  private readonly text = el("span", { role: "status" });
  private readonly button = el("button", { type: "button", class: "button" }, "Pause");

  constructor(host: HTMLElement, private readonly take: (raw: Raw) => void) {
    this.button.addEventListener("click", () => {
      this.paused = !this.paused;
      this.button.textContent = this.paused ? "Go on" : "Pause";
      this.say(this.paused ? "paused" : "live");
      if (!this.paused)
        this.ask();
    });
    document.addEventListener("visibilitychange", () => {
      if (!document.hidden && !this.paused)
        this.ask();
    });
    host.replaceChildren(this.text, this.button);
    this.say("live");
    this.later(EVERY_MS);
  }

  private say(text: string): void {
    this.text.textContent = text;
    this.text.className = `live-state ${text.split(" ")[0]}`;
  }

  private later(delay: number): void {
    clearTimeout(this.timer);
    this.timer = window.setTimeout(() => this.ask(), delay);
  }

  private async ask(): Promise<void> {
    clearTimeout(this.timer);
    if (this.paused || document.hidden)
      return;
    try {
      const answer = await fetch("data.json" + location.search, { cache: "no-store" });
      if (!answer.ok)
        throw new Error(`${answer.status}`);
      const raw = await answer.json() as Raw;
      this.failures = 0;
      this.take(raw);
      this.say(raw.process.state === "live" ? "live" : "ended");
      if (raw.process.state !== "live") {
        this.button.hidden = true;
        return;
      }
    } catch {
      this.failures++;
      this.say(`no answer; asking again`);
    }
    this.later(Math.min(SLOWEST_MS, EVERY_MS * 2 ** this.failures));
  }
}
