"""Empty workbooks with French titles, help and an example: what is filled in is read by the recognition step."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from openpyxl import Workbook
from openpyxl.comments import Comment
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter

from rpe_geo.errors import InvalidFile, Where
from rpe_geo.files import replacing

__all__ = ["TEMPLATES", "write_template"]

Kind = Literal["childminders", "mams", "facilities", "requests"]

_PLACE = (
    ("Adresse", "Numéro et voie.", "3 rue des Lilas"),
    ("Code postal", "Cinq chiffres.", "12990"),
    ("Commune", "", "Valcombe"),
    ("Téléphone", "Facultatif.", "05 65 00 00 01"),
    ("Courriel", "Facultatif.", "exemple@valcombe.example"),
)
TEMPLATES: dict[Kind, tuple[tuple[str, str, str], ...]] = {
    "childminders": (
        ("Identifiant", "Votre numéro ; vide, il est tiré du nom et de l’adresse.", "AM-001"),
        ("Nom", "Nom d’usage.", "Exemple"),
        ("Prénom", "", "Camille"),
        *_PLACE,
        ("Nombre de places", "Places d’agrément, obligatoire.", "3"),
        ("Début agrément", "Date, 04/01/2024.", "04/01/2024"),
        ("Fin agrément", "Date, 04/01/2029.", "04/01/2029"),
        ("Horaires de travail", "Mo-Fr 07:30-18:30 (Mo Tu We Th Fr Sa Su).", "Mo-Fr 07:30-18:30"),
        ("Tarif horaire", "En euros, net.", "4,10"),
        ("Fumeur", "oui, non ; vide = non su.", "non"),
        ("Jardin", "oui, non ; vide = non su.", "oui"),
    ),
    "mams": (
        ("Identifiant", "Votre numéro ; vide, il est tiré du nom et de l’adresse.", "MAM-1"),
        ("Nom de la MAM", "Obligatoire.", "Les Mésanges"),
        *_PLACE,
        ("Nombre de professionnels", "Présents ensemble.", "3"),
        ("Nombre d’enfants", "Présents ensemble.", "12"),
    ),
    "facilities": (
        ("Identifiant", "Votre numéro ; vide, il est tiré du nom et de l’adresse.", "EAJE-1"),
        ("Nom", "Obligatoire.", "Les Petits Pas"),
        ("Type", "crèche, micro-crèche, multi-accueil, halte-garderie, RPE, LAEP, PMI…", "multi-accueil"),
        *_PLACE,
        ("Nombre de places", "Un nombre ; vide = non su.", "24"),
        ("Horaires", "Mo-Fr 07:30-18:30.", "Mo-Fr 07:30-18:30"),
        ("Date de fermeture", "Seulement si elle a fermé ou va fermer.", ""),
    ),
    "requests": (
        ("Numéro de demande", "", "D-1"),
        *_PLACE[:3],
        ("Date de naissance", "De l’enfant, ou terme prévu.", "04/05/2026"),
        ("Date de début", "Début d’accueil souhaité.", "04/01/2027"),
        ("Date de fin", "Facultatif.", ""),
        ("Horaires", "Mo,Tu,Th,Fr 08:00-17:30.", "Mo,Tu,Th,Fr 08:00-17:30"),
        ("Mode de transport", "à pied, vélo, voiture, transports en commun.", "à pied"),
    ),
}  # fmt: skip
"""Kind → columns: title, help, example."""


def write_template(kind: Kind, path: Path) -> None:
    """
    Write an empty workbook to fill in.

    Parameters
    ----------
    kind
        childminders, mams, facilities or requests.
    path
        The `.xlsx` to write, whole or not at all.

    Raises
    ------
    InvalidFile
        For another ending.
    """
    if path.suffix.lower() != ".xlsx":
        raise InvalidFile("output_ending", where=Where(file=str(path)), endings=".xlsx")
    book = Workbook()
    sheet, columns = book.worksheets[0], TEMPLATES[kind]
    sheet.title = "À remplir"
    example, guide = book.create_sheet("Exemple"), book.create_sheet("Aide")
    for one in (sheet, example):
        one.append([title for title, _, _ in columns])
        one.freeze_panes = "A2"
        for number, (title, words, _) in enumerate(columns, start=1):
            cell = one.cell(1, number)
            cell.font = Font(bold=True)
            if words:
                cell.comment = Comment(words, "rpe_geo")
            one.column_dimensions[get_column_letter(number)].width = max(14, len(title) + 3)
    example.append([shown for _, _, shown in columns])
    guide.append(["Colonne", "Ce qu’on y écrit", "Exemple"])
    for column in columns:
        guide.append(list(column))
    guide.append([])
    guide.append(["Seule la première feuille est lue. Une case vide veut dire « non su »."])
    with replacing(path) as temporary:
        book.save(temporary)
