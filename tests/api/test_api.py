"""What the API answers, and how it says no."""

from __future__ import annotations

import json
import logging

import pytest
from fastapi.testclient import TestClient

from api.app import create_app
from api.errors import STATUSES, status_of
from api.observability import JsonLines
from api.security import audience_of
from rpe_geo.errors import InputError, RpeGeoError, ServiceUnavailable
from rpe_geo.privacy import is_public
from tests.pages.observatory_files import write_folder

API = "/api/v1"


class TestHealth:
    def test_it_names_the_territory_and_its_sources(self, service):
        answer = service.client.get(f"{API}/health")
        assert answer.status_code == 200
        assert answer.json()["status"] == "ok"
        assert answer.json()["geocoder"]
        assert answer.json()["sources"]

    def test_every_answer_carries_security_headers(self, service):
        headers = service.client.get(f"{API}/health").headers
        assert "default-src 'self'" in headers["content-security-policy"]
        assert "unsafe-inline" not in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["cache-control"] == "no-store"

    def test_the_front_page_is_french(self, service):
        assert 'lang="fr"' in service.client.get("/").text


class TestGeocode:
    def test_an_address_is_found(self, service):
        near = service.client.get(f"{API}/geocode", params={"q": "mairie", "autocomplete": 1})
        assert near.status_code == 200
        typed = service.client.get(
            f"{API}/geocode", params={"q": "rue", "autocomplete": 1, "limit": 2}
        )
        label = typed.json()["results"][0]["label"]
        found = service.client.get(f"{API}/geocode", params={"q": label}).json()
        assert found["results"][0]["longitude"] is not None
        assert len(typed.json()["results"]) <= 2

    def test_what_is_not_found_is_an_answer(self, service):
        answer = service.client.get(f"{API}/geocode", params={"q": "zzzz qqqq 00000"})
        assert answer.status_code == 200
        assert answer.json()["status"] in {"not-found", "review"}

    def test_without_question_the_field_is_named(self, service):
        answer = service.client.get(f"{API}/geocode")
        assert answer.status_code == 422
        assert answer.json()["errors"][0] == {"field": "q", "message": "le champ est obligatoire."}


class TestReverse:
    def test_a_point_has_its_nearest_address(self, service):
        label = service.client.get(
            f"{API}/geocode", params={"q": "rue", "autocomplete": 1, "limit": 1}
        ).json()["results"][0]["label"]
        place = service.client.get(f"{API}/geocode", params={"q": label}).json()["results"][0]
        asked = {"lon": place["longitude"], "lat": place["latitude"]}
        answer = service.client.get(f"{API}/reverse", params=asked)
        assert answer.status_code == 200
        found = answer.json()
        assert found["status"] == "ok"
        assert len(found["results"]) == 1
        assert 0 <= found["distance_m"] < 150

    def test_a_point_far_away_has_none_and_says_why(self, service):
        found = service.client.get(f"{API}/reverse", params={"lon": 0, "lat": 0}).json()
        assert (found["status"], found["results"], found["distance_m"]) == ("not-found", [], None)
        assert found["reason"]

    def test_a_point_that_is_none_is_refused(self, service):
        answer = service.client.get(f"{API}/reverse", params={"lon": 500, "lat": "nord"})
        assert answer.status_code == 422
        assert {error["field"] for error in answer.json()["errors"]} == {"lon", "lat"}


class TestSuggestions:
    def test_families_read_the_public_model(self, service, need):
        answer = service.client.post(f"{API}/suggestions", json=need).json()
        assert answer["audience"] == "public"
        assert answer["suggestions"]
        assert [one["rank"] for one in answer["suggestions"]] == list(
            range(1, len(answer["suggestions"]) + 1)
        )
        for one in answer["suggestions"]:
            assert (
                not {"score", "contributions", "distance_m", "refusals", "longitude"} & one.keys()
            )

    def test_minutes_to_masked_homes_go_by_five(self, service, need):
        shown = service.client.post(f"{API}/suggestions", json=need, params={"limit": 50}).json()
        masked = [one for one in shown["suggestions"] if one["place"]["visibility"] != "exact"]
        assert masked
        assert all(one["travel_minutes"] % 5 == 0 for one in masked)

    def test_a_hidden_home_has_no_place(self, service, need):
        shown = service.client.post(f"{API}/suggestions", json=need, params={"limit": 50}).json()
        hidden = [one for one in shown["suggestions"] if one["place"]["visibility"] == "hidden"]
        assert hidden
        assert all(one["place"]["longitude"] is None for one in hidden)

    def test_only_who_consents_is_shown(self, service, need):
        shown = service.client.post(f"{API}/suggestions", json=need, params={"limit": 50}).json()
        known = {one.childminder_id for one in service.childminders if is_public(one)}
        ids = {one["childminder_id"] for one in shown["suggestions"] if one["childminder_id"]}
        assert ids <= known

    def test_professionals_read_points_and_refusals(self, service, need):
        answer = service.client.post(f"{API}/suggestions", json=need, headers=service.token).json()
        assert answer["audience"] == "professional"
        first = answer["suggestions"][0]
        assert sum(first["contributions"].values()) == pytest.approx(first["score"])
        assert set(first["reasons"]) == set(first["contributions"])
        assert all(refused["refusals"] for refused in answer["refused"])

    def test_nobody_feasible_is_a_result(self, service, need):
        answer = service.client.post(
            f"{API}/suggestions", json=need | {"children": [{"birth_date": "2026-05-01"}] * 7}
        )
        assert answer.status_code == 200
        assert not [one for one in answer.json()["suggestions"] if one["childminder_id"]]

    def test_when_few_fit_professionals_read_what_would_open_more(self, service, need):
        asked = need | {"schedule": "Mo-Fr 06:00-18:30", "household": {"monthly_income": 2500}}
        answer = service.client.post(f"{API}/suggestions", json=asked, headers=service.token).json()
        assert answer["feasible_count"] + answer["to_ask_count"] == len(answer["suggestions"])
        assert answer["openings"]
        assert all(
            one["gain"] + one["to_ask_gain"] > 0 and one["message"] for one in answer["openings"]
        )

    def test_work_gives_detours(self, service, need, homes):
        asked = need | {"work_longitude": float(homes[5][0]), "work_latitude": float(homes[5][1])}
        shown = service.client.post(f"{API}/suggestions", json=asked, params={"limit": 50}).json()
        assert shown["suggestions"]
        for one in shown["suggestions"]:
            assert one["detour_minutes"] is not None
            assert one["place"]["visibility"] == "exact" or one["detour_minutes"] % 5 == 0

    @pytest.mark.parametrize(
        ("change", "field"),
        [
            ({"mode": "plane"}, "mode"),
            ({"start": "demain"}, "start"),
            ({"foo": 1}, "foo"),
            ({"children": []}, "children"),
            ({"longitude": 200}, "longitude"),
            ({"max_minutes": 0}, "max_minutes"),
            ({"schedule": "Mo 25:00"}, "schedule"),
            ({"schedule": 8}, "schedule"),
            ({"children": [{"birth_date": 3}]}, "children.0.birth_date"),
            (
                {"household": {"children_at_charge": 1, "aeeh_children": 2}},
                "household.aeeh_children",
            ),
            ({"end": "2026-01-01"}, "end"),
        ],
    )
    def test_a_wrong_field_is_named_in_french(self, service, need, change, field):
        answer = service.client.post(f"{API}/suggestions", json=need | change)
        assert answer.status_code == 422
        assert answer.headers["content-type"] == "application/problem+json"
        body = answer.json()
        assert field in {error["field"] for error in body["errors"]}
        assert body["status"] == 422
        assert "plane" not in answer.text

    def test_a_request_without_place_says_so(self, service, need):
        asked = {
            name: value for name, value in need.items() if name not in {"longitude", "latitude"}
        }
        assert service.client.post(f"{API}/suggestions", json=asked).status_code == 422

    def test_a_doubtful_address_lists_the_choices(self, service, need):
        asked = {
            name: value for name, value in need.items() if name not in {"longitude", "latitude"}
        }
        answer = service.client.post(
            f"{API}/suggestions", json=asked | {"address": "rue de l'église"}
        )
        assert answer.status_code in {200, 422}
        if answer.status_code == 422:
            assert answer.json()["code"] in {"address_ambiguous", "address_not_found"}
            assert "choices" in answer.json() or answer.json()["code"] == "address_not_found"

    def test_broken_json_is_said_so(self, service):
        answer = service.client.post(
            f"{API}/suggestions", content=b"{", headers={"content-type": "application/json"}
        )
        assert answer.status_code == 422
        assert "JSON" in answer.json()["detail"]


class TestCheck:
    def test_given_records_are_judged_for_anyone(self, service, need):
        records = [
            {"childminder_id": "A", "address": "x", "agrement": {"places": 1, "places_offered": 0}}
        ]
        answer = service.client.post(
            f"{API}/check", json={"requests": [need], "childminders": records}
        )
        assert answer.status_code == 200
        assert answer.json()[0]["refusals"][0]["rule"] == "places"
        assert answer.json()[0]["refusals"][0]["from"] == "2027-01-04"

    def test_the_registry_is_for_professionals(self, service, need):
        asked = {"requests": [need]}
        assert service.client.post(f"{API}/check", json=asked).status_code == 401
        answer = service.client.post(f"{API}/check", json=asked, headers=service.token)
        assert len(answer.json()) >= len(service.childminders)

    def test_anyone_may_judge_only_so_many_pairs(self, service, need):
        records = [
            {"childminder_id": f"A{n}", "address": "x", "agrement": {"places": 1}}
            for n in range(201)
        ]
        asked = {"requests": [need, need | {"request_id": "2"}], "childminders": records}
        answer = service.client.post(f"{API}/check", json=asked)
        assert (answer.status_code, answer.json()["code"]) == (422, "check_too_many")

    def test_a_wrong_record_is_named(self, service, need):
        asked = {
            "requests": [need],
            "childminders": [{"childminder_id": "A", "address": "x", "agrement": {"places": 0}}],
        }
        answer = service.client.post(f"{API}/check", json=asked)
        assert answer.status_code == 422
        assert answer.json()["errors"][0]["field"] == "agrement.places"


class TestChildminders:
    def test_the_public_list_holds_who_consents(self, service):
        answer = service.client.get(f"{API}/childminders", params={"limit": 500}).json()
        known = {one.childminder_id for one in service.childminders if is_public(one)}
        assert {one["childminder_id"] for one in answer["items"]} == known
        assert answer["total"] == len(known)

    def test_a_telephone_is_shown_by_its_flag_only(self, service):
        items = service.client.get(f"{API}/childminders", params={"limit": 500}).json()["items"]
        flags = {one.childminder_id: one.publication for one in service.childminders}
        for item in items:
            publication = flags[item["childminder_id"]]
            assert (item["contact"]["phone"] is not None) == publication.phone
            assert (item["contact"]["email"] is not None) == publication.email

    def test_professionals_read_whole_records(self, service):
        answer = service.client.get(f"{API}/childminders", headers=service.token).json()
        assert answer["total"] == len(service.childminders)
        assert answer["items"][0]["address"].startswith("0 rue Tres-Secrete")

    def test_pages_follow_each_other(self, service):
        url, seen = f"{API}/childminders?limit=7", []
        while url:
            page = service.client.get(url).json()
            seen += [one["childminder_id"] for one in page["items"]]
            url = page["next"]
        assert len(seen) == len(set(seen)) == page["total"]

    def test_an_etag_saves_reading_again(self, service):
        first = service.client.get(f"{API}/childminders")
        again = service.client.get(
            f"{API}/childminders", headers={"if-none-match": first.headers["etag"]}
        )
        assert again.status_code == 304
        other = service.client.get(f"{API}/childminders", headers=service.token)
        assert other.headers["etag"] != first.headers["etag"]

    def test_near_and_within(self, service, need):
        near = f"{need['longitude']},{need['latitude']}"
        close = service.client.get(
            f"{API}/childminders", params={"near": near, "radius_m": 3000}
        ).json()
        wide = service.client.get(
            f"{API}/childminders", params={"near": near, "radius_m": 90000}
        ).json()
        assert close["total"] <= wide["total"]
        assert all(one["place"]["visibility"] != "hidden" for one in wide["items"])
        box = service.client.get(f"{API}/childminders", params={"bbox": "-5,41,10,52"}).json()
        assert box["total"] == wide["total"]

    @pytest.mark.parametrize(
        "params",
        [
            {"near": "x"},
            {"near": "1,2,3"},
            {"near": "nan,1"},
            {"bbox": "1,2,3"},
            {"bbox": "3,1,2,4"},
            {"near": "3,43", "bbox": "1,2,3,4"},
            {"limit": 0},
        ],
    )
    def test_an_unreadable_place_is_refused(self, service, params):
        assert service.client.get(f"{API}/childminders", params=params).status_code == 422


class TestIsochrones:
    def test_geojson_of_what_is_reached(self, service, need):
        near = f"{need['longitude']},{need['latitude']}"
        answer = service.client.get(
            f"{API}/isochrones", params={"near": near, "minutes": "10,5"}
        ).json()
        assert answer["type"] == "FeatureCollection"
        assert [one["properties"]["minutes"] for one in answer["features"]] == [5, 10]

    @pytest.mark.parametrize("minutes", ["", "a", "0", "1,2,3,4,5,6,7", "500"])
    def test_unreadable_minutes_are_refused(self, service, minutes):
        answer = service.client.get(
            f"{API}/isochrones", params={"near": "3,43", "minutes": minutes}
        )
        assert answer.status_code == 422


class TestCoverage:
    def test_without_results_it_is_a_404_problem(self, service):
        answer = service.client.get(f"{API}/territories/34172/coverage")
        assert answer.status_code == 404
        assert answer.json()["code"] == "coverage_not_built"

    def test_zones_of_a_territory_are_geojson(self, settings, tmp_path):
        write_folder(tmp_path)
        changed = settings.model_copy(update={"observatory": tmp_path})
        with TestClient(create_app(changed)) as client:
            whole = client.get(f"{API}/territories/200000001/coverage").json()
            assert len(whole["features"]) == 4
            assert whole["parameters"]["year"] == 2020
            assert whole["sources"] == ["CNAF (2020)"]
            assert len(client.get(f"{API}/territories/34/coverage").json()["features"]) == 8
            absent = client.get(f"{API}/territories/34005/coverage").json()["features"][0]
            assert absent["properties"]["coverage_rate"] is None
            # Zones of another observatory of the folder; what would tell of few professionals is null.
            few = client.get(f"{API}/territories/1/coverage").json()["features"][0]["properties"]
            assert few["places_childminder"] is None
            assert few["places"] is None
            assert few["places_facility"] is not None
            assert (
                client.get(f"{API}/territories/99999/coverage").json()["code"] == "coverage_unknown"
            )


class TestWhoAsks:
    def test_a_wrong_token_is_refused(self, service, need):
        wrong = {"authorization": "Bearer wrong"}
        answer = service.client.post(f"{API}/suggestions", json=need, headers=wrong)
        assert answer.status_code == 401
        assert answer.headers["www-authenticate"] == "Bearer"

    @pytest.mark.parametrize(
        ("header", "token", "audience"),
        [
            (None, None, "public"),
            ("", "t", "public"),
            ("Bearer t", "t", "professional"),
            ("bearer t", "t", "professional"),
            ("Bearer T", "t", None),
            ("Basic t", "t", None),
            ("Bearer é", "t", None),
            ("Bearer t", None, None),
        ],
    )
    def test_the_token_decides(self, header, token, audience):
        assert audience_of(header, token) == audience

    def test_without_a_token_in_the_settings_nobody_is_a_professional(
        self, settings, service, need
    ):
        with TestClient(create_app(settings.model_copy(update={"api_token": None}))) as client:
            assert client.post(f"{API}/suggestions", json=need).json()["audience"] == "public"
            assert (
                client.post(f"{API}/suggestions", json=need, headers=service.token).status_code
                == 401
            )


class TestLimits:
    def test_too_large_a_body_is_refused(self, service):
        answer = service.client.post(f"{API}/suggestions", content=b" " * 300_000)
        assert answer.status_code == 413

    def test_too_large_a_body_that_does_not_say_so_is_refused(self, service):
        answer = service.client.post(
            f"{API}/suggestions", content=(b" " * 1000 for _ in range(400))
        )
        assert answer.status_code == 413

    def test_who_asks_too_often_waits(self, settings):
        changed = settings.model_copy(update={"requests_per_minute": 4})
        with TestClient(create_app(changed), client=("192.0.2.7", 5000)) as client:
            statuses = [client.get(f"{API}/health").status_code for _ in range(4)]
            assert statuses == [200, 200, 429, 429]
            assert int(client.get(f"{API}/health").headers["retry-after"]) >= 1
        with TestClient(create_app(changed), client=("127.0.0.1", 5000)) as client:
            assert {client.get(f"{API}/health").status_code for _ in range(6)} == {200}


class TestErrors:
    def test_what_is_not_there_is_a_problem(self, service):
        answer = service.client.get(f"{API}/nowhere")
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found_here")

    def test_a_wrong_method_is_a_problem(self, service):
        answer = service.client.delete(f"{API}/health")
        assert (answer.status_code, answer.json()["code"]) == (405, "method_not_allowed")
        assert "allow" in answer.headers

    def test_every_error_of_the_core_has_a_status(self):
        assert status_of(InputError("x")) == STATUSES[InputError]
        assert status_of(ServiceUnavailable("x"))[0] == 503
        assert status_of(RpeGeoError("x"))[0] == 500

    def test_an_unexpected_error_tells_nothing(self, service, monkeypatch):
        def fail(*_args, **_kwargs):
            raise KeyError("12 rue des Tanneries")

        monkeypatch.setattr("rpe_geo.relais.Relais.autocomplete", fail)
        answer = service.client.get(f"{API}/geocode", params={"q": "x", "autocomplete": 1})
        assert answer.status_code == 500
        assert "Tanneries" not in answer.text


class TestObservation:
    def test_metrics_count_by_route(self, service):
        service.client.get(f"{API}/health")
        text = service.client.get("/metrics").text
        assert "rpe_geo_answers_total" in text
        assert "health" in text

    def test_metrics_are_for_the_operator(self, settings, service):
        with TestClient(create_app(settings), client=("192.0.2.7", 5000)) as client:
            assert client.get("/metrics").status_code == 401
            assert client.get("/metrics", headers=service.token).status_code == 200

    def test_logs_and_metrics_hold_nothing_personal(self, service, need, caplog):
        asked = need | {"request_id": "R-secret", "address": "99 rue du Secret"}
        with caplog.at_level(logging.DEBUG):
            service.client.post(f"{API}/suggestions", json=asked)
            service.client.get(f"{API}/geocode", params={"q": "99 rue du Secret"})
            service.client.get(f"{API}/childminders", params={"near": "3.1234,43.4321"})
        ours = [record for record in caplog.records if not record.name.startswith("httpx")]
        text = " ".join(JsonLines().format(record) for record in ours)
        text += service.client.get("/metrics").text
        for secret in ("Secret", "R-secret", "3.1234", str(need["longitude"])):
            assert secret not in text
        assert any(record.name == "rpe_geo.access" for record in ours)

    def test_an_exception_is_logged_without_its_text(self):
        try:
            {}["12 rue des Tanneries"]
        except KeyError as error:
            record = logging.LogRecord(
                "x",
                logging.ERROR,
                __file__,
                1,
                "failed",
                (),
                (KeyError, error, error.__traceback__),
            )
        line = json.loads(JsonLines().format(record))
        assert line["exception"] == "KeyError"
        assert "Tanneries" not in json.dumps(line)


def test_zones_are_never_drawn_again(settings, service, need, monkeypatch, tmp_path):
    """Another process, another day, a territory built again: the same zones."""
    before = service.client.get(f"{API}/childminders", params={"limit": 500}).json()["items"]
    with TestClient(create_app(settings)) as client:
        after = client.get(f"{API}/childminders", params={"limit": 500}).json()["items"]
    assert [one["place"] for one in before] == [one["place"] for one in after]
