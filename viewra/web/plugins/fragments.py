"""Content of a plugin within the host's own page: cleaned of all that could act there, or pass for the host."""

from __future__ import annotations

import re

import nh3
from markupsafe import Markup

from viewra.web.declared import PAGES, ROUTES

_TAGS = frozenset(
    {
        *("a", "abbr", "b", "blockquote", "br", "caption", "cite", "code", "col", "colgroup", "dd", "del", "details"),
        *(
            "dfn",
            "div",
            "dl",
            "dt",
            "em",
            "figcaption",
            "figure",
            "h2",
            "h3",
            "h4",
            "h5",
            "h6",
            "hr",
            "i",
            "img",
            "ins",
        ),
        *("kbd", "li", "mark", "meter", "ol", "p", "pre", "progress", "q", "s", "samp", "section", "small", "span"),
        *(
            "strong",
            "sub",
            "summary",
            "sup",
            "table",
            "tbody",
            "td",
            "tfoot",
            "th",
            "thead",
            "time",
            "tr",
            "u",
            "ul",
            "var",
        ),
    }
)
_ATTRIBUTES = {
    "a": {"href", "title"},
    "abbr": {"title"},
    "details": {"open"},
    "img": {"src", "alt", "title", "width", "height"},
    "meter": {"value", "min", "max", "low", "high", "optimum"},
    "ol": {"start", "reversed"},
    "progress": {"value", "max"},
    "td": {"colspan", "rowspan", "headers"},
    "th": {"colspan", "rowspan", "scope"},
    "time": {"datetime"},
}
_DROPPED = {"script", "style", "template", "svg", "math", "iframe", "object", "noscript", "title", "textarea"}
_SCHEME = re.compile(r"[^/?#]*:")


def cleaned(html: str, plugin_id: str) -> Markup:
    """The harmless part of a fragment: texts, tables, links and pictures; no script, style, form, id or class.

    Links and pictures keep an address among the plugin's own pages and routes, links also one at another site.
    """
    text = nh3.clean(
        html,
        tags=set(_TAGS),
        clean_content_tags=_DROPPED,
        attributes=_ATTRIBUTES,
        attribute_filter=lambda tag, name, value: _link(tag, value, plugin_id) if name in {"href", "src"} else value,
        url_schemes={"http", "https"},
        link_rel="noopener noreferrer nofollow",
    )
    return Markup(text)  # noqa: S704 - nh3 has cleaned it


def _link(tag: str, value: str, plugin_id: str) -> str | None:
    link = value.strip()
    if link.lower().startswith(("http://", "https://")):
        return link if tag == "a" else None  # a picture from elsewhere would tell who looks at it
    if not link.isprintable() or _SCHEME.match(link):  # browsers ignore tabs, and take http:/x for /x
        return None
    if ".." in link or "\\" in link or link.startswith("//") or "%2e" in link.lower():
        return None
    if link.startswith("/"):
        ours = (f"{PAGES}/{plugin_id}/", f"{ROUTES}/{plugin_id}/")
        return link if link.startswith(ours) else None
    return link
