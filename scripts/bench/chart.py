"""The slowdowns as an SVG bar chart, written without a library."""
from html import escape
from math import log10

COLOURS = {"noop": "#b9c2cc", "unw": "#8d99a6", "exact": "#d9480f", "sampled": "#f59f00",
           "dormant": "#ffd43b", "ht-raw": "#1971c2", "heaptrack": "#74c0fc",
           "je-sampled": "#2f9e44", "je-exact": "#8ce99a", "tc-sampled": "#862e9c",
           "tc-exact": "#e599f7"}
LEFT, WIDTH, BAR, GAP = 130, 720, 11, 16
STYLE = "font: 12px sans-serif"


def x_of(ratio, most):
    """Logarithmic: 1 at the left edge."""
    return LEFT + (WIDTH - LEFT - 60) * max(0.0, log10(max(ratio, 1))) / log10(most)


def legend(tools):
    parts, x = [], 12
    for tool in tools:
        parts.append('<rect x="%d" y="26" width="10" height="10" fill="%s"/>'
                     '<text x="%d" y="35">%s</text>' % (x, COLOURS[tool], x + 14, escape(tool)))
        x += 24 + 7 * len(tool)
    return parts


def bars(results, program, tools, y, most):
    parts = ['<text x="%d" y="%d" text-anchor="end">%s</text>' % (
        LEFT - 8, y + len(tools) * BAR / 2 + 4, escape(program))]
    for tool in tools:
        found = results.slowdown(program, tool)
        if found:
            end = x_of(found[0], most)
            parts.append('<rect x="%d" y="%d" width="%.1f" height="%d" fill="%s"/>'
                         '<text x="%.1f" y="%d" style="font: 9px sans-serif">%.2f</text>' % (
                             LEFT, y, max(1, end - LEFT), BAR - 2, COLOURS[tool], end + 3,
                             y + 8, found[0]))
        y += BAR
    return parts


def grid(most, bottom):
    parts = []
    for ratio in (1, 2, 5, 10, 20, 50, 100, 200, 500):
        if ratio <= most:
            x = x_of(ratio, most)
            parts.append('<line x1="%.1f" y1="46" x2="%.1f" y2="%d" stroke="#ddd"/>'
                         '<text x="%.1f" y="%d" text-anchor="middle">%dx</text>' % (
                             x, x, bottom, x, bottom + 14, ratio))
    return parts


def draw(results, programs, tools):
    tools = [tool for tool in tools if tool in COLOURS]
    ratios = [results.slowdown(p, t)[0] for p in programs for t in tools
              if results.slowdown(p, t)]
    most = max(ratios + [2]) * 1.1
    step = len(tools) * BAR + GAP
    bottom = 52 + step * len(programs)
    parts = ['<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" style="%s">' % (
        WIDTH, bottom + 24, STYLE), '<rect width="100%" height="100%" fill="white"/>',
        '<text x="%d" y="16" style="font: bold 13px sans-serif">Wall time, times that of the '
        'program alone (logarithmic)</text>' % LEFT]
    parts += legend(tools) + grid(most, bottom)
    for i, program in enumerate(programs):
        parts += bars(results, program, tools, 52 + i * step, most)
    return "\n".join(parts + ["</svg>", ""])
