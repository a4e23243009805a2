"""Sentences of planning: sites, scenarios, projections, rounds."""

MESSAGES = {
    "site_answer": "Nouveaux lieux ({count}) : {sites}.",
    "site_value_p_median": "{value} enfants × minutes.",
    "site_value_mclp": "{value} enfants couverts.",
    "site_value_lscp": "{value} nouveaux lieux suffisent.",
    "site_value_p_center": "La zone la plus éloignée est à {value} min.",
    "site_value_access_floor": "Les enfants les moins bien servis atteignent en moyenne {value} place par enfant.",
    "site_proven": "Prouvé : aucun choix ne fait mieux.",
    "site_gap": "À {gap} % près : aucun choix ne passe {bound}.",
    "site_stopped": "Le temps donné est écoulé : le meilleur choix connu est dit, avec sa borne (--time-limit).",
    "site_objective": "objectif « {given} » inconnu ; choisissez parmi {known}.",
    "site_budget_negative": "un budget de {given} € : donnez un montant positif ou nul.",
    "site_cutoff": "le seuil (--cutoff) est un nombre de minutes supérieur à 0 ({given} reçu).",
    "site_existing_outside": (
        "lieux existants absents des candidats : {count} ({sites}) ; ajoutez-les aux {candidates} candidats, avec leurs "
        "trajets, ou retirez-les de la liste."
    ),
    "site_closable_outside": (
        "lieux qui pourraient fermer absents des candidats : {count} ({sites}) ; ajoutez-les aux {candidates} candidats, "
        "ou retirez-les de la liste."
    ),
    "site_closable_not_existing": (
        "« {site} » pourrait fermer (--close) mais n'existe pas : nommez-le aussi dans --existing."
    ),
    "site_count_needed": "combien de lieux pour {objective} ? Donnez -p, ou un budget (--budget).",
    "site_count_negative": "-p {given} : le nombre de lieux est positif ou nul.",
    "site_count_too_large": (
        "{asked} nouveaux lieux demandés pour {candidates} candidats qui n'existent pas encore ({existing} existent) : "
        "demandez-en {candidates} au plus, ou ajoutez des candidats."
    ),
    "site_places_needed": (
        "access_floor a besoin des places de chaque lieu : il en manque pour {count} candidats (le premier : « {site} ») ; "
        "remplissez la colonne places_max."
    ),
    "site_cost_needed": (
        "un budget demande un coût par lieu : il en manque pour {count} candidats (le premier : « {site} ») ; remplissez la "
        "colonne cost ou cost_per_place."
    ),
    "site_budget_opens_nothing": (
        "{budget} € n'ouvrent aucun lieu : le moins cher, « {site} », coûte {cheapest} €."
    ),
    "site_nobody_reached": (
        "aucun enfant n'est à portée d'un lieu : vérifiez les trajets et --cutoff, ou ajoutez des candidats plus proches."
    ),
    "site_none_open": "aucun lieu n'existe et aucun n'est demandé : donnez -p 1 au moins.",
    "site_too_few": (
        "{asked} nouveaux lieux ne suffisent pas pour que chaque zone en atteigne un {within} : il en faut {needed} au moins."
    ),
    "site_cover_too_dear": (
        "{budget} € ne suffisent pas pour que chaque zone atteigne un lieu : la couverture la moins chère coûte {cheapest} €."
    ),
    "site_cover_beyond_cutoff": (
        "zones à plus de {cutoff} min de tout lieu : {count} (la plus éloignée : « {zone} ») ; portez --cutoff à {minutes} "
        "ou ajoutez un candidat plus proche."
    ),
    "site_cover_impossible": (
        "zones qu'aucun lieu n'atteint : {count} (par exemple « {zone} », sans aucun trajet connu) ; ajoutez un candidat "
        "proche ou le trajet manquant, ou retirez ces zones."
    ),
    "site_undecided": (
        "aucun choix possible trouvé en {seconds} s, et rien ne prouve qu'il n'y en a pas : augmentez --time-limit."
    ),
    "site_places_too_few": (
        "{places} places en tout pour {children} enfants : augmentez places_max ou ajoutez des candidats."
    ),
    "site_places_need_sites": (
        "{asked} nouveaux lieux n'offrent que {places} places pour {children} enfants : il en faut {needed} au moins."
    ),
    "site_needs_split": (
        "les places suffisent mais aucune zone ne tient entière : laissez les zones se partager (--split), ou augmentez "
        "places_max."
    ),
    "site_least_places_too_many": (
        "trop peu d'enfants pour remplir places_min partout : baissez places_min, ou demandez moins de lieux."
    ),
    "site_places_out_of_reach": (
        "les places sont trop loin des enfants : même tous les lieux ouverts, elles n'en accueillent pas tous ; augmentez "
        "places_max ou --cutoff, ou ajoutez des candidats."
    ),
    "site_seats_need_more": (
        "{asked} nouveaux lieux n'accueillent pas tous les enfants ; {known} nouveaux lieux y suffisent."
    ),
    "site_seats_too_dear": (
        "{budget} € ne paient pas assez de places pour tous les enfants : augmentez --budget ({known} nouveaux lieux y "
        "suffisent)."
    ),
    "site_zones_unreachable": (
        "Zones qu'aucun lieu n'atteint : {count} (la première : « {first} »), {children} enfants. Elles ne comptent pas dans "
        "l'objectif et sont dites dans unreached."
    ),
    "site_children_missing": (
        "Zones sans nombre d'enfants : {count} (la première : « {first} »). Elles ne comptent pas dans l'objectif."
    ),
    "site_fewer_than_asked": (
        "{opened} lieux ouverts sur {asked} demandés : en ouvrir davantage passe le budget ou n'apporte rien."
    ),
    "site_limits_ignored": "p_center ne tient pas compte de places_min et places_max.",
    "site_extras_stopped": "Le temps donné n'a pas suffi pour toutes les variantes, la courbe ou les tirages.",
    "site_table_too_large": (
        "{zones} zones × {sites} lieux ne tiennent pas en mémoire : regroupez des zones, ou gardez moins de candidats."
    ),
    "site_capacitated_too_large": (
        "{pairs} trajets entre zones et lieux aux places limitées, {most} au plus : donnez un --cutoff, ou retirez places_min "
        "et places_max."
    ),
    "site_places_crossed": "places_min ({least}) dépasse places_max ({most}).",
    "site_not_degrees": "« {given} » n'est pas en degrés : donnez longitude et latitude (WGS 84).",
    "site_points_needed": "{file} n'a pas de colonnes longitude et latitude : sans elles, pas de GeoJSON ; écrivez un .json.",
    "site_program_failed": "le solveur HiGHS n'a pas pu lire le programme ({reason}).",
    "scenario_answer": "« {title} » : {gain} familles gagnent une solution, {lose} perdent la leur.",
    "scenario_left_out": "Demandes laissées de côté, leur adresse n'étant pas trouvée : {count}.",
    "scenario_no_requests": "aucune demande à rejouer ({left_out} sans adresse trouvée) : donnez --requests, ou ouvrez des demandes.",
    "scenario_id_known": "« {id} » existe déjà dans le registre : donnez un autre identifiant.",
    "scenario_id_unknown": "« {id} » n'est pas dans le registre : vérifiez l'identifiant.",
    "scenario_mam_places": (
        "une MAM de {places} places et {members} membres : 6 membres au plus, 4 présents, 4 enfants chacun ; changez places ou members."
    ),
    "scenario_recruit_places": "{given} places par personne recrutée : de 1 à {most}.",
    "scenario_ages_unknown": (
        'le registre ne connaît pas les âges : donnez --ages (id, birth_year), ou nommez qui part, « "retire": ["AM-1"] ».'
    ),
    "scenario_not_one": "un scénario est un objet avec « title » et une liste « changes ».",
    "scenario_field_unknown": "« {field} » est inconnu ici ; champs possibles : {known}.",
    "scenario_text": "« {given} » : un texte est attendu.",
    "scenario_number": "« {given} » : un nombre positif est attendu (entier, sauf pour un coût).",
    "scenario_change_kind": "un changement a un seul des champs {known}.",
    "scenario_open_kind": "« {given} » ne s'ouvre pas : écrivez facility ou mam.",
    "scenario_nothing_changes": "rien ne change : donnez working_hours, opening_hours ou places.",
    "scenario_retire": (
        'écrivez une liste d\'identifiants, « {{"age_over": 62}} » ou « {{"agrement_ends_before": "2028-01-01"}} ».'
    ),
    "scenario_ids": "« {given} » : une liste d'identifiants est attendue.",
    "scenario_degrees": "longitude et latitude sont deux nombres, en degrés (WGS 84).",
    "scenario_place_missing": "il manque le lieu : donnez {field}, ou longitude et latitude.",
    "project_answer": (
        "{year} : {children_expected} enfants de moins de 3 ans [{children_low} à {children_high}], {missing_expected} places "
        "manquantes [{missing_low} à {missing_high}], {recruits_expected} agréments à susciter [{recruits_low} à "
        "{recruits_high}] (intervalles à {level} %)."
    ),
    "project_years": "années « {given} » : écrivez une année ou « 2027-2032 ».",
    "project_year_past": (
        "l'année {given} est déjà connue : les naissances vont jusqu'à {last} ; demandez des années d'après."
    ),
    "project_births_years": (
        "les naissances couvrent {found} : il faut {needed} années de suite au moins ; ajoutez un fichier (--births)."
    ),
    "project_approvals_years": (
        "les agréments couvrent {found} : il faut {needed} années de suite au moins."
    ),
    "project_target": "--target {given} : donnez des places pour 100 enfants, entre 0 et 200.",
    "project_level": "--level {given} : donnez une part entre 0,5 et 0,99.",
    "project_ages_alone": "--ages ne sert qu'avec --registry.",
    "project_birth_year": "« {id} » : {given} n'est pas une année de naissance de professionnel.",
    "project_not_communes": (
        "les naissances sont publiées par commune et cet observatoire est par « {given} » : construisez-le par communes."
    ),
    "project_nothing_known": (
        "aucune zone n'a à la fois des naissances et des places publiées : vérifiez que --births couvre ces communes."
    ),
    "project_registry_empty": (
        "le registre n'a aucun professionnel en activité, avec des places, dans ces zones : retirez --registry pour suivre "
        "la tendance."
    ),
    "project_births_missing": "Communes dont des années de naissances ne sont pas publiées : {count}.",
    "rounds_answer": (
        "{stops} demi-journées par cycle dans {halls} salles : {reached} sur {people} personnes à {cutoff} min au plus."
    ),
    "rounds_dates": "dates « {first} » à « {last} » : la dernière suit la première, de deux ans au plus.",
    "rounds_slot_none": "--slot « {given} » n'a aucune heure : écrivez « Tu 09:00-12:00 ».",
    "rounds_slot_night": "--slot « {given} » passe minuit : une halte tient dans un jour.",
    "rounds_slot_twice": "--slot « {given} » : une même demi-journée est donnée deux fois.",
    "rounds_no_hall": (
        "aucune salle n'est libre à ces demi-journées : changez --slot, free_hours ou busy_hours."
    ),
    "rounds_nobody": (
        "personne n'est à {cutoff} min d'une salle libre : augmentez --cutoff, vérifiez les trajets ou ajoutez une salle."
    ),
    "rounds_undecided": "aucune tournée trouvée en {seconds} s : augmentez --time-limit.",
    "isolation_answer": (
        "{count} professionnels ; selon la CNAF il faudrait au relais {needed} équivalent temps plein au moins."
    ),
    "isolation_desk": (
        "un tableau .csv nomme chaque professionnel : il va avec --desk, pour le relais seul ; sans lui, écrivez un .json."
    ),
    "isolation_nobody": "{file} : aucun professionnel.",
    "isolation_contact_ahead": "un dernier contact le {given} est dans l'avenir : corrigez last_contact.",
}
