"""Whatever the registry holds and whatever is asked, the public reads only what consent allows."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from api.app import create_app
from rpe_geo.domain import Agrement, Childminder, Contact, Mam, Publication
from rpe_geo.schedule import Timetable
from rpe_geo.storage.repository import open_repository

API = "/api/v1"
WEEK = Timetable.parse("Mo-Su 06:00-22:00")

publications = st.one_of(
    st.none(),
    st.builds(
        Publication,
        consent=st.booleans(),
        address=st.sampled_from(["exact", "masked", "hidden"]),
        phone=st.booleans(),
        email=st.booleans(),
    ),
)
people = st.lists(
    st.tuples(
        publications,
        st.integers(0, 2000),
        st.sampled_from(["active", "active", "active", "suspended", "ceased"]),
        st.sampled_from([None, None, "MAM-1"]),
    ),
    min_size=1,
    max_size=8,
)


@pytest.fixture(scope="module")
def opened(settings, tmp_path_factory) -> Iterator[tuple[TestClient, Any]]:
    url = f"sqlite:///{tmp_path_factory.mktemp('leaks') / 'registry.sqlite'}"
    repository = open_repository(url)
    changed = settings.model_copy(update={"database_url": url})
    with TestClient(create_app(changed)) as client:
        yield client, repository
    repository.close()


def numbers_in(value: Any) -> Iterator[float]:
    if isinstance(value, bool) or value is None or isinstance(value, str):
        return
    if isinstance(value, int | float):
        yield float(value)
    else:
        for part in value.values() if isinstance(value, dict) else value:
            yield from numbers_in(part)


@given(drawn=people, at=st.integers(0, 2000), mode=st.sampled_from(["walk", "car"]))
@settings(
    max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_law_no_public_answer_holds_what_consent_does_not_allow(
    opened, homes, need, drawn, at, mode
):
    client, repository = opened
    repository.delete(childminder_ids=[one.childminder_id for one in repository.childminders()])
    houses = homes[1 + np.arange(2001) % (len(homes) - 1)]
    childminders = [
        Childminder(
            childminder_id=f"AM-{number}",
            agrement=Agrement(places=4, status=status),
            name=f"Prénom{number} Nomcaché{number}",
            address=f"{number} rue Trescachee{number}",
            longitude=float(houses[home][0]) + 1e-6 * (number + 1),
            latitude=float(houses[home][1]),
            mam_id=mam,
            working_hours=WEEK,
            contact=Contact(phone=f"06 99 00 00 {number:02d}", email=f"cachee{number}@example.org"),
            publication=publication,
        )
        for number, (publication, home, status, mam) in enumerate(drawn)
    ]
    mam = Mam("MAM-1", "Les Merles", "1 place", *map(float, homes[0]))
    repository.save(childminders=childminders, mams=[mam])
    asked = need | {
        "longitude": float(houses[at][0]),
        "latitude": float(houses[at][1]),
        "mode": mode,
    }
    near = f"{asked['longitude']},{asked['latitude']}"
    answers = [
        client.post(f"{API}/suggestions", json=asked, params={"limit": 50}),
        client.get(f"{API}/childminders", params={"limit": 500}),
        client.get(f"{API}/childminders", params={"near": near, "radius_m": 20_000}),
        client.get(f"{API}/childminders", params={"bbox": "-5,41,10,52"}),
    ]
    for answer in answers:
        assert answer.status_code == 200
        body = answer.json()
        if "home" in body:
            body["home"] = None
        text, numbers = (
            json.dumps(body, ensure_ascii=False),
            np.array(list(numbers_in(body)) or [0.0]),
        )
        for one in childminders:
            publication = one.publication
            public = (
                publication is not None and publication.consent and one.agrement.status == "active"
            )
            exact = public and publication.address == "exact"
            assert f'"{one.childminder_id}"' not in text or public
            assert "Nomcaché" not in text
            assert one.address not in text or exact
            assert one.contact.phone not in text or (public and publication.phone)
            assert one.contact.email not in text or (public and publication.email)
            assert exact or not (np.abs(numbers - one.longitude) < 5e-7).any()
