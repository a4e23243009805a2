"""What a public service tells of itself: its rules, what it keeps, how accessible it is, who answers for it."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import Response

from api.dependencies import TodayDep
from api.pages.rendering import render
from rpe_geo.parameters import parameter_table
from rpe_geo.publishing.regles import published_rules

__all__ = ["router"]

router = APIRouter()


@router.get("/calculs")
def rules(request: Request, today: TodayDep) -> Response:
    """Tell every rule, weight and source in force (CRPA L.311-3-1 and L.312-1-3)."""
    return render(request, "calculs.html", sections=published_rules(today), jour_lu=today)


@router.get("/vos-donnees")
def personal_data(request: Request, today: TodayDep) -> Response:
    """Tell what is kept of a family and of a professional, why, how long, and whom to ask (GDPR art. 13)."""
    privacy = parameter_table("privacy", today)
    return render(
        request,
        "vos_donnees.html",
        mois=privacy["request_retention_months"],
        logements=privacy["dwellings_min"],
        pas=privacy["public_minutes_step"],
        reglages=request.state.desk.settings,
    )


@router.get("/accessibilite")
def accessibility(request: Request) -> Response:
    """Tell how accessible the service is, and what to do when it is not (law of 11 February 2005, art. 47)."""
    return render(request, "accessibilite.html", reglages=request.state.desk.settings)


@router.get("/mentions-legales")
def legal_notice(request: Request) -> Response:
    """Tell who publishes and who hosts (law of 21 June 2004, art. 1-1)."""
    return render(request, "mentions_legales.html", reglages=request.state.desk.settings)
