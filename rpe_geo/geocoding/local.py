"""The offline geocoder: from words to a place of the territory's own address files."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from shapely import Point

from rpe_geo.geocoding.answers import commune_answer, not_found, street_answer, with_choices
from rpe_geo.geocoding.autocomplete import CommuneNames, complete
from rpe_geo.geocoding.communes import Readings, read_commune, read_communes
from rpe_geo.geocoding.decision import (
    Doubt,
    doubt_about_city,
    doubt_about_number,
    doubt_about_plate,
    doubt_about_street,
    outside_territory,
    rivals_of,
)
from rpe_geo.geocoding.fallback import TextSearch
from rpe_geo.geocoding.normalize import BREAK, words
from rpe_geo.geocoding.numbers import NumberFound, Plate, find_number, metres
from rpe_geo.geocoding.parse import LONGEST_ADDRESS, ParsedAddress, parse
from rpe_geo.geocoding.reverse import nearest_address
from rpe_geo.geocoding.similarity import Resemblance
from rpe_geo.geocoding.store import AddressStore, Street
from rpe_geo.geocoding.streets import Candidate, best_streets, score_entry
from rpe_geo.parameters import ParameterTable, parameter_table
from rpe_geo.protocols import AddressQuery, Geocoded

__all__ = ["Findings", "LocalGeocoder"]

_FALLBACK_BELOW = 0.88
_FALLBACK_STREETS = 20
_CHOICES = 5
_HIGHEST_TOTAL = 1.03


@dataclass(frozen=True, slots=True)
class Findings:
    """
    What the search brought to light, before anything is decided.

    Parameters
    ----------
    candidates
        Streets, best first.
    outside
        Why the address lies outside the territory, when it says so.
    """

    parsed: ParsedAddress
    readings: Readings
    candidates: list[Candidate]
    outside: Doubt | None


class LocalGeocoder:
    """
    Geocoder on a territory's own index; no network, nothing leaves the machine.

    Parameters
    ----------
    directory
        Where `build_index` wrote: `<territory>/addresses`.
    today
        The day whose thresholds hold; the present day by default.

    Raises
    ------
    InvalidFile
        There is no complete index of this version.
    """

    def __init__(self, directory: Path, *, today: date | None = None) -> None:
        self._store = AddressStore(directory)
        self._text = TextSearch(self._store.text_directory)
        self._names: CommuneNames | None = None
        self.limits = parameter_table("geocoding", today or date.today())  # noqa: DTZ011

    def with_limits(self, limits: ParameterTable) -> LocalGeocoder:
        """Return a geocoder on the same open index that decides by other thresholds."""
        other = copy.copy(self)
        other.limits = limits
        return other

    def close(self) -> None:
        """Close the index."""
        self._store.close()

    def geocode(self, addresses: Sequence[AddressQuery]) -> list[Geocoded]:
        """Find the place of each address, in order."""
        return [self._geocode(query) for query in addresses]

    def _geocode(self, query: AddressQuery) -> Geocoded:
        found = self.search(query)
        return self.decide(found) if isinstance(found, Findings) else found

    def search(self, query: AddressQuery) -> Findings | Geocoded:
        """
        Look for everything that an address may mean; the thresholds of acceptance play no part in it.

        Parameters
        ----------
        query
            The address as typed.

        Returns
        -------
        Findings or Geocoded
            What `decide` chooses from; an answer already when there is nothing to look for.
        """
        length = len(query.text) + len(query.postcode or "") + len(query.city or "")
        if length > LONGEST_ADDRESS:
            return not_found(Doubt("address_too_long", {"length": length}))
        parsed = parse(
            query.text,
            query.postcode,
            query.city,
            places=self._store.places_called_chez,
            postcodes=self._store.covered_postcodes,
        )
        if parsed.is_empty:
            return not_found(Doubt("address_empty"))
        readings = read_communes(parsed, self._store)
        outside = outside_territory(parsed, readings, self._store)
        if outside and outside.code == "address_other_departement" and not readings.found:
            return not_found(outside)
        candidates = best_streets(readings.found, parsed, self._store)
        if not candidates or candidates[0].total < _FALLBACK_BELOW:
            candidates = self._widen(candidates, parsed)
        return Findings(parsed, readings, candidates, outside)

    def _widen(self, candidates: list[Candidate], parsed: ParsedAddress) -> list[Candidate]:
        """Look for the words anywhere in the territory, and score what is found like the rest."""
        known = {candidate.entry.street: candidate for candidate in candidates}
        text = [*parsed.body, *parsed.city, *parsed.head]
        for street in self._text.nearest(text, limit=_FALLBACK_STREETS):
            entry = self._store.entry(street)
            for reading in read_commune(parsed, entry.commune, self._store):
                candidate = score_entry(entry, reading, parsed, self._store)
                if candidate is None:
                    continue
                if street not in known or candidate.total > known[street].total:
                    known[street] = candidate
        return sorted(known.values(), key=lambda candidate: -candidate.total)

    def decide(self, found: Findings) -> Geocoded:
        """Choose the place among what was found, then accept it, doubt it or give up."""
        parsed, readings, outside = found.parsed, found.readings, found.outside
        commune = self._commune_alone(parsed, readings, outside)
        if commune is not None:
            return commune
        guessable = [c for c in found.candidates if c.likeness.score >= self.limits["guess_min"]]
        if not guessable:
            return self._without_street(readings, outside)
        best, street = self._best_numbered(guessable, parsed)
        if outside and not readings.outside_is_sure and best.likeness.kind == Resemblance.SAME:
            outside = None  # « rue Jean Bart »: Bart is also a commune, somewhere
        if outside and (
            best.reading.name is None or best.likeness.kind > Resemblance.WRITTEN_OTHERWISE
        ):
            return not_found(outside)
        rivals = self._rivals(best, street, guessable, parsed)
        doubt = (
            outside
            or doubt_about_street(best, [rival for rival, _ in rivals], self.limits)
            or doubt_about_city(best, parsed, readings, self._store, self.limits)
            or doubt_about_number(best, parsed)
        )
        placed = self._place(best, street, parsed, doubt)
        if placed.status == "ok":
            return placed
        others = self._other_plates(street, parsed, placed)
        others += [
            self._place(other, self._store.street(other.entry.street), parsed, doubt)
            for other in guessable[: _CHOICES + 1]
            if other.entry.street != street.id
        ]
        return with_choices(placed, others[:_CHOICES])

    def _commune_alone(
        self, parsed: ParsedAddress, readings: Readings, outside: Doubt | None
    ) -> Geocoded | None:
        """Answer an address that names only a commune."""
        if parsed.number or outside:
            return None
        if not (parsed.body or parsed.head or parsed.city):
            return self._postcode_alone(parsed)
        for reading in readings.found:
            left = [word for word in reading.street if word != BREAK]
            if left or reading.name is None or reading.name.kind > Resemblance.MISSPELT:
                continue
            if parsed.arrondissement or len(reading.communes) == 1 or reading.postcode == "agrees":
                sure = reading.postcode == "agrees" or (
                    reading.postcode == "absent"
                    and not readings.homonym_outside
                    and reading.name.score > self.limits["commune_alone_likeness_min"]
                )
                doubt = None if sure else Doubt("address_city_uncertain", {"commune": reading.city})
                return commune_answer(
                    reading.communes[0],
                    self._store,
                    postcode=parsed.postcode,
                    score=reading.name.score,
                    doubt=doubt,
                )
            several = Doubt("address_several_places", {"count": len(reading.communes)})
            return commune_answer(
                reading.communes[0],
                self._store,
                postcode=parsed.postcode,
                score=reading.name.score,
                doubt=several,
            )
        return None

    def _postcode_alone(self, parsed: ParsedAddress) -> Geocoded | None:
        """Answer a postcode typed alone: its commune, or the choice of them."""
        covered = self._store.covered
        local = [c for c in self._store.by_postcode.get(parsed.postcode, ()) if c in covered]
        if not local:
            return None
        doubt = Doubt("address_several_places", {"count": len(local)}) if len(local) > 1 else None
        answers = [
            commune_answer(
                c, self._store, postcode=parsed.postcode, score=1 / len(local), doubt=doubt
            )
            for c in local[: _CHOICES + 1]
        ]
        return with_choices(answers[0], answers[1:])

    def _without_street(self, readings: Readings, outside: Doubt | None) -> Geocoded:
        """Answer when no street fits: the commune as a guess where it is known, else nothing."""
        if outside:
            return not_found(outside)
        for reading in readings.found:
            if (
                reading.name is not None
                and (reading.shortened or reading.name.kind <= Resemblance.MISSPELT)
                and len(reading.communes) == 1
            ):
                city = self._store.communes[reading.communes[0]].city
                doubt = Doubt("address_street_not_found", {"commune": city})
                return commune_answer(
                    reading.communes[0], self._store, postcode="", score=0.4, doubt=doubt
                )
        return not_found(Doubt("address_unknown"))

    def _best_numbered(
        self, candidates: list[Candidate], parsed: ParsedAddress
    ) -> tuple[Candidate, Street]:
        """Choose the best street; among equals, the one that has the number."""
        best = candidates[0]
        street = self._store.street(best.entry.street)
        if parsed.number is None:
            return best, street
        equals = [
            other
            for other in candidates[1:12]
            if best.total - other.total < self.limits["same_name_margin"]
            and other.likeness.kind == best.likeness.kind
            and other.kind == best.kind
            and not self._told_apart(best, other, parsed)
        ]
        if not equals or _plates_of(street, parsed):
            return best, street
        others = [(other, self._store.street(other.entry.street)) for other in equals]
        holding = next((pair for pair in others if _plates_of(pair[1], parsed)), None)
        if holding:
            return holding
        around = next(
            (pair for pair in [(best, street), *others] if _surrounds(pair[1], parsed)), None
        )
        return around or (best, street)

    def _rivals(
        self, best: Candidate, street: Street, candidates: list[Candidate], parsed: ParsedAddress
    ) -> list[tuple[Candidate, Street]]:
        """List the other places that could be meant; another part of the same street is not one."""
        rivals = []
        for other in rivals_of(best, candidates[:12], self.limits):
            place = self._store.street(other.entry.street)
            if not (
                self._told_apart(best, other, parsed)
                or self._same_place(best, street, other, place, parsed)
            ):
                rivals.append((other, place))
        return rivals

    def _same_place(
        self,
        best: Candidate,
        street: Street,
        other: Candidate,
        place: Street,
        parsed: ParsedAddress,
    ) -> bool:
        """Tell whether another candidate is a part of the same street that the number does not lie in."""
        if (other.entry.core, other.entry.kind) != (best.entry.core, best.entry.kind):
            return False
        if self._city_code(place.commune) != self._city_code(street.commune):
            return False
        here, there = _plates_of(street, parsed), _plates_of(place, parsed)
        if here and there:
            return bool(metres(*here[0][2:4], *there[0][2:4]) <= self.limits["same_plate_m"])
        if parsed.postcode and parsed.postcode == place.postcode != street.postcode:
            return False
        if here or _surrounds(street, parsed) > _surrounds(place, parsed):
            return True
        apart = metres(street.longitude, street.latitude, place.longitude, place.latitude)
        near = apart <= self.limits["same_place_m"] + street.radius_m + place.radius_m
        return near and place.commune == street.commune and not there

    def _told_apart(self, best: Candidate, other: Candidate, parsed: ParsedAddress) -> bool:
        """Tell whether the old commune or the postcode typed is the best one's and not the other's."""
        city = best.reading.city
        old_name = city and city != " ".join(words(self._store.communes[best.entry.commune].name))
        if old_name and best.entry.old_city == city != other.entry.old_city:
            return True
        return bool(
            parsed.postcode
            and best.entry.commune == other.entry.commune
            and best.entry.postcode == parsed.postcode != other.entry.postcode
        )

    def _city_code(self, commune: int) -> str:
        known = self._store.communes[commune]
        return known.parent or known.code

    def _place(
        self, best: Candidate, street: Street, parsed: ParsedAddress, doubt: Doubt | None
    ) -> Geocoded:
        """Put the number on its street and write the answer."""
        number: NumberFound | None = None
        if parsed.number is not None and street.plates:
            number = find_number(street.plates, parsed.number)
            if number is None or (not number.exact and number.level == "interpolated"):
                upper = find_number(street.plates, parsed.second) if parsed.second else None
                if upper is not None and upper.exact:
                    number = upper
            doubt = doubt or doubt_about_plate(number, parsed.number, self.limits)
        score = best.total / _HIGHEST_TOTAL
        return street_answer(street, number, self._store, self.limits, score=score, doubt=doubt)

    def _other_plates(
        self, street: Street, parsed: ParsedAddress, placed: Geocoded
    ) -> list[Geocoded]:
        """Offer the number with each of its published suffixes, where none is the one typed."""
        plates = _plates_of(street, parsed)
        if not plates or any(
            f"{plate.number}{plate.suffix}" == str(plates[0].number) for plate in plates
        ):
            return []
        answers = [
            street_answer(
                street,
                NumberFound("housenumber", plate, 0.0, exact=True),
                self._store,
                self.limits,
                score=placed.score,
            )
            for plate in plates
        ]
        return [
            replace(answer, status="review", reason=placed.reason)
            for answer in answers
            if answer.label != placed.label
        ]

    def autocomplete(
        self, text: str, *, limit: int = 6, near: Point | None = None
    ) -> list[Geocoded]:
        """Complete what is being typed; the last word may be unfinished."""
        if self._names is None:
            self._names = CommuneNames(self._store)
        return complete(
            text, self._store, self._text, self._names, self.limits, limit=limit, near=near
        )

    def reverse(self, point: Point) -> Geocoded:
        """Find the nearest address of a point (EPSG:4326)."""
        return nearest_address(point, self._store, self.limits)


def _plates_of(street: Street, parsed: ParsedAddress) -> list[Plate]:
    """List the plates that have the number typed."""
    return street.plates.numbered(parsed.number.number) if parsed.number else []


def _surrounds(street: Street, parsed: ParsedAddress) -> bool:
    """Whether the number lies between two numbers of its own side of the street."""
    wanted = parsed.number.number if parsed.number else 0
    side = [plate.number for plate in street.plates if plate.number % 2 == wanted % 2]
    return bool(side) and side[0] < wanted < side[-1]
