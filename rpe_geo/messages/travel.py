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
    "edge_without_weight": "l'arête de {start} à {end} n'a pas de « {weight} » : calculez-le d'abord (osmnx.routing.add_edge_travel_times).",
    "streets_missing": "ce dossier ne contient pas de rues : lancez « rpe-geo territory build … --streets F.osm.pbf ».",
    "streets_damaged": "les rues de ce territoire sont incomplètes ou abîmées : reconstruisez-le par « rpe-geo territory build ».",
    "streets_old_format": "ces rues ont été construites par une autre version : reconstruisez le territoire par « rpe-geo territory build ».",
    "mode_unavailable": "aucune rue de ce territoire ne convient au mode « {mode} » (modes possibles : {modes}).",
    "mode_unknown": "le mode « {mode} » n'existe pas ; modes possibles : {modes}.",
    "transit_missing": (
        "ce territoire n'a pas d'horaires de transport : ajoutez-les par « rpe-geo territory build … --gtfs F.zip »."
    ),
    "transit_read": "Lecture des horaires",
    "transit_wait": "Attente à l’arrêt {stop}",
    "transit_ride": "ligne {route} de {first} ({boarded}) à {last} ({left})",
    "transit_damaged": "les horaires de ce territoire sont incomplets ou abîmés : reconstruisez-le par « rpe-geo territory build ».",
    "transit_old_format": "ces horaires ont été construits par une autre version : reconstruisez le territoire par « rpe-geo territory build ».",
    "departure_outside_feed": "le {departure} est hors des horaires de ce territoire, valables du {first} au {last}.",
    "departure_and_arrival": "donnez une heure de départ ou une heure d'arrivée, pas les deux.",
    "window_without_transit": "--window décrit des départs en transport en commun : donnez --mode transit, et pas --arrive.",
    "gtfs_not_zip": "ce fichier n'est pas une archive .zip lisible : donnez un flux GTFS (.zip) ou son dossier décompressé.",
    "gtfs_table_missing": "ce flux GTFS n'a pas de table « {table} », ou elle est vide.",
    "gtfs_column_missing": "la colonne « {column} » manque.",
    "gtfs_unreadable": "cette table ne se lit pas comme un CSV en UTF-8.",
    "gtfs_time_bad": "l'heure « {time} » ne se lit pas : il faut HH:MM:SS.",
    "gtfs_date_bad": "la date « {date} » du calendrier ne se lit pas : il faut AAAAMMJJ.",
    "gtfs_no_trip": "ce flux GTFS ne contient aucun trajet.",
    "point_too_far": (
        "le point « {point} » (latitude {latitude}, longitude {longitude}) est à {distance} de la rue la plus proche, au-delà des {limit} "
        "admis : il est hors du territoire ou mal placé."
    ),
    "left_out": ("{points} du calcul : {named}.{where} (--strict refuse le calcul.)"),
    "left_out_file": " Liste : {file}.",
    "providers_far": "{providers} du registre hors des rues, sans temps de trajet {mode} : {named}.",
    "left_out_far": "à plus de {limit} de toute rue du territoire",
    "point_id_twice": "l'identifiant « {point} » est donné deux fois : chaque point doit avoir le sien.",
    "not_a_point": "« {point} » n'est pas un point.",
    "coordinates_missing": "le point « {point} » n'a pas de coordonnées lisibles : donnez longitude et latitude en degrés.",
    "minutes_missing": "donnez au moins un nombre de minutes.",
    "isochrone_minutes_unreadable": "« {text} » ne se lit pas : donnez des minutes séparées par des virgules, par exemple 5,10,15.",
    "at_unreadable": "« {text} » ne se lit pas : donnez longitude,latitude en degrés, par exemple 3.87,43.61.",
    "departure_unreadable": "le départ « {text} » ne se lit pas : donnez une date et une heure, par exemple 2026-12-01T08:00.",
    "profile_unknown": "le profil « {profile} » n'existe pas ; profils possibles : standard, pushchair.",
    "output_ending": "la terminaison de ce fichier doit être {endings}.",
    "points_not_utf8": "ce fichier n'est pas en UTF-8 : enregistrez-le en CSV UTF-8.",
    "points_column_missing": "cette colonne manque (colonnes trouvées : {found}).",
    "points_none": "ce fichier n'a que sa ligne de titre : aucun point.",
    "point_id_empty": "l'identifiant est vide : chaque point doit avoir le sien.",
    "matrix_rows": "Temps de trajet",
    "cutoff_out_of_range": "un temps maximal de {cutoff} min ne convient pas : donnez de 1 à {greatest} minutes.",
}
