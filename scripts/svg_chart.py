"""Small bar and line charts as SVG, for the benchmark documents.

bars(path, title, unit, [(label, value, note)]) draws horizontal bars;
lines(path, title, x_unit, y_unit, [(label, [(x, y)])], limit) draws lines and, when
given, a dashed limit. Nothing but the standard library, colours that also work in grey.
"""
from xml.sax.saxutils import escape

COLOURS = ["#3366aa", "#cc6633", "#559955", "#885599", "#888888"]
HEAD = ('<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {w} {h}" width="{w}" '
        'height="{h}" font-family="sans-serif" font-size="13">\n'
        '<rect width="100%" height="100%" fill="white"/>\n'
        '<text x="12" y="22" font-size="15" font-weight="bold">{title}</text>\n')


def text(x, y, words, anchor="start", fill="#222"):
    return f'<text x="{x:.0f}" y="{y:.0f}" text-anchor="{anchor}" fill="{fill}">{escape(words)}</text>\n'


def bars(path, title, unit, rows):
    top = max(value for _, value, _ in rows) or 1
    out = HEAD.format(w=760, h=50 + 26 * len(rows), title=escape(title))
    for i, (label, value, note) in enumerate(rows):
        y = 40 + 26 * i
        width = 360 * value / top
        out += text(230, y + 14, label, "end")
        out += (f'<rect x="240" y="{y}" width="{width:.1f}" height="18" '
                f'fill="{COLOURS[i % 2]}"/>\n')
        out += text(246 + width, y + 14, f"{value:,.0f} {unit} {note}")
    with open(path, "w") as file:
        file.write(out + "</svg>\n")


def lines(path, title, x_unit, y_unit, series, limit=None):
    width, height, left, bottom = 760, 320, 70, 40
    xs = [x for _, points in series for x, _ in points]
    ys = [y for _, points in series for _, y in points] + ([limit[1]] if limit else [])
    x_top, y_top = max(xs) or 1, max(ys) * 1.1 or 1

    def at(x, y):
        return (left + (width - left - 20) * x / x_top,
                height - bottom - (height - bottom - 50) * y / y_top)

    out = HEAD.format(w=width, h=height + 20 * len(series), title=escape(title))
    for k in range(5):
        x, y = at(x_top * k / 4, y_top * k / 4)
        out += f'<line x1="{left}" x2="{width - 20}" y1="{y:.1f}" y2="{y:.1f}" stroke="#ddd"/>\n'
        out += text(left - 6, y + 4, f"{y_top * k / 4:,.0f}", "end", "#555")
        out += text(x, height - bottom + 18, f"{x_top * k / 4:,.0f}", "middle", "#555")
    out += text(left, 42, y_unit, fill="#555") + text(width - 20, height - 6, x_unit, "end", "#555")
    if limit:
        _, y = at(0, limit[1])
        out += (f'<line x1="{left}" x2="{width - 20}" y1="{y:.1f}" y2="{y:.1f}" '
                'stroke="#222" stroke-dasharray="6 4"/>\n') + text(left + 8, y - 5, limit[0])
    for i, (label, points) in enumerate(series):
        path_text = " ".join("%.1f,%.1f" % at(x, y) for x, y in points)
        colour = COLOURS[i % len(COLOURS)]
        out += f'<polyline points="{path_text}" fill="none" stroke="{colour}" stroke-width="2"/>\n'
        out += f'<rect x="{left}" y="{height + 20 * i - 4}" width="14" height="4" fill="{colour}"/>\n'
        out += text(left + 22, height + 20 * i + 2, label)
    with open(path, "w") as file:
        file.write(out + "</svg>\n")
