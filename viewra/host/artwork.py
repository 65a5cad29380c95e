"""``Artwork``: the pictures of a host's library: asks plugins for them, and for smaller ones."""

from __future__ import annotations

import io
import logging
import os
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Literal

import attrs
import sqlalchemy as sa

from viewra.assets import reads
from viewra.assets.candidates import Candidate
from viewra.assets.choosing import Choosing, Chosen
from viewra.assets.small import KEPT_TYPES, SmallPictures
from viewra.assets.store import AssetStore
from viewra.errors import NotFound, PluginError, PluginFault, ViewraError
from viewra.host.plugin import Plugin
from viewra.library.content import open_content
from viewra.types import AssetLink, PluginState

log = logging.getLogger("viewra.host")

SIZES = (96, 192, 384, 768, 1536)
"""The sizes in which pictures are made, in pixels: others would fill the disk."""
MAX_BYTES = 48 * 1024 * 1024
"""Of a picture that is made smaller."""
_STOPPED = frozenset({PluginState.DISABLED, PluginState.INVALID, PluginState.QUARANTINED})
_AT_ONCE = 4  # pictures that are made smaller at a time, in a plugin that decodes each in memory


@attrs.frozen
class Picture:
    """A picture to send: the open file, its type, and a ``tag`` that is another one when the picture changes."""

    file: io.FileIO
    media_type: str
    tag: str
    status: os.stat_result


class Artwork:
    """Pictures of albums, artists, files and series. Thread-safe; raises ``DatabaseError``.

    ``private`` is the host's own folder, from which no file is sent.
    """

    def __init__(self, store: AssetStore, plugins: Mapping[str, Plugin], private: str) -> None:
        self._store = store
        self._plugins = plugins
        self._private = os.fsencode(private)
        self._small = SmallPictures(store.files.directory / "small")
        self._once = _Once()
        self._places = threading.Semaphore(_AT_ONCE)
        self.choosing = Choosing(store, self._pictures_of)

    def picture(self, chosen: Chosen | None, size: int = 0) -> Picture:
        """A picture within a square of ``size`` pixels or a little more, 0: as it is; the caller closes its file.

        As it is, too, if no plugin makes it smaller. Raises NotFound.
        """
        if chosen is None:
            raise NotFound("there is no picture of it", hint="artwork comes from tags and from files beside them")
        original = self._original(chosen)
        if size <= 0:
            return original
        step = next((one for one in SIZES if one >= size), SIZES[-1])
        with self._once.of(f"{original.tag} {step}"):
            try:
                small = self._kept(original.tag, step) or self._made(original, step)
            except BaseException:
                original.file.close()
                raise
        if small is None:
            return original
        original.file.close()
        return small

    def asset(self, asset_id: str) -> Picture:
        """An asset, whatever it is; the caller closes its file. Raises NotFound."""
        opened = self._store.open(asset_id)
        return Picture(opened.file, opened.asset.media_type, opened.asset.id, os.fstat(opened.file.fileno()))

    def _original(self, chosen: Chosen) -> Picture:
        if chosen.asset is not None:
            return self.asset(chosen.asset.id)
        assert chosen.media_file_id is not None  # noqa: S101 - it is one or the other
        try:
            content = open_content(self._store.engine, chosen.media_file_id, self._private)
        except OSError as error:
            raise NotFound(f"the picture cannot be read: {error.strerror}") from error
        status = content.status
        tag = f"{chosen.media_file_id}-{status.st_ino:x}-{status.st_mtime_ns:x}-{status.st_size:x}"
        return Picture(content.file, content.mime_type, tag, status)

    def _kept(self, tag: str, size: int) -> Picture | None:
        small = self._small.find(tag, size)
        if small is None:
            return None
        try:
            file = io.FileIO(small.path)
        except OSError:
            self._small.forget(small)
            return None
        return Picture(file, small.media_type, f"{tag}-{size}", os.fstat(file.fileno()))

    def _made(self, original: Picture, size: int) -> Picture | None:
        """The picture made smaller by a plugin and kept, None if none does, or it cannot."""
        plugin = next((one for one in self._plugins.values() if _offers(one, "resizing")), None)
        if plugin is None or original.status.st_size > MAX_BYTES:
            return None
        with self._places:
            data = original.file.read(MAX_BYTES)
            original.file.seek(0)
            try:
                resized = plugin.resizing.resize_picture(data, size)
            except PluginError as error:
                log.warning("a picture is sent as it is: %s", error)
                return None
        if len(resized.data) >= len(data) and original.media_type in KEPT_TYPES:
            resized = attrs.evolve(resized, data=data, media_type=original.media_type)
        if self._small.add(original.tag, size, resized.data, resized.media_type) is None:
            return None
        return self._kept(original.tag, size)

    def _pictures_of(self, one: Candidate) -> Sequence[AssetLink]:
        """The pictures of a file, from what is known or from its plugin."""
        if (found := reads.known(self._store, one)) is not None:
            return found
        plugin = self._plugins.get(one.plugin_id)
        if plugin is None or not _offers(plugin, "artwork"):
            return ()
        with self._once.of(f"{one.plugin_id} {one.media_file_id}"):
            if (found := reads.known(self._store, one)) is not None:
                return found
            try:
                reads.note(self._store, one, plugin.artwork.find_pictures(one.path))
            except PluginFault as error:
                self._failed(one, error.message)
            except (ViewraError, sa.exc.IntegrityError) as error:  # not now, or the file was forgotten meanwhile
                log.warning("the pictures of %s cannot be asked for: %s", one.path, error)
        return reads.known(self._store, one) or ()

    def _failed(self, one: Candidate, reason: str) -> None:
        """Remember that there is nothing to be had: for an hour, or until the file or the plugin changes."""
        try:
            reads.note(self._store, one, (), reason)
        except sa.exc.IntegrityError:
            return


def _offers(plugin: Plugin, name: Literal["artwork", "resizing"]) -> bool:
    """Whether a plugin that may run offers one of the extensions, by its manifest or as an object in this process."""
    if plugin.manifest is None:
        return plugin.artwork.available if name == "artwork" else plugin.resizing.available
    return name in plugin.manifest.other_capabilities and plugin.state not in _STOPPED


class _Once:
    """Has one thread at a time do the work with a name; the others wait for it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._names: dict[str, tuple[threading.Lock, int]] = {}

    @contextmanager
    def of(self, name: str) -> Iterator[None]:
        with self._lock:
            lock, users = self._names.get(name, (threading.Lock(), 0))
            self._names[name] = (lock, users + 1)
        try:
            with lock:
                yield
        finally:
            with self._lock:
                lock, users = self._names[name]
                if users == 1:
                    del self._names[name]
                else:
                    self._names[name] = (lock, users - 1)
