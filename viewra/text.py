"""Texts that come from plugins, made safe: any exception has a text, any text fits into UTF-8 and has an end."""

from __future__ import annotations

_KIND_BYTES = 100


def clean(text: str, size: int) -> str:
    """At most ``size`` bytes of a text, in a form that UTF-8 can carry."""
    if len(text) <= size and text.isascii():
        return text
    return text[:size].encode("utf-8", "backslashreplace")[:size].decode("utf-8", "ignore")


def cut(text: str, size: int) -> str:
    """A text of at most ``size`` bytes as it is; of a longer one the beginning, and how long it was."""
    if len(text) <= size and (text.isascii() or (is_utf8(text) and len(text.encode()) <= size)):
        return text
    whole = len(text.encode("utf-8", "backslashreplace"))
    if whole <= size:
        return clean(text, size)
    note = f" [cut: {whole:,} bytes in all]"
    return clean(text, max(0, size - len(note))) + note


def encodable(text: str) -> str:
    """The whole text, in a form that UTF-8 can carry: a lone surrogate becomes its escape."""
    return text.encode("utf-8", "backslashreplace").decode()


def is_utf8(text: str) -> bool:
    """Whether UTF-8 can carry this text: file names that are not UTF-8, and broken JSON, have lone surrogates."""
    if text.isascii():
        return True
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def reason(error: BaseException) -> str:
    """What an exception says, or its type's name when it says nothing; one whose own ``__str__`` fails has a name."""
    try:
        return str(error) or kind(error)
    except Exception:  # the author's class may do anything
        return kind(error)


def kind(error: BaseException) -> str:
    """The name of an exception's type."""
    return clean(type(error).__name__, _KIND_BYTES)


def shown(value: object) -> str:
    """A value as Python writes it, for a message: at most some hundred characters, whatever the value is."""
    try:
        written = repr(value)
    except Exception:  # an integer of 5,000 digits cannot be written, and an author's class may do anything
        return f"a {type(value).__name__}"
    return cut(written, 200)
