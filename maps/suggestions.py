"""The map of one family's suggestions, with the same in words beside it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

import geopandas as gpd
import numpy as np
from shapely import Point

from maps import style
from maps.base import base_map
from maps.cards import Card, cards_html, popup_html, refused_html, refused_popup
from maps.folium_page import TerritoryMap
from maps.ground import Bounds
from maps.layers import (
    MarkSpec,
    Places,
    RouteSpec,
    ZoneSpec,
    add_places,
    isochrone_specs,
    mark_spec,
    places,
    route_spec,
    zone_spec,
)
from maps.style import PlaceKind
from rpe_geo.domain import Childminder, Facility, Mam, Request
from rpe_geo.messages.french import plural
from rpe_geo.privacy import PublicPlace
from rpe_geo.protocols import Route
from rpe_geo.verdicts import Suggestion, Verdict

__all__ = ["Audience", "Provider", "place_kind", "suggestion_map", "suggestion_places"]

Audience = Literal["animateur", "public"]
Provider = Childminder | Mam | Facility

_DEGREE_M = 111_320.0
_SHOWN_REFUSALS = 60


@dataclass(frozen=True)
class _Drawing:
    """What is gathered while walking through the suggestions."""

    marks: list[MarkSpec] = field(default_factory=list)
    zones: list[ZoneSpec] = field(default_factory=list)
    routes: list[RouteSpec] = field(default_factory=list)
    cards: list[Card] = field(default_factory=list)


def place_kind(provider: Provider) -> PlaceKind:
    """Choose the mark of a provider."""
    if isinstance(provider, Facility):
        return style.facility_place(provider.kind)
    if isinstance(provider, Mam):
        return "mam"
    return "mam" if provider.mam_id else "childminder"


def _point(longitude: float | None, latitude: float | None) -> Point | None:
    return None if longitude is None or latitude is None else Point(longitude, latitude)


def _shown_place(provider: Provider, known: Mapping[str, PublicPlace] | None) -> PublicPlace | None:
    """Say where a provider may be shown; None when this audience may not know of her."""
    if known is None or not isinstance(provider, Childminder):
        return PublicPlace("exact", provider.address, provider.longitude, provider.latitude)
    return known.get(provider.childminder_id)


def _gather(
    suggestions: Sequence[Suggestion],
    providers: Mapping[tuple[str, str], Provider],
    known: Mapping[str, PublicPlace] | None,
    routes: Mapping[str, Route],
    work_routes: Mapping[str, Route],
    request: Request | None,
    today: date,
) -> _Drawing:
    drawing = _Drawing()
    for suggestion in suggestions:
        identity = suggestion.verdict.provider_id
        provider = providers[suggestion.verdict.provider_kind, identity]
        place = _shown_place(provider, known)
        if place is None:
            continue
        exact = place.visibility == "exact"
        kind = place_kind(provider) if exact else "childminder"
        card = Card(
            suggestion=suggestion,
            provider=provider,
            kind=kind,
            place=place,
            public=known is not None,
            request=request,
            today=today,
        )
        drawing.cards.append(card)
        point = _point(place.longitude, place.latitude)
        if point is None:
            continue
        drawing.marks.append(
            mark_spec(
                identity,
                kind,
                point,
                rank=suggestion.rank,
                label=card.label,
                popup=popup_html(card),
            )
        )
        if place.radius_m is not None:
            drawing.zones.append(zone_spec(identity, point, place.radius_m))
        if not exact:
            # The way to a masked home ends at her door: it is never drawn.
            continue
        for leg, ways in (("home", routes), ("work", work_routes)):
            way = ways.get(identity)
            if way is not None and way.geometry is not None:
                drawing.routes.append(route_spec(identity, way.geometry, leg=leg))
    return drawing


def _refused_marks(
    refused: Sequence[Verdict], providers: Mapping[tuple[str, str], Provider]
) -> list[MarkSpec]:
    marks = []
    for verdict in refused:
        provider = providers.get((verdict.provider_kind, verdict.provider_id))
        point = None if provider is None else _point(provider.longitude, provider.latitude)
        if provider is None or point is None:
            continue
        label, popup = refused_popup(verdict, provider)
        kind = place_kind(provider)
        marks.append(
            mark_spec(
                f"refus-{verdict.provider_id}", kind, point, label=label, popup=popup, small=True
            )
        )
    return marks


def suggestion_places(  # noqa: PLR0913 - results as the engine gives them
    suggestions: Sequence[Suggestion],
    providers: Mapping[tuple[str, str], Provider],
    home: Point,
    *,
    work: Point | None = None,
    routes: Mapping[str, Route] | None = None,
    work_routes: Mapping[str, Route] | None = None,
    isochrones: gpd.GeoDataFrame | None = None,
    refused: Sequence[Verdict] = (),
    known: Mapping[str, PublicPlace] | None = None,
    request: Request | None = None,
    today: date | None = None,
) -> tuple[Places, list[Card]]:
    """
    Describe what the map of a family's suggestions draws, for the map file and for the pages.

    Parameters
    ----------
    suggestions, providers, home, work, routes, work_routes, isochrones, refused, request, today
        As in `suggestion_map`.
    known
        For the public: where each childminder may be shown; who is not in it is neither drawn nor listed, and nothing
        refused is. None for the animateur, who sees everything of her own relais.

    Returns
    -------
    tuple
        The places, and the cards of the list in the same order.
    """
    drawing = _gather(
        suggestions,
        providers,
        known,
        routes or {},
        work_routes or {},
        request,
        today or date.today(),  # noqa: DTZ011 - freshness in whole days, local
    )
    marks = [
        mark_spec(
            "home",
            "home",
            home,
            label="Domicile de la famille" if known is None else "Votre adresse",
        )
    ]
    if work is not None:
        marks.append(mark_spec("work", "work", work, label="Lieu de travail"))
    small = [] if known is not None else _refused_marks(refused[:_SHOWN_REFUSALS], providers)
    content = places(
        [*marks, *drawing.marks],
        zones=drawing.zones,
        routes=drawing.routes,
        isochrones=[] if isochrones is None else isochrone_specs(isochrones),
        refused=small,
        refused_label=f"Écartés ({len(small)})",
        selected=drawing.marks[0]["id"] if drawing.marks else None,
    )
    return content, drawing.cards


def _bounds(content: Places) -> Bounds:
    """Frame every mark and zone; at least some three hundred metres."""
    boxes = [(mark["lon"], mark["lat"], 150.0) for mark in content["marks"]]
    boxes += [(zone["lon"], zone["lat"], zone["radius"]) for zone in content["zones"]]
    box = np.array(boxes)
    high = box[:, 2] / _DEGREE_M
    wide = high / np.cos(np.radians(box[:, 1]))
    return (
        float((box[:, 0] - wide).min()),
        float((box[:, 1] - high).min()),
        float((box[:, 0] + wide).max()),
        float((box[:, 1] + high).max()),
    )


def _legend(content: Places, *, public: bool, minutes: Sequence[str]) -> str:
    kinds = {mark["kind"] for mark in content["marks"]}
    items = [style.place_item("home", "Votre adresse" if public else "Domicile de la famille")]
    if "work" in kinds:
        items.append(style.place_item("work"))
    named: tuple[PlaceKind, ...] = ("childminder", "mam", "facility", "rpe")
    zoned = {"childminder"} if content["zones"] else set()
    items += [style.place_item(kind) for kind in named if kind in kinds - zoned]
    if content["zones"]:
        items.append(style.zone_item())
    if content["routes"]:
        items.append(style.route_item())
    if minutes:
        items.append(style.isochrone_item(f"Atteint en {', '.join(reversed(minutes))}"))
    return style.legend(items)


def suggestion_map(  # noqa: PLR0913 - results and ground, one call
    suggestions: Sequence[Suggestion],
    providers: Mapping[tuple[str, str], Provider],
    home: Point,
    *,
    audience: Audience,
    known: Mapping[str, PublicPlace] | None = None,
    work: Point | None = None,
    routes: Mapping[str, Route] | None = None,
    work_routes: Mapping[str, Route] | None = None,
    isochrones: gpd.GeoDataFrame | None = None,
    refused: Sequence[Verdict] = (),
    request: Request | None = None,
    today: date | None = None,
    streets: gpd.GeoDataFrame | None = None,
    communes: gpd.GeoDataFrame | None = None,
    water: gpd.GeoDataFrame | None = None,
    tiles_url: str | None = None,
    tiles_attribution: str = "",
    attribution: Sequence[str] | str = (),
    data_date: date | None = None,
    title: str | None = None,
) -> TerritoryMap:
    """
    Draw a family's suggestions: ranked marks, ways, reach, reasons; and the same as a list beside the map.

    Parameters
    ----------
    suggestions
        Ranked, as the engine answers.
    providers
        (kind, id) to record, for every suggestion and, for the animateur, every refusal.
    home, work
        Of the family, EPSG:4326.
    audience
        animateur sees exact places, points and refusals; public sees what `known` allows.
    known
        Public audience only: childminder id to the place that may be shown (`rpe_geo.privacy`).
    routes, work_routes
        Provider id to the way from home, and on to work.
    isochrones
        Columns `minutes` and polygons, EPSG:4326.
    refused
        Verdicts of who was put aside: small marks in a layer that is off at first, and a folded list.
    request
        The need, for the week ribbons.
    today
        For freshness; the present day when None.
    streets, communes, water, tiles_url, tiles_attribution, attribution, data_date
        The ground, see `maps.base.base_map`.
    title
        Heading and title of the file.

    Returns
    -------
    TerritoryMap
        A `folium.Map`; nothing is saved or shown.
    """
    public = audience == "public"
    content, cards = suggestion_places(
        suggestions,
        providers,
        home,
        work=work,
        routes=routes,
        work_routes=work_routes,
        isochrones=isochrones,
        refused=refused,
        known=(known or {}) if public else None,
        request=request,
        today=today,
    )
    count = (
        plural(len(cards), "lieu proche", "lieux proches")
        if public
        else plural(len(cards), "suggestion")
    )
    heading = title or count[:1].upper() + count[1:]
    if not cards:
        lead = "Aucune place ne convient à tous les critères pour l’instant."
    elif public:
        lead = "Le domicile des assistantes et assistants maternels n’est jamais montré. C’est un conseil : vous décidez."
    else:
        lead = "Classées selon les critères de la famille ; à égalité, l’ordre est tiré au sort pour cette demande. C’est un conseil : vous décidez."
    m = base_map(
        _bounds(content),
        streets=streets,
        communes=communes,
        water=water,
        tiles_url=tiles_url,
        tiles_attribution=tiles_attribution,
        attribution=attribution,
        data_date=data_date,
        max_zoom=style.ZONE["max_zoom"] if content["zones"] else 19,
        title=heading,
    )
    add_places(m, content)
    beside = cards_html(cards, public=public)
    if not public:
        beside += refused_html(refused, providers)
    return m.compose(
        lead=lead,
        legend=_legend(
            content, public=public, minutes=[area["text"] for area in content["isochrones"]]
        ),
        beside=f'<div class="side">{beside}</div>',
        foot="Tout ce que montre la carte est aussi dans la liste.",
    )
