"""
Which column of a list is what: by its title first, checked by what stands in it, and by content alone where no title says.

Every field has the phrases that producers use, folded, best first. A title speaks of a phrase when each word of the phrase
begins with, or is, a word of the title (`capac_acc` is « capacité d'accueil »).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rpe_geo.folding import fold_words
from rpe_geo.formats.recognition.counts import read_count
from rpe_geo.formats.recognition.kinds import facility_kind
from rpe_geo.formats.recognition.positions import point_in_cell
from rpe_geo.formats.recognition.words import tokens

__all__ = ["FIELDS", "LABELS", "field_named", "match_columns", "title_score"]

_PLACE: dict[str, tuple[str, ...]] = {
    "address": ("adresse complete", "adresse postale", "adresse", "address", "adr", "adresse 1", "adresse 2", "adresse 3", "adresse famille", "adresse parents", "adresse domicile", "localisation", "lieu accueil", "adr voie", "ligne adresse"),
    "house_number": ("numero voie", "numero rue", "numero", "num voie", "norue", "num", "housenumber", "addr housenumber", "adr num", "no voie", "no rue", "numvoie"),
    "repetition": ("bis", "repetition", "indice repetition", "suffixe", "rep", "indrep"),
    "street_type": ("type voie", "typvoie", "nature voie", "type rue", "typ voie"),
    "street": ("nom voie", "nom rue", "libelle voie", "nomvoie", "nomvoi", "libvoie", "lib voie", "voie", "rue", "street", "addr street"),
    "postcode": ("code postal", "codepostal", "codepo", "cp", "postcode", "codpos", "addr postcode", "cod post", "codpost", "zipcode", "zip code"),
    "city": ("commune", "nom commune", "ville", "city", "libelle commune", "addr city", "com nom", "localite", "lib com", "bureau distributeur", "libcom", "cp ville", "code postal ville", "cp commune"),
    "longitude": ("longitude", "long", "lon", "lng", "x wgs", "coord x", "x", "coordonnee x", "point x", "xlong", "x l93", "x lambert", "lambert x", "x cc", "x rgr", "x rgf", "xl93", "coordonnee x l93"),
    "latitude": ("latitude", "lat", "y wgs", "coord y", "y", "coordonnee y", "point y", "ylat", "y l93", "y lambert", "lambert y", "y cc", "y rgr", "y rgf", "yl93", "coordonnee y l93"),
    "geo_point": ("geo point 2d", "geo point", "geopoint", "geolocalisation", "coordonnees", "coordonnees geographiques", "geom xy", "position", "latlon", "geoloc", "the geom", "geom", "wkt", "geometry", "localisation", "center", "centre geo"),
    "phone": ("telephone", "tel", "phone", "contact phone", "tel fixe", "telephone fixe", "telephone portable", "n telephone", "numero telephone", "portable", "mobile"),
    "email": ("courriel", "email", "e mail", "mail", "contact email", "adresse mail", "adresse electronique", "mel"),
}  # fmt: skip
_STATE: dict[str, tuple[str, ...]] = {
    "state": (
        "etat",
        "statut ouverture",
        "situation",
        "etat ouverture",
        "statut",
        "en activite",
        "ouvert",
    ),
    "closed_on": (
        "date fermeture",
        "ferme le",
        "date fin activite",
        "date cessation",
        "fermeture definitive",
    ),
}
_NAME = (
    "nom structure", "nom etablissement", "nom equipement", "nom eaje", "nom creche", "nom lieu", "nom", "name", "libel", "libelle",
    "denomination", "denomination usuelle", "raison sociale", "intitule", "designation", "etablissement", "structure", "equipement",
    "titre", "enseigne", "appellation", "lib", "nom usuel", "nomrs", "nom raison sociale", "creche",
)  # fmt: skip

FIELDS: dict[str, dict[str, tuple[str, ...]]] = {
    "facilities": {
        "facility_id": ("facility id", "identifiant", "id equipement", "id etablissement", "id", "code etablissement", "gid", "fid", "objectid", "code", "uid", "n finess", "siret"),
        "name": _NAME,
        "kind": (
            "kind", "nature", "type structure", "type etablissement", "type accueil", "type equipement", "categorie", "mode accueil",
            "type", "amenity", "rubrique", "famille", "nature equipement", "sous categorie", "typologie", "genre", "soustype", "sous type", "sous classe", "ssclasse", "typequ", "activite",
        ),
        **_PLACE,
        "places": (
            "places", "nombre places", "nb places", "capacite accueil", "capacite", "capacity", "capacite agreee", "places agreees",
            "nbplaces", "nbpl", "nb pl", "nb pl agreees", "nb berceaux", "nbre berceaux", "nb lits", "nbre places", "capacite totale", "nombre berceaux", "berceaux", "effectif maximum", "capa", "capac", "nombre maximal enfants", "nombre enfants", "nb enfants", "effectif", "agrement",
        ),
        "opening_hours": ("opening hours", "horaires", "horaires ouverture", "heures ouverture", "jours horaires", "ouverture", "heures"),
        "age_min_months": ("age min months", "age mini mois", "age min mois", "age minimum mois"),
        "age_max_months": ("age max months", "age maxi mois", "age max mois", "age maximum mois"),
        "min_age": ("min age", "age minimum", "age min", "age mini"),
        "max_age": ("max age", "age maximum", "age max", "age maxi"),
        "funding": ("funding", "mode financement", "financement", "tarification"),
        "capabilities": ("capabilities",),
        **_STATE,
    },
    "mams": {
        "mam_id": ("mam id", "identifiant", "id", "code", "numero"),
        "name": ("nom mam", "name", *_NAME),
        **_PLACE,
        "members_present_max": ("members present max", "nombre assistants", "nb assistants maternels", "nombre assistantes maternelles", "nombre professionnels", "nb am"),
        "children_max": ("children max", "nombre places", "nb places", "capacite accueil", "capacite", "places", "nombre enfants", "agrement"),
        **_STATE,
    },
    "childminders": {
        "childminder_id": ("childminder id", "identifiant", "id", "numero agrement", "n agrement", "numero", "matricule", "code"),
        "name": ("name", "nom prenom", "nom complet", "assistante maternelle", "assistant maternel", "nom usuel prenom"),
        "last_name": ("nom", "nom usage", "nom famille", "nom naissance", "nom usuel"),
        "first_name": ("prenom", "prenoms"),
        **_PLACE,
        "mam_id": ("mam id", "mam"),
        "agrement.places": ("agrement places", "nombre places", "nb places", "capacite agreee", "capacite accueil", "capacite", "places agreees", "nombre agrements", "agrement", "places", "nb enfants", "nombre enfants accueillis"),
        "agrement.valid_from": ("agrement valid from", "date agrement", "date debut agrement", "debut agrement", "agreee depuis", "date premier agrement"),
        "agrement.valid_until": ("agrement valid until", "date fin agrement", "fin agrement", "echeance agrement", "validite agrement", "agrement jusqu", "date echeance"),
        "working_hours": ("working hours", "horaires", "horaires travail", "heures accueil", "horaires accueil"),
        "hourly_rate": ("hourly rate", "tarif horaire", "salaire horaire", "taux horaire", "tarif heure"),
        "maintenance_per_day": ("maintenance per day", "indemnite entretien", "entretien"),
        "meals_per_day": ("meals per day", "indemnite repas", "repas"),
        "attributes.smoker": ("attributes smoker", "fumeur", "fumeuse", "tabac"),
        "attributes.garden": ("attributes garden", "jardin", "exterieur"),
        "attributes.car": ("attributes car", "vehicule", "voiture"),
        "state": ("etat", "en activite", "statut", "situation"),
        "closed_on": ("date fermeture", "date cessation", "date fin activite"),
    },
    "requests": {
        "request_id": ("request id", "identifiant", "id", "numero demande", "n demande", "n dossier", "dossier", "n demandeur", "numero", "numero dossier", "reference", "code"),
        **{name: phrases for name, phrases in _PLACE.items() if name not in {"phone", "email"}},
        "work_address": ("work address", "adresse travail", "lieu travail", "adresse employeur"),
        "mode": ("mode", "mode transport", "moyen transport", "moyen deplacement", "mode deplacement", "transport", "deplacement"),
        "max_minutes": ("max minutes", "temps maximal", "duree maximale trajet", "minutes maximum"),
        "children.birth_date": ("children birth date", "date naissance", "naissance enfant", "ne le", "date naissance enfant", "nee le", "date prevue accouchement", "terme prevu"),
        "start": ("start", "date debut", "debut accueil", "date entree", "debut souhaite", "date souhaitee", "a partir du"),
        "end": ("end", "date fin", "fin accueil", "fin souhaitee"),
        "schedule": ("schedule", "horaires", "jours horaires", "planning", "horaires souhaites", "besoin"),
        "household.monthly_income": ("household monthly income", "revenus mensuels", "revenu mensuel", "ressources mensuelles"),
        "household.children_at_charge": ("household children at charge", "enfants charge", "nombre enfants charge"),
    },
}  # fmt: skip
"""Kind of record → our field → phrases of titles, folded, best first."""

LABELS: dict[str, str] = {
    "facility_id": "identifiant", "mam_id": "identifiant de la MAM", "childminder_id": "identifiant", "request_id": "identifiant",
    "name": "nom", "last_name": "nom de famille", "first_name": "prénom", "kind": "nature", "address": "adresse",
    "house_number": "numéro", "repetition": "bis, ter", "street_type": "type de voie", "street": "voie", "postcode": "code postal", "city": "commune",
    "longitude": "longitude", "latitude": "latitude", "geo_point": "point", "phone": "téléphone", "email": "courriel",
    "places": "places", "opening_hours": "horaires", "age_min_months": "âge minimal en mois",
    "age_max_months": "âge maximal en mois", "min_age": "âge minimal", "max_age": "âge maximal", "funding": "financement",
    "capabilities": "capacités d'accueil", "state": "état", "closed_on": "date de fermeture",
    "members_present_max": "professionnels", "children_max": "enfants", "agrement.places": "places d'agrément",
    "agrement.valid_from": "début d'agrément", "agrement.valid_until": "fin d'agrément", "working_hours": "horaires de travail",
    "hourly_rate": "tarif horaire", "maintenance_per_day": "entretien", "meals_per_day": "repas",
    "attributes.smoker": "fumeur", "attributes.garden": "jardin", "attributes.car": "voiture",
    "work_address": "adresse de travail", "mode": "mode de transport", "max_minutes": "minutes", "start": "début",
    "children.birth_date": "date de naissance", "end": "fin", "schedule": "besoin d'horaires",
    "household.monthly_income": "revenu mensuel", "household.children_at_charge": "enfants à charge",
}  # fmt: skip
"""Our field → what it is called in reports and in `--column`."""

_NOISE = frozenset(
    ["de", "la", "le", "les", "du", "des", "d", "l", "et", "en", "a", "au", "aux", "un", "une", "n", "no", "structure", "structures", "etablissement", "etablissements", "equipement", "equip", "eaje", "eq", "creche", "creches", "lieu", "petite", "enfance", "pe", "accueil", "adr", "etab", "osm", "contact", "tel", "mam", "assistante", "maternelle", "principal", "principale", "total", "eqpt", "eqt", "ets", "etb", "etablissement", "struct", "usuel"]
)  # fmt: skip
_SHORTEST_START = 3
_ENOUGH = 0.5

_PHONE = re.compile(r"^(?:\+33|0)[\s.\-/]?[1-9](?:[\s.\-/]?\d{2}){4}\b")
_HOURS = re.compile(
    r"\b(?:lun|mar|mer|jeu|ven|sam|dim|mo|tu|we|th|fr|sa|su|24 7|semaine|matin|jour|mercredi|lundi)\w*\b|\d ?h|\d \d\d\b|\boff\b"
)
_EMAIL = re.compile(r"^[^@\s]+@[^@\s]+\.\w+$")


def _number(value: Any) -> float | None:
    try:
        return float(str(value).replace(",", ".").replace("\u00a0", "").replace(" ", ""))
    except ValueError:
        return None


def says_hours(value: Any) -> bool:
    """Say whether a cell speaks of days or of times."""
    if isinstance(value, list):
        return all(map(says_hours, value))
    return bool(_HOURS.search(fold_words(str(value))))


def _is_name(value: Any) -> bool:
    return bool(re.search(r"[A-Za-zÀ-ÿ]{2}", str(value))) and not _EMAIL.match(str(value))


_CONTENT: dict[str, Callable[[Any], bool]] = {
    "name": _is_name,
    "last_name": _is_name,
    "first_name": _is_name,
    "kind": lambda value: _number(value) is None,
    "street_type": _is_name,
    "opening_hours": says_hours,
    "working_hours": says_hours,
    "places": lambda value: read_count(value).doubt not in {"reference", "unreadable"},
    "agrement.places": lambda value: read_count(value).doubt not in {"reference", "unreadable"},
    "children_max": lambda value: read_count(value).doubt not in {"reference", "unreadable"},
    "address": lambda value: _is_name(value) and not isinstance(value, (bool, dict, list)),
    "street": _is_name,
    "house_number": lambda value: bool(re.match(r"^\d{1,5}\s*[a-zA-Z]{0,5}(?:\.0)?$", str(value).strip())),
    "repetition": lambda value: bool(re.match(r"^(?:bis|ter|quater|[a-zA-Z])$", str(value).strip(), re.IGNORECASE)),
    "city": _is_name,
    "postcode": lambda value: bool(re.match(r"^\d{2}\s?\d{3}(?:\.0)?$|^\d{4}(?:\.0)?$", str(value).strip())),
    "longitude": lambda value: _number(value) is not None,
    "latitude": lambda value: _number(value) is not None,
    "geo_point": lambda value: point_in_cell(value) is not None,
    "phone": lambda value: bool(re.search(r"\d{2}", str(value))) and "@" not in str(value),
    "email": lambda value: "@" in str(value),
    "mam_id": lambda value: fold_words(str(value)) not in {"oui", "non", "true", "false"},
    "closed_on": lambda value: bool(re.search(r"\d{4}", str(value))),
    "state": lambda value: _number(value) is None or str(value) in {"0", "1"},
}  # fmt: skip
"""Field → what a cell of it looks like; a column of which under half looks so is not that field, whatever its title."""


@dataclass(frozen=True)
class _Candidate:
    """How well a title speaks of a field; higher is better."""

    field: str
    column: str
    score: float


def _speaks(word: str, of: str) -> bool:
    """Say whether a word of a title is a word of a phrase, whole, as its beginning, or in the plural."""
    if word == of or word.rstrip("s") == of.rstrip("s"):
        return True
    return len(word) >= _SHORTEST_START and len(of) > len(word) and of.startswith(word)


def title_score(title: str, phrases: Sequence[str]) -> float:
    """
    Say how well a title speaks of a field.

    Parameters
    ----------
    title
        Of a column.
    phrases
        What producers call the field, folded, best first.

    Returns
    -------
    float
        0 when it does not; 40 and more when it does; near 100 when it is one of the phrases.
    """
    words = [
        re.sub(r"(?<=[a-z]{2})\d+$", "", word)
        for word in tokens(title)
        if not (word.isdigit() and len(word) > 2)
    ]
    folded = " ".join(words)
    best = 0.0
    for rank, phrase in enumerate(phrases):
        wanted = phrase.split()
        if folded == phrase or "".join(words) == phrase.replace(" ", ""):
            best = max(best, 100.0 - rank / 10)
            continue
        if not all(any(_speaks(word, part) for word in words) for part in wanted):
            continue
        spare = [
            word
            for word in words
            if word not in _NOISE and not any(_speaks(word, part) for part in wanted)
        ]
        whole = sum(word == part for part in wanted for word in words)
        if sum(map(len, wanted)) <= 2:
            # « x », « id », « cp »: only as a title of their own.
            continue
        best = max(best, 40.0 + 12 * len(wanted) + 2 * whole - 14 * len(spare) - rank / 10)
    return best


def _looks_right(field: str, values: Sequence[Any]) -> bool:
    """Say whether at least half of what stands in a column looks like the field; an empty column says nothing."""
    check = _CONTENT.get(field)
    if check is None or not values:
        return True
    return sum(map(check, values)) >= _ENOUGH * len(values)


def field_named(kind: str, name: str) -> str | None:
    """
    Find the field that somebody names in French or by our own name.

    Parameters
    ----------
    kind
        Kind of record.
    name
        « nom », « places », « agrement.places ».

    Returns
    -------
    str or None
        Our field.
    """
    fields = FIELDS[kind]
    if name in fields:
        return name
    wanted = fold_words(name)
    for field in fields:
        if wanted in {fold_words(LABELS[field]), fold_words(field)}:
            return field
    scored = [(title_score(name, phrases), field) for field, phrases in fields.items()]
    best, field = max(scored)
    return field if best >= 50 else None


def match_columns(
    kind: str, columns: Mapping[str, Sequence[Any]], *, told: Mapping[str, str]
) -> dict[str, list[str]]:
    """
    Say which columns hold which field.

    Parameters
    ----------
    kind
        childminders, mams, facilities or requests.
    columns
        Title → the values that are not empty.
    told
        Field → title, by whoever knows; it prevails.

    Returns
    -------
    dict
        Field → its columns, best first: a list glued from several sources has several for one field.
    """
    taken = set(told.values())
    candidates = []
    for column, values in columns.items():
        if column in taken:
            continue
        scored = [
            _Candidate(field, column, score)
            for field, phrases in FIELDS[kind].items()
            if field not in told and (score := title_score(column, phrases)) >= 40
        ]
        fitting = [one for one in scored if _looks_right(one.field, values)]
        if fitting:
            candidates.append(max(fitting, key=lambda one: one.score))
    matched: dict[str, list[str]] = {field: [column] for field, column in told.items()}
    for one in sorted(candidates, key=lambda one: -one.score):
        matched.setdefault(one.field, []).append(one.column)
    _by_content(kind, columns, matched)
    return matched


def _by_content(
    kind: str, columns: Mapping[str, Sequence[Any]], matched: dict[str, list[str]]
) -> None:
    """Find by what stands in them the columns that no title told."""
    used = {column for several in matched.values() for column in several}
    tests: list[tuple[str, Callable[[Any], bool]]] = [
        ("geo_point", lambda value: point_in_cell(value) is not None),
        ("email", lambda value: bool(_EMAIL.match(str(value).strip()))),
        ("phone", lambda value: bool(_PHONE.match(str(value).strip()))),
        ("postcode", lambda value: bool(re.fullmatch(r"\d{5}(?:\.0)?", str(value).strip()))),
    ]
    if kind == "facilities":
        tests.append(("kind", lambda value: facility_kind(str(value)) is not None))
        tests.append(("name", lambda value: facility_kind(str(value)) is not None))
    for field, looks_so in tests:
        if field not in FIELDS[kind] or field in matched:
            continue
        for column, values in columns.items():
            distinct = len({str(value) for value in values})
            if (
                column in used
                or not values
                or (field == "kind" and distinct > max(12, len(values) // 3))
            ):
                continue
            if sum(map(looks_so, values)) >= 0.8 * len(values) and len(values) > (
                2 if field in {"kind", "postcode"} else 0
            ):
                matched[field] = [column]
                used.add(column)
                break
