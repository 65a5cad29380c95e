"""Shows people what was found, and has them correct it, without scripts. All texts from elsewhere are escaped."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from html import escape
from typing import Any

from .store import Match, State

A_PAGE = 50
"""Files on one page."""
_TITLES = {
    "": "All",
    State.MATCHED: "Matched",
    State.UNSURE: "Unsure",
    State.NONE: "Not found",
    State.REJECTED: "Rejected",
    State.WAITING: "Waiting",
}
Url = Callable[[str], str]


def overview(
    rows: Sequence[Match],
    state: str,
    counts: Mapping[str, Mapping[str, int]],
    waiting: int,
    page_url: Url,
) -> str:
    """The statistics, and one page of the files in a state; ``rows`` has one more if there are further ones."""
    states, ways = counts["states"], counts["ways"]
    total = sum(states.values())
    tabs = " · ".join(
        _tab(one, title, states.get(one, 0) if one else total, state, page_url) for one, title in _TITLES.items()
    )
    found = states.get(State.MATCHED, 0)
    said = f"{found:,} of {total:,} files were found" + (f", {found / total:.0%}" if total else "")
    by = "".join(f"<tr><td>{escape(way)}</td><td>{count:,}</td></tr>" for way, count in ways.items())
    table = f"<table><caption>How they were found</caption><tr><th>By</th><th>Files</th></tr>{by}</table>" if by else ""
    pending = f" {waiting:,} steps are still to be done: this page shows what is known so far." if waiting else ""
    shown = "".join(_row(one, page_url) for one in rows[:A_PAGE])
    header = "<tr><th>File</th><th>Recording</th><th>Found by</th></tr>"
    listing = f"<table>{header}{shown}</table>" if shown else "<p>There are none.</p>"
    more = ""
    if len(rows) > A_PAGE:
        more = f'<p><a href="{page_url("/")}?state={state}&amp;after={rows[A_PAGE - 1].media_file_id}">More</a></p>'
    again = (
        f'<form method="post" action="{page_url("/sweep")}"><button>Look up again what was not found</button></form>'
    )
    return f"<h1>MusicBrainz</h1><p>{said}.{pending}</p>{table}<h2>Files</h2><p>{tabs}</p>{listing}{more}{again}"


def _tab(state: str, title: str, count: int, current: str, page_url: Url) -> str:
    name = f"{title} ({count:,})"
    return f"<strong>{name}</strong>" if state == current else f'<a href="{page_url("/")}?state={state}">{name}</a>'


def _row(one: Match, page_url: Url) -> str:
    folder, _, name = one.shown_path.rpartition("/")
    link = f'<a href="{page_url("/file")}?id={one.media_file_id}">{escape(name)}</a>'
    found = ", ".join(part for part in (_way(one), _score(one.score)) if part)
    return f"<tr><td>{link}<br><small>{escape(folder)}</small></td><td>{_recording(one)}</td><td>{found}</td></tr>"


def _recording(one: Match) -> str:
    if not one.recording_id:
        return escape(one.reason)
    if one.state == State.WAITING:
        return f"{escape(one.recording_id)}, chosen by hand, is still to be fetched"
    album = f"<br><small>{escape(one.album)}</small>" if one.album else ""
    return f"{escape(one.artist)}: {escape(one.title)}{album}"


def _way(one: Match) -> str:
    return "hand" if one.by_hand else escape(one.way)


def _score(score: float) -> str:
    return f"{score:.2f}" if score else ""


def detail(one: Match, page_url: Url, said: str = "") -> str:
    """One file: what it was found to be, and the form to correct it; ``said`` is what was wrong with the last one."""
    number = f'<input type="hidden" name="id" value="{one.media_file_id}">'
    looked = ""
    if one.looked_up_at:
        at = datetime.fromtimestamp(one.looked_up_at / 1e6, UTC)
        looked = f"<dt>Looked up</dt><dd>{at:%Y-%m-%d %H:%M} UTC</dd>"
    link = ""
    if one.recording_id:
        link = f"<dt>Id</dt><dd><code>{escape(one.recording_id)}</code></dd>"
    problem = f'<p role="alert"><strong>{escape(said)}</strong></p>' if said else ""
    by = f"<dt>Found by</dt><dd>{_way(one)} {_score(one.score)}</dd>" if one.way or one.by_hand else ""
    return (
        f'<p><a href="{page_url("/")}">MusicBrainz</a></p><h1>{escape(one.shown_path.rpartition("/")[2])}</h1>'
        f"<dl><dt>File</dt><dd>{escape(one.shown_path)}</dd><dt>Recording</dt><dd>{_recording(one) or 'none'}</dd>"
        f"{link}{by}{looked}</dl>{_candidates(one, number, page_url)}"
        f"<h2>Another recording</h2>{problem}"
        f'<form method="post" action="{page_url("/correct")}">{number}<p><label for="recording">Id or address of the '
        'recording on MusicBrainz</label><br><input id="recording" name="recording" required size="60" '
        'autocomplete="off"> <button>Use this recording</button></p></form>'
        f"{_button(page_url('/reject'), number, 'Reject the match')}"
        f"{_button(page_url('/again'), number, 'Look it up again')}"
    )


def _candidates(one: Match, number: str, page_url: Url) -> str:
    rows = "".join(_candidate(found) for found in one.candidates)
    if not rows:
        return ""
    header = "<tr><th>Recording</th><th>Length</th><th>Score</th><th></th></tr>"
    return (
        f'<h2>It may also be</h2><form method="post" action="{page_url("/correct")}">{number}'
        f"<table>{header}{rows}</table></form>"
    )


def _candidate(found: Mapping[str, Any]) -> str:
    length = found["length_s"]
    shown = f"{int(length) // 60}:{int(length) % 60:02}" if length is not None else ""
    beside = " · ".join(escape(found[name]) for name in ("disambiguation", "album") if found[name])
    name = f"{found['artist']}: {found['title']}"
    return (
        f"<tr><td>{escape(name)}<br><small>{beside}</small></td><td>{shown}</td><td>{found['score']:.2f}</td><td>"
        f'<button name="recording" value="{escape(found["recording_id"])}" aria-label="Use {escape(name)}">Use</button>'
        "</td></tr>"
    )


def _button(action: str, number: str, name: str) -> str:
    return f'<form method="post" action="{action}">{number}<button>{name}</button></form>'
