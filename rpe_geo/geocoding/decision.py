"""
Whether a best guess may be used without asking: a list of plain rules, each with its reason in French.

A raw score cannot tell « rue du Parc » from « rue du Port »; rules can, and they can be explained to the person who
typed the address. The first rule that objects gives the reason.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from rapidfuzz.distance import OSA

from rpe_geo.geocoding.communes import ExactName, Readings
from rpe_geo.geocoding.house_numbers import HouseNumber
from rpe_geo.geocoding.normalize import ARTICLES, words
from rpe_geo.geocoding.numbers import NumberFound
from rpe_geo.geocoding.parse import ParsedAddress
from rpe_geo.geocoding.similarity import Resemblance
from rpe_geo.geocoding.store import AddressStore, postal_departement
from rpe_geo.geocoding.street_names import PLACE_TYPES, STREET_TYPES, guess_type, split_type
from rpe_geo.geocoding.streets import Candidate, parts_of
from rpe_geo.parameters import ParameterTable

__all__ = [
    "Doubt",
    "doubt_about_city",
    "doubt_about_number",
    "doubt_about_plate",
    "doubt_about_street",
    "outside_territory",
    "rivals_of",
]

_OFTEN_UNTYPED = frozenset({"rue", *PLACE_TYPES})
_INSIDE = frozenset({"residence", "tour"})
_USUAL_SUFFIXES = frozenset(
    {"bis", "ter", "quater", "quinquies", "a", "b", "c", "d", "e", "f", "g", "h"}
)
_JOINING = frozenset({"sur", "sous", "pres", "lez", "en", "saint", "sainte"})
_AROUND_A_CITY = frozenset(
    {"commune", "ville", "mairie", "de", "d", "centre", "sp", "armees", "france", "e", "er"}
)
_PLACE_ARTICLES = frozenset({"le", "la", "les", "l"})


@dataclass(frozen=True, slots=True)
class Doubt:
    """Why something is not accepted: a code of `rpe_geo.messages.geocoding` and what its sentence names."""

    code: str
    values: dict[str, Any] = field(default_factory=dict)


def outside_territory(
    parsed: ParsedAddress, readings: Readings, store: AddressStore
) -> Doubt | None:
    """Tell when the address names a département or a commune that the territory does not cover."""
    if parsed.postcode and postal_departement(parsed.postcode) not in store.departements:
        return Doubt("address_other_departement", {"postcode": parsed.postcode})
    if readings.outside is not None:
        return Doubt("address_commune_outside", {"commune": store.communes[readings.outside].name})
    return None


def doubt_about_city(
    best: Candidate,
    parsed: ParsedAddress,
    readings: Readings,
    store: AddressStore,
    limits: ParameterTable,
) -> Doubt | None:
    """Object to the commune: not typed, not alike enough, contradicted by the postcode, or one of several."""
    reading = best.reading
    named = _named_elsewhere(best, readings, store)
    if named:
        return named
    if (
        reading.postcode == "agrees"
        and parsed.postcode not in {"", best.entry.postcode}
        and not parsed.arrondissement
        and best.likeness.kind > Resemblance.SAME
    ):  # the commune has several postcodes, and a street of nearly this name lies in another one
        return Doubt("address_street_postcode", {"postcode": best.entry.postcode})
    city = store.communes[best.entry.commune].city
    if reading.postcode == "other-departement":
        return Doubt("address_postcode_contradicts", {"postcode": parsed.postcode, "commune": city})
    if reading.name is None:
        return _doubt_without_city(best, parsed, store, city, limits)
    plain_street = best.likeness.kind <= Resemblance.WRITTEN_OTHERWISE and best.kind == "same"
    if (
        reading.postcode == "agrees"
        and plain_street
        and (
            reading.name.kind != Resemblance.ANOTHER_WORD or best.likeness.kind == Resemblance.SAME
        )
    ):
        if reading.name.score < limits["commune_likeness_with_postcode_min"]:
            return Doubt("address_city_uncertain", {"commune": city})
    elif (
        reading.name.kind > Resemblance.MISSPELT
        or reading.name.score < limits["commune_likeness_min"]
    ) and not (reading.shortened and plain_street):
        return Doubt("address_city_uncertain", {"commune": city})
    if _another_old_commune(best, store):
        return Doubt("address_city_uncertain", {"commune": city})
    if reading.postcode == "agrees":
        return None
    if readings.homonym_outside:
        return Doubt("address_city_homonym", {"commune": city})
    # a Cedex that is no place's postcode proves nothing
    exists = (
        parsed.arrondissement > 0
        or parsed.postcode in store.by_postcode
        or not (store.knows_france or parsed.cedex)
    )
    if (
        reading.postcode == "same-departement"
        and exists
        and (
            best.likeness.kind > Resemblance.SAME
            or (
                reading.name.kind > Resemblance.WRITTEN_OTHERWISE
                and len(reading.city) < limits["long_city_letters"]
            )
        )
    ):
        return Doubt("address_postcode_contradicts", {"postcode": parsed.postcode, "commune": city})
    if reading.postcode == "absent" and reading.name.kind == Resemblance.MISSPELT:
        sure = (
            plain_street
            and store.knows_france
            and len(reading.city) >= limits["long_city_letters"] - 1
        )
        if len(reading.city) < limits["long_city_letters"] and not sure:
            return Doubt("address_city_uncertain", {"commune": city})
    return None


def _named_elsewhere(best: Candidate, readings: Readings, store: AddressStore) -> Doubt | None:
    """
    Object where another commune is named letter for letter: an exactly typed commune is binding.

    Shorter words than those read as the city do not bind (« Aubert » in « Sant-Aubert »), nor words of the street's
    own name, nor a beginning that the postcode completes: « 12200 Villefranche » is Villefranche-de-Rouergue.
    """
    reading = best.reading
    exact = bool(reading.name) and " ".join(reading.typed) == reading.city
    for other in readings.exact:
        if best.entry.commune in other.communes:
            continue
        if exact:
            binds = len(other.typed) > len(reading.typed) and not other.first
        elif reading.name is None or not reading.typed:
            binds = other.natural or not set(other.typed) <= {*best.typed.full, *_AROUND_A_CITY}
        else:
            binds = other.natural or len(other.typed) >= len(reading.typed)
        completed = (
            reading.postcode == "agrees"
            and not other.agrees
            and reading.city.startswith(" ".join(other.typed) + " ")
        )
        if binds and not completed and not _is_contradicted(other, best, store):
            typed = store.communes[min(other.communes)].city
            values = {"typed": typed, "commune": store.communes[best.entry.commune].city}
            return Doubt("address_street_elsewhere", values)
    return _part_of_a_name(best, store)


def _is_contradicted(other: ExactName, best: Candidate, store: AddressStore) -> bool:
    """
    Tell whether the postcode leaves no doubt that another commune's name is a slip for the street's: « 12000 Rodes ».

    The communes so called lie outside, in other départements, and street and postcode agree with the one found.
    """
    reading = best.reading
    if (
        reading.postcode != "agrees"
        or reading.name is None
        or reading.name.kind > Resemblance.MISSPELT
        or best.likeness.kind > Resemblance.WRITTEN_OTHERWISE
        or best.kind != "same"
    ):
        return False
    here = postal_departement(store.communes[best.entry.commune].code)
    return all(
        commune not in store.covered and postal_departement(store.communes[commune].code) != here
        for commune in other.communes
    )


def _part_of_a_name(best: Candidate, store: AddressStore) -> Doubt | None:
    """Object where only a part of the words of the city was read, and the rest may change its meaning."""
    reading = best.reading
    if not reading.beside:
        return None
    rest = " ".join(word for word in reading.beside if word not in _AROUND_A_CITY)
    here = store.communes[best.entry.commune]
    plain = _plain_name(best, store)
    # « Marcenelles-Bréhaut » read by its part « Marcenelles »: with what stands beside it is the whole present name.
    if not rest or plain in {rest, f"{reading.city} {rest}", f"{rest} {reading.city}"}:
        return None
    if rest == best.entry.old_city:
        return None
    another = rest in store.by_name and best.entry.commune not in store.by_name[rest]
    is_old = reading.city != _plain_name(best, store) and not here.parent
    goes_on = reading.beside[0] in ARTICLES or reading.beside[0] in _JOINING
    if reading.postcode != "agrees" or another or is_old or goes_on:
        return Doubt("address_city_uncertain", {"commune": here.city})
    return None


def _another_old_commune(best: Candidate, store: AddressStore) -> bool:
    """Tell whether the old commune typed is not the street's, where the addresses tell old communes apart."""
    typed, old_city = best.reading.city, best.entry.old_city
    if not typed or typed == old_city or typed == _plain_name(best, store):
        return False
    if store.communes[best.entry.commune].parent:
        return False  # Paris, of one of its arrondissements
    return bool(old_city) or store.has_old_city(best.entry.commune, typed)


def _plain_name(best: Candidate, store: AddressStore) -> str:
    """Return the commune's present name in plain words."""
    return " ".join(words(store.communes[best.entry.commune].name))


def _doubt_without_city(
    best: Candidate, parsed: ParsedAddress, store: AddressStore, city: str, limits: ParameterTable
) -> Doubt | None:
    """Accept an address without city only where nothing else can be meant."""
    if _unread(best, parsed):
        return Doubt("address_city_uncertain", {"commune": city})
    if len(store.covered) == 1:
        return None
    if best.reading.postcode != "agrees":
        return Doubt("address_no_city", {"commune": city})
    sharing = store.by_postcode.get(parsed.postcode, ())
    if len(sharing) == 1:
        return None
    if best.likeness.kind > Resemblance.WRITTEN_OTHERWISE or best.kind != "same":
        return Doubt("address_no_city", {"commune": city})
    if not store.knows_france and not store.is_only_one(best.entry):
        return Doubt("address_no_city", {"commune": city})
    everyone = sum(store.communes[commune].population for commune in sharing)
    inside = sum(
        store.communes[commune].population for commune in sharing if commune in store.covered
    )
    if inside < limits["postcode_covered_min"] * everyone:
        return Doubt("address_no_city", {"commune": city})
    return None


def _unread(best: Candidate, parsed: ParsedAddress) -> bool:
    """Tell whether words were left aside: they may name a city that the territory does not know."""
    return any(
        word not in best.typed.full
        and word not in ARTICLES
        and STREET_TYPES.get(word) != best.typed.kind
        and guess_type(word) != best.typed.kind
        and not (len(best.typed.kind.split()) > 1 and word in best.typed.kind)
        for part in _parts_to_read(parsed)
        for word in part
    )


def doubt_about_street(
    best: Candidate, rivals: Sequence[Candidate], limits: ParameterTable
) -> Doubt | None:
    """Object to the street: another type, another word, a word missing, or another place as likely."""
    if best.kind == "contradicted":
        return Doubt(
            "address_street_type", {"typed": best.typed.kind, "published": best.entry.kind}
        )
    if best.likeness.kind == Resemblance.INCOMPLETE:
        return Doubt("address_street_incomplete")
    if (
        best.likeness.kind > Resemblance.MISSPELT
        or best.likeness.score < limits["street_likeness_min"]
    ):
        return Doubt("address_street_uncertain")
    single = len(best.typed.core) == 1 and " " not in best.entry.core
    if single and best.likeness.score < limits["one_word_likeness_min"]:
        return Doubt("address_street_uncertain")  # « rue Rouselet » is not « rue Rondelet »
    if best.kind == "unpublished":
        return Doubt("address_street_untyped", {"typed": best.typed.kind})
    if best.likeness.kind != Resemblance.SAME and _articles_differ(best, limits):
        return Doubt("address_street_uncertain")
    if (
        best.kind == "untyped"
        and _PLACE_ARTICLES.intersection(best.typed.full[:1])
        and best.entry.kind
    ):
        return Doubt("address_street_type_missing", {"published": best.entry.kind})
    if (
        best.kind == "untyped"
        and len(best.typed.core) < 2
        and best.entry.kind not in _OFTEN_UNTYPED
    ):
        return Doubt("address_street_type_missing", {"published": best.entry.kind})
    if rivals:
        return Doubt("address_several_places", {"count": len(rivals) + 1})
    return None


def doubt_about_plate(
    number: NumberFound | None, wanted: HouseNumber, limits: ParameterTable
) -> Doubt | None:
    """Object to the plate: none near, several indices of one number, or an index that is not published."""
    if number is None:
        return Doubt("address_number_missing", {"number": wanted.number})
    if number.exact or (number.level == "interpolated" and not wanted.suffix):
        return None
    if not wanted.suffix:
        if number.spread_m <= limits["same_number_m"] or not number.plate.suffix:
            return None
        return Doubt(
            "address_number_suffix",
            {"number": wanted.number, "suffixes": ", ".join(number.suffixes)},
        )
    usual = wanted.suffix in _USUAL_SUFFIXES and number.spread_m <= limits["same_plate_m"]
    if usual or (
        number.plate.suffix == wanted.suffix
        and number.plate.number == wanted.number
        and number.plate.position == "interpolation"
    ):
        return None
    return Doubt("address_suffix_missing", {"number": wanted.number, "suffix": wanted.suffix})


def doubt_about_number(best: Candidate, parsed: ParsedAddress) -> Doubt | None:
    """Object to the number: one that cannot be read, two that contend, or one that belongs to another name."""
    if parsed.unclear:
        return Doubt("address_number_unclear")
    known = {*best.typed.full, *best.entry.core.split(" ")}
    if parsed.number is None:
        if any(word.isdigit() and word not in known for word in (*parsed.head, *parsed.body)):
            return Doubt("address_number_unclear")
        return None
    if parsed.beside and not parsed.begins_way and not _shares_a_word(best, parsed.beside):
        return Doubt("address_number_elsewhere", {"number": parsed.number.number})
    if parsed.begins_way and not _shares_a_word(best, parsed.beside):
        return Doubt("address_number_elsewhere", {"number": parsed.number.number})
    return None


def _shares_a_word(best: Candidate, beside: Sequence[str]) -> bool:
    """Tell whether the street was read in the part that the number belongs to."""
    words = set(beside)
    return (
        any(word in words for word in (*best.typed.core, *best.typed.full)) or not best.typed.core
    )


def _parts_to_read(parsed: ParsedAddress) -> list[list[str]]:
    """Cut the words at their breaks, without what is inside the house; after the postcode it is always a city."""
    after = len(parsed.body) if parsed.after_postcode is None else parsed.after_postcode
    parts = [*parts_of(parsed.head), *parts_of(parsed.body[:after])]
    inside = [part for part in parts if split_type(part)[0] not in _INSIDE]
    return [*inside, *parts_of(parsed.body[after:])]


def _articles_differ(best: Candidate, limits: ParameterTable) -> bool:
    """Tell whether « de la » stands for « du »: with a slip besides, it is another name; short names forgive nothing."""
    typed = [word for word in best.typed.full if word in ARTICLES]
    known = [word for word in best.entry.full.split(" ") if word in ARTICLES]
    if typed == known or set(best.typed.core) >= set(best.entry.core.split(" ")):
        return False
    if (
        OSA.distance("".join(best.typed.full), best.entry.full.replace(" ", ""), score_cutoff=1)
        <= 1
    ):
        return False  # « dupontet » for « du Pontet »
    if typed and known:
        return True
    enough = limits["article_dropped_letters_min" if known else "article_added_letters_min"]
    return bool(len(best.entry.core) < enough)


def rivals_of(
    best: Candidate, others: Sequence[Candidate], limits: ParameterTable
) -> list[Candidate]:
    """List the other candidates that the words do not rule out."""
    return [
        other
        for other in others
        if other.entry.street != best.entry.street
        and (
            _as_likely(best, other, limits)
            or _likely_elsewhere(best, other, limits)
            or _as_much_of_the_name(best, other)
        )
    ]


def _as_likely(best: Candidate, other: Candidate, limits: ParameterTable) -> bool:
    """Tell whether another candidate is as alike and nearly as high."""
    return (
        best.total - other.total < limits["margin_min"]
        and not (best.kind == "same" and other.kind != "same")
        and other.likeness.kind <= best.likeness.kind
        and not (best.whole and not other.whole and best.likeness.kind == Resemblance.SAME)
    )


def _as_much_of_the_name(best: Candidate, other: Candidate) -> bool:
    """Tell whether « rue Bernard » may be « rue Comte Bernard » or « rue Bernard Blier »: each lacks one word or more."""
    typed, known = set(best.typed.core), set(best.entry.core.split(" "))
    return (
        best.likeness.kind == Resemblance.WRITTEN_OTHERWISE
        and other.likeness.kind == Resemblance.INCOMPLETE
        and typed < known
        and typed < set(other.entry.core.split(" "))
        and other.kind == best.kind
        and other.entry.commune == best.entry.commune
    )


def _likely_elsewhere(best: Candidate, other: Candidate, limits: ParameterTable) -> bool:
    """Tell whether name and postcode point to two places: the one spelt better, or the one of the postcode typed."""
    if best.total - other.total >= limits["elsewhere_margin"] or other.reading.name is None:
        return False
    if other.reading.name.kind > Resemblance.MISSPELT:
        return False
    spelt_better = (
        best.likeness.kind >= Resemblance.MISSPELT
        and other.likeness.kind == Resemblance.SAME
        and not (best.kind == "same" and other.kind != "same")
    )
    of_the_postcode = (
        best.reading.postcode not in {"agrees", "absent"}
        and other.reading.postcode == "agrees"
        and other.likeness.kind <= Resemblance.INCOMPLETE
        and other.likeness.score >= limits["elsewhere_likeness_min"]
    )
    return spelt_better or of_the_postcode
