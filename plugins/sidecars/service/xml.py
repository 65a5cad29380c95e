"""Parses untrusted XML: without document types, entities or external resources."""

from __future__ import annotations

import codecs
import re
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from .source import SidecarError

_DECLARATION = re.compile(rb"\s*<\?xml[^>]*\?>")


def documents(content: bytes) -> tuple[list[Element], bytes]:
    """Return the outermost elements, and what follows the last one: Kodi has several episodes, and URLs, in one file.

    Raises ``SidecarError`` for anything else than XML, and for XML with a document type or entities.
    """
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        content = content.decode("utf-16", "replace").encode("utf-8", "replace")
        content = _DECLARATION.sub(b"", content, count=1)  # it names UTF-16, but the text was converted
    end = content.rfind(b">") + 1
    content, rest = content[:end], content[end:]
    try:
        return [_parsed(content)], rest
    except ParseError as first:
        declaration = _DECLARATION.match(content.removeprefix(b"\xef\xbb\xbf"))
        start = declaration.end() if declaration else 0
        inner = content.removeprefix(b"\xef\xbb\xbf")[start:]
        try:
            found = list(_parsed((declaration[0].lstrip() if declaration else b"") + b"<_>" + inner + b"</_>"))
        except ParseError:
            found = []
        if not found:
            raise SidecarError(f"not well-formed XML: {first}") from first
        return found, rest


def _parsed(content: bytes) -> Element:
    try:
        element: Element = fromstring(content, forbid_dtd=True)
    except DefusedXmlException as error:
        raise SidecarError("XML with a document type or entities is refused") from error
    except (ValueError, LookupError) as error:  # an unknown encoding
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
