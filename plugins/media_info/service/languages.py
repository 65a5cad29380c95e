"""Brings the language codes of containers to the three letters of ISO 639-3."""

from __future__ import annotations


def _table(pairs: str) -> dict[str, str]:
    return dict(pair.split(":") for pair in pairs.split())


BIBLIOGRAPHIC = _table(
    "alb:sqi arm:hye baq:eus bur:mya chi:zho cze:ces dut:nld fre:fra geo:kat ger:deu gre:ell ice:isl mac:mkd "
    "mao:mri may:msa per:fas rum:ron slo:slk tib:bod wel:cym"
)
"""ISO 639-2 has two codes for some languages; Matroska uses the older one, ISO 639-3 the other."""

TWO_LETTERS = _table(
    "af:afr ar:ara az:aze be:bel bg:bul bn:ben bs:bos ca:cat cs:ces cy:cym da:dan de:deu el:ell en:eng eo:epo "
    "es:spa et:est eu:eus fa:fas fi:fin fo:fao fr:fra ga:gle gl:glg gu:guj he:heb hi:hin hr:hrv hu:hun hy:hye "
    "id:ind is:isl it:ita ja:jpn ka:kat kk:kaz km:khm kn:kan ko:kor ku:kur la:lat lb:ltz lo:lao lt:lit lv:lav "
    "mi:mri mk:mkd ml:mal mn:mon mr:mar ms:msa mt:mlt my:mya nb:nob ne:nep nl:nld nn:nno no:nor pa:pan pl:pol "
    "ps:pus pt:por ro:ron ru:rus sa:san sk:slk sl:slv so:som sq:sqi sr:srp sv:swe sw:swa ta:tam te:tel tg:tgk "
    "th:tha tl:tgl tr:tur uk:ukr ur:urd uz:uzb vi:vie yi:yid zh:zho zu:zul"
)
"""ISO 639-1, where a container has that or a tag of BCP 47 such as ``pt-BR``."""

UNKNOWN = frozenset({"und", "unk", "mul", "mis", "zxx"})


def three_letters(code: str | None) -> str:
    """Return the code of ISO 639-3 for a language code as containers have it, "" for none or an unknown one."""
    plain = (code or "").strip().lower().replace("_", "-").partition("-")[0]
    if len(plain) == 2:
        return TWO_LETTERS.get(plain, "")
    if len(plain) != 3 or not (plain.isascii() and plain.isalpha()) or plain in UNKNOWN:
        return ""
    return BIBLIOGRAPHIC.get(plain, plain)
