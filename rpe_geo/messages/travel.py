"""Sentences of the travel times: streets, points, cutoffs, timetables, progress."""

MESSAGES = {
    "streets_read": "Lecture des rues",
    "streets_walk": "Réseau à pied",
    "streets_bike": "Réseau à vélo",
    "streets_car": "Réseau en voiture",
    "streets_pushchair": "Réseau avec une poussette",
    "streets_built": "Rues prêtes",
    "streets_none": "aucune rue dans ce fichier : donnez un extrait OpenStreetMap qui contient les voies « highway ».",
    "streets_unreadable": (
        "ce fichier ne se lit pas comme un extrait OpenStreetMap (.osm.pbf) ; il est peut-être tronqué : téléchargez-le de nouveau."
    ),
    "streets_projected": (
        "les nœuds de ce graphe sont en {longitude}, {latitude} : donnez un graphe osmnx en degrés (EPSG:4326), non projeté."
    ),
    "streets_missing": "ce dossier ne contient pas de rues : lancez « rpe-geo territory build … --streets F.osm.pbf ».",
    "streets_damaged": "les rues de ce territoire sont incomplètes ou abîmées : reconstruisez-le par « rpe-geo territory build ».",
    "streets_old_format": "ces rues ont été construites par une autre version : reconstruisez le territoire par « rpe-geo territory build ».",
    "mode_unavailable": "aucune rue de ce territoire ne convient au mode « {mode} » (modes possibles : {modes}).",
    "mode_unknown": "le mode « {mode} » n'existe pas ; modes possibles : {modes}.",
    "transit_missing": (
        "ce territoire n'a pas d'horaires de transport : ajoutez-les par « rpe-geo territory build … --gtfs F.zip »."
    ),
    "point_too_far": (
        "le point « {point} » (latitude {latitude}, longitude {longitude}) est à {distance} de la rue la plus proche, au-delà des {limit} "
        "admis : il est hors du territoire ou mal placé."
    ),
    "point_id_twice": "l'identifiant « {point} » est donné deux fois : chaque point doit avoir le sien.",
    "not_a_point": "« {point} » n'est pas un point.",
    "coordinates_missing": "le point « {point} » n'a pas de coordonnées lisibles : donnez longitude et latitude en degrés.",
    "minutes_missing": "donnez au moins un nombre de minutes.",
    "cutoff_out_of_range": "un temps maximal de {cutoff} min ne convient pas : donnez de 1 à {greatest} minutes.",
}
