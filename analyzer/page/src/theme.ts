// theme - light or dark: the reader's choice, else the system's; paper is light

const KEY = "heapring-theme";

export class Theme {
  private readonly system = matchMedia("(prefers-color-scheme: dark)");
  private chosen: string | null = null;

  constructor(private readonly changed: () => void) {
    try {
      this.chosen = localStorage.getItem(KEY);
    } catch { /* a page from a file may have no storage */ }
    this.set(this.wanted());
    this.system.addEventListener("change", () => this.apply());
  }

  private wanted(): string {
    return this.chosen === "light" || this.chosen === "dark" ? this.chosen
      : this.system.matches ? "dark" : "light";
  }

  private set(theme: string): void {
    document.documentElement.dataset.theme = theme;
  }

  private apply(): void {
    this.set(this.wanted());
    this.changed();
  }

  toggle(): void {
    this.chosen = this.wanted() === "dark" ? "light" : "dark";
    try {
      localStorage.setItem(KEY, this.chosen);
    } catch { /* as above */ }
    this.apply();
  }

  toPaper(): void {
    this.set("light");
  }

  fromPaper(): void {
    this.apply();
  }
}
