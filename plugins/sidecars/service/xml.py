"""Parses untrusted XML: without document types, entities or external resources."""

from __future__ import annotations

import html
import re
from html.entities import html5
from xml.etree.ElementTree import Element, ParseError
from xml.sax.saxutils import escape

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from .source import BYTE_ORDER_MARKS, SidecarError

_DECLARATION = re.compile(r"<\?xml[^>]{0,200}\?>")
_ENCODING = re.compile(rb"\s*<\?xml[^>]{0,200}?encoding=[\"']([A-Za-z0-9._-]{1,40})[\"']")
_REFERENCE = re.compile(r"(?i)&(?:(#[0-9]{1,7}|#x[0-9a-f]{1,6}|[a-z][a-z0-9]{0,30});)?")
_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_ENCODINGS = (
    "utf-8",
    "utf8",
    "us-ascii",
    "ascii",
    "iso-8859-",
    "windows-",
    "cp",
    "koi8-",
    "euc-",
    "shift_jis",
    "gb",
    "big5",
)
"""How the names of encodings begin that texts have; Python knows others, some of which take long."""
_OF_XML = frozenset({"amp", "lt", "gt", "quot", "apos"})
_CDATA, _CDATA_END = "<![CDATA[", "]]>"


def documents(content: bytes, legacy: str) -> tuple[list[Element], str]:
    """Return the outermost elements, and what follows the last one: Kodi has several episodes, and URLs, in one file.

    What people write by hand is read, too: ``&`` for itself, HTML's names of characters, control characters, and text
    in the encoding ``legacy`` without a word on it. Raises ``SidecarError`` for anything else than XML, and for XML
    with a document type or entities.
    """
    text = _decoded(content, legacy)
    end = text.rfind(">") + 1
    text, rest = text[:end], text[end:]
    try:
        return [_parsed(_DECLARATION.sub("", text, count=1).lstrip())], rest
    except ParseError as first:
        try:
            found = list(_parsed(f"<_>{_DECLARATION.sub('', _mended(text))}</_>"))
        except ParseError:
            found = []
        if not found:
            raise SidecarError(f"not well-formed XML: {first}") from first
        return found, rest


def _decoded(content: bytes, legacy: str) -> str:
    """The text, by its byte order mark, else in the encoding that it names, else in UTF-8 or the legacy one."""
    for mark, encoding in BYTE_ORDER_MARKS:
        if content.startswith(mark):
            return content[len(mark) :].decode(encoding, "replace")
    named = _ENCODING.match(content)
    encoding = named[1].decode().lower() if named else "utf-8"
    if encoding.startswith(("utf-16", "utf-32")):  # not so: its name can be read
        encoding = "utf-8"
    try:
        if not encoding.startswith(_ENCODINGS):
            raise LookupError(f"unknown encoding: {encoding}")
        return content.decode(encoding)
    except UnicodeError:
        return content.decode(legacy, "replace")
    except LookupError as error:
        raise SidecarError(f"not readable as XML: {error}") from error


def _mended(text: str) -> str:
    """The text with references to characters that XML knows, and without characters that it does not allow."""
    done, at = [], 0
    while (start := text.find(_CDATA, at)) >= 0 and (end := text.find(_CDATA_END, start)) >= 0:
        end += len(_CDATA_END)
        done += [_REFERENCE.sub(_known, text[at:start]), text[start:end]]
        at = end
    done.append(_REFERENCE.sub(_known, text[at:]))
    return _CONTROLS.sub(" ", "".join(done))


def _known(reference: re.Match[str]) -> str:
    whole, name = reference[0], reference[1] or ""
    if not name:
        return "&amp;"
    if name in _OF_XML:
        return whole
    said = html.unescape(whole) if name.startswith("#") else html5.get(f"{name};")
    return whole if said is None else escape(said)


def _parsed(text: str) -> Element:
    try:
        element: Element = fromstring(text, forbid_dtd=True)
    except DefusedXmlException as error:
        raise SidecarError("XML with a document type or entities is refused") from error
    except UnicodeError as error:  # a surrogate
        raise SidecarError(f"not readable as XML: {error}") from error
    return element


def name(element: Element) -> str:
    """Return an element's name in lower case, without its namespace."""
    return str(element.tag).rpartition("}")[2].lower()


def text(element: Element) -> str:
    """Return an element's own text."""
    return (element.text or "").strip()


def whole_text(element: Element) -> str:
    """Return an element's text with that of all elements in it: of HTML, for example."""
    return "".join(element.itertext()).strip()
