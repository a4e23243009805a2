"""The national geocoding service, for places outside the territory's own files; only addresses are sent."""

from __future__ import annotations

import csv
import io
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from types import TracebackType
from typing import Any, Self

import httpx
from shapely import Point

from rpe_geo.errors import ServiceUnavailable
from rpe_geo.geocoding.answers import not_found
from rpe_geo.geocoding.decision import Doubt
from rpe_geo.geocoding.normalize import ARTICLES, words
from rpe_geo.geocoding.parse import LONGEST_ADDRESS, ParsedAddress, parse
from rpe_geo.geocoding.similarity import Likeness, Resemblance, compare
from rpe_geo.geocoding.street_names import read_street_name
from rpe_geo.geocoding.streets import street_variants
from rpe_geo.messages import phrase
from rpe_geo.protocols import AddressLevel, AddressQuery, Geocoded

__all__ = ["GeoplateformeGeocoder"]

_CHUNK = 2_000
_ATTEMPTS = 5
_FIRST_WAIT_S = 1.0
_LONGEST_WAIT_S = 60.0
_BUSY = {429, 502, 503, 504}
_SCORE_MIN = 0.55
_MARGIN_MIN = 0.05
_UNCERTAINTY_M: dict[str, float] = {
    "housenumber": 30.0,
    "interpolated": 60.0,
    "street": 300.0,
    "locality": 500.0,
    "municipality": 3_000.0,
}
_LEVELS: dict[str, AddressLevel] = {
    "housenumber": "housenumber",
    "interpolation": "interpolated",
    "street": "street",
    "locality": "locality",
    "municipality": "municipality",
    "city": "municipality",
    "town": "municipality",
    "village": "municipality",
}


class GeoplateformeGeocoder:
    """
    Geocoder on the Géoplateforme, by batches.

    Parameters
    ----------
    base_url
        « https://data.geopf.fr/geocodage ».
    transport
        How requests travel; a mock in tests.
    timeout_s
        Longest wait for one batch, in seconds.
    sleep
        How to wait between attempts.
    """

    def __init__(
        self,
        base_url: str,
        *,
        transport: httpx.BaseTransport | None = None,
        timeout_s: float = 60.0,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._client = httpx.Client(
            base_url=base_url.rstrip("/") + "/", transport=transport, timeout=timeout_s
        )
        self._sleep = sleep

    def close(self) -> None:
        """Close the connection."""
        self._client.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        fault: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def geocode(self, addresses: Sequence[AddressQuery]) -> list[Geocoded]:
        """
        Find the place of each address, in order.

        Raises
        ------
        ServiceUnavailable
            The service does not answer, or answers what cannot be read.
        """
        answers: list[Geocoded] = []
        for start in range(0, len(addresses), _CHUNK):
            answers.extend(self._batch(addresses[start : start + _CHUNK]))
        return answers

    def autocomplete(
        self, text: str, *, limit: int = 6, near: Point | None = None
    ) -> list[Geocoded]:
        """Complete what is being typed; the last word may be unfinished."""
        if len(text.strip()) < 3:
            return []
        asked: dict[str, str] = {
            "q": text[:200],
            "autocomplete": "1",
            "limit": str(limit),
            "index": "address",
        }
        if near is not None:
            asked |= {"lon": str(near.x), "lat": str(near.y)}
        return [_from_feature(feature) for feature in self._features("search", asked)]

    def reverse(self, point: Point) -> Geocoded:
        """Find the nearest address of a point (EPSG:4326)."""
        asked = {"lon": str(point.x), "lat": str(point.y), "index": "address", "limit": "1"}
        found = next(self._features("reverse", asked), None)
        return _from_feature(found) if found else not_found(Doubt("address_unknown"))

    def _batch(self, addresses: Sequence[AddressQuery]) -> list[Geocoded]:
        """Send one file of addresses: what is empty or too long for an address is never sent."""
        sent = [index for index, query in enumerate(addresses) if _sendable(query)]
        answers = [
            not_found(Doubt("address_empty"))
            if not query.text.strip() and not query.city and not query.postcode
            else not_found(Doubt("address_too_long", {"length": len(query.text)}))
            for query in addresses
        ]
        if not sent:
            return answers
        table = io.StringIO()
        writer = csv.writer(table)
        writer.writerow(["address", "postcode", "city"])
        for index in sent:
            query = addresses[index]
            writer.writerow([" ".join(query.text.split()), query.postcode or "", query.city or ""])
        # The postcode and the city are words to look for, not filters: a wrong one would exclude the right place.
        response = self._send(
            "POST",
            "search/csv",
            files={"data": ("addresses.csv", table.getvalue().encode(), "text/csv")},
            data={"columns": ["address", "postcode", "city"]},
        )
        rows = list(csv.DictReader(io.StringIO(response.content.decode("utf-8-sig", "replace"))))
        if len(rows) != len(sent):
            raise ServiceUnavailable(
                "geocoder_answer_unreadable", sent=len(sent), received=len(rows)
            )
        for index, row in zip(sent, rows, strict=True):
            answers[index] = _from_row(addresses[index], row)
        return answers

    def _features(self, path: str, asked: Mapping[str, str]) -> Iterator[dict[str, Any]]:
        response = self._send("GET", path, params=dict(asked))
        try:
            yield from response.json()["features"]
        except (ValueError, KeyError, TypeError) as fault:
            raise ServiceUnavailable("geocoder_answer_unreadable", sent=1, received=0) from fault

    def _send(self, method: str, path: str, **request: Any) -> httpx.Response:
        """Send a request; wait and try again while the service is busy."""
        wait = _FIRST_WAIT_S
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                response = self._client.request(method, path, **request)
            except httpx.TransportError as fault:
                if attempt == _ATTEMPTS:
                    raise ServiceUnavailable("geocoder_unreachable", attempts=attempt) from fault
                self._sleep(wait)
            else:
                if response.is_success:
                    return response
                if response.status_code not in _BUSY or attempt == _ATTEMPTS:
                    raise ServiceUnavailable("geocoder_refused", status=response.status_code)
                self._sleep(min(_LONGEST_WAIT_S, _retry_after(response) or wait))
            wait = min(_LONGEST_WAIT_S, wait * 2)
        raise ServiceUnavailable("geocoder_unreachable", attempts=_ATTEMPTS)


def _retry_after(response: httpx.Response) -> float | None:
    """Read how many seconds the service asks to wait; None when it does not say."""
    said = response.headers.get("retry-after", "")
    if said.isdigit():
        return float(said)
    try:
        moment = parsedate_to_datetime(said)
    except ValueError:
        return None
    return max(0.0, (moment - datetime.now(UTC)).total_seconds())


def _sendable(query: AddressQuery) -> bool:
    length = len(query.text) + len(query.postcode or "") + len(query.city or "")
    return length <= LONGEST_ADDRESS and any(
        part and part.strip() for part in (query.text, query.postcode, query.city)
    )


def _number(text: str | None) -> float | None:
    try:
        return float(text) if text else None
    except ValueError:
        return None


def _from_row(query: AddressQuery, row: Mapping[str, str]) -> Geocoded:
    """Read one line of the service's answer, and judge it by the same rules as a local one."""
    longitude, latitude = _number(row.get("longitude")), _number(row.get("latitude"))
    if longitude is None or latitude is None or row.get("result_status", "ok") not in {"ok", ""}:
        return not_found(Doubt("address_unknown"))
    score = _number(row.get("result_score")) or 0.0
    following = _number(row.get("result_score_next"))
    level = _LEVELS.get(row.get("result_type", ""), "street")
    street = row.get("result_street") or (
        row.get("result_name", "") if level in {"street", "locality"} else ""
    )
    parsed = parse(query.text, query.postcode, query.city)
    doubt = _doubt(parsed, row, street, score, following, level)
    return Geocoded(
        status="review" if doubt else "ok",
        longitude=longitude,
        latitude=latitude,
        score=round(score, 4),
        level=level,
        label=row.get("result_label", ""),
        housenumber=row.get("result_housenumber", ""),
        street=street,
        code_postal=row.get("result_postcode", ""),
        code_commune=row.get("result_citycode", ""),
        city=row.get("result_city", ""),
        uncertainty_m=_UNCERTAINTY_M[level],
        reason=phrase(doubt.code, **doubt.values) if doubt else "",
    )


def _doubt(
    parsed: ParsedAddress,
    row: Mapping[str, str],
    street: str,
    score: float,
    following: float | None,
    level: AddressLevel,
) -> Doubt | None:
    """Object to an answer of the service: another type, another street, another département, a near rival."""
    postcode = row.get("result_postcode", "")
    city = row.get("result_city", "")
    if parsed.postcode and postcode[:2] != parsed.postcode[:2]:
        return Doubt("address_postcode_contradicts", {"postcode": parsed.postcode, "commune": city})
    if level == "municipality":
        return (
            None
            if not parsed.number and score >= _SCORE_MIN
            else Doubt("address_street_not_found", {"commune": city})
        )
    likeness, typed = _closest_reading(parsed, street, city)
    published = read_street_name(street).kind
    if typed and published and typed != published:
        return Doubt("address_street_type", {"typed": typed, "published": published})
    if likeness.kind > Resemblance.MISSPELT or score < _SCORE_MIN:
        return Doubt("address_street_uncertain")
    if parsed.number and level == "street":
        return Doubt("address_number_missing", {"number": parsed.number.number})
    if (
        following is not None
        and score - following < _MARGIN_MIN
        and likeness.kind != Resemblance.SAME
    ):
        return Doubt("address_several_places", {"count": 2})
    return None


def _closest_reading(parsed: ParsedAddress, street: str, city: str) -> tuple[Likeness, str]:
    """Compare the street found with the words typed, the city's own words aside."""
    known = read_street_name(street)
    city_words = [word for word in words(city) if word not in ARTICLES]
    body = list(parsed.body)
    best, typed = Likeness(0.0, Resemblance.DIFFERENT), ""
    cuts = [
        body,
        *(body[:-size] for size in range(1, min(7, len(body)))),
        *(body[size:] for size in range(1, min(7, len(body)))),
    ]
    for cut in cuts:
        rest = [word for word in body if word not in cut]
        if rest and not any(
            compare([word], [other], ()).score >= 0.6 for word in rest for other in city_words
        ):
            continue
        for name in street_variants(cut, numbered=parsed.number is not None):
            likeness = compare(name.core, known.core, ())
            if (likeness.kind, -likeness.score) < (best.kind, -best.score):
                best, typed = likeness, name.kind
    return best, typed


def _from_feature(feature: Mapping[str, Any]) -> Geocoded:
    """Read one GeoJSON feature of the service."""
    said = feature["properties"]
    longitude, latitude = feature["geometry"]["coordinates"][:2]
    level = _LEVELS.get(said.get("type", ""), "street")
    return Geocoded(
        status="ok",
        longitude=float(longitude),
        latitude=float(latitude),
        score=round(float(said.get("score", 0.0)), 4),
        level=level,
        label=said.get("label", ""),
        housenumber=said.get("housenumber", ""),
        street=said.get("street")
        or (said.get("name", "") if level in {"street", "locality"} else ""),
        code_postal=said.get("postcode", ""),
        code_commune=said.get("citycode", ""),
        city=said.get("city", ""),
        uncertainty_m=_UNCERTAINTY_M[level],
    )
