"""Draws files a second and memory against the size of a library, as SVG, for light and dark pages."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence

WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 720, 300, 70, 70, 40, 45
SPEED, MEMORY = "#2f6fdb", "#c2571a"

_STYLE = (
    "text{font:13px system-ui,sans-serif;fill:#555}.grid{stroke:#8885;stroke-width:1}"
    "@media(prefers-color-scheme:dark){text{fill:#bbb}}"
)


def drawn(sizes: Sequence[Mapping[str, float]]) -> str:
    """Return the picture of scans of at least one size, each with ``files``, ``files_per_s`` and ``rss_mb``."""
    files = [one["files"] for one in sizes]
    low, high = math.floor(math.log10(min(files))), math.ceil(math.log10(max(files)))
    high = max(high, low + 1)

    def across(count: float) -> float:
        return LEFT + (math.log10(count) - low) / (high - low) * (WIDTH - LEFT - RIGHT)

    parts = [f"<style>{_STYLE}</style>"]
    for power in range(low, high + 1):
        at = across(10**power)
        parts.append(f'<line class="grid" x1="{at:.0f}" x2="{at:.0f}" y1="{TOP}" y2="{HEIGHT - BOTTOM}"/>')
        parts.append(_text(at, HEIGHT - BOTTOM + 18, f"{10**power:,}"))
    parts.append(_text(WIDTH / 2, HEIGHT - 8, "files in the library"))
    for key, colour, unit, side in (
        ("files_per_s", SPEED, "files/s", "left"),
        ("rss_mb", MEMORY, "MB of memory", "right"),
    ):
        values = [one[key] for one in sizes]
        parts += _curve(files, values, across, colour, unit, on_left=side == "left")
    body = "\n".join(parts)
    label = "Files a second and memory of a first scan against the size of the library"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{label}">\n'
        f"{body}\n</svg>\n"
    )


def _curve(
    files: Sequence[float],
    values: Sequence[float],
    across: Callable[[float], float],
    colour: str,
    unit: str,
    *,
    on_left: bool,
) -> list[str]:
    """One line with its axis, which begins at 0."""
    step = _step(max(values))
    top = step * math.ceil(max(values) / step)

    def up(value: float) -> float:
        return HEIGHT - BOTTOM - value / top * (HEIGHT - TOP - BOTTOM)

    anchor, at = ("end", LEFT - 8) if on_left else ("start", WIDTH - RIGHT + 8)
    parts = []
    for number in range(round(top / step) + 1):
        parts.append(_text(at, up(number * step) + 4, f"{number * step:,.0f}", anchor, colour))
        if on_left:
            y = f"{up(number * step):.0f}"
            parts.append(f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y}" y2="{y}"/>')
    edge = ("start", 4) if on_left else ("end", WIDTH - 4)
    parts.append(_text(edge[1], TOP - 18, unit, edge[0], colour))
    points = [(across(count), up(value)) for count, value in zip(files, values, strict=True)]
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    parts.append(f'<polyline fill="none" stroke="{colour}" stroke-width="2.5" points="{path}"/>')
    parts += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4" fill="{colour}"/>' for x, y in points]
    return parts


def _step(most: float) -> float:
    """A round distance between four to eight lines."""
    rough: float = 10.0 ** math.floor(math.log10(most))
    return next(step for step in (rough / 5, rough / 2, rough, 2 * rough) if most / step <= 8)


def _text(x: float, y: float, text: str, anchor: str = "middle", colour: str = "") -> str:
    style = f' style="fill:{colour}"' if colour else ""
    return f'<text x="{x:.0f}" y="{y:.0f}" text-anchor="{anchor}"{style}>{text}</text>'
