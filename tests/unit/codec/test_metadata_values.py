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


@pytest.mark.parametrize("value", [1, None, [1], ["a", b"b"], {"a": "b"}, ["\ud800", "b"]])
def test_what_is_neither_text_nor_texts_is_refused(value: Any) -> None:
    for rpc, given in (
        (codec.EXTRACT_METADATA, {"x": value}),
        (codec.EXTRACT_METADATA_BATCH, [FileOutcome({"x": value})]),
    ):
        with pytest.raises(InvalidValue, match=r"metadata\[x\]"):
            rpc.check(given)


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
