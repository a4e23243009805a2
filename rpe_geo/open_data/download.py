"""
Files fetched from official services, kept in a folder that can be carried to a machine without network.

A file is written beside its place (`.part`), checked (length, first bytes, smallest size) and renamed: an interruption at any
moment leaves the last good file, and the next run goes on from the part that is there. `<file>.source.json` beside it says
where it comes from, when, under which licence, and its sha256.
"""

from __future__ import annotations

import contextlib
import gzip
import hashlib
import json
import time
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from importlib.metadata import version
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

import httpx

from rpe_geo.errors import InputError, ServiceUnavailable
from rpe_geo.files import replacing
from rpe_geo.protocols import Progress, silent

__all__ = ["Downloads", "Fetched", "Wanted", "editions"]

_ATTEMPTS = 5
_FIRST_WAIT_S, _LONGEST_WAIT_S = 2.0, 120.0
_BUSY = {429, 500, 502, 503, 504}
_GONE = {400, 401, 403, 404, 410}
_MAGIC = {".gz": b"\x1f\x8b", ".zip": b"PK", ".7z": b"7z\xbc\xaf", ".parquet": b"PAR1"}
_TEXT = {".json": b"[{", ".geojson": b"[{"}
_PBF = ".pbf"
_BLOCK_BYTES = 1 << 20


@dataclass(frozen=True)
class Wanted:
    """
    A file to fetch.

    Parameters
    ----------
    name
        In the folder; its ending says how it must begin.
    addresses
        (edition, address), the latest first: the next is tried where one is not there.
    role
        What it is for, in messages.
    producer
        Who makes it.
    licence, date
        As read from the service beforehand; empty when it says nothing.
    floor
        Fewest bytes that it can have.
    checksum
        Address of its md5, if the service has one.
    """

    name: str
    addresses: Sequence[tuple[str, str]]
    role: str = ""
    producer: str = ""
    licence: str = ""
    date: str = ""
    floor: int = 20
    checksum: str = ""


@dataclass(frozen=True)
class Fetched:
    """
    A file at hand.

    Parameters
    ----------
    path
        Where it is.
    state
        `new`, `changed`, `unchanged` (the service says so), `kept` (the service does not answer), `cached` (no network asked).
    """

    path: Path
    url: str
    edition: str
    producer: str
    licence: str
    date: str
    sha256: str
    bytes: int
    etag: str
    last_modified: str
    fetched_at: str
    state: str = "cached"


class Downloads:
    """
    A folder of fetched files.

    Parameters
    ----------
    folder
        Where they are kept.
    offline
        Use what is there and ask nothing.
    mirror
        Address that stands for the services' own: `http://mirror.example`, or with `{host}` and `{path}` in it.
    transport
        How requests travel; a mock in tests.
    sleep
        How to wait between attempts.
    progress
        Told the bytes of each file.
    """

    def __init__(
        self,
        folder: Path,
        *,
        offline: bool = False,
        mirror: str = "",
        transport: httpx.BaseTransport | None = None,
        sleep: Callable[[float], None] = time.sleep,
        progress: Progress = silent,
    ) -> None:
        self.folder, self.offline = folder, offline
        self._mirror, self._sleep, self._progress = mirror, sleep, progress
        agent = f"rpe-geo/{version('rpe_geo')} (+https://github.com/rpe-geo/rpe_geo)"
        self._client = httpx.Client(
            transport=transport,
            timeout=httpx.Timeout(60.0, connect=20.0),
            follow_redirects=True,
            headers={"User-Agent": agent, "Accept-Encoding": "identity"},
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        fault: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._client.close()

    def fetch(self, wanted: Wanted) -> Fetched:
        """
        Bring a file, or use the one that is there when the service says it has not changed or does not answer.

        Parameters
        ----------
        wanted
            The file.

        Returns
        -------
        Fetched
            Where it is, and what became of it.

        Raises
        ------
        ServiceUnavailable
            When the service does not answer, has no such file, or sends something else, and no good file is there.
        InputError
            When no network may be asked and the file is not in the folder.
        """
        here = self._at_hand(wanted.name)
        if self.offline:
            if here is None:
                raise InputError("fetch_not_in_cache", name=wanted.name, folder=str(self.folder))
            return here
        fault: ServiceUnavailable | None = None
        for edition, address in wanted.addresses:
            try:
                return self._bring(wanted, edition, self._address(address), here)
            except ServiceUnavailable as error:
                fault = fault if fault is not None and error.code == "fetch_not_there" else error
                if error.code != "fetch_not_there":
                    break
        if here is not None:
            return replace(here, state="kept")
        assert fault is not None
        raise fault

    def json(self, address: str) -> Any | None:
        """Read a small JSON answer, kept in the folder; None when the service does not give it."""
        name = "answers/" + hashlib.sha256(address.encode()).hexdigest()[:20] + ".json"
        try:
            fetched = self.fetch(Wanted(name, [("", address)], floor=2))
            return json.loads(fetched.path.read_text("utf-8"))
        except (ServiceUnavailable, InputError, ValueError):
            return None

    def _address(self, address: str) -> str:
        """Turn an official address into the mirror's, when there is one."""
        if not self._mirror:
            return address
        parts = urlsplit(address)
        path = parts.path + (f"?{parts.query}" if parts.query else "")
        if "{" in self._mirror:
            return self._mirror.replace("{host}", parts.netloc).replace("{path}", path.lstrip("/"))
        return self._mirror.rstrip("/") + path

    def _note_of(self, name: str) -> Path:
        return self.folder / f"{name}.source.json"

    def _at_hand(self, name: str) -> Fetched | None:
        """Find a file whose content is what its note says; one that is not is no good file."""
        path = self.folder / name
        try:
            said = json.loads(self._note_of(name).read_text("utf-8"))
            fetched = Fetched(path=path, **{k: said[k] for k in said if k not in {"path", "state"}})
        except (OSError, ValueError, TypeError):
            return None
        if not path.is_file() or path.stat().st_size != fetched.bytes:
            return None
        return fetched if _sha256(path) == fetched.sha256 else None

    def _bring(self, wanted: Wanted, edition: str, url: str, here: Fetched | None) -> Fetched:
        """Fetch from one address, again after a wait where the service is busy or breaks off."""
        path = self.folder / wanted.name
        path.parent.mkdir(parents=True, exist_ok=True)
        wait, last = _FIRST_WAIT_S, ""
        for attempt in range(_ATTEMPTS):
            try:
                answer = self._once(wanted, url, here)
            except httpx.HTTPError as error:
                last, pause = type(error).__name__, wait
                if isinstance(error, httpx.ConnectError) and attempt:
                    # No network, twice: it is said at once rather than after a minute of waits.
                    break
            else:
                if isinstance(answer, dict):
                    return self._settle(wanted, edition, url, here, answer)
                last, pause = f"HTTP {answer[0]}", answer[1] or wait
            if attempt + 1 < _ATTEMPTS:
                self._sleep(min(pause, _LONGEST_WAIT_S))
                wait *= 2
        raise ServiceUnavailable("fetch_unreachable", url=url, reason=last, folder=str(self.folder))

    def _once(
        self, wanted: Wanted, url: str, here: Fetched | None
    ) -> dict[str, str] | tuple[int, float]:
        """Ask once: the headers of a whole file in its `.part`, or the code of a busy service and its wait."""
        part = self.folder / f"{wanted.name}.part"
        note = self.folder / f"{wanted.name}.part.json"
        headers = _conditions(here, url) | _resumption(part, note, url)
        with self._client.stream("GET", url, headers=headers) as response:
            code = response.status_code
            if code == httpx.codes.NOT_MODIFIED:
                return {"state": "unchanged"}
            if code == httpx.codes.REQUESTED_RANGE_NOT_SATISFIABLE:
                part.unlink(missing_ok=True)
                return code, 0.01
            if code in _BUSY:
                return code, _retry_after(response)
            if code in _GONE:
                raise ServiceUnavailable("fetch_not_there", url=url, code=str(code))
            if code not in {httpx.codes.OK, httpx.codes.PARTIAL_CONTENT}:
                return code, 0.0
            kept = {
                "url": url,
                "etag": response.headers.get("etag", ""),
                "last_modified": response.headers.get("last-modified", ""),
            }
            resumed = code == httpx.codes.PARTIAL_CONTENT
            if not resumed:
                note.write_text(json.dumps(kept), "utf-8")
            # A server that packs its answer although we asked it not to: what counts is the file, unpacked.
            packed = response.headers.get("content-encoding", "identity") != "identity"
            length = None if packed else response.headers.get("content-length")
            before = part.stat().st_size if resumed and part.exists() else 0
            total = int(length) + before if length else None
            done = before
            with part.open("ab" if resumed else "wb") as stream:
                for block in response.iter_bytes() if packed else response.iter_raw():
                    stream.write(block)
                    done += len(block)
                    self._progress(wanted.name, done, total)
            if total is not None and done != total:
                raise httpx.ReadError(f"{done} of {total} bytes")
            return kept | {"state": "whole"}

    def _settle(
        self, wanted: Wanted, edition: str, url: str, here: Fetched | None, answer: dict[str, str]
    ) -> Fetched:
        """Check the part and put it in its place, its note after it."""
        if answer["state"] == "unchanged" and here is not None:
            return replace(here, state="unchanged")
        path, part = self.folder / wanted.name, self.folder / f"{wanted.name}.part"
        fault = self._fault_of(wanted, part)
        if fault is not None:
            part.unlink(missing_ok=True)
            raise ServiceUnavailable("fetch_wrong_content", url=url, reason=fault)
        digest = _sha256(part)
        modified = answer.get("last_modified", "")
        state = "new" if here is None else "unchanged" if here.sha256 == digest else "changed"
        fetched = Fetched(
            path=path,
            url=url,
            edition=edition,
            producer=wanted.producer,
            licence=wanted.licence,
            date=wanted.date or _day_of(modified) or datetime.now(UTC).date().isoformat(),
            sha256=digest,
            bytes=part.stat().st_size,
            etag=answer.get("etag", ""),
            last_modified=modified,
            fetched_at=datetime.now(UTC).isoformat(timespec="seconds"),
            state=state,
        )
        part.replace(path)
        self._write_note(wanted.name, fetched)
        part.with_name(f"{part.name}.json").unlink(missing_ok=True)
        return fetched

    def _write_note(self, name: str, fetched: Fetched) -> None:
        note = self._note_of(name)
        said = {k: v for k, v in asdict(fetched).items() if k not in {"path", "state"}}
        with replacing(note) as fresh:
            fresh.write_text(json.dumps(said, ensure_ascii=False, indent=1) + "\n", "utf-8")

    def _fault_of(self, wanted: Wanted, part: Path) -> str | None:
        """Say what a file is not: too short, of another kind (a page of error sent with 200), of another checksum."""
        size = part.stat().st_size
        with part.open("rb") as stream:
            head = stream.read(64)
        ending = Path(wanted.name).suffix.lower()
        if head.lstrip()[:1] == b"<" and ending not in {".xml", ".html", ".kml"}:
            return "une page web au lieu du fichier"
        magic = _MAGIC.get(ending)
        if magic is not None and not head.startswith(magic):
            return f"le contenu n’est pas un fichier {ending}"
        if ending in _TEXT and head.lstrip(b"\xef\xbb\xbf \r\n\t")[:1] not in {b"[", b"{"}:
            return "le contenu n’est pas du JSON"
        if ending == _PBF and b"OSMHeader" not in head:
            return "le contenu n’est pas un extrait OpenStreetMap"
        if size < wanted.floor:
            return f"{size} octets : trop court"
        if not _is_whole(part, ending):
            return f"le fichier {ending} est coupé ou illisible"
        return self._checksum_fault(wanted, part)

    def _checksum_fault(self, wanted: Wanted, part: Path) -> str | None:
        if not wanted.checksum:
            return None
        with contextlib.suppress(httpx.HTTPError):
            answer = self._client.get(self._address(wanted.checksum))
            told = answer.text.split()
            if answer.status_code == httpx.codes.OK and told and len(told[0]) == 32:
                with part.open("rb") as stream:
                    found = hashlib.file_digest(stream, "md5").hexdigest()
                if found != told[0].lower():
                    return "la somme de contrôle n’est pas celle du service"
        return None


def _is_whole(part: Path, ending: str) -> bool:
    """Say whether an archive or a JSON can be read to its end: a service that breaks off may still say 200."""
    try:
        if ending == ".gz":
            with gzip.open(part) as stream:
                while stream.read(_BLOCK_BYTES):
                    pass
        elif ending == ".zip":
            with zipfile.ZipFile(part) as archive:
                return archive.testzip() is None
        elif ending in _TEXT:
            json.loads(part.read_bytes())
    except (OSError, EOFError, ValueError, RecursionError, zlib.error, zipfile.BadZipFile):
        return False
    return True


def _sha256(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _conditions(here: Fetched | None, url: str) -> dict[str, str]:
    """Ask only for what changed since the good file, if it came from the same address."""
    if here is None or here.url != url:
        return {}
    asked = {}
    if here.etag:
        asked["If-None-Match"] = here.etag
    if here.last_modified:
        asked["If-Modified-Since"] = here.last_modified
    return asked


def _resumption(part: Path, note: Path, url: str) -> dict[str, str]:
    """Go on from the part that is there, if the file is still the same one."""
    try:
        said = json.loads(note.read_text("utf-8"))
        size = part.stat().st_size
    except (OSError, ValueError):
        return {}
    mark = said.get("etag") or said.get("last_modified")
    if said.get("url") != url or not size or not mark or str(mark).startswith("W/"):
        return {}
    return {"Range": f"bytes={size}-", "If-Range": mark}


def _retry_after(response: httpx.Response) -> float:
    """Read how long the service asks to wait, in seconds; 0 when it does not say."""
    told = response.headers.get("retry-after", "")
    if told.isdigit():
        return float(told)
    try:
        until = parsedate_to_datetime(told)
    except (ValueError, TypeError):
        return 0.0
    return max(0.0, (until - datetime.now(UTC)).total_seconds())


def _day_of(last_modified: str) -> str:
    try:
        return parsedate_to_datetime(last_modified).date().isoformat()
    except (ValueError, TypeError):
        return ""


def editions(template: str, years: Sequence[int], **values: str) -> Iterator[tuple[str, str]]:
    """
    List the addresses of a file, one a year where its address names one.

    Parameters
    ----------
    template
        With `{year}` and what else is to be filled in.
    years
        Latest first.
    **values
        What else.

    Yields
    ------
    tuple
        Edition and address.
    """
    for year in years if "{year}" in template else years[:1]:
        edition = str(year) if "{year}" in template else ""
        yield edition, template.format(year=year, **values)
