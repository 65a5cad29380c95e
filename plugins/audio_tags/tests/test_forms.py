"""Whatever goes into a form's function, what comes out has the documented form, or is nothing."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from viewra_plugins.audio_tags.service.forms import FORMS
from viewra_plugins.audio_tags.service.values import gather, merge
from viewra_plugins.audio_tags.service.vocabulary import FORM

from tests.vocabulary import check, forms

UUID = "8b882575-08a5-4452-a7a7-cbb8a1531f9e"
OTHER = "9e873859-8aa4-4790-b985-5a953e8ef628"

written = st.one_of(
    st.text(max_size=40),
    st.text(st.sampled_from("0123456789-/.:TZ +,;dBbpmLUFSeA"), max_size=24),
    st.from_regex(r"[0-9]{1,4}[-/. ][0-9]{1,4}[-/. ][0-9]{1,4}", fullmatch=True),
    st.datetimes().map(str),
    st.dates().map(lambda day: day.strftime("%d %B %Y")),
    st.floats().map(str),
    st.integers().map(str),
    st.uuids().map(str),
    st.sampled_from([f"{UUID}/{OTHER}", "01/12", "3 of 4", "A1", "-6.5 dB", "1e-5", "DE-ZZZ-22-00002", "english"]),
)


@given(text=written)
@pytest.mark.parametrize("form", FORMS)
def test_what_comes_out_has_the_form(form: str, text: str) -> None:
    values = FORMS[form](text)
    assert [value for value in values if not forms()[form].fullmatch(value)] == []
    assert [FORMS[form](value) for value in values] == [[value] for value in values]  # and it stays as it is


@given(st.lists(st.tuples(st.sampled_from(sorted(FORM)), written | st.text(st.characters(), max_size=40)), max_size=20))
def test_what_is_gathered_is_as_documented(pairs: list[tuple[str, str]]) -> None:
    check(merge([gather(pairs)]))


@pytest.mark.parametrize(
    ("form", "text", "values"),
    [
        ("date", "1987-03-31T07:00:00Z", ["1987-03-31"]),
        ("date", "2001-02-03 12:30", ["2001-02-03"]),
        ("date", "2020/6/9", ["2020-06-09"]),
        ("date", "20200629", ["2020-06-29"]),
        ("date", "20200629T120000", ["2020-06-29"]),
        ("date", "0029-06-2020", ["2020-06-29"]),
        ("date", "29.06.2020", ["2020-06-29"]),
        ("date", "06/29/2020", ["2020-06-29"]),
        ("date", "03/05/2001", ["2001"]),
        ("date", "05/05/2001", ["2001-05-05"]),
        ("date", "Feb 2001", ["2001-02"]),
        ("date", "3rd February 2001", ["2001-02-03"]),
        ("date", "February 3, 2001", ["2001-02-03"]),
        ("date", "Sat Feb 03 12:00:00 2001", ["2001-02-03"]),
        ("date", "2001-00-00", ["2001"]),
        ("date", "2001-02-31", ["2001-02"]),
        ("date", "2001-13-01", ["2001"]),
        ("date", "0000", []),
        ("date", "0000-00-00", []),
        ("date", "29", []),
        ("date", "200102", []),
        ("date", "1999-2001", []),
        ("date", "unknown", []),
        ("date", "٢٠٠١", []),
        ("year", "1999-12-31", ["1999"]),
        ("number", "007", ["7"]),
        ("number", "0", []),
        ("number", "-3", []),
        ("number", "²", []),
        ("position", "03", ["3"]),
        ("position", "a1", ["A1"]),
        ("position", "B", ["B"]),
        ("position", "AA 02", ["AA2"]),
        ("position", "x of", []),
        ("bpm", "128 BPM", ["128"]),
        ("bpm", "0128.50", ["128.5"]),
        ("bpm", "127,5", ["127.5"]),
        ("bpm", "0", []),
        ("bpm", "120-130", []),
        ("bpm", "nan", []),
        ("decibel", "0.37", ["0.37 dB"]),
        ("decibel", "-6.4 db", ["-6.40 dB"]),
        ("decibel", "+6.478 dB", ["6.48 dB"]),
        ("decibel", "\N{MINUS SIGN}6,4 dB", ["-6.40 dB"]),
        ("decibel", "-0.001", ["0.00 dB"]),
        ("decibel", "loud", []),
        ("decibel", "99999", []),
        ("loudness", "89.0 dB", ["89.00 dB"]),
        ("loudness", "-18", ["-18.00 LUFS"]),
        ("peak", "0.5", ["0.500000"]),
        ("peak", "1e-05", ["0.000010"]),
        ("peak", "-1", []),
        ("peak", "inf", []),
        ("q78", "+256", ["256"]),
        ("q78", "40000", []),
        ("flag", "True", ["1"]),
        ("flag", "0", []),
        ("uuid", UUID.upper(), [UUID]),
        ("uuid", UUID.replace("-", ""), [UUID]),
        ("uuid", f"{UUID}/{OTHER}", [UUID, OTHER]),
        ("uuid", f"https://musicbrainz.org/artist/{UUID}", [UUID]),
        ("uuid", "00000000-0000-0000-0000-000000000000", []),
        ("uuid", f"about {UUID}", []),
        ("isrc", "de-zzz-22-00002", ["DEZZZ2200002"]),
        ("isrc", "DEZZZ2200002/DEZZZ2200003", ["DEZZZ2200002", "DEZZZ2200003"]),
        ("isrc", "none", []),
        ("language", "ger", ["deu"]),
        ("language", "en-US", ["eng"]),
        ("language", "English; German", ["eng", "deu"]),
        ("language", "XXX", []),
        ("language", "mumbling", []),
        ("script", "LATN", ["Latn"]),
    ],
)
def test_form(form: str, text: str, values: list[str]) -> None:
    assert FORMS[form](text) == values
