// dom - elements made by hand: whatever a profile says is only ever set as text

type Child = Node | string | null | undefined | boolean;
type Handler = (event: any) => void;
export type Attributes = Record<string, string | number | boolean | null | undefined | Handler>;

function fill<T extends Element>(element: T, attributes: Attributes, children: Child[]): T {
  for (const [name, value] of Object.entries(attributes))
    if (typeof value === "function")
      element.addEventListener(name.replace(/^on/, ""), value);
    else if (value === true)
      element.setAttribute(name, "");
    else if (value !== false && value !== null && value !== undefined)
      element.setAttribute(name, String(value));
  for (const child of children)
    if (child instanceof Node || (typeof child === "string" && child))
      element.append(child);
  return element;
}

export const el = <K extends keyof HTMLElementTagNameMap>(
  tag: K, attributes: Attributes = {}, ...children: Child[]): HTMLElementTagNameMap[K] =>
  fill(document.createElement(tag), attributes, children);

export const svg = (tag: string, attributes: Attributes = {}, ...children: Child[]): SVGElement =>
  fill(document.createElementNS("http://www.w3.org/2000/svg", tag), attributes, children);

// A choice among a few, as radio buttons in one row.
export function segments(label: string, options: [string, string][], chosen: string,
                         choose: (value: string) => void): HTMLElement {
  const group = el("div", { class: "segments", role: "radiogroup", "aria-label": label });
  for (const [value, text] of options)
    group.append(el("button", { type: "button", role: "radio", class: "segment",
      "aria-checked": String(value === chosen), tabindex: value === chosen ? 0 : -1,
      "data-value": value, onclick: () => choose(value) }, text));
  group.addEventListener("keydown", event => moveAmong(event, group, "[role=radio]"));
  return group;
}

// Arrow keys go to the next of a group and choose it, as the roles promise.
export function moveAmong(event: KeyboardEvent, group: Element, selector: string): void {
  const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
  const items = [...group.querySelectorAll<HTMLElement>(selector)];
  const at = items.indexOf(document.activeElement as HTMLElement);
  if (!step || at < 0)
    return;
  event.preventDefault();
  const value = items[(at + step + items.length) % items.length].dataset.value;
  items[(at + step + items.length) % items.length].click();
  group.ownerDocument.querySelector<HTMLElement>(
    `[aria-label="${group.getAttribute("aria-label")}"] [data-value="${value}"]`)?.focus();
}

// Marks a box that scrolls sideways where it hides something: the style fades that edge.
export function fadeWhereCut(box: HTMLElement): () => void {
  const mark = () => {
    const left = box.scrollLeft, right = box.scrollWidth - box.clientWidth - left;
    box.classList.toggle("cut-left", left > 1);
    box.classList.toggle("cut-right", right > 1);
  };
  box.addEventListener("scroll", mark, { passive: true });
  new ResizeObserver(mark).observe(box);
  return mark;
}

export const bar = (share: number, kind = ""): HTMLElement => {
  const inner = el("span", { class: `bar-fill ${kind}` });
  inner.style.width = `${Math.max(0, Math.min(1, Math.abs(share) || 0)) * 100}%`;
  return el("span", { class: "bar", "aria-hidden": "true" }, inner);
};
