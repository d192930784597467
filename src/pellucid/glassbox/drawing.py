"""Pieces of an SVG: formulas with their scripts, boxes, arrows, and one style sheet for light and dark.

There is no script and nothing from outside in it. Widths of text are estimated, since only the reader's browser knows its fonts; all
places are chosen so that the estimate need not be exact.
"""

from __future__ import annotations

import html
from collections.abc import Iterable, Sequence
from zlib import crc32

from pellucid.glassbox.notation import Fraction, Glyphs, glyphs

SCRIPT = 0.7
"""the size of a script, of its line's"""
_RAISED = {0: 0.0, 1: -0.42, -1: 0.26}
_WIDTHS = {
    **dict.fromkeys("ijlt′|.,:; ", 0.28), **dict.fromkeys("frs()[]{}-‖", 0.36), **dict.fromkeys("mM%", 0.8), **dict.fromkeys("wW⊙", 0.75),
    **dict.fromkeys("=+−<>≥≤≠·×→", 0.58), "\u2009": 0.17, "\xa0": 0.25, "Σ": 0.6, "⋯": 0.9, "⋱": 0.9,
}  # fmt: skip
"""of each sign, in ems of a serif face; half an em for all others, two thirds for capitals"""

LIGHT = {
    "paper": "#ffffff", "ink": "#1b1b1b", "muted": "#595f66", "forward": "#005a8c", "backward": "#a33f00",
    "box": "#eef5fa", "parameter": "#fdf3dc", "data": "#f1f1f1", "cost": "#fbe9df", "edge": "#9aa3ab",
}  # fmt: skip
DARK = {
    "paper": "#16191d", "ink": "#ececec", "muted": "#a9b1ba", "forward": "#6cbcf0", "backward": "#ffa25c",
    "box": "#1d2a36", "parameter": "#372c13", "data": "#26292d", "cost": "#3a2418", "edge": "#5d666f",
}  # fmt: skip
"""colours that are told apart in every common kind of colour blindness, and read on their ground (contrast of 4.5 and more)"""


def width(latex: str, size: float) -> float:
    """About how wide a formula is when it is drawn."""
    return sum(_piece_width(piece, size) for piece in glyphs(latex))


def formula(x: float, y: float, latex: str, size: float, look: str = "ink", anchor: str = "start") -> str:
    """A formula on the line y, from x on, or with its middle or end at x."""
    pieces = glyphs(latex)
    shift = {"start": 0.0, "middle": 0.5, "end": 1.0}[anchor]
    if not any(isinstance(piece, Fraction) for piece in pieces):
        return _text(x, y, pieces, size, look, anchor)  # type: ignore[arg-type]
    at, found, line = x - shift * width(latex, size), [], []
    for piece in (*pieces, None):
        if isinstance(piece, Glyphs):
            line.append(piece)
            continue
        if line:
            found.append(_text(at, y, line, size, look, "start"))
            at += sum(_piece_width(part, size) for part in line)
            line = []
        if piece is not None:
            wide = _piece_width(piece, size)
            found += _fraction(at + wide / 2, y, piece, size, look)
            at += wide
    return "".join(found)


def words(x: float, y: float, text: str, size: float, look: str = "muted", anchor: str = "start") -> str:
    """A line of plain words."""
    return f'<text x="{x:g}" y="{y:g}" class="{look}" font-size="{size:g}" text-anchor="{anchor}">{html.escape(text)}</text>'


def box(x: float, y: float, wide: float, high: float, look: str, edge: str, marked: bool = False) -> str:
    """A rectangle with round corners."""
    place = f'x="{x:g}" y="{y:g}" width="{wide:g}" height="{high:g}" rx="7"'
    return f'<rect {place} class="{look}-fill {edge}-line" stroke-width="{2.2 if marked else 1.2}"/>'


def arrow(points: Sequence[tuple[float, float]], look: str, dashed: bool = False, thick: float = 1.4, head: bool = True) -> str:
    """A line along the points, with a head at the last."""
    (x0, y0), (x1, y1) = points[-2], points[-1]
    length = max(((x1 - x0) ** 2 + (y1 - y0) ** 2) ** 0.5, 1e-9)
    ux, uy = (x1 - x0) / length, (y1 - y0) / length
    size = 5.5 + thick
    foot = (x1 - size * ux, y1 - size * uy) if head else (x1, y1)
    path = " L".join(f"{x:g},{y:g}" for x, y in [*points[:-1], foot])
    dash = ' stroke-dasharray="5 3.5"' if dashed else ""
    drawn = f'<path d="M{path}" class="{look}-line" fill="none" stroke-width="{thick:g}"{dash}/>'
    if not head:
        return drawn
    wing = size * 0.45
    corners = [(x1, y1), (foot[0] - uy * wing, foot[1] + ux * wing), (foot[0] + uy * wing, foot[1] - ux * wing)]
    return drawn + f'<path d="M{" L".join(f"{x:.4g},{y:.4g}" for x, y in corners)}Z" class="{look}-fill"/>'


def document(wide: float, high: float, title: str, description: str, parts: Iterable[str]) -> str:
    """A whole SVG, on a ground of its own; it shrinks with the page, and a reader of the screen is told its title and description."""
    body = "\n".join(parts)
    name = f"p{crc32(f'{title}{description}{body}'.encode()):08x}"
    head = f'viewBox="0 0 {wide:g} {high:g}" width="{wide:g}" height="{high:g}" style="max-width:100%;height:auto"'
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="pellucid-drawing" {head} '
        f'role="img" aria-labelledby="{name}-title {name}-text">\n'
        f'<title id="{name}-title">{html.escape(title)}</title>\n<desc id="{name}-text">{html.escape(description)}</desc>\n'
        f"<style>{_sheet()}</style>\n"
        f'<rect width="{wide:g}" height="{high:g}" rx="8" class="paper-fill"/>\n{body}\n</svg>\n'
    )


def _sheet() -> str:
    """The style sheet: the colours of the light ground, then those of the dark one."""
    font = (
        "'STIX Two Text','STIX Two Math',STIXGeneral,'Cambria Math',Cambria,'Latin Modern Roman','Times New Roman','Liberation Serif',serif"
    )
    lines = [
        f"text{{font-family:{font}}}",
        "text.number{font-family:'DejaVu Sans Mono',Menlo,Consolas,monospace}",
        ".italic{font-style:italic}",
    ]
    for colors, before, after in ((LIGHT, "", ""), (DARK, "@media (prefers-color-scheme:dark){", "}")):
        rules = [f".{name},.{name}-fill{{fill:{color}}}.{name}-line{{stroke:{color}}}" for name, color in colors.items()]
        lines.append(f"{before}{_scoped(rules)}{after}")
    return _scoped(lines[:3]) + "".join(lines[3:])


def _scoped(rules: Iterable[str]) -> str:
    """The rules for our drawings alone: the sheet of a drawing within a page is one for the whole page."""
    parts = "".join(rules).split("}")
    scoped = []
    for part in filter(None, parts):
        names, _, style = part.partition("{")
        scoped.append(",".join(f".pellucid-drawing {name}" for name in names.split(",")) + "{" + style + "}")
    return "".join(scoped)


def _piece_width(piece: Glyphs | Fraction, size: float) -> float:
    if isinstance(piece, Fraction):
        return max(sum(_piece_width(part, size * 0.92) for part in parts) for parts in (piece.over, piece.under)) + 0.3 * size
    ems = sum(_WIDTHS.get(sign, 0.68 if sign.isupper() else 0.5) for sign in piece.text)
    return ems * size * (SCRIPT if piece.level else 1)


def _text(x: float, y: float, pieces: Sequence[Glyphs], size: float, look: str, anchor: str) -> str:
    """One line; scripts are raised and lowered by steps that add up to nothing."""
    spans, at, before = [], 0.0, None
    for piece in pieces:
        step = _RAISED[piece.level] * size - at
        at += step
        back = -_piece_width(before, size) if before is not None and before.level == 1 and piece.level == -1 else 0.0
        place = (f' dx="{back:.4g}"' if back else "") + (f' dy="{step:.4g}"' if abs(step) > 1e-9 else "")
        script = f' font-size="{size * SCRIPT:.4g}"' if piece.level else ""
        look_of = ' class="italic"' if piece.italic else ""
        text = html.escape(piece.text.replace(" ", "\xa0"))
        spans.append(f"<tspan{look_of}{place}{script}>{text}</tspan>" if look_of or place or script else text)
        before = piece
    return f'<text x="{x:.5g}" y="{y:.5g}" class="{look}" font-size="{size:g}" text-anchor="{anchor}">{"".join(spans)}</text>'


def _fraction(x: float, y: float, piece: Fraction, size: float, look: str) -> list[str]:
    half, bar = _piece_width(piece, size) / 2 - 0.08 * size, y - 0.28 * size
    line = f'<path d="M{x - half:.5g},{bar:.5g} H{x + half:.5g}" class="{look}-line" stroke-width="{size / 16:.3g}"/>'
    over = _text(x, bar - 0.32 * size, piece.over, size * 0.92, look, "middle")
    return [over, line, _text(x, bar + 0.92 * size, piece.under, size * 0.92, look, "middle")]
