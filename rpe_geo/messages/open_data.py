"""Official files read in their producers' own layouts: what they are, what was mended, what they lack."""

MESSAGES = {
    "archive_without_table": (
        "cette archive ne contient aucune table lisible (on y trouve : {found}) ; extrayez le fichier voulu."
    ),
    "archive_broken": "cette archive est tronquée ou abîmée : téléchargez-la de nouveau.",
    "official_table_unreadable": (
        "ce fichier n'est pas une table lisible (CSV, Excel, OpenDocument, Parquet ou JSON)."
    ),
    "cnaf_layout": (
        "ce ne sont pas les places ni les taux de la CNAF (colonnes lues : {found}) ; sur data.caf.fr, exportez nbpla_pe_com, "
        "_epci, _dep… avec les noms techniques des colonnes (sans « use_labels »)."
    ),
    "cnaf_without_year": (
        "aucune colonne ne dit l'année (annee), ni le nom du fichier : nommez-le par exemple nbpla_pe_com_2022.csv."
    ),
    "year_unreadable": "« {given} » n'est pas une année.",
    "births_layout": (
        "ce ne sont pas des naissances par commune (trouvé : {found}) ; attendu : le fichier Melodi de l'INSEE, ou CODGEO et "
        "NAISD18, NAISD19…"
    ),
    "births_unknown_arrondissement": (
        "{file} : naissances d'arrondissement inconnu, déjà comptées dans leur ville, laissées de côté ({count} codes comme "
        "751XX)."
    ),
    "zeros_restored": "{file} : codes dont le zéro initial était perdu, rétabli : {count}.",
    "ages_missing": "ce fichier ne donne pas les âges {ages} par commune.",
    "grid_elsewhere": "aucun carreau n'est dans ces communes ({wanted}) : est-ce le bon fichier (métropole, Martinique, Réunion) ?",
    "grid_identifier": "« {given} » n'est pas un identifiant de carreau (CRS3035RES200mN…E…).",
    "grid_four_years": (
        "{file} : {count} carreaux, dont {imputed} imputés par l'INSEE. ind_0_3 compte quatre années d'âge : les trois quarts "
        "sont pris pour les moins de trois ans."
    ),
    "commune_list_unknown": (
        "ce n'est pas une liste de communes connue (colonnes lues : {found}) ; attendu : v_commune_AAAA.csv, v_mvt_commune, "
        "composition des EPCI, geo.api.gouv.fr ou decoupage-administratif."
    ),
    "contours_are_points": (
        "cette couche ne contient que des points ; choisissez celle des communes avec --layer, ou demandez les contours "
        "(geo.api.gouv.fr : format=geojson&geometry=contour)."
    ),
    "prepare_nothing_given": (
        "rien à préparer : donnez au moins --cog, --contours, --places ou --births."
    ),
    "prepare_area_without_communes": (
        "pour choisir une commune, une intercommunalité ou un département, donnez aussi la liste des communes (--cog)."
    ),
    "prepare_area_needed": (
        "les carreaux couvrent tout le pays : dites lesquels garder avec --epci, --code ou --departement."
    ),
    "prepare_year_missing": "les places de {year} ne sont pas dans ces fichiers (années : {present}).",
    "asked_epci_unknown": (
        "aucune intercommunalité {given} dans ces communes ; le SIREN a neuf chiffres et se trouve sur "
        "https://www.banatic.interieur.gouv.fr."
    ),
    "asked_departement_unknown": "aucun département {given} dans ces communes (01, 2A, 974…).",
    "rows_of_nobody": "{file} : lignes qui ne sont pas des lieux (code XX), laissées de côté : {count}.",
    "places_shared_by_epci": (
        "Places des communes de moins de 10 000 habitants, que la CNAF ne publie pas : le reste de leur intercommunalité est "
        "partagé selon leurs enfants ({count} communes, {places} places, marquées « estimé »)."
    ),
    "places_not_published": "Communes dont les places ne sont ni publiées ni estimables : {count}.",
    "places_not_shared": (
        "Sans --births, les communes de moins de 10 000 habitants restent sans places (la CNAF ne les publie pas)."
    ),
    "epci_below_communes": (
        "Intercommunalités dont le total publié est inférieur à celui de leurs communes : {count} (la première : « {first} ») ; "
        "leurs autres communes comptent 0 place pour ce mode."
    ),
    "rates_of_other_year": "Taux de {asked} non publiés : ceux de {year} servent à comparer.",
    "iris_elsewhere": "aucun IRIS n'est dans ces communes ({wanted}).",
    "iris_without_children": "IRIS sans nombre d'enfants : {count}.",
    "fetch_area_needed": (
        "dites le territoire : --epci SIREN, --commune CODE (répétable) ou --departement DD."
    ),
    "fetch_not_in_cache": (
        "« {name} » n'est pas dans {folder} ; lancez la même commande une fois avec le réseau, ou apportez le dossier."
    ),
    "fetch_unreachable": (
        "{url} ne répond pas ({reason}) ; relancez plus tard, le travail reprendra où il en est, ou apportez un dossier déjà "
        "rempli avec --cache et --offline ({folder})."
    ),
    "fetch_not_there": (
        "{url} n'existe pas (HTTP {code}) : l'adresse a pu changer ; donnez votre propre fichier (--streets, --gtfs, "
        "--facilities), ou mettez rpe_geo à jour."
    ),
    "fetch_wrong_content": "{url} : {reason} ; rien n'a été remplacé, relancez plus tard.",
    "fetch_kept_old": "{name} : le service ne répond pas, le fichier du {date} sert encore.",
    "fetch_without": "{name} manque ({why}) : le territoire est construit sans.",
    "fetch_without_cnaf": "Chiffres de la CNAF absents ({count}) : {names}.",
    "fetch_osm_places": (
        "Établissements : {count} lieux tirés d'OpenStreetMap, liste incomplète ; donnez la vôtre avec --facilities."
    ),
    "fetch_no_places": (
        "Établissements : aucun n'est connu d'OpenStreetMap ici ({count}) ; donnez votre liste avec --facilities."
    ),
    "fetch_no_extract": "aucun extrait de rues pour le département {departement} ; donnez --streets FICHIER ou --overpass.",
    "fetch_no_transit": "Transports en commun : aucun horaire publié ne couvre ce territoire ; --gtfs pour les vôtres.",
    "fetched_contours_elsewhere": "ces contours ne contiennent aucune commune du territoire ; relancez pour les télécharger de nouveau.",
    "streets_elsewhere": "aucune rue de ces extraits n'est dans le territoire.",
    "streets_truncated": (
        "cet extrait OpenStreetMap est tronqué ou abîmé ({reason}) ; supprimez-le et relancez."
    ),
    "update_not_fetched": (
        "« {directory} » n'a pas été fait par `rpe-geo territory fetch` : refaites-le avec cette commande pour pouvoir le renouveler."
    ),
    "observatory_communes_needed": (
        "donnez --communes, ou --territory avec un territoire fait par `rpe-geo territory fetch`."
    ),
    "file_missing_named": "« {file} » n'existe pas.",
}
