"""The rules in force, as the law asks administrations to publish their algorithms (CRPA L.312-1-3)."""

from __future__ import annotations

from fastapi import APIRouter

from api.dependencies import TodayDep
from api.schemas import RulesOut, RulesSection
from rpe_geo.publishing.regles import published_rules

router = APIRouter(tags=["service"])


@router.get("/regles", summary="Règles publiées", operation_id="rules")
def rules(today: TodayDep) -> RulesOut:
    """Dit en clair chaque règle, chaque poids et chaque source en vigueur aujourd’hui ; tiré des paramètres eux-mêmes."""
    return RulesOut(
        day=today,
        sections=[
            RulesSection(
                title=section.title,
                paragraphs=list(section.paragraphs),
                columns=list(section.columns),
                rows=[list(row) for row in section.rows],
            )
            for section in published_rules(today)
        ],
    )
