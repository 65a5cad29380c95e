"""Writes answers as XML, JSON or JSONP, by ``f``. An answer is data in the shape of the JSON form.

In XML single values are attributes, structs and the items of lists are elements, and ``value`` is an element's text.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any
from xml.etree import ElementTree as ET  # only writes

import attrs

from viewra.sdk.http import Response

from .failures import GENERIC, Failure
from .parameters import Parameters

API_VERSION, SERVER_VERSION = "1.16.1", "0.1.0"
"""The version of the Subsonic API that answers have the form of, and this plugin's, as in its manifest."""
NAMESPACE = "http://subsonic.org/restapi"
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_NO_CHARACTERS = re.compile("[\ud800-\udfff]")
_CALLBACK = re.compile(r"[A-Za-z_$][\w$.]{0,99}", re.ASCII)


@attrs.frozen
class Form:
    """How a player wants its answer: ``kind`` is xml, json or jsonp, with the ``callback`` of that."""

    kind: str = "xml"
    callback: str = ""

    @classmethod
    def of(cls, given: Parameters) -> Form:
        """What a request asks for. Raises Failure."""
        kind, callback = given.text("f", "xml"), given.text("callback")
        if kind not in {"xml", "json", "jsonp"}:
            raise Failure(GENERIC, "the parameter f must be xml, json or jsonp")
        if kind == "jsonp" and not _CALLBACK.fullmatch(callback):
            raise Failure(GENERIC, "the parameter callback must be the name of a function")
        return cls(kind, callback)

    def answer(self, content: Mapping[str, Any]) -> Response:
        """The response with an answer."""
        return self._response("ok", content)

    def failure(self, failure: Failure) -> Response:
        """The response that tells of a failure."""
        return self._response("failed", {"error": {"code": failure.code, "message": failure.message}})

    def _response(self, status: str, content: Mapping[str, Any]) -> Response:
        whole = {
            "status": status,
            "version": API_VERSION,
            "type": "viewra",
            "serverVersion": SERVER_VERSION,
            "openSubsonic": True,
            **content,
        }
        if self.kind == "xml":
            root = ET.Element("subsonic-response", {"xmlns": NAMESPACE})
            _fill(root, whole)
            return Response(ET.tostring(root, "utf-8", xml_declaration=True), content_type="text/xml; charset=utf-8")
        text = json.dumps({"subsonic-response": whole}, ensure_ascii=False, separators=(",", ":"))
        text = _NO_CHARACTERS.sub("\ufffd", text)  # of names of files that are not UTF-8; few players read such escapes
        if self.kind == "json":
            return Response(text, content_type="application/json")
        return Response(f"/**/{self.callback}({text});", content_type="application/javascript; charset=utf-8")


def _fill(element: ET.Element, data: Mapping[str, Any]) -> None:
    for name, value in data.items():
        if isinstance(value, Mapping):
            _fill(ET.SubElement(element, name), value)
        elif isinstance(value, list):
            for item in value:
                child = ET.SubElement(element, name)
                if isinstance(item, Mapping):
                    _fill(child, item)
                else:
                    child.text = _text(item)
        elif name == "value":
            element.text = _text(value)
        else:
            element.set(name, _text(value))


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return _NOT_XML.sub("", str(value))
