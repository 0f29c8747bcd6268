"""
A BPMN file → its picture in SVG, beside it:  python tools/diagram.py FILE.bpmn…   (`make diagrams`)

Draws what the file's own layout (BPMNDI) says, with nothing but Python: events, tasks, exclusive gateways and flows. A name
`日本語 / English` stands in two lines. In a test, `drawn` tells whether a picture has gone stale.
"""

from __future__ import annotations

import sys
from html import escape
from itertools import pairwise
from pathlib import Path
from typing import Final
from xml.etree import ElementTree as ET  # files of our own

NS: Final = {
    "bpmn": "http://www.omg.org/spec/BPMN/20100524/MODEL",
    "bpmndi": "http://www.omg.org/spec/BPMN/20100524/DI",
    "dc": "http://www.omg.org/spec/DD/20100524/DC",
    "di": "http://www.omg.org/spec/DD/20100524/DI",
}
MARGIN: Final = 40
STYLE: Final = (
    "text{font:13px 'BIZ UDPGothic','Noto Sans CJK JP',sans-serif;fill:#1a1a1a}"
    ".en{font-size:11px;fill:#4d4d4d}.s{fill:#fff;stroke:#1a1a1a;stroke-width:1.5}"
    ".f{fill:none;stroke:#1a1a1a;stroke-width:1.5;marker-end:url(#a)}.end{stroke-width:3.5}.mark{fill:none;stroke:#1a1a1a;stroke-width:2}"
)


def drawn(path: Path) -> str:
    """The picture of a BPMN file."""
    root = ET.parse(path).getroot()  # noqa: S314 - a file of this repository
    process = root.find("bpmn:process", NS)
    assert process is not None, path  # noqa: S101 - a file of this repository
    elements = {each.get("id", ""): each for each in process}
    shapes = [(elements[s.get("bpmnElement", "")], _bounds(s)) for s in root.iterfind(".//bpmndi:BPMNShape", NS)]
    edges = [(elements[e.get("bpmnElement", "")], _points(e)) for e in root.iterfind(".//bpmndi:BPMNEdge", NS)]
    width = max(x + w for _, (x, _, w, _) in shapes) + MARGIN
    height = max(y + h for _, (_, y, _, h) in shapes) + MARGIN
    default = {each.get("default") for each in process}
    parts = [
        *(_flow(*each, default=each[0].get("id") in default) for each in edges),
        *(_shape(*each) for each in shapes),
    ]
    title = escape(process.get("name", ""))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}" width="{width:g}" role="img">\n'
        f"<title>{title}</title>\n<style>{STYLE}</style>\n"
        '<defs><marker id="a" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="8" markerHeight="8" orient="auto">'
        '<path d="M0 0L10 5L0 10z"/></marker></defs>\n'
        f'<rect width="{width:g}" height="{height:g}" fill="#fff"/>\n' + "\n".join(parts) + "\n</svg>\n"
    )


def _bounds(shape: ET.Element) -> tuple[float, float, float, float]:
    at = shape.find("dc:Bounds", NS)
    assert at is not None  # noqa: S101 - a file of this repository
    x, y, w, h = (float(at.get(name, "0")) for name in ("x", "y", "width", "height"))
    return x, y, w, h


def _points(edge: ET.Element) -> list[tuple[float, float]]:
    return [(float(p.get("x", "0")), float(p.get("y", "0"))) for p in edge.iterfind("di:waypoint", NS)]


def _flow(element: ET.Element, points: list[tuple[float, float]], *, default: bool) -> str:
    line = " ".join(f"{x:g},{y:g}" for x, y in points)
    level = [(abs(x - to), x, to, y) for (x, y), (to, end) in pairwise(points) if y == end]
    _, x, to, y = max(level)  # its name stands over the longest stretch that is level
    (a, b) = points[0]  # a stroke near its start: the flow that is taken where no other is
    stroke = f'<path class="mark" d="M{a - 5:g} {b + 12:g}l10 -6"/>' if default else ""
    return f'<polyline class="f" points="{line}"/>{stroke}' + _text(element, (x + to) / 2, y, above=True)


def _shape(element: ET.Element, bounds: tuple[float, float, float, float]) -> str:
    x, y, w, h = bounds
    kind = element.tag.partition("}")[2]
    middle, centre = x + w / 2, y + h / 2
    if kind.endswith("Event"):
        end = " end" if kind == "endEvent" else ""
        return f'<circle class="s{end}" cx="{middle:g}" cy="{centre:g}" r="{w / 2:g}"/>' + _text(
            element, middle, y + h, below=True
        )
    if kind.endswith("Gateway"):
        diamond = f'<path class="s" d="M{middle:g} {y:g}L{x + w:g} {centre:g}L{middle:g} {y + h:g}L{x:g} {centre:g}z"/>'
        cross = f'<path class="mark" d="M{middle - 8:g} {centre - 8:g}l16 16m0 -16l-16 16"/>'
        return diamond + cross + _text(element, x - 6, y - 2, above=True)
    mark = "⚙" if kind == "serviceTask" else "☺"
    box = f'<rect class="s" x="{x:g}" y="{y:g}" width="{w:g}" height="{h:g}" rx="8"/>'
    return f'{box}<text x="{x + 7:g}" y="{y + 16:g}">{mark}</text>' + _text(element, middle, centre)


def _text(element: ET.Element, x: float, y: float, *, above: bool = False, below: bool = False) -> str:
    ja, _, en = element.get("name", "").partition(" / ")
    if not ja:
        return ""
    first = y - 20 if above else y + 16 if below else y
    second = first + 14
    return (
        f'<text x="{x:g}" y="{first:g}" text-anchor="middle">{escape(ja)}</text>'
        f'<text class="en" x="{x:g}" y="{second:g}" text-anchor="middle">{escape(en)}</text>'
    )


if __name__ == "__main__":
    for name in sys.argv[1:]:
        Path(name).with_suffix(".svg").write_text(drawn(Path(name)), "utf-8")
