"""The style of a page: the colours of the parts, light and dark; what is too wide scrolls in its own box; print."""

from __future__ import annotations

from pellucid.glassbox.render.words import PARTS

PAGE = """
:root{color-scheme:light dark;--ink:#1b1f24;--faint:#59636e;--paper:#fff;--card:#f6f8fa;--line:#d1d9e0;--link:#0a58b8}
@media (prefers-color-scheme:dark){:root{--ink:#e6edf3;--faint:#a3adb8;--paper:#0f1318;--card:#171d24;--line:#38414b;--link:#79b8ff}}
html{-webkit-text-size-adjust:100%;text-size-adjust:100%}
body{margin:0;background:var(--paper);color:var(--ink);font:17px/1.5 system-ui,sans-serif}
main.pellucid{max-width:54rem;margin:0 auto;padding:1rem 1rem 4rem}
h1{font-size:1.6rem;line-height:1.25;margin:.5rem 0}
h2{font-size:1.2rem;margin:2.2rem 0 .4rem;padding-top:.4rem;border-top:1px solid var(--line)}
h1,h2,p,li{overflow-wrap:anywhere}
a{color:var(--link)}
nav h2{border:0;margin:1rem 0 .2rem;font-size:1rem}
nav ol{margin:0;padding-left:1.6rem;columns:20rem}
@media print{:root{color-scheme:light;--ink:#000;--faint:#333;--paper:#fff;--card:#fff;--line:#999;--link:#000}
body{font-size:10.5pt}nav{break-after:avoid}.pellucid .scroll,.pellucid .sheet,.pellucid .side,.pellucid .piece
{overflow:visible!important;max-height:none!important}
h2{break-after:avoid}.pellucid .step{break-inside:avoid}a{text-decoration:none}}
"""
"""of a page alone; a notebook has its own"""

SHARED = """
.pellucid ol.steps{list-style:none;margin:.6rem 0;padding:0}
.pellucid .step{margin:.7rem 0;padding:.5rem .2rem .4rem .8rem;border-left:4px solid var(--part)}
.pellucid .step .step{margin-left:.2rem}
.pellucid .equation{display:grid;grid-template-columns:auto minmax(0,1fr);column-gap:.3em;row-gap:.35em;align-items:baseline}
.pellucid .left{grid-column:1;white-space:nowrap;color:var(--part)}
.pellucid .left.stacked{grid-column:1/-1;white-space:normal}
.pellucid .side{grid-column:2;padding-left:1.3em;text-indent:-1.3em;line-height:1.9}
.pellucid .piece{display:inline-block;padding:.15em 0;max-width:100%;overflow-x:auto;overflow-y:hidden;vertical-align:middle;text-indent:0}
.pellucid .value{display:flex;align-items:center;gap:.35em;padding:0;text-indent:0;line-height:1.5}
.pellucid .scroll{min-width:0;overflow-x:auto}
.pellucid .matrix{display:inline-block;position:relative;padding:0 .45em}
.pellucid .matrix::before,.pellucid .matrix::after{content:"";position:absolute;top:0;bottom:0;width:.3em;border:1.5px solid currentColor}
.pellucid .matrix::before{left:0;border-right:0}
.pellucid .matrix::after{right:0;border-left:0}
.pellucid .matrix table{border-collapse:collapse;margin:0;border:0;font-size:.94em;font-variant-numeric:tabular-nums lining-nums}
.pellucid .matrix tr,.pellucid .matrix td{background:none;border:0;padding:.06em .4em;text-align:right;white-space:nowrap}
.pellucid .number{font-variant-numeric:tabular-nums lining-nums;white-space:nowrap}
.pellucid .caption{color:var(--faint,inherit);font-size:.85em;line-height:1.4}
.pellucid .sheet{overflow:auto;max-height:44rem;margin:.6rem 0}
.pellucid .sheet table{border-collapse:collapse;font-variant-numeric:tabular-nums}
.pellucid .sheet th,.pellucid .sheet td{padding:.25em 1em .25em 0;text-align:left;vertical-align:top}
.pellucid .sheet tr{border-bottom:1px solid rgba(128,128,128,.35)}
.pellucid .sheet td .left{padding:.2em 0}
.pellucid .sheet td.number{text-align:right}
.pellucid .rule{margin:.35rem 0 0;color:var(--faint,inherit);font-size:.92em;line-height:1.4}
.pellucid .part{color:var(--part);font-weight:600;white-space:nowrap;margin-right:.5em}
.pellucid .key{color:var(--faint,inherit)}
.pellucid math{font-size:1.08em}
.pellucid mtd[columnalign=left]{text-align:left}
"""
"""of pages and notebooks"""


def _colours() -> str:
    """By what the system says, and in notebooks by what their theme says."""

    def rules(before: str, colours: dict[str, str]) -> str:
        return "".join(f"{before}.pellucid .{name}{{--part:{colour}}}" for name, colour in colours.items())

    light, dark = {part.name: part.light for part in PARTS.values()}, {part.name: part.dark for part in PARTS.values()}
    system = f"{rules('', light)}\n@media screen and (prefers-color-scheme:dark){{{rules('', dark)}}}\n"
    themes = (
        ('[data-jp-theme-light="true"] ', light),
        ('[data-jp-theme-light="false"] ', dark),
        (".vscode-light ", light),
        (".vscode-dark ", dark),
    )
    return system + "\n".join(rules(theme, colours) for theme, colours in themes) + "\n"


PARTS_STYLE = _colours()
