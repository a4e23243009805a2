"""The registry as animateurs read it: the list, and files that are imported with a report row by row."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any, Literal, cast

from fastapi import APIRouter, Request
from fastapi.responses import Response

from api.dependencies import TodayDep
from api.pages.accounts.session import CheckedForm
from api.pages.registry.column_choice import column_choice, sent_file, told_in
from api.pages.registry.directory import FRESHNESS, PAGE, SORTS, Wanted, entries
from api.pages.rendering import render
from api.pages.work import Work, WorkDep
from rpe_geo.errors import Conflict, InputError, Where
from rpe_geo.formats.recognition.memory import remember
from rpe_geo.formats.recognition.recognise import told_columns
from rpe_geo.formats.records import Reading, RecordKind, examine
from rpe_geo.formats.templates import write_template
from rpe_geo.messages import explain, phrase
from rpe_geo.messages.fields import CHOICES
from rpe_geo.relais.registry import import_records, report_faults

__all__ = ["router"]

router = APIRouter(prefix="/pro/registre")
_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
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
    nothing = {"faute": None, "rapport": None, "lignes": (), "choix": None, "nature": None}
    shown = nothing | {"natures": _IMPORTED} | told
    return render(request, "import.html", status=status, session=work.session, **shown)


@router.get("/import")
def import_page(request: Request, work: WorkDep) -> Response:
    """Ask for a file, and say what will happen to it."""
    return _import_page(request, work)


@router.post("/import")
def import_file(request: Request, work: WorkDep, form: CheckedForm) -> Response:
    """
    Store the records of a file, all or, with one fault, none; and tell what became of each row.

    A list in its producer's layout is shown first as it would be read: columns to choose, and ten rows.
    """
    kind, sent = str(form.get("nature", "")), sent_file(form)
    if sent is None or kind not in _IMPORTED:
        return _import_page(request, work, status=422, faute="Choisissez un fichier.")
    chosen, (name, content) = cast("RecordKind", kind), sent
    told = told_in(form)
    memory = work.desk.service.settings.column_memory
    with tempfile.TemporaryDirectory() as folder:
        # Only the ending of the name is used: the rest is the sender's.
        file = Path(folder) / f"registre{Path(name).suffix.lower()[:8]}"
        file.write_bytes(content)
        try:
            reading = examine(file, chosen, columns=told, memory=memory)
        except InputError as error:
            choice = column_choice(file, chosen, name, content, told, None)
            more = {} if choice is None else {"choix": choice}
            return _import_page(
                request, work, status=422, faute=explain(error), nature=kind, **more
            )
        if reading.recognition is not None and form.get("etape") != "importer":
            choice = column_choice(file, chosen, name, content, told, reading)
            return _import_page(request, work, choix=choice, nature=kind)
        return _imported(request, work, form, chosen, reading, told)


@router.get("/modele/{kind}.xlsx")
def template(work: WorkDep, kind: Literal["childminders", "mams", "facilities"]) -> Response:
    """Give an empty workbook to fill in."""
    del work
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "modele.xlsx"
        write_template(kind, path)
        content = path.read_bytes()
    headers = {"Content-Disposition": f'attachment; filename="modele-{kind}.xlsx"'}
    return Response(content, media_type=_XLSX, headers=headers)


def _imported(
    request: Request,
    work: Work,
    form: Any,
    kind: RecordKind,
    reading: Reading[Any],
    told: list[str],
) -> Response:
    """Store what was read, remember the columns that were told, and report."""
    try:
        report = (
            report_faults(reading, kind)
            if reading.faults
            else import_records(
                reading,
                kind,
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
        if told and reading.recognition is not None:
            titles = reading.recognition.titles
            columns = told_columns(kind, told, titles)
            remember(work.desk.service.settings.column_memory, kind, titles, columns)
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
