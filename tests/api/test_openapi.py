"""The description of the API is a promise: a change of it is made on purpose, and seen."""

from __future__ import annotations

import json
import os
from pathlib import Path

SNAPSHOT = Path(__file__).with_name("openapi.json")


def described(service) -> dict:
    description = service.client.get("/api/v1/openapi.json").json()
    description["info"].pop("version")
    return description


def test_the_description_is_as_promised(service):
    """After a wanted change: RPE_UPDATE_SNAPSHOTS=1 pytest tests/api/test_openapi.py."""
    found = json.dumps(described(service), ensure_ascii=False, indent=1, sort_keys=True) + "\n"
    if os.environ.get("RPE_UPDATE_SNAPSHOTS") == "1":
        SNAPSHOT.write_text(found, encoding="utf-8")
    assert found == SNAPSHOT.read_text(encoding="utf-8")


def test_every_promised_route_is_there(service):
    paths = described(service)["paths"]
    assert {path.removeprefix("/api/v1") for path in paths} == {
        "/health",
        "/ready",
        "/regles",
        "/geocode",
        "/reverse",
        "/suggestions",
        "/check",
        "/childminders",
        "/isochrones",
        "/territories/{code}/coverage",
    }


def test_every_route_is_explained_in_french(service):
    for path, methods in described(service)["paths"].items():
        for method, route in methods.items():
            assert route["summary"], (method, path)
            assert route["description"], (method, path)
            assert route["operationId"], (method, path)


def test_a_request_has_an_example(service):
    assert described(service)["components"]["schemas"]["RequestIn"]["examples"]


def test_public_models_hold_no_private_field(service):
    """Field by field: what is not in the model cannot leave."""
    schemas = described(service)["components"]["schemas"]
    assert set(schemas["ChildminderPublic"]["properties"]) == {
        "childminder_id", "name", "place", "places_offered", "working_hours", "capabilities", "garden", "pets",
        "smoker", "languages", "contact", "availability_confirmed",
    }  # fmt: skip
    assert set(schemas["SuggestionPublic"]["properties"]) == {
        "rank", "provider_kind", "provider_id", "childminder_id", "name", "kind", "place", "travel_minutes",
        "detour_minutes", "start", "hours_share", "cost", "contact", "availability_confirmed", "to_ask",
    }  # fmt: skip
    assert set(schemas["SuggestionsPublic"]["properties"]) == {
        "request_id", "audience", "parameters", "home", "suggestions", "feasible_count", "to_ask_count",
    }  # fmt: skip
    assert set(schemas["PlaceOut"]["properties"]) == {
        "visibility", "address", "longitude", "latitude", "radius_m",
    }  # fmt: skip


def test_the_published_rules_name_every_weight_and_source(service):
    answer = service.client.get("/api/v1/regles").json()
    text = json.dumps(answer, ensure_ascii=False)
    for words in ("agrément", "48", "11 h", "Trajet", "CMG", "L.421-4"):
        assert words in text
