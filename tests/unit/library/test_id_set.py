"""A set of ids counts each once, wherever they lie."""

from hypothesis import given
from hypothesis import strategies as st

from viewra.library.id_set import IdSet


@given(st.lists(st.integers(0, 9000) | st.integers(2**62, 2**63 - 1)))
def test_each_id_counts_once(numbers: list[int]) -> None:
    ids = IdSet()
    for number in numbers:
        ids.add(number)
    assert len(ids) == len(set(numbers))
