"""Draws files a second against the number of workers, as SVG, for light and dark pages: curves, and measured points."""

from __future__ import annotations

import math
from collections.abc import Mapping

WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 720, 360, 70, 30, 60, 45
COLOURS = ("#2f6fdb", "#c2571a", "#2c8a57", "#8a4fbf")
SPACES = (0, 100, 190, 425)
"""Where the names of the curves begin."""
_STYLE = (
    "text{font:13px system-ui,sans-serif;fill:#555}.grid{stroke:#8885;stroke-width:1}"
    "@media(prefers-color-scheme:dark){text{fill:#bbb}}"
)


def drawn(curves: Mapping[str, Mapping[int, float]], points: Mapping[int, float]) -> str:
    """The picture: both axes are logarithmic, so that what doubles with the workers is a straight line."""
    counts = sorted({count for curve in curves.values() for count in curve})
    rates = [*points.values(), *(rate for curve in curves.values() for rate in curve.values())]
    low, high = math.floor(math.log2(min(rates))), math.ceil(math.log2(max(rates)))

    def across(count: float) -> float:
        return LEFT + math.log2(count / counts[0]) / math.log2(counts[-1] / counts[0]) * (WIDTH - LEFT - RIGHT)

    def up(rate: float) -> float:
        return HEIGHT - BOTTOM - (math.log2(rate) - low) / (high - low) * (HEIGHT - TOP - BOTTOM)

    parts = [f"<style>{_STYLE}</style>"]
    for count in (count for count in counts if count & (count - 1) == 0):
        at = across(count)
        parts.append(f'<line class="grid" x1="{at:.0f}" x2="{at:.0f}" y1="{TOP}" y2="{HEIGHT - BOTTOM}"/>')
        parts.append(_text(at, HEIGHT - BOTTOM + 18, f"{count}"))
    for power in range(low, high + 1):
        y = up(2.0**power)
        parts.append(f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.0f}" y2="{y:.0f}"/>')
        parts.append(_text(LEFT - 8, y + 4, f"{2.0**power:,.0f}", "end"))
    parts.append(_text(WIDTH / 2, HEIGHT - 8, "workers"))
    for number, (name, curve) in enumerate(curves.items()):
        colour = COLOURS[number % len(COLOURS)]
        path = " ".join(f"{across(count):.1f},{up(rate):.1f}" for count, rate in sorted(curve.items()))
        parts.append(f'<polyline fill="none" stroke="{colour}" stroke-width="2.5" points="{path}"/>')
        parts.append(_text(8 + SPACES[number % 4], TOP - 34, name, "start", colour))
    for count, rate in points.items():
        parts.append(f'<circle cx="{across(count):.1f}" cy="{up(rate):.1f}" r="5" fill="{COLOURS[0]}"/>')
    parts.append(_text(LEFT, TOP - 14, "files/s; points are measured, lines simulated", "start"))
    body = "\n".join(parts)
    label = "Files a second against the number of workers"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{label}">\n'
        f"{body}\n</svg>\n"
    )


def _text(x: float, y: float, text: str, anchor: str = "middle", colour: str = "") -> str:
    fill = f' style="fill:{colour}"' if colour else ""
    return f'<text x="{x:.0f}" y="{y:.0f}" text-anchor="{anchor}"{fill}>{text}</text>'
