"""The lease of a plugin that may outlive its host."""

from __future__ import annotations

import threading

from tests.eventually import eventually
from tests.leftovers import Present
from viewra.sdk.lease import Lease


def test_a_renewal_counts_from_now_whatever_was_left() -> None:
    ended = threading.Event()
    lease = Lease(3600, ended.set)
    lease.renew(7200)
    assert not ended.is_set()
    lease.renew(0)
    assert ended.wait(60)


def test_one_that_is_closed_ends_nothing() -> None:
    ended, before = threading.Event(), Present()
    lease = Lease(3600, ended.set)
    lease.close()
    lease.renew(0)
    eventually(lambda: not before.threads())
    assert not ended.is_set()
