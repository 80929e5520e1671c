// context - what every view draws from: the profile at the chosen level, and the search
//
// Rebuilt when the level or the data changes; views ask it, and never each other.

import { baseName, type Level, type Profile, type Sample } from "./data";
import { ModuleColors } from "./color";
import { fold, type Folded } from "./model";
import { callTree, invertedTree, type Tree } from "./tree";
import type { Store } from "./state";

export interface Search {
  text: string;
  found: Set<number> | null; // units; null: nothing is searched
  broken: boolean;           // the text is no regular expression
  folded: Folded;
}

export class Context {
  profile: Profile;
  private folds = new Map<Level, Folded>();
  private trees = new Map<string, Tree>();
  private coloring: ModuleColors | null = null;
  private searched: Search | null = null;

  constructor(profile: Profile, readonly store: Store) {
    this.profile = profile;
  }

  replace(profile: Profile): void {
    this.profile = profile;
    this.folds.clear();
    this.trees.clear();
    this.coloring = this.searched = null;
  }

  get state() { return this.store.state; }
  get sample(): Sample { return this.state.sample; }
  get total(): number { return this.profile.raw.own_total[this.sample]; }
  get program(): string { return baseName(this.profile.raw.process.exe || "heapring"); }
  get folded(): Folded { return this.foldedAt(this.state.level); }

  foldedAt(level: Level): Folded {
    let folded = this.folds.get(level);
    if (!folded)
      this.folds.set(level, folded = fold(this.profile, level));
    return folded;
  }

  get tree(): Tree { return this.treeAt(this.state.level, this.state.invert); }

  treeAt(level: Level, invert: boolean): Tree {
    const key = `${level} ${invert}`, folded = this.foldedAt(level);
    let tree = this.trees.get(key);
    if (!tree)
      this.trees.set(key, tree = invert ? invertedTree(folded) : callTree(folded));
    return tree;
  }

  get colors(): ModuleColors {
    return this.coloring ??= new ModuleColors(this.foldedAt("modules"), this.program);
  }

  get selected(): number {
    return this.folded.byKey.get(this.state.sel) ?? -1;
  }

  select(unit: number): void {
    this.store.set({ sel: unit < 0 ? "" : this.folded.units[unit].key, line: 0 });
  }

  // A function's name, its file or its module, whatever the case.
  get search(): Search {
    const text = this.state.q, folded = this.folded;
    if (this.searched?.text === text && this.searched.folded === folded)
      return this.searched;
    let pattern: RegExp | null = null, broken = false;
    try {
      pattern = text ? new RegExp(text, "i") : null;
    } catch {
      broken = true;
    }
    const found = pattern && new Set<number>();
    folded.units.forEach((unit, i) => {
      if (pattern && (pattern.test(unit.name) || pattern.test(unit.file) ||
          pattern.test(unit.module)))
        found!.add(i);
    });
    return this.searched = { text, found, broken, folded };
  }
}

export interface Panel {
  element: HTMLElement;
  // Draws what the state asks for; called when the panel is shown and after a change.
  draw(): void;
}
