"""Any text and any exception of a plugin's becomes a short text that UTF-8 can carry."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from viewra.text import clean, cut, is_utf8, kind, reason, shown

anything = st.text(max_size=300)


@given(anything, st.integers(0, 400))
def test_clean(text: str, size: int) -> None:
    cleaned = clean(text, size)
    assert len(cleaned.encode()) <= size
    if is_utf8(text) and len(text.encode()) <= size:
        assert cleaned == text


@given(anything, st.integers(40, 400))
def test_cut_says_how_long_it_was(text: str, size: int) -> None:
    short = cut(text, size)
    assert len(short.encode()) <= size
    whole = len(text.encode("utf-8", "backslashreplace"))
    if whole > size:
        assert short.endswith(f" [cut: {whole:,} bytes in all]")
    elif is_utf8(text):
        assert short == text


@given(anything)
def test_is_utf8(text: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError:
        assert not is_utf8(text)
    else:
        assert is_utf8(text)


class _Mute(Exception):
    def __str__(self) -> str:
        raise RuntimeError("no words")

    __repr__ = __str__


def test_exceptions_that_say_nothing() -> None:
    assert reason(ValueError("no")) == "no"
    assert reason(ValueError()) == "ValueError"
    assert reason(_Mute()) == kind(_Mute()) == "_Mute"
    long = type("L" * 10_000, (Exception,), {})
    assert len(kind(long())) == 100


def test_values_that_cannot_be_written() -> None:
    assert shown("a") == "'a'"
    assert shown(10**5000) == "a int"
    assert shown(_Mute()) == "a _Mute"
    assert len(shown("x" * 10_000)) == 200
