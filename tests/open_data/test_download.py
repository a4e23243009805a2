"""Files fetched from services: whole or not at all, again where it broke off, only what changed."""

from __future__ import annotations

import gzip
import hashlib
import json

import httpx
import pytest

from rpe_geo.errors import InputError, ServiceUnavailable
from rpe_geo.open_data.download import Downloads, Wanted, editions

BODY = gzip.compress(b"id;nom\n" + b"1;Valcombe\n" * 5000, mtime=0)
URL = "https://service.example/adresses-12.csv.gz"
WANTED = Wanted("adresses-12.csv.gz", [("", URL)], producer="Le service", licence="LO", floor=20)


class Service:
    """Answers one after the other; keeps what it was asked."""

    def __init__(self, *answers):
        self.answers, self.asked, self.waits = list(answers), [], []

    def __call__(self, request):
        self.asked.append(request)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer(request) if callable(answer) else answer

    def downloads(self, folder, **options):
        return Downloads(
            folder, transport=httpx.MockTransport(self), sleep=self.waits.append, **options
        )


def whole(request, body=BODY, tag='"a"'):
    headers = {"ETag": tag, "Last-Modified": "Sat, 28 Nov 2026 04:00:00 GMT"}
    if request.headers.get("If-None-Match") == tag:
        return httpx.Response(304, headers=headers)
    if request.headers.get("If-Range") == tag:
        begins = int(request.headers["Range"].removeprefix("bytes=").rstrip("-"))
        return httpx.Response(206, headers=headers, stream=httpx.ByteStream(body[begins:]))
    headers["Content-Length"] = str(len(body))
    return httpx.Response(200, headers=headers, stream=httpx.ByteStream(body))


class Cut(httpx.SyncByteStream):
    """A body that breaks off."""

    def __init__(self, size):
        self.size = size

    def __iter__(self):
        yield BODY[: self.size]
        raise httpx.ReadError("cut")


def cut(size):
    headers = {"ETag": '"a"', "Content-Length": str(len(BODY))}
    return lambda _: httpx.Response(200, headers=headers, stream=Cut(size))


def test_a_new_file_says_where_it_comes_from(tmp_path):
    service = Service(whole)
    fetched = service.downloads(tmp_path).fetch(WANTED)
    assert fetched.state == "new"
    assert fetched.path.read_bytes() == BODY
    assert fetched.sha256 == hashlib.sha256(BODY).hexdigest()
    assert service.asked[0].headers["User-Agent"].startswith("rpe-geo/")
    beside = json.loads((tmp_path / "adresses-12.csv.gz.source.json").read_text())
    assert (beside["producer"], beside["licence"], beside["date"]) == (
        "Le service",
        "LO",
        "2026-11-28",
    )
    assert sorted(one.name for one in tmp_path.iterdir()) == [
        "adresses-12.csv.gz",
        "adresses-12.csv.gz.source.json",
    ]


def test_only_what_changed_is_fetched(tmp_path):
    service = Service(whole)
    downloads = service.downloads(tmp_path)
    downloads.fetch(WANTED)
    assert downloads.fetch(WANTED).state == "unchanged"
    service.answers = [lambda request: whole(request, gzip.compress(b"x" * 90), '"b"')]
    assert downloads.fetch(WANTED).state == "changed"


@pytest.mark.parametrize("tenth", range(1, 11))
def test_cut_at_ten_moments(tmp_path, tenth):
    service = Service(cut(len(BODY) * tenth // 11), whole)
    fetched = service.downloads(tmp_path).fetch(WANTED)
    assert fetched.path.read_bytes() == BODY
    # It went on from what was there.
    assert service.asked[1].headers["Range"] == f"bytes={len(BODY) * tenth // 11}-"


def test_an_interrupted_run_leaves_the_last_good_file(tmp_path):
    service = Service(whole)
    service.downloads(tmp_path).fetch(WANTED)

    def stopped(_what, _done, _total):
        raise KeyboardInterrupt

    newer = gzip.compress(b"y" * 900)
    service.answers = [lambda request: whole(request, newer, '"b"')]
    with pytest.raises(KeyboardInterrupt):
        service.downloads(tmp_path, progress=stopped).fetch(WANTED)
    assert (tmp_path / WANTED.name).read_bytes() == BODY
    assert service.downloads(tmp_path).fetch(WANTED).path.read_bytes() == newer


def test_busy_services_are_waited_for(tmp_path):
    service = Service(
        httpx.Response(429, headers={"Retry-After": "30"}), httpx.Response(503), whole
    )
    service.downloads(tmp_path).fetch(WANTED)
    assert service.waits == [30.0, 4.0]


def test_without_network(tmp_path):
    service = Service(httpx.ConnectError("no network"))
    with pytest.raises(ServiceUnavailable) as refused:
        service.downloads(tmp_path).fetch(WANTED)
    assert refused.value.code == "fetch_unreachable"
    assert not (tmp_path / WANTED.name).exists()
    # The last good file serves when the service does not answer.
    Service(whole).downloads(tmp_path).fetch(WANTED)
    assert service.downloads(tmp_path).fetch(WANTED).state == "kept"
    assert service.downloads(tmp_path, offline=True).fetch(WANTED).state == "cached"
    with pytest.raises(InputError):
        service.downloads(tmp_path, offline=True).fetch(Wanted("autre.gz", [("", URL)]))


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("a.csv.gz", b"<html>Une erreur</html>"),
        ("a.csv.gz", b"id;nom\n" * 20),
        ("a.zip", BODY),
        ("a.json", b"introuvable, desole, vraiment"),
        ("a.osm.pbf", b"x" * 500),
        ("a.csv.gz", BODY[:10]),
    ],
)
def test_something_else_is_refused_and_nothing_replaced(tmp_path, name, body):
    (tmp_path / name).write_bytes(b"last good")
    service = Service(lambda request: whole(request, body))
    with pytest.raises(ServiceUnavailable) as refused:
        service.downloads(tmp_path).fetch(Wanted(name, [("", URL)]))
    assert refused.value.code == "fetch_wrong_content"
    assert (tmp_path / name).read_bytes() == b"last good"
    assert not (tmp_path / f"{name}.part").exists()


def test_the_year_before_is_tried(tmp_path):
    def answer(request):
        return whole(request) if "2025" in str(request.url) else httpx.Response(404)

    addresses = list(editions("https://s.example/{year}/c.csv.gz", [2026, 2025, 2024]))
    fetched = Service(answer).downloads(tmp_path).fetch(Wanted("c.csv.gz", addresses))
    assert fetched.edition == "2025"
    with pytest.raises(ServiceUnavailable) as refused:
        Service(httpx.Response(404)).downloads(tmp_path).fetch(Wanted("d.csv.gz", addresses))
    assert refused.value.code == "fetch_not_there"


def test_checksums_of_the_service(tmp_path):
    def answer(request):
        if str(request.url).endswith(".md5"):
            return httpx.Response(200, text="0" * 32 + "  adresses-12.csv.gz")
        return whole(request)

    wanted = Wanted(WANTED.name, WANTED.addresses, checksum=f"{URL}.md5")
    with pytest.raises(ServiceUnavailable):
        Service(answer).downloads(tmp_path).fetch(wanted)


def test_a_damaged_file_is_fetched_again(tmp_path):
    service = Service(whole)
    path = service.downloads(tmp_path).fetch(WANTED).path
    path.write_bytes(b"\x1f\x8b" + b"0" * (len(BODY) - 2))
    assert service.downloads(tmp_path).fetch(WANTED).state == "new"
    assert path.read_bytes() == BODY


@pytest.mark.parametrize(
    ("mirror", "asked"),
    [
        ("http://m.example", "http://m.example/adresses-12.csv.gz"),
        ("http://m.example/{host}/{path}", "http://m.example/service.example/adresses-12.csv.gz"),
    ],
)
def test_mirrors(tmp_path, mirror, asked):
    service = Service(whole)
    service.downloads(tmp_path, mirror=mirror).fetch(WANTED)
    assert str(service.asked[0].url) == asked
