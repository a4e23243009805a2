"""The words beside the map: a card for each suggestion, the same facts in its pop-up, the refusals by rule."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from html import escape

from maps.ribbon import week_ribbon
from maps.style import PRUNE, PlaceKind, mark_svg
from rpe_geo.domain import Childminder, Facility, Mam, Request
from rpe_geo.messages import MESSAGES
from rpe_geo.messages.api import RULE_TITLES, WARNING_TITLES
from rpe_geo.messages.french import MONTHS, NBSP, hours, minutes, number, plural, short_day
from rpe_geo.messages.matching import MODES, PART_NAMES, why
from rpe_geo.messages.rules import refusal_sentence
from rpe_geo.messages.trips import detour_said, return_said, schools_said
from rpe_geo.privacy import PublicPlace, public_minutes
from rpe_geo.verdicts import ScorePart, Suggestion, Verdict

__all__ = ["Card", "cards_html", "popup_html", "refused_html", "refused_popup"]

_FRESH_DAYS = 183
_SHOWN_PER_RULE = 12


@dataclass(frozen=True)
class Card:
    """
    One suggestion as an audience reads it.

    Parameters
    ----------
    kind
        The mark on the map.
    place
        Where it may be shown; its minutes are rounded unless exact.
    public
        Whether the reader is a family: no points then, no exact address unless allowed.
    """

    suggestion: Suggestion
    provider: Childminder | Mam | Facility
    kind: PlaceKind
    place: PublicPlace
    public: bool
    request: Request | None
    today: date

    @property
    def name(self) -> str:
        """How it is called."""
        return self.provider.name or self.what

    @property
    def what(self) -> str:
        """What it is, in French."""
        if isinstance(self.provider, Facility):
            return self.provider.kind[:1].upper() + self.provider.kind[1:]
        if isinstance(self.provider, Mam):
            return "Maison d’assistants maternels"
        return "Assistant·e maternel·le"

    @property
    def travel(self) -> str:
        """The minutes, « env. » where the home is masked."""
        exact = self.suggestion.travel_minutes
        if self.place.visibility == "exact":
            return minutes(exact)
        return f"env.{NBSP}{minutes(public_minutes(exact))}"

    @property
    def label(self) -> str:
        """What a screen reader says of the mark."""
        points = "" if self.public else f", {number(round(self.suggestion.score))}{NBSP}points"
        return f"{self.suggestion.rank}. {self.name}, {self.travel}{points}"


def _confirmed(card: Card) -> tuple[str, str] | None:
    """Say how fresh the availability is: a state and its words; nothing for who is never asked to confirm."""
    day = card.suggestion.availability_confirmed_on
    if day is None:
        if not isinstance(card.provider, Childminder):
            return None
        return "warn", "À vérifier : jamais confirmé"
    age = (card.today - day).days
    month = f"{MONTHS[day.month - 1]}{'' if day.year == card.today.year else f' {day.year}'}"
    if age > _FRESH_DAYS:
        return "warn", f"À vérifier : {MONTHS[day.month - 1]} {day.year}"
    if card.public:
        return "ok", f"Confirmé en {month}"
    return "ok", "Confirmé aujourd’hui" if age < 1 else f"Confirmé il y a {plural(age, 'jour')}"


def _warnings(card: Card) -> list[str]:
    named = []
    for warning in card.suggestion.verdict.warnings:
        if warning.rule == "availability_stale":
            continue
        named.append(WARNING_TITLES.get(warning.rule, warning.rule))
    return list(dict.fromkeys(named))


def _hours(card: Card) -> str:
    share = card.suggestion.verdict.hours_share
    if card.request is not None:
        asked = card.request.schedule.quarters_per_week
        return f"{hours(round(asked * share))}{NBSP}/{NBSP}{hours(round(asked))}"
    return (
        "Tous vos horaires" if share == 1 else f"{number(float(100 * share), 0)}{NBSP}% des heures"
    )


def _mode(card: Card) -> str:
    return "" if card.request is None else MODES[card.request.mode]


def _facts(card: Card) -> list[str]:
    """List minutes, hours, start and price; HTML."""
    suggestion = card.suggestion
    facts = [f'<b class="num">{escape(card.travel)}</b> {escape(_mode(card))}']
    exact = card.place.visibility == "exact"
    if suggestion.detour_minutes is not None:
        detour = suggestion.detour_minutes
        said = detour_said(suggestion.morning, suggestion.evening) if exact else ""
        rounded = minutes(detour if exact else public_minutes(detour))
        facts.append(escape(said) or f'détour <b class="num">{rounded}</b>')
    elif exact and (said := return_said(suggestion.morning, suggestion.evening)):
        facts.append(escape(said))
    if exact:
        facts += [escape(said) for said in schools_said(suggestion.schools)]
    facts.append(f'<b class="num">{escape(_hours(card))}</b>')
    if suggestion.verdict.start is not None:
        facts.append(f'dès le <b class="num">{short_day(suggestion.verdict.start)}</b>')
    if suggestion.cost is not None:
        left = number(round(suggestion.cost.reste_a_charge))
        facts.append(f'<b class="num">{left}{NBSP}€</b>/mois')
    return facts


def _tags(card: Card) -> str:
    fresh = _confirmed(card)
    tags = [] if fresh is None else [f'<span class="tag {fresh[0]}">{escape(fresh[1])}</span>']
    tags += [f'<span class="tag warn">{escape(words)}</span>' for words in _warnings(card)]
    if not card.public and isinstance(card.provider, Childminder):
        publication = card.provider.publication
        if publication is None or not publication.consent:
            tags.append('<span class="tag">Non publique</span>')
        elif publication.address != "exact":
            tags.append('<span class="tag">Adresse masquée au public</span>')
    return f'<div class="tags">{"".join(tags)}</div>' if tags else ""


def _points(value: float) -> str:
    return number(round(value, 1))


def _reason(part: ScorePart) -> str:
    return escape(why(part.reason, part.values)) if part.reason in MESSAGES else ""


def _gauges(card: Card) -> str:
    gauges = []
    for part in card.suggestion.parts:
        full = 0.0 if part.maximum == 0 else 100 * part.points / part.maximum
        gauges.append(
            f'<div><dt>{PART_NAMES[part.name]}</dt><dd class="num">{_points(part.points)}/{_points(part.maximum)}</dd>'
            '<svg viewBox="0 0 100 4" preserveAspectRatio="none" aria-hidden="true" focusable="false">'
            f'<rect width="100" height="4" fill="#ECE6EE"/><rect width="{full:.0f}" height="4" fill="{PRUNE}"/></svg></div>'
        )
    return (
        f'<dl class="parts" aria-label="Détail des points">{"".join(gauges)}</dl>' if gauges else ""
    )


def _reasons(card: Card) -> str:
    rows = "".join(
        f'<tr><th scope="row">{PART_NAMES[part.name]}</th><td class="num">{_points(part.points)}'
        f"{NBSP}/{NBSP}{_points(part.maximum)}</td><td>{_reason(part)}</td></tr>"
        for part in card.suggestion.parts
    )
    if not rows:
        return ""
    return f'<details class="reasons"><summary>D’où viennent les points</summary><table>{rows}</table></details>'


def _subtitle(card: Card) -> str:
    """Say what it is, and where as far as that may be said; HTML."""
    words = [card.what]
    if isinstance(card.provider, Childminder) and not card.public:
        words.append(f"agrément{NBSP}{card.provider.agrement.places}")
    lines = [" · ".join(words)]
    if card.place.visibility == "exact" and card.place.address:
        lines.append(card.place.address)
    elif card.place.visibility == "masked":
        lines.append("dans cette zone")
    return "".join(f'<p class="sub">{escape(line)}</p>' for line in lines)


def _contact(card: Card) -> str:
    contact = card.provider.contact
    parts = [escape(text) for text in (contact.phone, contact.email) if text]
    return f'<p class="sub">{" · ".join(parts)}</p>' if parts else ""


def _ribbon(card: Card) -> str:
    if card.request is None:
        return ""
    offered = None
    if isinstance(card.provider, Childminder):
        offered = card.provider.working_hours
    elif isinstance(card.provider, Facility):
        offered = card.provider.opening_hours
    return week_ribbon(card.request.schedule, offered)


def _total(card: Card) -> str:
    if card.public:
        return f'<p class="place-total"><b class="num">{escape(card.travel)}</b><span>{escape(_mode(card))}</span></p>'
    return f'<p class="place-total"><b class="num">{number(round(card.suggestion.score))}</b><span>points</span></p>'


def _card_html(card: Card) -> str:
    identity = escape(card.suggestion.verdict.provider_id)
    rank = str(card.suggestion.rank)
    on_map = card.place.longitude is not None
    show = (
        f'<div class="place-actions"><button type="button" data-show="{identity}">Voir sur la carte'
        f'<span class="sr"> : {escape(card.name)}</span></button></div>'
        if on_map
        else '<p class="sub">Adresse non publiée : elle n’est pas sur la carte.</p>'
    )
    facts = "".join(f"<span>{fact}</span>" for fact in _facts(card)[int(card.public) :])
    points = "" if card.public else _gauges(card) + _reasons(card)
    return (
        f'<li><article class="place" data-place="{identity}" aria-labelledby="lieu-{rank}">'
        f'<div class="place-top">{mark_svg(card.kind, rank)}'
        f'<div><h3 id="lieu-{rank}">{escape(card.name)}</h3>{_subtitle(card)}</div>'
        f"{_ribbon(card)}{_total(card)}</div>"
        f'<p class="facts">{facts}</p>'
        f"{_tags(card)}{_contact(card)}{points}{show}</article></li>"
    )


def cards_html(cards: Sequence[Card], *, public: bool) -> str:
    """Write the list beside the map, in the order of the ranks; HTML."""
    if not cards:
        return (
            '<div class="side-note"><h2>Pas encore de place qui convienne</h2>'
            "<p>Un trajet plus long, une autre date ou d’autres heures peuvent en ouvrir.</p></div>"
        )
    title = "Les lieux, un par un" if public else "Les suggestions, une par une"
    return f'<h2 class="sr">{title}</h2><ol class="side">{"".join(_card_html(card) for card in cards)}</ol>'


def popup_html(card: Card) -> str:
    """Write the pop-up of a mark: who, minutes, hours, cost, warnings, and where the points come from; HTML."""
    rank = card.suggestion.rank
    facts = "".join(f"<span>{fact}</span>" for fact in _facts(card)[1:])
    rows = "".join(
        f'<tr><td>{PART_NAMES[part.name]}</td><td class="num">{_points(part.points)}{NBSP}/{NBSP}{_points(part.maximum)}</td></tr>'
        for part in card.suggestion.parts
    )
    score = ""
    if not card.public:
        total = number(round(card.suggestion.score))
        score = f'<table class="pop-why"><caption class="sr">Détail des points</caption>{rows}<tr><td><b>Total</b></td><td class="num"><b>{total}{NBSP}/{NBSP}100</b></td></tr></table>'
    return (
        f'<p class="pop-top"><b>{escape(card.name)}</b><span class="num">{escape(card.travel)}</span></p>'
        f'{_subtitle(card)}<p class="facts">{facts}</p>{_tags(card)}{score}'
        f'<p><a href="#lieu-{rank}">Voir dans la liste</a></p>'
    )


# ---- refusals --------------------------------------------------------------------------------------------------


def _who(provider: Childminder | Mam | Facility | None, identity: str) -> str:
    return identity if provider is None or not provider.name else provider.name


def refused_popup(verdict: Verdict, provider: Childminder | Mam | Facility) -> tuple[str, str]:
    """Write the label and the pop-up (HTML) of a small mark: who was put aside and why."""
    name = _who(provider, verdict.provider_id)
    reasons = "".join(
        f"<li>{escape(refusal_sentence(refusal))}</li>" for refusal in verdict.refusals
    )
    label = f"Écarté : {name}"
    return label, f"<b>{escape(name)}</b><ul>{reasons}</ul>"


def refused_html(
    refused: Sequence[Verdict], providers: Mapping[tuple[str, str], Childminder | Mam | Facility]
) -> str:
    """Write who was put aside, grouped by the first rule broken, most frequent first; HTML."""
    groups: dict[str, list[Verdict]] = {}
    for verdict in refused:
        if verdict.refusals:
            groups.setdefault(verdict.refusals[0].rule, []).append(verdict)
    if not groups:
        return ""
    written = []
    for _, verdicts in sorted(groups.items(), key=lambda group: (-len(group[1]), group[0])):
        rows = "".join(
            f"<li><b>{escape(_who(providers.get((verdict.provider_kind, verdict.provider_id)), verdict.provider_id))}</b>{NBSP}: "
            f"{escape(refusal_sentence(verdict.refusals[0]))}</li>"
            for verdict in verdicts[:_SHOWN_PER_RULE]
        )
        more = len(verdicts) - _SHOWN_PER_RULE
        if more > 0:
            rows += f"<li>et {plural(more, 'autre')}</li>"
        written.append(
            f'<details><summary><span class="num">{len(verdicts)}</span> {escape(RULE_TITLES[verdicts[0].refusals[0].rule])}</summary>'
            f"<ul>{rows}</ul></details>"
        )
    count = sum(map(len, groups.values()))
    return f"<h2>{plural(count, 'écarté')}, et pourquoi</h2>{''.join(written)}"
