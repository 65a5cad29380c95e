"""How long servers ask to wait."""

from __future__ import annotations

from email.utils import formatdate

import pytest

from viewra.retry_after import retry_after_s

DAY_S = 86_400.0


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("0", 0.0),
        (" 7 ", 7.0),
        ("0000000000120", 120.0),
        ("9" * 30, DAY_S),
        ("9" * 5000, DAY_S),
        (formatdate(1_000_007, usegmt=True), 7.0),
        (formatdate(0, usegmt=True), 0.0),
        ("Fri, 31 Dec 9999 23:59:59 GMT", DAY_S),
    ],
)
def test_it_is_a_number_or_a_date(text: str, seconds: float) -> None:
    assert retry_after_s(text, now=1_000_000) == seconds


@pytest.mark.parametrize(
    "text",
    [
        "",
        "-1",
        "1.5",
        "soon",
        "²",
        "nan",
        "1e3",
        formatdate(0)[:10],
        "Fri, 31 Dec 99999 23:59:59 GMT",
        "Wed, " + "9" * 5000,
    ],
)
def test_other_texts_ask_for_nothing(text: str) -> None:
    assert retry_after_s(text) is None
