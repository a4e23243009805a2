"""
The published rules: every rule, weight and source in force, in plain French, made from the parameters themselves.

The law asks administrations to publish the rules of their algorithms (CRPA L.311-3-1 and L.312-1-3). The page cannot
drift: figures are read from the dated tables, and a test compares docs/regles.md with what this module writes.
`python -m rpe_geo.publishing.regles > docs/regles.md` writes it anew.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, get_args

from rpe_geo.matching.preferences import LANGUAGE_WISH, PARTS, WISHES
from rpe_geo.messages.french import MODES, enumeration, number, typeset
from rpe_geo.messages.french import day as french_day
from rpe_geo.messages.matching import PART_NAMES, wish_name
from rpe_geo.messages.regles import MESSAGES, RULE_TITLES, WARNING_TITLES
from rpe_geo.parameters import Parameter, ParameterTable, parameter_table
from rpe_geo.verdicts import Rule

__all__ = ["PUBLISHED_ON", "Section", "published_rules", "rules_markdown"]

PUBLISHED_ON = date(2026, 11, 22)
"""The day whose values docs/regles.md shows; the service shows those of the present day."""

_TABLES = {
    "law": "Les limites de la loi et nos conventions",
    "scoring": "Le classement, les changements et les combinaisons",
    "money": "Les coûts et les aides",
    "atypical_hours": "Les horaires atypiques",
}
_CERTAINTIES = {
    "S": "source lue",
    "M": "de mémoire, à confirmer",
    "D": "déduit",
    "C": "convention",
}


@dataclass(frozen=True)
class Section:
    """
    One part of the page.

    Parameters
    ----------
    title
        Its heading.
    paragraphs
        Plain sentences.
    columns, rows
        A table under them; no columns, no table.
    """

    title: str
    paragraphs: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()


def published_rules(day: date) -> list[Section]:
    """
    Gather the rules in force on a day, for a page or for the API.

    Parameters
    ----------
    day
        The day on which the values hold.

    Returns
    -------
    list of Section
        In reading order, in French.
    """
    tables = {name: parameter_table(name, day) for name in _TABLES}
    return [
        _purpose(day),
        _rules(tables),
        _warnings(tables),
        _ranking(tables),
        _preferences(),
        _openings(tables["scoring"]),
        _costs(tables["money"]),
        _atypical(tables["atypical_hours"]),
        *(_values(title, tables[name]) for name, title in _TABLES.items()),
    ]


def rules_markdown(day: date = PUBLISHED_ON) -> str:
    """
    Write the page in Markdown.

    Parameters
    ----------
    day
        The day on which the values hold.

    Returns
    -------
    str
        The whole text of docs/regles.md.
    """
    lines = ["# Les règles du calcul", ""]
    for section in published_rules(day):
        lines += [f"## {section.title}", ""]
        for paragraph in section.paragraphs:
            lines += [paragraph, ""]
        if section.columns:
            lines.append(_row(section.columns))
            lines.append(_row(["---"] * len(section.columns)))
            lines += [_row(row) for row in section.rows]
            lines.append("")
    return typeset("\n".join(lines).rstrip() + "\n")


def _row(cells: Any) -> str:
    return f"| {' | '.join(cell.replace('|', '∣') for cell in cells)} |"


def _purpose(day: date) -> Section:
    return Section(
        "À quoi elles servent",
        (
            (
                "Le relais cherche, pour une famille, qui peut accueillir son enfant. Ce calcul propose ; il ne décide rien : "
                "la famille et la professionnelle choisissent, et une animatrice ou un animateur relit."
            ),
            (
                f"Cette page dit toutes les règles, tous les poids et toutes les sources en vigueur le {french_day(day)}. Elle est "
                "engendrée à partir des valeurs mêmes du calcul. Les sources entre crochets sont celles de "
                "[docs/sources.md](sources.md)."
            ),
            (
                "Le sexe, l’origine, la photographie, les avis ou un paiement ne comptent jamais. Il n’y a pas de note ni "
                "d’étoiles."
            ),
        ),
    )


def _fill(template: str, tables: Mapping[str, Mapping[str, Any]], **values: str) -> str:
    """Put parameters in a sentence, numbers written the French way."""
    written = {
        name: {key: _write(value) for key, value in table.items()} for name, table in tables.items()
    }
    return template.format_map({**written, **values})


def _rules(tables: Mapping[str, ParameterTable]) -> Section:
    return Section(
        "Qui peut accueillir",
        (
            (
                "Chaque règle est vérifiée à chaque quart d’heure, du début de l’accueil à sa fin (sans date de fin, sur "
                f"{_write(tables['law']['horizon_months'])} mois), avec les contrats connus, présents et à venir, et l’âge que "
                "chaque enfant aura. Toutes les règles manquées sont dites, avec la date, l’heure et le chiffre."
            ),
        ),
        ("Règle", "Ce qu’elle demande", "Nom dans les données"),
        tuple(
            (RULE_TITLES[rule], _fill(MESSAGES[f"regle_{rule}"], tables), f"`{rule}`")
            for rule in get_args(Rule)
        ),
    )


def _warnings(tables: Mapping[str, ParameterTable]) -> Section:
    return Section(
        "Ce qui est permis mais fragile",
        ("Ces points n’écartent personne ; ils sont signalés à côté de la proposition.",),
        ("Signalé", "Nom dans les données"),
        tuple((_fill(text, tables), f"`{name}`") for name, text in WARNING_TITLES.items()),
    )


def _ranking(tables: Mapping[str, ParameterTable]) -> Section:
    scoring = tables["scoring"]
    zeros = {
        f"zero_{name}": enumeration(
            f"{_write(scoring[f'{name}_zero_minutes'][mode])} min {words}"
            for mode, words in MODES.items()
        )
        for name in ("travel", "detour")
    }
    return Section(
        "Comment les propositions sont classées",
        (
            (
                "Une proposition reçoit de 0 à 100 points, la somme de sept parties. Les points ne dépendent que de la demande, "
                "de la proposition et de ces règles, jamais des autres propositions : une de plus ne change pas l’ordre des autres."
            ),
            (
                "À égalité, l’ordre est tiré au sort pour cette demande, ni par nom ni par ancienneté ; le même tirage est "
                "gardé tant que la demande existe. Un audit compte combien de fois chaque professionnelle est montrée, à "
                "mérite égal."
            ),
        ),
        ("Critère", "Points au plus", "Comment", "Nom dans les données"),
        tuple(
            (
                PART_NAMES[part],
                _write(scoring[f"maximum_{part}"]),
                _fill(MESSAGES[f"part_{part}"], tables, **zeros),
                "`travel` ou `detour`" if part == "travel" else f"`{part}`",
            )
            for part in PARTS
        ),
    )


def _preferences() -> Section:
    return Section(
        "Les poids et les souhaits de la famille",
        (
            (
                "La famille peut donner un poids à chaque critère, par son nom dans les données : 1 le laisse comme ici, 2 le "
                "double, 0 l’ôte. Les maxima sont alors ramenés à un total de 100."
            ),
            "Elle peut aussi donner un poids à ces souhaits, qui font la partie Souhaits ; un poids de 0 n’en tient pas compte.",
        ),
        ("Souhait", "Nom dans les données"),
        (
            *((wish_name(name).capitalize(), f"`{name}`") for name in WISHES),
            ("Langue parlée, par exemple l’anglais", f"`{LANGUAGE_WISH}en`"),
        ),
    )


def _openings(scoring: ParameterTable) -> Section:
    return Section(
        "Ce qui ouvrirait d’autres possibilités",
        (
            (
                f"S’il y a moins de {_write(scoring['relaxation_threshold'])} possibilités, de petits changements de la demande sont "
                "essayés un par un : arriver plus tard ou finir plus tôt, décaler, ôter un jour, commencer plus tard, accepter une "
                "partie des heures, aller plus loin ou autrement, répondre autrement à un besoin. Chacun est vérifié par toutes "
                "les règles avant d’être montré, avec le nombre de possibilités qu’il ajoute. L’ordre est celui de ce qu’il coûte à "
                "la famille, en minutes par semaine, selon les valeurs plus bas."
            ),
            (
                "Deux accueils peuvent aussi se partager la semaine : d’abord ceux qui font le moins changer l’enfant de mains, puis "
                "le moins de trajet. Chaque part est vérifiée par toutes les règles. La garde à domicile n’est proposée que si rien "
                "d’autre ne couvre la semaine."
            ),
        ),
    )


def _costs(money: ParameterTable) -> Section:
    return Section(
        "Ce que la famille paie",
        (
            (
                "C’est une estimation. Seule la CAF ou la MSA fixe le montant de l’aide. Elle suppose que la condition d’activité "
                "des parents est remplie."
            ),
            (
                "CMG = coût du mois × (1 − ressources × taux d’effort ÷ coût horaire de référence), jamais moins de 0. Le coût du "
                "mois est le salaire net, l’entretien et les repas, dans la limite d’un coût par heure "
                f"({_write(money['cmg_hourly_cap_childminder'])} € pour un·e assistant·e maternel·le, "
                f"{_write(money['cmg_hourly_cap_home'])} € à domicile). Les ressources sont celles du mois, entre un plancher "
                f"({_write(money['resources_floor_cmg'])} €) et un plafond ({_write(money['resources_ceiling_cmg'])} €). Chaque enfant "
                "avec AEEH compte pour un enfant à charge de plus."
            ),
            (
                "En crèche (PSU), la famille paie ressources × taux d’effort × heures. En micro-crèche (Paje), l’aide dépend de trois "
                "tranches de ressources, sans dépasser "
                f"{_write(100 * (1 - money['structure_family_share']))} % de la facture."
            ),
            (
                "Heures du mois = heures de la semaine × "
                f"{_write(money['weeks_per_year'])} ÷ 12 pour une année complète, ou × semaines d’accueil ÷ 12. Le reste à charge est ce "
                "que la famille paie après l’aide, avant le crédit d’impôt, donné à part."
            ),
            "Les valeurs marquées « de mémoire » ou « déduit » sont nommées à côté de chaque estimation qui s’en sert.",
        ),
    )


def _atypical(profiles: ParameterTable) -> Section:
    profile = profiles.describe(profiles["profile_in_force"])
    return Section(
        "Les horaires atypiques",
        (
            (
                "Aucune définition légale unique n’existe. Celle en vigueur ici : "
                f"{profile.title[:1].lower()}{profile.title[1:]} (`{profile.name}`). La part d’heures atypiques de chaque demande "
                "est donnée ; elle n’ajoute ni n’ôte aucun point."
            ),
        ),
    )


def _values(title: str, table: ParameterTable) -> Section:
    return Section(
        f"Toutes les valeurs : {title[:1].lower()}{title[1:]}",
        (),
        ("Paramètre", "Valeur", "Unité", "Depuis", "Source", "Certitude", "Nom"),
        tuple(_value_row(table.describe(name)) for name in table),
    )


def _value_row(parameter: Parameter) -> tuple[str, ...]:
    return (
        parameter.title,
        _write(parameter.value),
        parameter.unit,
        french_day(parameter.valid_from),
        parameter.source,
        _CERTAINTIES[parameter.certainty],
        f"`{parameter.name}`",
    )


def _write(value: Any) -> str:
    """Write a value of a table as a reader expects it."""
    match value:
        case bool() | str():
            return str(value)
        case int() | float():
            return _decimal(value)
        case Mapping():
            return ", ".join(f"{MODES.get(key, key)} {_write(one)}" for key, one in value.items())
        case _:
            return " ; ".join(_write(one) for one in value)


def _decimal(value: float) -> str:
    """Write a number with the decimals that it has."""
    digits = f"{round(value, 6):.6f}".rstrip("0").partition(".")[2]
    return number(value, len(digits))


if __name__ == "__main__":
    sys.stdout.write(rules_markdown())
