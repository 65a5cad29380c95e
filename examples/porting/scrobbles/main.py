"""A Navidrome plugin, ported: there, Go or Rust in WebAssembly, with the capability Scrobbler."""

from __future__ import annotations

from viewra.sdk import Plugin, serve
from viewra.types import Event, Later, Task

URL = "https://scrobbles.example.org/submit"


class Scrobbles(Plugin):
    """Tells a site what was played."""

    def on_event(self, event: Event) -> None:
        """In place of the call to ``nd_scrobbler_scrobble``; the queue is the host's in both."""
        self.host.tasks.enqueue("scrobble", {"file": event.data["file"], "at": event.published_at // 1_000_000})

    def execute_task(self, task: Task) -> Later | None:
        """What ``nd_scrobbler_scrobble`` did: a failure is an exception, ``retry_later`` is Later."""
        file = self.host.library.file(task.data["file"])
        track = {name: file.metadata[name].value for name in ("artist", "title") if name in file.metadata}
        answer = self.host.fetch.post(
            URL, json={**track, "timestamp": task.data["at"]}, headers={"Authorization": "Bearer {secret:session_key}"}
        )
        if answer.status in {429, 503}:
            return Later(600)
        answer.require_ok()
        return None


if __name__ == "__main__":
    serve(Scrobbles())
