"""Which posters are fetched, and linked with films."""

from __future__ import annotations

import pytest

from viewra.errors import FetchFailed, PermissionDenied, ViewraError
from viewra.types import Fetched, Task, TaskState

from .conftest import BY_NAME, FILM, IMAGES, JPEG, World


@pytest.mark.parametrize("name", ["poster.jpg", "FOLDER.PNG", "moon.jpg", "moon-poster.webp"])
def test_a_poster_beside_the_film_stays_the_one(world: World, name: str) -> None:
    path = world.put(1, "Moon/moon.mp4", BY_NAME)
    (path.parent / name).write_bytes(JPEG)
    world.scan(1)
    assert (world.asked, world.posters(1)) == (["/search/movie", "/movie/775"], [])


@pytest.mark.parametrize("path", [None, 7, "https://evil.example/a.jpg", "/../../etc/passwd", "/a.svg", "//evil/a.jpg"])
def test_what_is_no_path_of_a_poster_is_not_fetched(world: World, path: object) -> None:
    world.server.says["/movie/775"] = {**FILM, "poster_path": path}
    world.put(1, "a.mp4", BY_NAME)
    assert world.scan(1)[1]["title"] == "A Trip to the Moon"
    assert world.asked == ["/search/movie", "/movie/775"]


def test_what_is_no_picture_is_not_kept(world: World) -> None:
    with world.plugin.asking("pictures"):
        pass  # it has answered before
    world.server.answers[f"{IMAGES}/w500/moon.jpg"] = b"<html>hello</html>"
    world.put(1, "a.mp4", BY_NAME)
    world.scan(1)
    assert (world.posters(1), world.host.assets_store.stored) == ([], {})
    assert "is no picture" in world.states[0][1]
    world.server.answers[f"{IMAGES}/w500/moon.jpg"] = Fetched(404, "", {})
    world.put(2, "b.mp4", BY_NAME)
    assert world.scan(2)[2]["title"] == "A Trip to the Moon"
    assert len(world.states) == 1


def test_pictures_that_cannot_be_fetched_hold_up_no_description(world: World) -> None:
    denied: list[ViewraError] = [PermissionDenied("the host is not granted"), FetchFailed("no route to host")]
    for number, error in enumerate(denied, start=1):
        world.server.answers[f"{IMAGES}/w500/moon.jpg"] = error
        world.put(number, f"{number}.mp4", BY_NAME)
        world.put(number + 10, f"{number + 10}.mp4", BY_NAME)
        said = world.scan(number, number + 10)
        assert said[number]["title"] == said[number + 10]["title"] == "A Trip to the Moon"
        assert error.message in world.host.notices[0].text
        assert [state for state, _ in world.states] == [TaskState.DELAYED] * 2 * number
        world.plugin.on_settings_changed()
    world.server.answers[f"{IMAGES}/w500/moon.jpg"] = JPEG
    world.plugin.execute_task(Task(1, "video", 1))
    assert (len(world.posters(1)), world.host.notices) == (1, ())
