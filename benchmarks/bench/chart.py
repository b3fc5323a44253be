"""Horizontal bars as SVG, one panel per work."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape

WIDTH, LABEL, BAR, GAP, HEAD = 820, 250, 18, 6, 34
OWN, OTHER, TEXT = "#1f6feb", "#9aa4b2", "#24292f"
_STYLE = 'font-family="system-ui, sans-serif" font-size="13"'


@dataclass(frozen=True)
class Bar:
    """One bar; `own` bars stand out."""

    name: str
    value: float
    own: bool


@dataclass(frozen=True)
class Panel:
    """Some bars on one scale."""

    title: str
    unit: str
    bars: list[Bar]

    @property
    def height(self) -> int:
        """Its height in the picture."""
        return HEAD + len(self.bars) * (BAR + GAP) + GAP


def chart(title: str, panels: list[Panel]) -> str:
    """The whole picture."""
    height = HEAD + sum(panel.height for panel in panels) + GAP
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img" {_STYLE}>',
        f"<title>{escape(title)}</title>",
        f'<rect width="{WIDTH}" height="{height}" fill="#ffffff"/>',
        _text(12, 22, title, "start", bold=True),
    ]
    top = HEAD
    for panel in panels:
        parts += _drawn(panel, top)
        top += panel.height
    return "\n".join([*parts, "</svg>\n"])


def _drawn(panel: Panel, top: int) -> list[str]:
    longest = max((bar.value for bar in panel.bars), default=0) or 1
    parts = [_text(12, top + 22, panel.title, "start", bold=True)]
    for number, bar in enumerate(panel.bars):
        y = top + HEAD + number * (BAR + GAP)
        width = max(1.0, (WIDTH - LABEL - 90) * bar.value / longest)
        color = OWN if bar.own else OTHER
        parts += [
            _text(LABEL - 8, y + 14, bar.name, "end", bold=bar.own),
            f'<rect x="{LABEL}" y="{y}" width="{width:.1f}" height="{BAR}" fill="{color}"/>',
            _text(LABEL + width + 6, y + 14, f"{bar.value:.2f} {panel.unit}", "start", bold=bar.own),
        ]
    return parts


def _text(x: float, y: float, text: str, anchor: str, *, bold: bool) -> str:
    weight = ' font-weight="600"' if bold else ""
    return f'<text x="{x:.1f}" y="{y}" fill="{TEXT}" text-anchor="{anchor}"{weight}>{escape(text)}</text>'
