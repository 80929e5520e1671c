// abridge - a stack short enough to read in one line
//
// It begins at main, or where a thread's own code begins. The C and C++ libraries go
// first, then what has no name, then other modules; of the program's own functions
// none is left out of any stack that a reader could follow.

// A frame; line 0 unknown, unit -1: the page has no such function.
export interface Step { name: string; module: string; unit: number; file: string; line: number }

const SHOWN = 8, OWN_SHOWN = 20;
const LIBRARY = /^(ld|ld-linux.*|ld-musl.*|libc|libc\.musl.*|libpthread|libstdc\+\+|libc\+\+|libc\+\+abi|libgcc_s)([-.][\d.]+)?(\.so.*)?$/;
const CONTAINER = /^(std|__gnu_cxx|__cxxabiv1)::|^operator (new|delete)\b|^_start$|^_dl_/;
const NAMELESS = /\+0x[0-9a-f]+$/;

const isLibrary = (step: Step) => LIBRARY.test(step.module) || CONTAINER.test(step.name);

// The lower, the sooner it goes.
function worth(step: Step, program: string): number {
  return isLibrary(step) ? 0 : NAMELESS.test(step.name) ? 1 : step.module !== program ? 2 : 3;
}

function entry(path: Step[], at: number): number {
  const main = path.findIndex((step, i) => i <= at && step.name === "main");
  if (main >= 0)
    return main;
  const own = path.findIndex((step, i) => i >= at || !isLibrary(step));
  return Math.max(own, 0);
}

// Null stands for what is left out; `at` is the named frame, the program a module.
export function abridge(path: Step[], at: number, program: string): (Step | null)[] {
  const first = entry(path, at), kept = path.map((_, i) => i >= first);
  let count = path.length - first;
  const go = path.map((step, i) => ({ i, worth: worth(step, program) }))
    .filter(({ i }) => i > first && i !== at && i !== path.length - 1)
    .sort((a, b) => a.worth - b.worth || Math.abs(b.i - at) - Math.abs(a.i - at));
  for (const one of go)
    if (count > (one.worth === 3 ? OWN_SHOWN : SHOWN)) {
      kept[one.i] = false;
      count--;
    }
  return path.slice(first).map((step, i) => kept[first + i] ? step : null)
    .filter((step, i, all) => step !== null || all[i - 1] !== null);
}
