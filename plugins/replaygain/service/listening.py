"""Decodes a file and measures its blocks, with libav's filters."""

from __future__ import annotations

import logging
import math
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

from .loudness import Measured

_OPTIONS = {"protocol_whitelist": "none"}  # never open other files that a file refers to
_RATE = 48_000
_LOUDNESS = "lavfi.r128.M"
_PEAK = "lavfi.astats.Overall.Peak_level"
_SAMPLES = _RATE // 10
"""The filter measures the loudness of the last 400 ms, ten times a second; before that there is no whole block."""
_FIRST = 4


class Unheard(Exception):
    """A file that cannot be decoded, or has no sound."""


def listen(path: str, wanted: Callable[[], bool] = lambda: True) -> Measured | None:
    """Measure a file; None if it is not ``wanted`` any more. Raises Unheard, and OSError."""
    import av  # light start: only tasks need it

    logging.getLogger("libav").propagate = False
    with open(path, "rb") as file:
        try:
            with av.open(file, options=_OPTIONS, metadata_errors="replace") as container:
                if not container.streams.audio:
                    raise Unheard("it has no sound")
                return _measured(container, wanted)
        except (av.error.FFmpegError, ValueError, RuntimeError) as error:
            raise Unheard(str(error)) from error


def _measured(container: Any, wanted: Callable[[], bool]) -> Measured | None:
    blocks: Counter[float] = Counter()
    peak_db, number = -math.inf, 0
    for metadata in _frames(container):
        number += 1
        if number % 100 == 0 and not wanted():
            return None
        if number >= _FIRST and _LOUDNESS in metadata:  # not of a part at the end that is shorter
            blocks[round(float(metadata[_LOUDNESS]), 2)] += 1
        peak_db = float(metadata.get(_PEAK, peak_db))  # of all so far
    if not number:
        raise Unheard("it has no sound")
    return Measured(blocks, 10 ** (peak_db / 20))


def _frames(container: Any) -> Iterator[dict[str, str]]:
    """What the filters say of each tenth of a second."""
    import av

    stream = container.streams.audio[0]
    filters: tuple[Any, Any] | None = None
    for packet in container.demux(stream):
        try:
            frames = packet.decode()
        except av.error.InvalidDataError:  # a damaged part: players skip it, too
            continue
        for frame in frames:
            if filters is None:
                filters = av.AudioResampler("flt", frame.layout, _RATE), _graph(frame.layout)
            yield from _passed(frame, *filters)
    if filters is not None:
        resampler, graph = filters
        yield from _passed(None, resampler, graph)
        graph.push(None)
        yield from _pulled(graph)


def _passed(frame: Any, resampler: Any, graph: Any) -> Iterator[dict[str, str]]:
    """What the filters say after a frame, or with None after what the resampler has kept."""
    for part in resampler.resample(frame):
        graph.push(part)
    yield from _pulled(graph)


def _graph(layout: Any) -> Any:
    """The filters. A mono file counts as two channels, as it is played."""
    import av.filter

    graph = av.filter.Graph()
    source = graph.add_abuffer(sample_rate=_RATE, format="flt", layout=layout.name)
    astats = graph.add("astats", "metadata=1:measure_perchannel=none:measure_overall=Peak_level")
    parts = graph.add("asetnsamples", f"n={_SAMPLES}:p=0")
    ebur128 = graph.add("ebur128", "metadata=1:framelog=quiet:dualmono=1")
    sink = graph.add("abuffersink")
    for one, other in ((source, astats), (astats, parts), (parts, ebur128), (ebur128, sink)):
        one.link_to(other)
    graph.configure()
    return graph


def _pulled(graph: Any) -> Iterator[dict[str, str]]:
    import av

    while True:
        try:
            yield graph.pull().metadata
        except (av.error.BlockingIOError, av.error.EOFError):
            return
