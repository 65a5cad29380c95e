"""Converts codes and English names of languages, as in tags, containers and file names, to ISO 639-3.

This is the form ``language`` of docs/vocabulary.md, for plugins of any kind; light to import.
"""

from __future__ import annotations


def _table(pairs: str) -> dict[str, str]:
    return dict(pair.split(":") for pair in pairs.split())


TWO_LETTERS = _table(
    "aa:aar ab:abk ae:ave af:afr ak:aka am:amh an:arg ar:ara as:asm av:ava ay:aym az:aze ba:bak be:bel bg:bul "
    "bi:bis bm:bam bn:ben bo:bod br:bre bs:bos ca:cat ce:che ch:cha co:cos cr:cre cs:ces cu:chu cv:chv cy:cym "
    "da:dan de:deu dv:div dz:dzo ee:ewe el:ell en:eng eo:epo es:spa et:est eu:eus fa:fas ff:ful fi:fin fj:fij "
    "fo:fao fr:fra fy:fry ga:gle gd:gla gl:glg gn:grn gu:guj gv:glv ha:hau he:heb hi:hin ho:hmo hr:hrv ht:hat "
    "hu:hun hy:hye hz:her ia:ina id:ind ie:ile ig:ibo ii:iii ik:ipk io:ido is:isl it:ita iu:iku ja:jpn jv:jav "
    "ka:kat kg:kon ki:kik kj:kua kk:kaz kl:kal km:khm kn:kan ko:kor kr:kau ks:kas ku:kur kv:kom kw:cor ky:kir "
    "la:lat lb:ltz lg:lug li:lim ln:lin lo:lao lt:lit lu:lub lv:lav mg:mlg mh:mah mi:mri mk:mkd ml:mal mn:mon "
    "mr:mar ms:msa mt:mlt my:mya na:nau nb:nob nd:nde ne:nep ng:ndo nl:nld nn:nno no:nor nr:nbl nv:nav ny:nya "
    "oc:oci oj:oji om:orm or:ori os:oss pa:pan pi:pli pl:pol ps:pus pt:por qu:que rm:roh rn:run ro:ron ru:rus "
    "rw:kin sa:san sc:srd sd:snd se:sme sg:sag si:sin sk:slk sl:slv sm:smo sn:sna so:som sq:sqi sr:srp ss:ssw "
    "st:sot su:sun sv:swe sw:swa ta:tam te:tel tg:tgk th:tha ti:tir tk:tuk tl:tgl tn:tsn to:ton tr:tur ts:tso "
    "tt:tat tw:twi ty:tah ug:uig uk:ukr ur:urd uz:uzb ve:ven vi:vie vo:vol wa:wln wo:wol xh:xho yi:yid yo:yor "
    "za:zha zh:zho zu:zul"
)
"""ISO 639-1."""

BIBLIOGRAPHIC = _table(
    "alb:sqi arm:hye baq:eus bur:mya chi:zho cze:ces dut:nld fre:fra geo:kat ger:deu gre:ell ice:isl mac:mkd "
    "mao:mri may:msa per:fas rum:ron slo:slk tib:bod wel:cym"
)
"""ISO 639-2 has two codes for some languages; this is the older one, which ISO 639-3 does not use."""

NAMES = _table(
    "afrikaans:afr albanian:sqi arabic:ara armenian:hye basque:eus belarusian:bel bengali:ben bosnian:bos "
    "breton:bre bulgarian:bul catalan:cat chinese:zho chs:zho cht:zho croatian:hrv czech:ces danish:dan deutsch:deu "
    "dutch:nld english:eng esperanto:epo estonian:est finnish:fin french:fra galician:glg georgian:kat german:deu "
    "greek:ell hebrew:heb hindi:hin hungarian:hun icelandic:isl indonesian:ind irish:gle italian:ita japanese:jpn "
    "korean:kor latin:lat latvian:lav lithuanian:lit macedonian:mkd malay:msa norwegian:nor persian:fas polish:pol "
    "portuguese:por punjabi:pan romanian:ron russian:rus serbian:srp slovak:slk slovenian:slv spanish:spa "
    "swahili:swa swedish:swe tamil:tam telugu:tel thai:tha turkish:tur ukrainian:ukr urdu:urd vietnamese:vie "
    "welsh:cym yiddish:yid zulu:zul"
)
"""English names, and a few that names of files have instead."""

UNKNOWN = frozenset({"xxx", "und", "unk", "mul", "mis", "zxx"})
"""Codes of no language, of several, or of one that is not known."""

COMMON = frozenset(TWO_LETTERS.values())


def language(text: str, *, common: bool = False) -> str:
    """Return the code of ISO 639-3 for one of ISO 639 or BCP 47 (``pt-BR``), or for an English name; "" for others.

    Three letters that are no known code count as one of the 7,900 codes of ISO 639-3. With ``common`` the result is
    only a language that has a two-letter code, for texts such as file names that may contain any word.
    """
    plain = text.strip().lower().replace("_", "-")
    if plain in NAMES:
        return NAMES[plain]
    code, _, region = plain.partition("-")
    if not (code.isascii() and code.isalpha()) or (region and not region.replace("-", "").isalnum()):
        return ""
    if len(code) == 2:
        return TWO_LETTERS.get(code, "")
    if len(code) != 3 or code in UNKNOWN or "qaa" <= code <= "qtz":  # those from qaa on are for private use
        return ""
    code = BIBLIOGRAPHIC.get(code, code)
    return code if not common or code in COMMON else ""
