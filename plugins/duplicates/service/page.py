"""Shows the groups to people: what is there twice, where, and how large it is. Nothing here changes a file."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from html import escape
from typing import Any

from .store import CONTENT, KINDS, PICTURE, RECORDING, Group

A_PAGE = 50
"""Groups on one page."""
_TITLES = {CONTENT: "Same content", RECORDING: "Same recording", PICTURE: "Pictures that look alike"}
_NOTES = {
    CONTENT: "These files are equal, byte by byte.",
    RECORDING: "The same recording, by its ids or by title, artist and length; often on another album.",
    PICTURE: "Sizes and formats may differ, and so may small details: look before you delete one.",
}
Url = Callable[[str], str]


def overview(
    kind: str,
    groups: Sequence[Group],
    begin: int,
    pending: int,
    page_url: Url,
    route_url: Url,
    counts: Mapping[str, int],
) -> str:
    """The page of one kind of groups, from the group ``begin`` on."""
    tabs = " · ".join(
        f"<strong>{_TITLES[one]} ({counts[one]:,})</strong>"
        if one == kind
        else f'<a href="{page_url("/")}?kind={one}">{_TITLES[one]} ({counts[one]:,})</a>'
        for one in KINDS
    )
    spare = sum(group.spare for group in groups)
    shown = groups[begin : begin + A_PAGE]
    body = "".join(_group(number, group, route_url) for number, group in enumerate(shown, begin + 1))
    waiting = (
        f"<p>{pending:,} steps of reading files are still to be done; this page shows what is known so far.</p>"
        if pending
        else ""
    )
    button = "<p><button>Look through the whole library again</button></p>"
    again = f'<form method="post" action="{page_url("/walk")}">{button}</form>'
    return (
        f"<h1>Duplicates</h1><p>{tabs}</p>{waiting}<p>{_NOTES[kind]} {len(groups):,} groups; all but the largest file "
        f"of each have {size(spare)} together. viewra deletes nothing.</p>"
        f"{body or '<p>There are none.</p>'}{_more(kind, len(groups), begin, page_url)}{again}"
    )


def _group(number: int, group: Group, route_url: Url) -> str:
    rows = "".join(_file(one, group.kind, route_url) for one in group.files)
    by = f" by {escape(group.by)}" if group.kind == RECORDING else ""
    header = "<tr><th>Where</th><th>Size</th><th>Length</th><th>Quality</th></tr>"
    return f"<h2>{number}. {len(group.files)} files{by}, {size(group.spare)} to spare</h2><table>{header}{rows}</table>"


def _file(one: Any, kind: str, route_url: Url) -> str:
    picture = (
        f'<img src="{route_url(f"/picture/{one.media_file_id}")}" alt="" width="96" loading="lazy"> '
        if kind == PICTURE
        else ""
    )
    length = f"{one.duration_ms // 60_000}:{one.duration_ms // 1000 % 60:02}" if one.duration_ms is not None else ""
    return (
        f"<tr><td>{picture}{escape(one.path)}</td><td>{size(one.size)}</td><td>{length}</td>"
        f"<td>{escape(one.quality)}</td></tr>"
    )


def _more(kind: str, total: int, begin: int, page_url: Url) -> str:
    links = []
    if begin > 0:
        links.append(f'<a href="{page_url("/")}?kind={kind}&amp;begin={max(0, begin - A_PAGE)}">before</a>')
    if begin + A_PAGE < total:
        links.append(f'<a href="{page_url("/")}?kind={kind}&amp;begin={begin + A_PAGE}">more</a>')
    return f"<p>{' · '.join(links)}</p>" if links else ""


def size(count: int) -> str:
    """A number of bytes for people."""
    number, unit = float(count), "bytes"
    for unit in ("bytes", "KB", "MB", "GB", "TB"):
        if number < 1000 or unit == "TB":
            break
        number /= 1000
    return f"{number:,.0f} {unit}" if unit == "bytes" else f"{number:,.1f} {unit}"
