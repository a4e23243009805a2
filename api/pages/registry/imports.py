"""The registry as animateurs read it: the list, and files that are imported with a report row by row."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any, cast

from fastapi import APIRouter, Request
from fastapi.responses import Response
from starlette.datastructures import UploadFile

from api.dependencies import TodayDep
from api.pages.accounts.session import CheckedForm
from api.pages.registry.directory import FRESHNESS, PAGE, SORTS, Wanted, entries
from api.pages.rendering import render
from api.pages.work import Work, WorkDep
from rpe_geo.errors import Conflict, InputError, Where
from rpe_geo.formats.records import RecordKind, examine
from rpe_geo.messages import explain, phrase
from rpe_geo.messages.fields import CHOICES
from rpe_geo.relais.registry import import_records, report_faults

__all__ = ["router"]

router = APIRouter(prefix="/pro/registre")
_IMPORTED = {
    "childminders": "Assistantes et assistants maternels",
    "mams": "MAM",
    "facilities": "Crèches et autres lieux",
}


def _list(request: Request, work: Work, today: Any, wanted: Wanted) -> Response:
    everything = entries(work, today)
    found = wanted.choose(everything)
    first = wanted.page * PAGE
    natures = sorted({one.nature for one in everything if one.kind == "lieu"})
    return render(
        request,
        "registre.html",
        session=work.session,
        voulu=wanted,
        lignes=found[first : first + PAGE],
        trouves=len(found),
        total=sum(one.kind == "am" for one in everything),
        a_verifier=sum(one.freshness in {"verifier", "jamais"} for one in everything),
        premier=first + 1,
        dernier=min(first + PAGE, len(found)),
        natures={
            "am": "Assistant·es maternel·les",
            "mam": "MAM",
            **{name: name for name in natures},
        },
        etats={**CHOICES["agrement.status"], "open": "Lieu ouvert", "closed": "Lieu fermé"},
        fraicheurs=FRESHNESS,
        tris=SORTS,
    )


@router.get("")
def listing(request: Request, work: WorkDep, today: TodayDep) -> Response:
    """List the registry."""
    return _list(request, work, today, Wanted.read(request.query_params))


@router.post("")
def search(request: Request, work: WorkDep, today: TodayDep, form: CheckedForm) -> Response:
    """Search by name, commune, address or identifier; what is looked for stands in the body."""
    return _list(request, work, today, Wanted.read(form, text=str(form.get("q", ""))))


# ---- files -------------------------------------------------------------------------------------------------------


def _import_page(request: Request, work: Work, *, status: int = 200, **told: Any) -> Response:
    shown = {"faute": None, "rapport": None, "lignes": (), "natures": _IMPORTED} | told
    return render(request, "import.html", status=status, session=work.session, **shown)


@router.get("/import")
def import_page(request: Request, work: WorkDep) -> Response:
    """Ask for a file, and say what will happen to it."""
    return _import_page(request, work)


@router.post("/import")
def import_file(request: Request, work: WorkDep, form: CheckedForm) -> Response:
    """Store the records of a file, all or, with one fault, none; and tell what became of each row."""
    sent, kind = form.get("fichier"), str(form.get("nature", ""))
    if not isinstance(sent, UploadFile) or not sent.filename or kind not in _IMPORTED:
        return _import_page(request, work, status=422, faute="Choisissez un fichier.")
    chosen = cast("RecordKind", kind)
    with tempfile.TemporaryDirectory() as folder:
        # Only the ending of the name is used: the rest is the sender's.
        file = Path(folder) / f"registre{Path(sent.filename).suffix.lower()[:8]}"
        file.write_bytes(sent.file.read())
        try:
            reading = examine(file, chosen)
            report = (
                report_faults(reading, chosen)
                if reading.faults
                else import_records(
                    reading,
                    chosen,
                    repository=work.repository,
                    geocoder=work.relais.geocoder,
                    engine=work.relais.travel,
                    file_prevails=form.get("prevaut") == "oui",
                )
            )
        except (Conflict, InputError) as error:
            status = 409 if isinstance(error, Conflict) else 422
            return _import_page(request, work, status=status, faute=explain(error))
    lines = [
        (
            row,
            phrase(f"import_{row.outcome}"),
            [explain(_of_row(note, report.file)) for note in row.notes],
        )
        for row in report.rows
    ]
    if not report.faults:
        work.audit("import", kind, kind)
    return _import_page(
        request,
        work,
        status=422 if report.faults else 200,
        rapport=report,
        # What asks for a look comes first.
        lignes=sorted(lines, key=lambda line: not line[2]),
    )


def _of_row(note: Any, file: str) -> Any:
    """Drop the file and the row from a note: the line says them."""
    if note.where.file != file:
        return note
    return type(note)(Where(field=None), note.code, note.values)
