"""Makes texts from plugins safe: describes any exception, encodes any text in UTF-8, and limits its length."""

from __future__ import annotations

_KIND_BYTES = 100


def clean(text: str, size: int) -> str:
    """At most ``size`` bytes of a text, in a form that UTF-8 can encode."""
    if len(text) <= size and text.isascii():
        return text
    return text[:size].encode("utf-8", "backslashreplace")[:size].decode("utf-8", "ignore")


def cut(text: str, size: int) -> str:
    """A text of at most ``size`` bytes unchanged; of a longer one the beginning and its original length."""
    if len(text) <= size and (text.isascii() or (is_utf8(text) and len(text.encode()) <= size)):
        return text
    whole = len(text.encode("utf-8", "backslashreplace"))
    if whole <= size:
        return clean(text, size)
    note = f" [cut: {whole:,} bytes in all]"
    return clean(text, max(0, size - len(note))) + note


def encodable(text: str) -> str:
    """The whole text, in a form that UTF-8 can encode: a lone surrogate becomes its escape sequence."""
    return text.encode("utf-8", "backslashreplace").decode()


def is_utf8(text: str) -> bool:
    """Whether UTF-8 can encode this text: file names that are not UTF-8, and broken JSON, have lone surrogates."""
    if text.isascii():
        return True
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def reason(error: BaseException) -> str:
    """An exception's message, or its type's name if the message is empty or its ``__str__`` fails."""
    try:
        return str(error) or kind(error)
    except Exception:  # the author's class may do anything
        return kind(error)


def kind(error: BaseException) -> str:
    """The name of an exception's type."""
    return clean(type(error).__name__, _KIND_BYTES)


def shown(value: object) -> str:
    """The ``repr`` of any value for a message, limited to some hundred characters."""
    try:
        written = repr(value)
    except Exception:  # Python refuses to write integers of 5,000 digits, and an author's class may do anything
        return f"a {type(value).__name__}"
    return cut(written, 200)
