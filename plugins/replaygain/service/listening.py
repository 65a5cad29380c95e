"""Decodes a file and measures its blocks, with libav's filters."""

from __future__ import annotations

import logging
import math
import os
import stat
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Any

from .loudness import Measured

_OPTIONS = {"protocol_whitelist": "none"}  # never open other files that a file refers to
_RATE = 48_000
_LOUDNESS = "lavfi.r128.M"
_PEAK = "lavfi.astats.Overall.Peak_level"
_SAMPLES = _RATE // 10
"""The filter measures the loudness of the last 400 ms, ten times a second; before that there is no whole block."""
_FIRST = 4
_LEAST_RATE = 1000
"""Samples a second below which a file is no music: a small one would be days of sound."""
_MOST_PEAK = 999.0
"""The highest sample that the vocabulary has; beyond are numbers that no music has, such as infinity."""


class Unheard(Exception):
    """A file that cannot be decoded, or has no sound."""


def listen(path: str, wanted: Callable[[], bool] = lambda: True) -> Measured | None:
    """Measure a file; None if it is not ``wanted`` any more. Raises Unheard, and OSError."""
    import av  # light start: only tasks need it

    logging.getLogger("libav").propagate = False
    with open(path, "rb", opener=_at_once) as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise Unheard("it is no file")
        try:
            with av.open(file, options=_OPTIONS, metadata_errors="replace") as container:
                if not container.streams.audio:
                    raise Unheard("it has no sound")
                return _measured(container, wanted)
        except (av.error.FFmpegError, ValueError, RuntimeError) as error:
            raise Unheard(str(error)) from error


def _at_once(path: str, flags: int) -> int:
    """Open a file, and wait for no writer of a FIFO."""
    return os.open(path, flags | os.O_NONBLOCK)


def _measured(container: Any, wanted: Callable[[], bool]) -> Measured | None:
    blocks: Counter[float] = Counter()
    peak_db, number = -math.inf, 0
    for metadata in _said(container):
        if _PEAK in metadata:
            peak_db = float(metadata[_PEAK])  # of all so far
            continue
        number += 1
        if number % 100 == 0 and not wanted():
            return None
        if number >= _FIRST and _LOUDNESS in metadata:  # not of a part at the end that is shorter
            blocks[round(float(metadata[_LOUDNESS]), 2)] += 1
    if not number:
        raise Unheard("it has no sound")
    peak = 10 ** (peak_db / 20)
    if not peak <= _MOST_PEAK:
        raise Unheard("its samples are beyond all bounds")
    return Measured(blocks, peak)


def _said(container: Any) -> Iterator[dict[str, str]]:
    """What the filters say: of the highest sample after each frame, of the loudness after each tenth of a second."""
    import av

    stream = container.streams.audio[0]
    meters: tuple[_Meter, _Meter] | None = None
    for packet in container.demux(stream):
        try:
            frames = packet.decode()
        except av.error.InvalidDataError:  # a damaged part: players skip it, too
            continue
        for frame in frames:
            if meters is None:
                if frame.sample_rate < _LEAST_RATE:
                    raise Unheard(f"it has {frame.sample_rate} samples a second")
                meters = _Meter(frame, frame.sample_rate, *_OF_PEAKS), _Meter(frame, _RATE, *_OF_LOUDNESS)
            for meter in meters:
                yield from meter.pass_on(frame)
    for meter in meters or ():
        yield from meter.end()


_OF_PEAKS = (("astats", "metadata=1:measure_perchannel=none:measure_overall=Peak_level"),)
"""Of the samples as they are: between them, at another rate, there are higher ones."""
_OF_LOUDNESS = (("asetnsamples", f"n={_SAMPLES}:p=0"), ("ebur128", "metadata=1:framelog=quiet:dualmono=1"))
"""A mono file counts as two channels, as it is played."""


class _Meter:
    """Passes frames like ``first`` through libav's filters, by name and options, at ``rate`` samples a second."""

    def __init__(self, first: Any, rate: int, *filters: tuple[str, str]) -> None:
        import av.filter

        self._resampler = av.AudioResampler("flt", first.layout, rate)
        self._graph = av.filter.Graph()
        chain = [self._graph.add_abuffer(sample_rate=rate, format="flt", layout=first.layout.name)]
        chain += [self._graph.add(name, options) for name, options in filters]
        chain.append(self._graph.add("abuffersink"))
        for one, other in pairwise(chain):
            one.link_to(other)
        self._graph.configure()

    def pass_on(self, frame: Any) -> Iterator[dict[str, str]]:
        """What the filters say after a frame; None: after what the resampler has kept."""
        for part in self._resampler.resample(frame):
            self._graph.push(part)
        yield from self._pulled()

    def end(self) -> Iterator[dict[str, str]]:
        """What the filters say after the last frame."""
        yield from self.pass_on(None)
        self._graph.push(None)
        yield from self._pulled()

    def _pulled(self) -> Iterator[dict[str, str]]:
        import av

        while True:
            try:
                yield self._graph.pull().metadata
            except (av.error.BlockingIOError, av.error.EOFError):
                return
