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


def test_what_was_raised_while_another_was_handled_is_its_cause() -> None:
    def raised(*, told: bool) -> BaseException:
        try:
            try:
                raise OSError("first")
            except OSError as first:
                raise ValueError("then") from (first if told else None)
        except ValueError as error:
            return error

    context = ValueError("then")
    context.__context__ = OSError("first")
    assert [fault.of(error).causes for error in (raised(told=True), raised(told=False), context)] == [
        ("OSError: first",),
        (),
        ("OSError: first",),
    ]


def test_what_is_too_much_is_cut() -> None:
    error = _raised("m" * 2000, *("c" * 1000 for _ in range(9)))
    for story in (fault.of(error), fault.decode(fault.encode(error, "i" * 100))):
        assert story is not None
        assert (story.kind, len(story.message)) == ("ValueError", 1000)
        assert [len(cause) for cause in story.causes] == [len("OSError: ") + 500] * 5
    assert story is not None
    assert story.call_id == "i" * 64


def test_an_older_plugin_sends_no_call_id() -> None:
    assert fault.decode(b'{"type": "E", "message": "m", "causes": []}') == fault.Fault("E", "m")


def test_an_entry_beyond_what_grpc_takes_is_not_read() -> None:
    entry = b'{"type": "E", "message": "m", "causes": []}'
    assert fault.decode(entry.ljust(16 * 1024)) is not None
    assert fault.decode(entry.ljust(16 * 1024 + 1)) is None


def test_umlauts_take_no_more_room_than_in_utf8() -> None:
    assert "ü".encode() in fault.encode(ValueError("ü"), "")


def test_ids_are_short_and_differ() -> None:
    assert len({fault.new_id() for _ in range(100)}) == 100
    assert {len(fault.new_id()) for _ in range(100)} == {8}


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
