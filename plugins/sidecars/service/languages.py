"""Knows languages by the codes and names that file names and headers have: ISO 639-1, 639-2, BCP 47, English names."""

from __future__ import annotations


def _table(pairs: str) -> dict[str, str]:
    return dict(pair.split(":") for pair in pairs.split())


_TWO_LETTERS = _table(
    "af:afr ar:ara az:aze be:bel bg:bul bn:ben bs:bos ca:cat cs:ces cy:cym da:dan de:deu el:ell en:eng eo:epo "
    "es:spa et:est eu:eus fa:fas fi:fin fo:fao fr:fra ga:gle gl:glg gu:guj he:heb hi:hin hr:hrv hu:hun hy:hye "
    "id:ind is:isl it:ita ja:jpn ka:kat kk:kaz km:khm kn:kan ko:kor ku:kur la:lat lb:ltz lo:lao lt:lit lv:lav "
    "mi:mri mk:mkd ml:mal mn:mon mr:mar ms:msa mt:mlt my:mya nb:nob ne:nep nl:nld nn:nno no:nor pa:pan pl:pol "
    "ps:pus pt:por ro:ron ru:rus sa:san sk:slk sl:slv so:som sq:sqi sr:srp sv:swe sw:swa ta:tam te:tel tg:tgk "
    "th:tha tl:tgl tr:tur uk:ukr ur:urd uz:uzb vi:vie yi:yid zh:zho zu:zul"
)
_BIBLIOGRAPHIC = _table(
    "alb:sqi arm:hye baq:eus bur:mya chi:zho cze:ces dut:nld fre:fra geo:kat ger:deu gre:ell ice:isl mac:mkd "
    "mao:mri may:msa per:fas rum:ron slo:slk tib:bod wel:cym"
)
_NAMES = _table(
    "arabic:ara bulgarian:bul catalan:cat chinese:zho croatian:hrv czech:ces danish:dan dutch:nld english:eng "
    "estonian:est finnish:fin french:fra german:deu greek:ell hebrew:heb hindi:hin hungarian:hun icelandic:isl "
    "indonesian:ind italian:ita japanese:jpn korean:kor latvian:lav lithuanian:lit norwegian:nor persian:fas "
    "polish:pol portuguese:por romanian:ron russian:rus serbian:srp slovak:slk slovenian:slv spanish:spa "
    "swedish:swe thai:tha turkish:tur ukrainian:ukr vietnamese:vie deutsch:deu chs:zho cht:zho"
)
_THREE_LETTERS = frozenset(_TWO_LETTERS.values()) | frozenset(_BIBLIOGRAPHIC.values())


def three_letters(text: str) -> str:
    """Return the code of ISO 639-3 for a language's code or English name, "" for what is no known one."""
    plain = text.strip().lower().replace("_", "-")
    if plain in _NAMES:
        return _NAMES[plain]
    code, _, region = plain.partition("-")
    if region and not (region.isalnum() or "-" in region):
        return ""
    if code in _TWO_LETTERS:
        return _TWO_LETTERS[code]
    return _BIBLIOGRAPHIC.get(code, code if code in _THREE_LETTERS else "")
