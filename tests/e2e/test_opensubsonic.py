"""Players of the OpenSubsonic API beside ``viewra serve``: a published client library, and plain requests."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import attrs
import httpx2
import pytest

from tests.e2e.browsing import serving
from tests.e2e.conftest import MUSIC, Viewra

pytestmark = [pytest.mark.process, pytest.mark.usefixtures("only_audio_tags")]

BASE = "/api/plugins/opensubsonic"
PASSWORD = "only for players"


@attrs.frozen
class Served:
    """The address of a server that ann may use, and a client that signs in as she does."""

    address: str
    client: httpx2.Client

    def get(self, name: str, **given: str) -> httpx2.Response:
        headers = {"range": given.pop("range")} if "range" in given else {}
        salt = "abcdef"
        token = hashlib.md5((PASSWORD + salt).encode()).hexdigest()
        signed = {"u": "ann", "t": token, "s": salt, "v": "1.16.1", "c": "test", "f": "json", **given}
        return self.client.get(f"{BASE}/rest/{name}.view", params=signed, headers=headers)

    def ask(self, name: str, **given: str) -> Any:
        answer = self.get(name, **given).json()["subsonic-response"]
        assert answer["status"] == "ok", answer
        return answer


@pytest.fixture
def served(viewra: Viewra, data_dir: Path) -> Iterator[Served]:
    assert viewra("plugins", "settings", "opensubsonic", f"users.ann={PASSWORD}").status == 0
    assert viewra("plugins", "enable", "opensubsonic").status == 0
    assert viewra("scan", str(MUSIC)).status == 0
    with serving(data_dir) as running, httpx2.Client(base_url=running.base, timeout=30) as client:
        assert client.get(f"{BASE}/rest/ping.view?u=ann&p={PASSWORD}").status_code == 401, "nobody has granted it yet"
        assert viewra("plugins", "grant", "opensubsonic", "http:public").status == 0
        yield Served(running.base, client)


def test_players(served: Served) -> None:
    """One server for both: each costs a scan and a start of the plugin."""
    plain(served)
    published(served)


def plain(served: Served) -> None:
    """Songs come with ranges, covers in the size that was asked for; wrong passwords do not."""
    albums = served.ask("getAlbumList2", type="alphabeticalByName")["albumList2"]["album"]
    assert "Gymnopédies" in {one["name"] for one in albums}
    song = served.ask("search3", query="entertainer")["searchResult3"]["song"][0]
    (file,) = MUSIC.rglob(Path(song["path"]).name)
    whole = served.get("stream", id=song["id"])
    assert (whole.status_code, whole.content, whole.headers["accept-ranges"]) == (200, file.read_bytes(), "bytes")
    part = served.get("stream", id=song["id"], range="bytes=100-199")
    assert (part.status_code, part.content) == (206, file.read_bytes()[100:200])
    saved = served.get("download", id=song["id"])
    assert (saved.content, "attachment" in saved.headers["content-disposition"]) == (file.read_bytes(), True)
    covers = [served.get("getCoverArt", id=one["coverArt"]) for one in albums]
    shown = [one for one in covers if one.status_code == 200]
    assert shown
    assert {one.status_code for one in covers} <= {200, 404}
    assert all(one.headers["content-type"].startswith("image/") for one in shown)
    known = served.client.get(shown[0].request.url, headers={"if-none-match": shown[0].headers["etag"]})
    assert known.status_code == 304
    wrong = served.get("stream", id=song["id"], t="0" * 32)
    assert wrong.json()["subsonic-response"]["error"]["code"] == 40
    assert served.client.get("/api/v1/plugins").status_code == 401, "the rest of viewra is not public"


def published(served: Served) -> None:
    """A client library that others wrote reads the answers; nothing of it is ours."""
    libopensonic = pytest.importorskip("libopensonic", reason="py-opensonic is not installed: pip install py-opensonic")

    async def plays() -> None:
        address, _, port = served.address.rpartition(":")
        player = libopensonic.AsyncConnection(address, "ann", PASSWORD, port=int(port), server_path=BASE)
        try:
            assert await player.ping()
            artists = await player.get_artists()
            names = {one.name: one.id for index in artists.index for one in index.artist}
            artist = await player.get_artist(names["Erik Satie"])
            album = await player.get_album(artist.album[0].id)
            assert [one.title for one in album.song] == ["Lent et douloureux", "Lent et triste", "Lent et grave"]
            song = album.song[0]
            await player.star(sids=[song.id], album_ids=[album.id])
            starred = await player.get_starred2()
            assert ([one.id for one in starred.song], [one.id for one in starred.album]) == ([song.id], [album.id])
            await player.set_rating(song.id, 5)
            await player.scrobble(song.id)
            assert (await player.get_song(song.id)).play_count == 1
            await player.create_playlist(name="Evening", song_ids=[one.id for one in album.song])
            (listed,) = await player.get_playlists()
            playlist = await player.get_playlist(listed.id)
            assert [one.id for one in playlist.entry] == [one.id for one in album.song]
            everything = await player.search3("", song_count=500)
            assert len(everything.song) == 21
            assert {one.value for one in await player.get_genres()} >= {"Ragtime", "Baroque"}
            assert len(await player.get_album_list2("random", size=3)) == 3
            folder = await player.get_music_directory(album.id)
            assert len(folder.child) == 3
            answer = await player.stream(song.id)
            assert len(await answer.read()) == song.size
            with pytest.raises(libopensonic.errors.SonicError):
                await player.start_scan()
        finally:
            await player.cleanup()

    asyncio.run(plays())
