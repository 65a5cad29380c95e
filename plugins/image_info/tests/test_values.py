"""Values of EXIF and ICC: what is not well formed is left out, whatever it is."""

import re
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL.TiffImagePlugin import IFDRational
from viewra_plugins.image_info.service import gps, icc, values
from viewra_plugins.image_info.service.texts import clean

anything = st.one_of(
    st.none(), st.text(max_size=30), st.binary(max_size=30), st.integers(), st.floats(),
    st.builds(IFDRational, st.integers(-(2**31), 2**31), st.integers(0, 2**31)),
    st.tuples(st.integers(0, 200), st.floats(), st.text(max_size=3)),
)  # fmt: skip


@pytest.mark.parametrize(
    ("time", "offset", "moment"),
    [
        ("2021:06:01 12:34:56", None, "2021-06-01T12:34:56"),
        ("2021:06:01 12:34:56\0", "-03:30", "2021-06-01T12:34:56-03:30"),
        ("2021-06-01T12:34:56", "   :  ", "2021-06-01T12:34:56"),
        ("2021:06:01 12:34:56", "+25:00", "2021-06-01T12:34:56"),
        ("0000:00:00 00:00:00", None, ""),
        ("2021:02:30 12:34:56", None, ""),
        ("2021:06:01 24:00:00", None, ""),
        ("    :  :     :  :  ", None, ""),
        (b"2021:06:01 12:34:56", None, ""),
        ("today", None, ""),
    ],
)
def test_moments(time: object, offset: object, moment: str) -> None:
    assert values.moment(time, offset) == moment


@given(anything, anything)
def test_a_moment_is_a_moment_or_nothing(time: object, offset: object) -> None:
    assert re.fullmatch(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d([+-]\d\d:\d\d)?)?", values.moment(time, offset))


@pytest.mark.parametrize(
    ("value", "least", "most", "digits", "text"),
    [
        (IFDRational(1, 250), 0.000001, 100, 6, "0.004"),
        (IFDRational(1, 0), 0.000001, 100, 6, ""),
        (30, 0.000001, 100, 6, "30"),
        (400, 0.000001, 65534, 0, "400"),
        ((200, 0), 0.000001, 65534, 0, "200"),
        (65535, 0.000001, 65534, 0, ""),
        (0, 0.000001, 100, 1, ""),
        (0.95, 0.000001, 100, 1, "0.95"),
        (0.001, 0.000001, 100, 1, ""),
        (-1, 0.000001, 100, 1, ""),
        ((), 0.000001, 100, 1, ""),
        ("x", 0.000001, 100, 1, ""),
    ],
)
def test_numbers(value: object, least: float, most: int, digits: int, text: str) -> None:
    assert values.number(value, least, most, digits) == text


@given(anything, st.sampled_from([0, 1, 6]))
def test_a_number_is_a_number_or_nothing(value: object, digits: int) -> None:
    text = values.number(value, 0.000001, 86_400, digits)
    assert not text or (re.fullmatch(r"\d+(\.\d*[1-9])?", text) and 0 < float(text) <= 86_400)


def place(latitude: object, north: object, longitude: object, east: object, **others: object) -> dict[int, object]:
    return {1: north, 2: latitude, 3: east, 4: longitude} | {int(name[1:]): value for name, value in others.items()}


@pytest.mark.parametrize(
    ("tags", "fields"),
    [
        (place((48, 12, 30.0), "N", (16, 22, 0), "E"), {"latitude": "48.208333", "longitude": "16.366667"}),
        (place((48.5, 0, 0), "S\0", (16,), "w"), {"latitude": "-48.500000", "longitude": "-16.000000"}),
        (
            place((1, 0, 0), "N", (2, 0, 0), "E", _5=b"\x01", _6=IFDRational(100, 2)),
            {"latitude": "1.000000", "longitude": "2.000000", "altitude": "-50.0"},
        ),
        (place((0, 0, 0), "N", (0, 0, 0), "E"), {}),
        (place((91, 0, 0), "N", (0, 0, 0), "E"), {}),
        (place((48, 0, IFDRational(0, 0)), "N", (16, 0, 0), "E"), {}),
        (place((48, 0, 0), "X", (16, 0, 0), "E"), {}),
        (place((48, 0, 0), None, (16, 0, 0), "E"), {}),
        (place((48, -5, 0), "N", (16, 0, 0), "E"), {}),
        ({}, {}),
    ],
)
def test_places(tags: dict[int, object], fields: dict[str, str]) -> None:
    assert gps.fields(tags) == fields


@given(st.dictionaries(st.integers(0, 6), anything | st.sampled_from(["N", "E", (1, 2, 3)])))
def test_a_place_is_on_earth_or_nowhere(tags: dict[int, object]) -> None:
    found = gps.fields(tags)
    assert -90 <= float(found.get("latitude", 0)) <= 90
    assert -180 <= float(found.get("longitude", 0)) <= 180


def profile(tag: bytes) -> bytes:
    return bytes(128) + struct.pack(">I4sII", 1, b"desc", 144, len(tag)) + tag


def test_names_of_profiles() -> None:
    assert icc.name(profile(b"desc\0\0\0\0" + struct.pack(">I", 10) + b"Adobe RGB\0")) == "Adobe RGB"
    records = b"deDE" + struct.pack(">II", 8, 40) + b"enUS" + struct.pack(">II", 10, 48)
    text = "Anders"[:4].encode("utf-16-be") + "Other".encode("utf-16-be")
    assert icc.name(profile(b"mluc\0\0\0\0" + struct.pack(">II", 2, 12) + records + text)) == "Other"
    assert icc.name(None) == icc.name(b"short") == icc.name(profile(b"none")) == ""


@given(st.binary(max_size=300))
def test_a_damaged_profile_has_a_clean_name_or_none(content: bytes) -> None:
    name = icc.name(bytes(128) + struct.pack(">I4sII", 2, b"desc", 144, 200) + content)
    assert name == clean(name)
