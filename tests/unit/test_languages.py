"""Languages by code or name, in the vocabulary's form."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests import vocabulary
from viewra.types.languages import BIBLIOGRAPHIC, NAMES, TWO_LETTERS, language


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("ger", "deu"), ("deu", "deu"), ("de", "deu"), ("pt-BR", "por"), ("zh_Hant", "zho"), ("ENG ", "eng"),
        ("German", "deu"), ("deutsch", "deu"), ("gsw", "gsw"), ("und", ""), ("zxx", ""), ("qaa", ""), ("xx", ""),
        ("d\0", ""), ("de-", "deu"), ("de-?", ""), ("", ""),
    ],
)  # fmt: skip
def test_codes_and_names(text: str, code: str) -> None:
    assert language(text) == code


@pytest.mark.parametrize(("word", "code"), [("eng", "eng"), ("ger", "deu"), ("gsw", ""), ("cut", ""), ("en-GB", "eng")])
def test_words_of_a_file_name_count_where_the_language_is_common(word: str, code: str) -> None:
    assert language(word, common=True) == code


def test_the_tables_have_no_gaps() -> None:
    assert len(TWO_LETTERS) == 183
    assert {*BIBLIOGRAPHIC.values(), *NAMES.values()} <= set(TWO_LETTERS.values())


@given(st.text(max_size=12))
def test_a_language_has_the_form_or_is_unknown(text: str) -> None:
    code = language(text)
    assert not code or vocabulary.forms()["language"].fullmatch(code)
