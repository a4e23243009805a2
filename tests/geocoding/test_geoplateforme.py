from __future__ import annotations

import csv
import io
from collections.abc import Callable

import httpx
import pytest
from shapely import Point

from rpe_geo.errors import ServiceUnavailable
from rpe_geo.geocoding.geoplateforme import GeoplateformeGeocoder
from rpe_geo.messages import explain
from rpe_geo.protocols import AddressQuery

# The columns that the service answers, as recorded; the values are of a fictive town.
COLUMNS = [
    "address",
    "postcode",
    "city",
    "longitude",
    "latitude",
    "result_score",
    "result_score_next",
    "result_label",
    "result_type",
    "result_id",
    "result_housenumber",
    "result_name",
    "result_street",
    "result_postcode",
    "result_city",
    "result_context",
    "result_citycode",
    "result_oldcitycode",
    "result_oldcity",
    "result_district",
    "result_status",
]
ANSWERS = {
    "12 rue haute": ["5.1", "46.1", "0.97", "0.61", "12 Rue Haute 01100 Valmont", "housenumber", "01001_0001_00012", "12",
                     "12 Rue Haute", "Rue Haute", "01100", "Valmont", "01, Ain", "01001", "", "", "", "ok"],
    "place haute": ["5.1", "46.1", "0.71", "0.70", "Rue Haute 01100 Valmont", "street", "01001_0001", "",
                    "Rue Haute", "", "01100", "Valmont", "01, Ain", "01001", "", "", "", "ok"],
    "rue nulle": ["", "", "", "", "", "", "", "", "", "", "", "", "", "", "", "", "", "not-found"],
}  # fmt: skip
FEATURES = {
    "type": "FeatureCollection",
    "features": [
        {
            "type": "Feature",
            "geometry": {"type": "Point", "coordinates": [5.1, 46.1]},
            "properties": {
                "label": "12 Rue Haute 01100 Valmont",
                "score": 0.95,
                "housenumber": "12",
                "type": "housenumber",
                "street": "Rue Haute",
                "name": "12 Rue Haute",
                "postcode": "01100",
                "citycode": "01001",
                "city": "Valmont",
            },
        }
    ],
}


def answer_csv(request: httpx.Request) -> httpx.Response:
    body = request.content.decode()
    sent = body.split("\r\n\r\n")
    table = next(part for part in sent if part.startswith("address,"))
    rows = list(csv.DictReader(io.StringIO(table.split("\r\n--")[0])))
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(COLUMNS)
    for row in rows:
        writer.writerow([row["address"], row["postcode"], row["city"], *ANSWERS[row["address"]]])
    return httpx.Response(200, content=out.getvalue().encode())


def service(
    handler: Callable[[httpx.Request], httpx.Response], slept: list[float] | None = None
) -> GeoplateformeGeocoder:
    return GeoplateformeGeocoder(
        "https://geo.example/geocodage",
        transport=httpx.MockTransport(handler),
        sleep=(slept if slept is not None else []).append,
    )


def test_batch() -> None:
    requests: list[httpx.Request] = []

    def handler(request: httpx.Request) -> httpx.Response:
        requests.append(request)
        return answer_csv(request)

    with service(handler) as geocoder:
        answers = geocoder.geocode(
            [
                AddressQuery("12 rue haute", "01100", "Valmont"),
                AddressQuery("  "),
                AddressQuery("place haute", "01100"),
                AddressQuery("x" * 600),
                AddressQuery("rue nulle"),
                AddressQuery("12 rue haute", "69100", "Valmont"),
            ]
        )
    assert [answer.status for answer in answers] == [
        "ok",
        "not-found",
        "review",
        "not-found",
        "not-found",
        "review",
    ]
    assert answers[0].code_commune == "01001"
    assert answers[0].street == "Rue Haute"
    assert "type de voie" in answers[2].reason
    assert "69100" in answers[5].reason
    assert len(requests) == 1
    assert str(requests[0].url) == "https://geo.example/geocodage/search/csv"
    content = requests[0].content.decode()
    assert 'name="columns"' in content
    assert 'name="postcode"' not in content  # never a filter
    assert "x" * 600 not in content


def test_busy_service_is_asked_again_after_what_it_says() -> None:
    slept: list[float] = []
    replies = iter([httpx.Response(429, headers={"retry-after": "7"}), httpx.Response(503), None])

    def handler(request: httpx.Request) -> httpx.Response:
        return next(replies) or answer_csv(request)

    answers = service(handler, slept).geocode([AddressQuery("12 rue haute")])
    assert answers[0].housenumber == "12"
    assert slept == [7.0, 2.0]


def test_failures_are_one_error() -> None:
    def refuse(request: httpx.Request) -> httpx.Response:
        return httpx.Response(400)

    def vanish(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("no route", request=request)

    def shorten(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, content=b"address\n")

    for handler, code in (
        (refuse, "geocoder_refused"),
        (vanish, "geocoder_unreachable"),
        (shorten, "geocoder_answer_unreadable"),
    ):
        with pytest.raises(ServiceUnavailable) as raised:
            service(handler).geocode([AddressQuery("12 rue haute")])
        assert raised.value.code == code
        assert "Géoplateforme" in explain(raised.value)


def test_autocomplete_and_reverse() -> None:
    asked: list[httpx.URL] = []

    def handler(request: httpx.Request) -> httpx.Response:
        asked.append(request.url)
        return httpx.Response(200, json=FEATURES)

    geocoder = service(handler)
    assert (
        geocoder.autocomplete("12 rue h", near=Point(5, 46))[0].label
        == "12 Rue Haute 01100 Valmont"
    )
    assert geocoder.autocomplete("r") == []
    assert geocoder.reverse(Point(5.1, 46.1)).code_commune == "01001"
    assert asked[0].params["autocomplete"] == "1"
    assert asked[1].params["lon"] == "5.1"
    geocoder.close()
    broken = service(lambda _: httpx.Response(200, json={"nothing": 1}))
    with pytest.raises(ServiceUnavailable):
        broken.reverse(Point(5, 46))
