"""The story of an exception in trailing metadata."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from viewra.codec import fault


def _raised(message: str, *causes: str) -> BaseException:
    error: BaseException = ValueError(message)
    last = error
    for cause in causes:
        last.__cause__ = OSError(cause)
        last = last.__cause__
    return error


def test_type_message_and_causes_survive() -> None:
    story = fault.decode(fault.encode(_raised("no", "because", "of this"), "1f2e"))
    assert story == fault.Fault("ValueError", "no", ("OSError: because", "OSError: of this"), "1f2e")


def test_nothing_there() -> None:
    assert fault.decode(None) is None
    assert fault.decode(b"") is None


def test_a_cycle_of_causes_ends() -> None:
    error = _raised("a", "b")
    assert error.__cause__ is not None
    error.__cause__.__cause__ = error
    story = fault.decode(fault.encode(error, ""))
    assert story is not None
    assert story.causes == ("OSError: b",)


printable = st.text(
    st.characters(exclude_categories=["Cc"]), max_size=2000
)  # JSON makes six bytes of one control character


@given(printable, st.lists(printable, max_size=20))
def test_any_message_fits_into_metadata(message: str, causes: list[str]) -> None:
    data = fault.encode(_raised(message, *causes), "1f2e3d4c")
    assert len(data) < 8192 - 3 * fault.MAX_STATUS
    assert fault.decode(data) is not None


@given(st.binary(max_size=100))
def test_nonsense_is_no_story(data: bytes) -> None:
    assert fault.decode(data) is None or data.strip().startswith(b"{")
