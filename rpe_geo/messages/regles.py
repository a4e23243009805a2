"""The published rules in plain French; figures in braces come from the dated parameters in force."""

from __future__ import annotations

__all__ = ["MESSAGES", "RULE_TITLES", "WARNING_TITLES"]

RULE_TITLES = {
    "agrement_status": "L’agrément",
    "places": "Les places",
    "under_3": "Les enfants de moins de trois ans",
    "under_11": "Les enfants de moins de onze ans",
    "mam_present": "Dans une MAM, les professionnelles présentes",
    "mam_children": "Dans une MAM, les enfants accueillis",
    "legacy_ages": "Les tranches d’âge des anciens agréments",
    "daily_rest": "Le repos de chaque jour",
    "weekly_hours": "Les heures de la semaine",
    "annual_hours": "Les heures de l’année",
    "consecutive_days": "Les jours d’affilée",
    "weekly_rest": "Le repos de la semaine",
    "working_hours": "Les heures d’accueil",
    "functional_need": "Les besoins de l’enfant",
    "siblings": "Les frères et sœurs",
    "school_pickup": "L’école",
    "travel_time": "Le trajet",
    "start_date": "La date de début",
    "age": "L’âge, en établissement",
    "opening_hours": "Les heures d’ouverture, en établissement",
    "leave": "Les congés de la professionnelle",
}

WARNING_TITLES = {
    "agrement_renewal": "L’agrément se termine avant la fin de l’accueil.",
    "agrement_places": "L’agrément porte plus de {law[places_usual_max]} places : ancienne dérogation ou erreur.",
    "existing_breach": "Les contrats en cours dépassent déjà une limite, sans que cet accueil y ajoute.",
    "working_hours_unknown": "Les heures d’accueil ne sont pas connues.",
    "opening_hours_unknown": "Les heures d’ouverture ne sont pas connues.",
    "variable_hours": "L’horaire change d’une semaine à l’autre, et la professionnelle dit ne pas l’accepter.",
    "availability_stale": "La disponibilité n’a pas été confirmée depuis {law[availability_fresh_days]} jours.",
    "availability_differs": "Contrats et disponibilités déclarées ne disent pas la même chose : le plus strict est retenu.",
    "min_notice": "Elle veut être prévenue plus tôt : le début est repoussé d’autant, sauf accord de sa part.",
    "leave": "Elle est en congés pendant une partie de l’accueil.",
    "school_holidays": "Pendant les vacances scolaires ses propres enfants sont à la maison, et une limite serait dépassée.",
    "exceptional_excess_possible": "Un dépassement exceptionnel pourrait lever le refus d’un besoin court ; il n’est jamais accordé ici.",
    "adaptation": "Les jours d’adaptation demandés ne sont pas possibles ainsi.",
    "envelope": "Les jours ne sont pas connus d’avance : les repos seront à respecter planning par planning.",
    "rate_below_minimum": "Le tarif net est sous le minimum de la loi ou de la convention collective.",
    "value_outdated": "Un montant qui sert au coût est plus ancien que sa date annuelle de revalorisation.",
    "places_unknown": "Les places libres de l’établissement ne sont pas connues : il faut les lui demander.",
}

MESSAGES = {
    "regle_agrement_status": (
        "Le jour du début, l'agrément doit être actif et en cours de validité ; une suspension doit être finie."
    ),
    "regle_places": (
        "À chaque quart d'heure, les enfants accueillis et ceux de la demande ne dépassent ni les places que la "
        "professionnelle offre, ni celles de son agrément. Le nombre inscrit sur l'attestation fait foi."
    ),
    "regle_under_3": (
        "À chaque quart d'heure, {law[under_3_max]} enfants de moins de trois ans au plus sont présents ensemble, ceux "
        "de la professionnelle compris. Un enfant a moins de trois ans jusqu'à la veille de son anniversaire."
    ),
    "regle_under_11": (
        "À chaque quart d'heure, {law[under_11_max]} enfants de moins de onze ans au plus sont présents ensemble, ceux "
        "de la professionnelle compris. Le dépassement exceptionnel n'est jamais compté d'avance."
    ),
    "regle_mam_present": (
        "Dans une maison d'assistants maternels, {law[mam_present_default]} professionnelles au plus travaillent ensemble, "
        "ou le nombre inscrit au registre ; seules comptent celles dont un enfant est présent."
    ),
    "regle_mam_children": (
        "Dans une maison d'assistants maternels, {law[mam_children_default]} enfants au plus sont accueillis ensemble, ou "
        "le nombre inscrit au registre. Les enfants des professionnelles n'y sont pas : aucune règle ne les y compte."
    ),
    "regle_legacy_ages": (
        "Une attestation d'avant 2022 peut réserver ses places à des âges : chaque enfant présent doit y trouver la sienne."
    ),
    "regle_daily_rest": (
        "Tous contrats confondus, {law[daily_rest_hours]} heures de repos se suivent entre deux journées : de la première "
        "arrivée au dernier départ, une journée dure {law[daily_span_hours]} heures au plus, nuits comprises."
    ),
    "regle_weekly_hours": (
        "La durée de travail est celle où un enfant au moins est présent : deux enfants ensemble ne comptent qu'une fois. "
        "En moyenne sur {law[weekly_hours_window]} semaines, elle ne dépasse pas {law[weekly_hours_max]} heures par semaine."
    ),
    "regle_annual_hours": (
        "Avec l'accord de la professionnelle, la moyenne se fait sur l'année : {law[annual_hours_max]} heures au plus, une "
        "année complète comptant {law[annual_weeks_worked]} semaines de travail."
    ),
    "regle_consecutive_days": (
        "Une professionnelle travaille {law[consecutive_days_max]} jours d'affilée au plus, d'une semaine à l'autre aussi."
    ),
    "regle_weekly_rest": (
        "Chaque semaine comporte un repos d'au moins {law[weekly_rest_hours]} heures d'un seul tenant, dont "
        "{law[weekly_rest_hours_inside]} au moins dans la semaine ; ce n'est pas forcément le dimanche."
    ),
    "regle_working_hours": (
        "La part des heures demandées qui tombe dans les heures d'accueil doit atteindre la part que la famille accepte ; "
        "sans précision, toutes les heures."
    ),
    "regle_functional_need": (
        "Chaque besoin déclaré (plain-pied, médicaments, formation…) doit figurer dans ce que la professionnelle peut "
        "faire. On note ce qu'il faut, jamais un diagnostic."
    ),
    "regle_siblings": (
        "Les enfants d'une même demande sont accueillis ensemble. Si l'un d'eux le pouvait seul, le refus le dit."
    ),
    "regle_school_pickup": "L'école de l'enfant doit être l'une de celles que la professionnelle dessert.",
    "regle_travel_time": (
        "Le trajet, ou le détour quand le lieu de travail est donné, ne dépasse pas les minutes que la famille accepte."
    ),
    "regle_start_date": (
        "L'accueil commence le premier jour demandé à partir de la date de début (un lundi quand seul le mercredi est demandé : "
        "le mercredi), ou dans les jours de souplesse que la famille accorde ensuite, une fois l'enfant né. "
        "Un début plus tardif est cherché dans les {law[later_start_months]} mois."
    ),
    "regle_age": "L'enfant doit avoir l'âge que l'établissement accueille, du début à la fin.",
    "regle_leave": (
        "Des congés qui couvrent tous les jours demandés, quand la famille donne une fin, sont un refus ; sinon ils sont signalés."
    ),
    "regle_opening_hours": "Les heures demandées doivent tomber dans les heures d'ouverture de l'établissement.",
    "part_travel": (
        "Tous les points jusqu'à {scoring[travel_full_minutes]} min de chez soi, puis de moins en moins, en ligne droite, "
        "jusqu'à 0 point ({zero_travel}), ou au plus long trajet que la famille accepte s'il est plus grand. Quand le lieu de "
        "travail est donné, c'est le détour qui compte, de la même façon ({zero_detour}), avec tous les points jusqu'à "
        "{scoring[detour_full_minutes]} min."
    ),
    "part_hours": "La part des heures demandées qui est couverte : toutes les heures, tous les points.",
    "part_start": (
        "Tous les points le premier jour demandé, puis de moins en moins jusqu'à 0 après {scoring[start_zero_days]} jours."
    ),
    "part_continuity": (
        "La part du temps que l'accueil peut durer, jusqu'à {scoring[continuity_age_months]} mois du plus jeune enfant ou la "
        "fin demandée (pour un enfant plus âgé, {scoring[continuity_otherwise_months]} mois) ; un agrément qui se termine "
        "ou un âge limite l'arrêtent."
    ),
    "part_packing": (
        "À quel point la place prise serait remplie, dans la semaine du début : une place est pleine à "
        "{scoring[packing_full_hours]} heures par semaine, ou aux heures de la professionnelle si elles sont moindres. "
        "Compléter une place entamée en laisse davantage aux autres familles. Quand l'occupation "
        "n'est pas connue : {scoring[unknown_share]} fois les points au plus."
    ),
    "part_preferences": (
        "La part des souhaits tenus, chacun avec son poids ; sans souhait, tous les points. Un souhait dont la réponse n'est "
        "pas connue compte {scoring[unknown_share]} fois."
    ),
    "part_freshness": (
        "Tous les points si la disponibilité a été confirmée depuis {scoring[freshness_full_days]} jours au plus, 0 après "
        "{scoring[freshness_zero_days]} jours ou si elle ne l'a jamais été."
    ),
}
