// names - long names in few letters; the command line has the same in name_fit.c
//
// Arguments of templates and parameters go first, the innermost before the others and no
// more levels than it takes; then the middle of the name.

const OPERATOR = /^operator(\(\)|->\*?|<=>|<<=?|>>=?|[<>]=?)/;
const ANONYMOUS = "(anonymous namespace)";
const LEVELS = 4; // that are tried one by one

// The name without what is in more than `keep` brackets, and how deep its brackets go.
function elide(name: string, keep: number): { text: string; deepest: number } {
  const open: boolean[] = []; // of each bracket: does it hold arguments?
  let text = "", depth = 0, deepest = 0;
  for (let at = 0; at < name.length;) {
    const operator = name[at] !== "o" || /\w/.test(name[at - 1] ?? "") ? null
      : OPERATOR.exec(name.slice(at, at + 12));
    const letter = operator ? operator[0] : name[at];
    if (letter === "<" || letter === "(") {
      const counts = letter === "(" ? !name.startsWith(ANONYMOUS, at)
        : /[\w:}]/.test(name[at - 1] ?? " ") || /operator\S* ?$/.test(name.slice(0, at));
      open.push(counts);
      depth += Number(counts);
      deepest = Math.max(deepest, depth);
      if (depth <= keep + Number(counts))
        text += letter;
      if (counts && depth === keep + 1 && !/[>)]/.test(name[at + 1] ?? ""))
        text += "…";
    } else if (open.length && (letter === ")" || (letter === ">" && name[at - 1] !== "-"))) {
      const counted = open.pop();
      if (depth <= keep + Number(counted))
        text += letter;
      depth -= Number(counted);
    } else if (depth <= keep) {
      text += letter;
    }
    at += letter.length;
  }
  return { text, deepest: open.length ? 0 : deepest };
}

export function shorten(name: string, most: number): string {
  if (name.length <= most)
    return name;
  let text = name, level = Math.min(LEVELS, elide(name, Infinity).deepest);
  for (; level > 0 && text.length > most; level--)
    text = elide(name, level - 1).text;
  const half = (most - 1) / 2;
  return text.length <= most ? text
    : `${text.slice(0, Math.floor(half))}…${text.slice(-Math.ceil(half))}`;
}
