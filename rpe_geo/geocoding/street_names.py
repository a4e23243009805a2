"""A street name cut into its type and its core: « Rue du Général Leclerc » is a rue named general leclerc."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from rapidfuzz.distance import OSA

from rpe_geo.geocoding.keyboard import slips_of
from rpe_geo.geocoding.lexicon import COMMON_WORDS
from rpe_geo.geocoding.normalize import ARTICLES, BREAK, TITLES, phonetic, words

__all__ = [
    "PLACE_TYPES",
    "QUALIFIERS",
    "STREET_TYPES",
    "WAY_TYPES",
    "StreetName",
    "guess_type",
    "mend_articles",
    "read_street_name",
    "split_type",
    "street_name",
]

# canonical type → how people shorten it. Two types that mean the same thing share the canonical word.
_TYPES = {
    "allee": "allees all ale al", "autoroute": "", "avenue": "av ave aven avn", "boulevard": "bd bou bld bvd blvd boul boulv",
    "calade": "", "carrefour": "car carr crf", "chaussee": "chs chauss", "chemin": "ch che chem chm cch chemins",
    "cite": "", "clos": "", "corniche": "", "cote": "", "coulee": "", "cour": "", "cours": "crs", "descente": "dsc", "digue": "",
    "domaine": "dom", "draille": "", "enclos": "", "escalier": "escaliers", "espace": "", "esplanade": "esp espl", "faubourg": "",
    "galerie": "gal", "hameau": "ham", "impasse": "imp impas", "jardin": "jardins", "lotissement": "lot lotiss lots",
    "mail": "", "mas": "", "montee": "mte mt", "parc": "", "parvis": "", "passage": "pas pass psg pge",
    "passerelle": "", "place": "pl plc", "placette": "", "plan": "", "pont": "", "port": "", "porte": "",
    "promenade": "prom", "quai": "qai qu", "quartier": "qua quart qrt qr", "rambla": "", "rampe": "", "residence": "res resid rce",
    "rocade": "", "rond point": "rpt rdpt", "route": "rte rt", "rue": "r ru", "ruelle": "rle rlle", "sente": "",
    "sentier": "sen sent", "square": "sq sqr", "terrasse": "terrasses", "tour": "", "traverse": "tra trav", "tunnel": "", "venelle": "ven",
    "via": "", "villa": "vla", "village": "vge", "voie": "vc", "za": "zac zi zone", "lieu dit": "ld lieudit",
}  # fmt: skip
STREET_TYPES: dict[str, str] = {
    form: kind
    for kind, forms in _TYPES.items()
    for form in (kind, *forms.split())
    if " " not in form
}
"""Every way to write a street type in one word → its canonical word."""

PLACE_TYPES = frozenset({"lieu dit", "hameau", "village"})
"""Types of places rather than streets, put and left out at will."""

WAY_TYPES = frozenset({
    "allee", "autoroute", "avenue", "boulevard", "calade", "carrefour", "chaussee", "chemin", "corniche", "cote", "cour", "cours",
    "descente", "digue", "draille", "escalier", "esplanade", "faubourg", "galerie", "impasse", "mail", "montee", "parvis",
    "passage", "passerelle", "place", "placette", "plan", "pont", "promenade", "quai", "rambla", "rampe", "rocade",
    "rond point", "route", "rue", "ruelle", "sente", "sentier", "square", "traverse", "tunnel", "venelle", "via", "voie",
})  # fmt: skip
"""Types of ways; the others are estates and places, whose number may be a house's or the estate's own."""

_TWO_WORDS = {("rond", "point"): "rond point", ("rd", "point"): "rond point", ("rd", "pt"): "rond point", ("rond", "pt"): "rond point",
              ("lieu", "dit"): "lieu dit", ("zone", "artisanale"): "za", ("zone", "industrielle"): "za",
              ("zone", "activite"): "za", ("zone", "commerciale"): "za"}  # fmt: skip
QUALIFIERS = frozenset({
    "grande", "grand", "petite", "petit", "ancien", "ancienne", "vieux", "vieille", "nouvelle", "nouveau", "haute", "basse", "haut", "bas",
    "premiere", "seconde", "1", "2", "3", "4",
})  # fmt: skip
_HEARD = {"que": "quai", "kai": "quai", "quay": "quai", "cem": "chemin", "rut": "rue"}
_LONG_TYPE = 7
_LEADING = frozenset({"le", "la", "les", "l"})
_NOT_TYPES = frozenset({"saint", "sainte", "saints", "notre", "dame"})
_LITTLE_WORDS = frozenset(
    [
        "ma",
        "me",
        "mes",
        "mi",
        "mon",
        "sa",
        "se",
        "ses",
        "son",
        "ta",
        "te",
        "tes",
        "ton",
        "un",
        "une",
        "sur",
        "sous",
        "du",
        "de",
        "des",
        "et",
        "ou",
        "or",
        "os",
        "as",
        "an",
        "en",
        "il",
        "ils",
        "je",
        "nos",
        "cap",
        "col",
        "lac",
        "lit",
        "lys",
        "mas",
        "pas",
        "pre",
        "pres",
        "pic",
        "pin",
        "roc",
        "roi",
        "sel",
        "six",
        "sol",
        "val",
        "vin",
        "air",
        "arc",
        "bac",
        "bal",
        "bas",
        "bel",
        "ble",
        "bon",
        "but",
        "cle",
        "cri",
        "dix",
        "duc",
        "eau",
        "ete",
        "fer",
        "feu",
        "foi",
        "gue",
        "jeu",
        "lin",
        "loi",
        "luc",
        "leo",
        "lea",
        "lou",
        "max",
        "guy",
        "eve",
        "ney",
        "rey",
        "leu",
        "ler",
        "rue",
        "rues",
        "les",
        "lu",
        "la",
        "le",
        "las",
        "los",
        "dom",
        "don",
        "dame",
        "dal",
        "del",
        "dei",
        "der",
        "van",
        "von",
        "ben",
        "bey",
        "ali",
        "ana",
        "zoe",
        "ida",
        "noe",
        "neo",
        "jan",
        "job",
        "joe",
        "kay",
        "kim",
        "lac",
        "ray",
        "roy",
        "sam",
        "ted",
        "tim",
        "tom",
        "due",
        "duel",
        "fee",
        "fez",
        "vue",
        "vie",
        "fil",
        "fils",
    ]
)
_SLIPS_OF_ARTICLES = frozenset(
    slip for word in ("le", "la", "les", "de", "du", "des", "aux", "au") for slip in slips_of(word)
) - (_LITTLE_WORDS | ARTICLES | COMMON_WORDS | TITLES | (set(STREET_TYPES) - {"al"}))
_SLIPS_OF_RUE = frozenset(slips_of("rue")) - (
    _LITTLE_WORDS | ARTICLES | COMMON_WORDS | set(STREET_TYPES)
)
_TYPO_TYPES = tuple(form for form in STREET_TYPES if len(form) >= 4)


@dataclass(frozen=True, slots=True)
class StreetName:
    """
    A street name as it is compared.

    Parameters
    ----------
    kind
        Canonical type; empty for a place without type (« Le Bourg »).
    core
        Its words without type and articles, in order.
    full
        Its words without type, articles kept: tells « rue Fontaine » from « rue de la Fontaine ».
    """

    kind: str
    core: tuple[str, ...]
    full: tuple[str, ...]

    @property
    def key(self) -> str:
        """The core as one string, for exact look-up and fast scoring."""
        return " ".join(self.core)


def split_type(text: Sequence[str]) -> tuple[str, int]:
    """Name the type that a list of words begins with and how many words it takes: ("", 0) for none."""
    if not text:
        return "", 0
    if len(text) > 1 and (text[0], text[1]) in _TWO_WORDS:
        return _TWO_WORDS[text[0], text[1]], 2
    kind = STREET_TYPES.get(text[0])
    return (kind, 1) if kind else ("", 0)


@lru_cache(maxsize=4096)
def guess_type(word: str) -> str:
    """Name the type that a misspelt word means, or "": « aveneu » → avenue, « ruue » → rue."""
    if word in STREET_TYPES or word in COMMON_WORDS or word in _NOT_TYPES or word in ARTICLES:
        return ""
    if word in _SLIPS_OF_RUE:
        return "rue"
    if word in _HEARD:
        return _HEARD[word]
    if len(word) < 4:
        return ""
    best, kind = 0.74 if len(word) < _LONG_TYPE else 0.7, ""
    sound = phonetic(word)
    for form in _TYPO_TYPES:
        likeness = 0.9 if sound == phonetic(form) else OSA.normalized_similarity(word, form)
        if likeness > best:
            best, kind = likeness, STREET_TYPES[form]
    return kind


def mend_articles(text: Sequence[str]) -> list[str]:
    """
    Drop the little words between others that one slip of the keyboard made of an article.

    >>> mend_articles(["rue", "dy", "moulin"]), mend_articles(["rue", "leo", "lagrange"])
    (['rue', 'moulin'], ['rue', 'leo', 'lagrange'])
    """
    return [
        word
        for index, word in enumerate(text)
        if not (0 < index < len(text) - 1 and word in _SLIPS_OF_ARTICLES)
    ]


def street_name(text: Sequence[str]) -> StreetName:
    """
    Cut words into type and core.

    >>> street_name(["rue", "du", "general", "leclerc"])
    StreetName(kind='rue', core=('general', 'leclerc'), full=('du', 'general', 'leclerc'))
    >>> street_name(["grande", "rue"])
    StreetName(kind='rue', core=('grande',), full=('grande',))
    """
    text = [word for word in text if word != BREAK]
    if len(text) > 2 and text[0] in _LEADING and _begins_with_type(text[1:]):
        text = text[
            1:
        ]  # « Le Mas de Garrel » is « Mas de Garrel », « La Grande Rue » « Grande Rue »
    kind, length = split_type(text)
    rest = text[length:]
    if not kind and len(text) > 1 and text[0] in QUALIFIERS:
        kind, length = split_type(text[1:])
        rest = text[:1] + text[1 + length :] if kind else text
    core = tuple(
        word
        for index, word in enumerate(rest)
        if word not in ARTICLES or (word == "a" and not index)
    )
    if kind == "rue" and len(core) > 1 and _is_faubourg(core[0]):
        kind, core = "faubourg", core[1:]  # « rue du Faubourg de France » is « Faubourg de France »
    if not core:  # « Rue de la » or a place called by its type alone: « Le Village », « Rue Haute »
        core = tuple(word for word in text if word not in ARTICLES) or tuple(text)
        return StreetName("", core, tuple(text)) if core != (kind,) else StreetName(kind, core, ())
    return StreetName(kind, core, tuple(rest))


def _begins_with_type(text: Sequence[str]) -> bool:
    return bool(split_type(text)[0] or (text[0] in QUALIFIERS and split_type(text[1:])[0]))


def _is_faubourg(word: str) -> bool:
    return word == "faubourg" or guess_type(word) == "faubourg"


def read_street_name(published: str) -> StreetName:
    """Cut a published street name into type and core."""
    return street_name(words(published))
