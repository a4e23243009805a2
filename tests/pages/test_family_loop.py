"""The family's loop: a receipt, a proposal, a yes or no of hers, and words that say what really became of a message."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest

from api.pages.letters import email_of, fate_said
from rpe_geo.desk.casework import Event, agreed_to, outcomes, status_of
from rpe_geo.messages.french import mobile_of
from rpe_geo.storage.repository import open_repository
from rpe_geo.wiring import open_casework
from tests.pages.test_pages import app, client, send_request, settings

__all__ = ["app", "client", "settings"]
"""The fixtures of the family's pages."""

AT = datetime(2026, 12, 1, tzinfo=UTC)


def life(*kinds: str) -> list[Event]:
    return [
        Event(
            "D-1",
            kind,
            AT,
            provider_kind="facility"
            if kind in {"proposed", "agreed", "accepted", "refused"}
            else None,
            provider_id="F-1" if kind in {"proposed", "agreed", "accepted", "refused"} else None,
            reason="family_choice" if kind == "refused" else None,
        )
        for kind in kinds
    ]


def test_a_family_that_wishes_to_meet_is_not_placed_yet():
    events = life("received", "proposed", "agreed")
    assert status_of(events) == "proposed"
    assert outcomes(events) == {("facility", "F-1"): "waiting"}
    assert agreed_to(events) == {("facility", "F-1")}
    assert agreed_to(life("received", "proposed", "agreed", "refused")) == set()
    assert agreed_to(life("received", "proposed", "agreed", "accepted")) == set()


@pytest.mark.parametrize(
    ("phone", "mobile"),
    [
        ("06 12 34 56 78", "0612345678"),
        ("07.12.34.56.78", "0712345678"),
        ("+33 (0)6 12 34 56 78", "+33612345678"),
        ("04 67 00 00 00", None),
        ("+33 1 02 03 04 05", None),
        ("06 12 34", None),
        ("", None),
    ],
)
def test_only_mobile_numbers_read_messages(phone, mobile):
    assert mobile_of(phone) == mobile


def test_words_follow_what_happened():
    assert fate_said("left", 3) == ("ok", "3\u00a0messages sont partis.")
    for count in (1, 59):
        assert "parti" not in fate_said("kept", count)[1]
    assert email_of("06 12 34 56 78") is None
    assert email_of("zoe@exemple.example") == "zoe@exemple.example"


def test_a_family_reads_what_is_proposed_and_answers(client, settings):
    path = send_request(client, contact="zoe@exemple.example", message="Pour la boucle")
    mails = [file.read_text() for file in settings.outbox.glob("*.eml")]
    assert any("zoe@exemple.example" in mail for mail in mails)
    repository = open_repository(settings.database_url)
    casework = open_casework(repository, settings, settings.rpe_id)
    case = next(one for one in casework.inbox() if one.contact.get("message") == "Pour la boucle")
    request_id = case.request.request_id
    facility = repository.facilities()[0]
    offer = Event(
        request_id, "proposed", AT, provider_kind="facility", provider_id=facility.facility_id
    )
    casework.note(offer, seen=1, known={("facility", facility.facility_id): 99})
    page = client.get(path).text
    assert "1\u00a0proposition" in page or "1 proposition" in page
    key = f"facility:{facility.facility_id}"
    answered = client.post(f"{path}/repondre", data={"lieu": key, "reponse": "oui"})
    assert "Cela ne vous engage pas" in answered.text
    # Pressed twice, noted once.
    client.post(f"{path}/repondre", data={"lieu": key, "reponse": "oui"})
    kinds = [event.kind for event in casework.case(request_id).events]
    assert kinds == ["received", "proposed", "agreed"]
    refused = client.post(
        f"{path}/repondre", data={"lieu": key, "reponse": "non", "motif": "family_distance"}
    )
    assert "continue de chercher" in refused.text
    late = client.post(f"{path}/repondre", data={"lieu": key, "reponse": "oui"})
    assert "a changé entre-temps" in late.text
    strange = client.post(f"{path}/repondre", data={"lieu": "facility:no-such", "reponse": "oui"})
    assert strange.status_code == 200
    assert [event.kind for event in casework.case(request_id).events][-1] == "refused"
    assert re.search("trop loin", client.get(path).text) is None
    casework.take_back(request_id, at=AT)
    repository.close()
