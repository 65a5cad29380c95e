"""Metadata with several values of a field: kept apart in batches, joined where only one text fits."""

from collections.abc import Callable
from typing import Any

import hypothesis
import pytest
from hypothesis import strategies as st

from viewra.codec import metadata_scraper as codec
from viewra.codec.limits import Limits, limited
from viewra.codec.rpc import InvalidValue
from viewra.pb import plugin_pb2, viewra_pb2
from viewra.types import FileOutcome

GIVEN = {"artist": ["Clara", "Johannes"], "title": "Trio", "genre": ["Romantic"], "mood": []}
KEPT = {"artist": ("Clara", "Johannes"), "title": "Trio", "genre": "Romantic"}
JOINED = {"artist": "Clara; Johannes", "title": "Trio", "genre": "Romantic"}


def test_a_batch_keeps_them_apart() -> None:
    answer = codec.EXTRACT_METADATA_BATCH.answer([FileOutcome(GIVEN)])
    (outcome,) = codec.EXTRACT_METADATA_BATCH.value(answer, Limits())
    assert outcome.metadata == KEPT
    assert codec.EXTRACT_METADATA_BATCH.check([FileOutcome(GIVEN)]) == (FileOutcome(KEPT),)  # in the host's process


def test_a_reader_that_does_not_know_of_them_finds_one_text() -> None:
    answer = codec.EXTRACT_METADATA_BATCH.answer([FileOutcome(GIVEN)])
    message = viewra_pb2.ExtractMetadataBatchResponse.FromString(answer)
    assert dict(message.outcomes[0].metadata.fields) == JOINED


def test_a_single_call_gives_one_text() -> None:
    answer = codec.EXTRACT_METADATA.answer(GIVEN)
    assert dict(plugin_pb2.ExtractMetadataResponse.FromString(answer).metadata) == JOINED
    assert codec.EXTRACT_METADATA.check(GIVEN) == JOINED


@pytest.mark.parametrize(
    ("several", "kept"),
    [({"artist": ["only"]}, "a"), ({"other": ["a", "b"]}, "a"), ({"artist": ["a", "b"]}, ("a", "b"))],
)
def test_values_that_are_not_several_or_of_no_field_change_nothing(
    several: dict[str, list[str]], kept: str | tuple[str, str]
) -> None:
    metadata = viewra_pb2.Metadata(fields={"artist": "a"})
    for field, values in several.items():
        metadata.several[field].values.extend(values)
    message = viewra_pb2.ExtractMetadataBatchResponse(outcomes=[viewra_pb2.FileOutcome(metadata=metadata)])
    (outcome,) = codec.EXTRACT_METADATA_BATCH.value(message.SerializeToString(), Limits())
    assert outcome.metadata == {"artist": kept}


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        (1, "metadata[x]: must be text or a list of texts, not int"),
        (None, "metadata[x]: must be text or a list of texts, not NoneType"),
        ({"a": "b"}, "metadata[x]: must be text or a list of texts, not dict"),
        ([1], "metadata[x][0]: must be text, not int"),
        (["a", b"b"], "metadata[x][1]: must be text, not bytes"),
        (["\ud800", "b"], "metadata[x][0]: has characters that UTF-8 cannot carry (lone surrogates)"),
    ],
)
def test_what_is_neither_text_nor_texts_is_refused(value: Any, problem: str) -> None:
    with pytest.raises(InvalidValue) as raised:
        codec.EXTRACT_METADATA.check({"x": value})
    assert str(raised.value) == problem
    in_a_batch = codec.EXTRACT_METADATA_BATCH.check([FileOutcome({"x": value}), FileOutcome({"x": "fine"})])
    assert in_a_batch == (FileOutcome(error=problem), FileOutcome({"x": "fine"})), "it is the fault of one file alone"


def test_several_values_are_bounded_like_one() -> None:
    with limited(Limits(text_bytes=10)), pytest.raises(InvalidValue, match="has 12 bytes"):
        codec.EXTRACT_METADATA.check({"x": ["aaaaa", "bbbbb"]})
    with limited(Limits(entries=2)), pytest.raises(InvalidValue, match="more than 2 entries"):
        codec.EXTRACT_METADATA.check({"x": ["a", "b", "c"]})


text = st.text(st.sampled_from("aäß"), max_size=16)
outcomes = st.one_of(
    st.builds(FileOutcome, st.dictionaries(text, text | st.lists(text, min_size=2, max_size=4), max_size=4)),
    st.builds(FileOutcome, st.none(), text),
)


@hypothesis.given(st.lists(outcomes, max_size=4))
def test_an_outcome_too_small_to_break_a_limit_is_not_checked_and_all_others_are(given: list[FileOutcome]) -> None:
    rpc = codec.EXTRACT_METADATA_BATCH
    answer, limits = rpc.answer(given), Limits(text_bytes=24, entries=12, reason_bytes=24)
    assert _what(rpc.value, answer, limits) == _what(_checked_whole, answer, limits)


def _checked_whole(answer: bytes, limits: Limits) -> object:
    whole = codec.EXTRACT_METADATA_BATCH.value(answer, Limits())
    with limited(limits):
        return codec.EXTRACT_METADATA_BATCH.check(whole)


def _what(ask: Callable[[bytes, Limits], object], answer: bytes, limits: Limits) -> object:
    try:
        return ask(answer, limits)
    except InvalidValue:
        return "refused"
