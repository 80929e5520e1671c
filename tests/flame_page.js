/*
 * flame_page - runs the script of a flame graph page on a document of stubs
 *
 * Usage: node flame_page.js FILE.html SEARCH
 * Prints what the status line says: at first, after a click on the second row, of the
 * search, of the search in alloc_objects, and of a broken search.
 */
"use strict";
const fs = require("fs");
const [page, term] = [fs.readFileSync(process.argv[2], "utf8"), process.argv[3]];
const [data, code] = page.split("<script").slice(1)
  .map(part => part.slice(part.indexOf(">") + 1, part.indexOf("</script>")));
const handlers = {}, elements = {};

function stub(id) {
  const pen = new Proxy({}, { get: (target, key) => target[key] ?? (() => {}) });
  const classes = new Set();
  return {
    textContent: id === "data" ? data : "", style: {}, append() {}, getContext: () => pen,
    classList: { contains: c => classes.has(c), toggle: c => classes.add(c),
      add: c => classes.add(c) },
    parentElement: { clientWidth: 1232 }, getBoundingClientRect: () => ({ left: 0, top: 0 }),
    addEventListener(event, handler) { (handlers[id] ??= {})[event] = handler; },
  };
}

global.document = { getElementById: id => elements[id] ??= stub(id),
  documentElement: stub("root"), createElement: () => stub("option") };
global.window = { matchMedia: () => ({ matches: true }), addEventListener() {} };
global.getComputedStyle = () => ({ getPropertyValue: () => "#000" });
(0, eval)(code);

const say = () => console.log(elements.status.textContent);
say();
handlers.graph.click({ clientX: 10, clientY: 30 });
say();
handlers.search.input({ target: { value: term } });
say();
handlers.sample.change({ target: { value: "alloc_objects" } });
say();
handlers.search.input({ target: { value: "(" } });
say();
