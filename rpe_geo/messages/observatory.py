"""Sentences of the observatory: decays, tables of demand and supply, open data, zones."""

MESSAGES = {
    "decay_unreadable": (
        "décroissance « {given} » non comprise : écrivez binary:30, step:10=1,20=0.68,30=0.22, gaussian:30, gaussian:12,30, exponential:0.1,30, power:1.5,30, logistic:10,4,30, linear:30 ou inverse:61 "
        "(minutes)."
    ),
    "decay_parameter": "une largeur ou une pente de décroissance est un nombre supérieur à 0 ({given} reçu).",
    "decay_cutoff": "le seuil d'une décroissance est un nombre de minutes supérieur à 0 ({given} reçu).",
    "decay_weights": (
        "« {given} » : les poids d'une décroissance vont de 1 à 0 et ne remontent jamais avec le temps."
    ),
    "method_unknown": "méthode « {given} » inconnue ; choisissez parmi {known}.",
    "demand_id_twice": "l'identifiant de demande « {id} » figure deux fois.",
    "supply_id_twice": "l'identifiant d'offre « {id} » figure deux fois.",
    "demand_value_missing": "aucun nombre d'enfants pour « {id} ».",
    "supply_value_missing": "aucun nombre de places pour « {id} ».",
    "demand_negative": "« {id} » : {given} enfants ; un nombre fini, positif ou nul est attendu.",
    "supply_negative": "« {id} » : {given} places ; un nombre fini, positif ou nul est attendu.",
    "minutes_invalid": "un temps de {given} minutes : il doit être positif ou nul.",
    "pair_twice": (
        "le trajet de « {origin} » à « {destination} » figure deux fois, avec {first} et {second} minutes : gardez-en un."
    ),
    "column_missing": "il manque la ou les colonnes {missing} (colonnes lues : {found}).",
    "row_fields": (
        "{got} valeurs au lieu de {expected} : si la virgule sert aux décimales, écrivez « 12.5 » et non « 12,5 »."
    ),
    "row_short": "{got} valeurs au lieu de {expected} : complétez la ligne, ou laissez la case vide entre deux séparateurs.",
    "column_twice": "la colonne « {column} » figure deux fois : gardez-en une.",
    "table_empty": "ce fichier n'a que des titres, aucune ligne.",
    "supply_none": "{file} ne contient aucun lieu : rien n'est accessible.",
    "file_not_utf8": "ce fichier n'est pas en UTF-8 : enregistrez-le en « CSV UTF-8 ».",
    "table_unreadable": "ce fichier n'est ni un CSV ni un Parquet lisible.",
    "cell_empty": "la case est vide : écrivez une valeur ou retirez la ligne.",
    "cell_decimal_comma": "« {given} » : écrivez les décimales avec un point (12.5), pas avec une virgule.",
    "cell_negative": "« {given} » est négatif.",
    "cell_not_a_number": "« {given} » n'est pas un nombre.",
    "id_repeated": "l'identifiant « {id} » figure déjà ligne {first}.",
    "code_zero_lost": (
        "« {given} » a perdu son zéro initial : le code attendu est « {expected} ». Dans un tableur, mettez la colonne au "
        "format texte."
    ),
    "code_not_an_iris": (
        "« {given} » n'est pas le code d'un IRIS : il a neuf caractères, les cinq de la commune puis quatre chiffres "
        "(« 010010101 »). Corrigez la case, ou retirez la ligne."
    ),
    "ids_all_unknown": (
        "aucun identifiant n'est connu de {table} (ici « {first} », là « {known} ») : est-ce le bon fichier, dans le bon "
        "ordre (demande, offre, temps) ?"
    ),
    "pairs_unknown": (
        "Identifiants de la colonne {field} absents de {table} : {count} (le premier : « {first} »). Trajets laissés de "
        "côté : {rows}."
    ),
    "children_missing": (
        "Zones sans nombre d'enfants : {count} (la première : « {first} »). Leur accès vaut nan et leurs enfants ne sont "
        "comptés nulle part."
    ),
    "supply_out_of_reach": (
        "Lieux hors de portée de tout enfant : {count} ({places} places). Leurs places ne comptent pas."
    ),
    "raam_unreachable": "Zones qui n'atteignent aucune place : {count}. Leur coût RAAM est écrit 0.",
    "centre_not_degrees": (
        "la commune « {code} » a pour centre ({longitude} ; {latitude}) : ce ne sont pas des degrés. Donnez longitude et "
        "latitude (WGS 84), pas des mètres Lambert-93."
    ),
    "centre_swapped": (
        "la commune « {code} » a pour centre ({longitude} ; {latitude}) : longitude et latitude sont inversées."
    ),
    "centre_elsewhere": (
        "la commune « {code} » a pour centre ({longitude} ; {latitude}), hors de la métropole : vérifiez ses coordonnées."
    ),
    "contours_not_degrees": (
        "ces contours ont pour coin ({x} ; {y}) : ce sont des mètres donnés pour des degrés. Nommez leur projection dans le "
        "fichier (Lambert-93 : EPSG:2154), ou donnez-les en longitude et latitude."
    ),
    "figures_merged": (
        "{file} : communes fusionnées depuis, rattachées à celles d'aujourd'hui : {count} (la première : « {first} », "
        "dans « {into} »)."
    ),
    "figures_unknown": (
        "{file} : codes qui ne sont plus ou pas des communes connues : {count} (le premier : « {first} »). Leurs chiffres ne "
        "sont comptés nulle part ; si ces communes ont fusionné, donnez --cog (code officiel géographique)."
    ),
    "children_estimated": (
        "Communes dont le nombre d'enfants est estimé : {count}, avec un intervalle à 90 % (vérifié sur des départements mis "
        "de côté : {coverage} % des communes y sont, {lowest} % dans le pire, {group})."
    ),
    "children_refused_years": (
        "Communes sans estimation, faute de naissances publiées pour au moins deux autres années : {count} (la première : "
        "« {first} »)."
    ),
    "children_refused_domain": (
        "Communes sans estimation, car elles ne ressemblent à aucune de celles dont les naissances sont publiées : {count} "
        "(la première : « {first} »). Aucun chiffre ne vaut mieux qu'un chiffre inventé."
    ),
    "children_refused_learning": (
        "Communes sans estimation, faute de départements connus en nombre suffisant : {count} (la première : « {first} »)."
    ),
    "estimate_zones": "--estimate-missing ne vaut que pour les communes, sans --zones.",
    "communes_without_figures": (
        "Communes sans naissances publiées : {children} ; sans places publiées : {places} (par exemple « {first} »). Leurs "
        "chiffres restent vides, jamais zéro."
    ),
    "commune_without_children": (
        "les naissances de la commune {commune} ne sont pas publiées de {first} à {last} : ajoutez aux zones une colonne "
        "« children », ou donnez --births."
    ),
    "codes_none_known": (
        "aucun code de ce fichier n'est celui d'une commune connue (ici « {first} », attendu par exemple « {known} ») : "
        "est-ce le bon fichier, du bon département ?"
    ),
    "epcis_calibrated": (
        "Intercommunalités calées sur leur ligne publiée, dans leur composition de l'année du fichier : {count} sur {total} "
        "(laissées : {left_out} ; communes qui ont changé d'intercommunalité depuis : {moved})."
    ),
    "places_year_unknown": (
        "{file} : ni l'année des places dans son nom, ni ailleurs ; elles sont tenues pour celles de {year}."
    ),
    "code_not_a_commune": "« {given} » n'est pas un code INSEE de commune (cinq caractères, comme 01004 ou 2A004).",
    "asked_commune_unknown": (
        "aucune commune « {given} » dans ce fichier : si elle a fusionné, donnez --cog (code officiel géographique) pour "
        "que son nouveau code soit retrouvé."
    ),
    "contours_without_crs": (
        "ce fichier ne dit pas son système de coordonnées : degrés, grades ou mètres, rien ne le montre. Enregistrez-le avec "
        "son système, ou dites-le par --crs (par exemple --crs EPSG:2154 pour le Lambert-93, EPSG:4326 pour des degrés)."
    ),
    "crs_unknown": "--crs : « {given} » n'est pas un système de coordonnées ; écrivez par exemple EPSG:2154.",
    "contours_elsewhere": (
        "ces contours ne sont pas où sont leurs communes : « {code} » commence à ({x} ; {y}), le centre de la commune est à "
        "({longitude} ; {latitude}). Le système de coordonnées que dit le fichier n'est pas le sien, ou ses codes sont faux."
    ),
    "layer_unknown": "aucune couche « {given} » dans ce fichier ; il contient : {layers}.",
    "layer_taken": (
        "{file} contient plusieurs couches de polygones : « {layer} » est lue, pas {others}. Nommez-en une autre par son "
        "option (--layer, --zones-layer)."
    ),
    "codes_were_numbers": (
        "{file} : les codes de la colonne {column} sont des nombres ; leurs zéros perdus leur sont rendus (1004 est 01004)."
    ),
    "rows_not_polygons": "{file} : lignes sans polygone (points, lignes), laissées de côté : {count}.",
    "rows_united": (
        "{file} : communes dessinées en plusieurs lignes, réunies : {count} (la première : « {first} »)."
    ),
    "contours_unreadable": "ce fichier ne contient pas de polygones lisibles.",
    "official_codes_unreadable": "ce fichier n'est pas un code officiel géographique (JSON) lisible.",
    "years_missing": (
        "il manque les naissances de {years} (années présentes : {present}) : les enfants de moins de 3 ans à la fin "
        "{year} sont les naissances de {year} et des deux années d'avant."
    ),
    "places_year": (
        "ces places sont celles de {found}, l'année demandée est {year} : donnez le fichier de {year}, ou --year {found}."
    ),
    "places_year_missing": (
        "il n'y a pas de places pour {year} (années présentes : {present}) : donnez --places, ou une autre --year."
    ),
    "zones_empty": "Zones sans contour : {count} (la première : « {first} »). Elles comptent, mais ne sont pas dessinées.",
    "zones_mended": "Contours mal formés, réparés : {count} (le premier : « {first} »).",
    "zones_overlap": (
        "les zones se recouvrent ({share} % de leur surface ; « {first} » et « {second} » le plus) : un lieu serait compté "
        "deux fois. Corrigez les contours, ou donnez des zones disjointes."
    ),
    "children_by_census": (
        "Enfants de moins de trois ans : recensement {year} (INSEE, âges 0, 1 et 2) dans {count} communes ou "
        "arrondissements, {children} enfants ; les naissances de {first} à {last} y sont {births}. Naissances dans {others} autres."
    ),
    "places_estimated": (
        "Places estimées : {count} communes n'ont pas de places publiées ; {places} places de leur intercommunalité leur sont "
        "partagées selon leurs enfants. Elles sont dites incertaines, avec un intervalle à 90 %."
    ),
    "births_shifted": (
        "Les naissances de {wanted} manquent : les enfants sont ceux nés de {first} à {last}. Donnez --births (état civil) "
        "pour les années exactes."
    ),
    "centroid_missing": "la commune « {given} » n'a pas de centre (colonnes centroid_lon et centroid_lat).",
    "contours_unmatched": "aucun contour ne porte un code des communes demandées (par exemple « {first} »).",
    "observatory_missing": (
        "ce dossier ne contient pas d'observatoire : construisez-le avec « rpe-geo observatory build »."
    ),
    "observatory_mode": "mode « {given} » inconnu ; choisissez parmi {known}.",
    "zone_not_a_polygon": "cette zone n'est pas un polygone.",
    "zones_without_code": (
        "aucune colonne ne nomme chaque zone une seule fois ; ajoutez « code » (colonnes essayées : {known})."
    ),
    "iris_commune_missing": "aucune ligne de ce fichier n'est de la commune {commune}.",
    "zones_children_unknown": (
        "ATTENTION : le nombre d'enfants des zones n'est pas connu. Ceux de la commune sont répartis selon la surface, ce qui "
        "peut être faux du simple au triple : ces zones sont dites incertaines. Donnez --iris-births, ou des zones avec une "
        "colonne « children », « P22_POP0002 » (INSEE) ou « ind_0_3 » (carreaux de 200 m). Colonnes de ce fichier, non lues "
        "comme des enfants : {unread}."
    ),
    "iris_not_the_zones": (
        "Naissances par IRIS non utilisées : ces zones ne sont pas des IRIS. Donnez --iris-zones (zone de chaque IRIS)."
    ),
    "iris_mostly_unplaced": (
        "Naissances par IRIS non utilisées : {share} % d'entre elles seulement tombent dans une zone. Le fichier --iris-zones "
        "est celui d'autres zones."
    ),
    "children_by": "Enfants des zones : {source}, calés sur ceux de chaque commune.",
    "children_factors_far": (
        "Enfants des zones ({source}) loin du chiffre publié de leur commune, sur lequel ils sont calés, et dits incertains : "
        "{lines}."
    ),
    "zones_part_of_commune": (
        "Communes dont les zones ne couvrent qu'une partie : {count} (part de leurs enfants et de leurs places qui est mise dans "
        "les zones : {lines}). Le reste compte comme une commune voisine."
    ),
    "zones_by_area": "Zones sans code de commune, rattachées à celle dont elles couvrent le plus de sol : {count}.",
    "zones_left_out": "Zones d'autres communes que celles demandées, laissées de côté : {count}.",
    "zones_across_borders": (
        "Zones à cheval sur une limite de commune, comptées dans une seule : {count} (la plus partagée : « {first} », {share} % "
        "de son sol dans la sienne)."
    ),
    "zones_not_of_asked": (
        "aucune de ces zones n'est de « {asked} » (la première est de la commune {found}) : corrigez --code ou --departement."
    ),
    "zone_commune_not_known": (
        "zones dont le code de commune n'est pas connu : {count} (le premier : « {first} »). Corrigez-le, ou donnez --cog "
        "(communes fusionnées) ou --contours (rattachement par le sol)."
    ),
    "not_care": (
        "Lieux qui n'accueillent pas d'enfants de moins de trois ans, montrés mais non comptés : {count} ({kinds} ; {places} "
        "places dans la liste)."
    ),
    "mams_individual": "Maisons d'assistants maternels de la liste, comptées en accueil individuel : {count}.",
    "mams_in_registry": (
        "Maisons d'assistants maternels de la liste : {count}. Leurs membres sont comptés par le registre, pas deux fois."
    ),
    "itinerant_services": (
        "Services itinérants, comptés une fois chacun et partagés entre leurs haltes : {count} ({stops} haltes ; le premier : "
        "« {first} »)."
    ),
    "facility_list_partial": (
        "Liste d'établissements bien en deçà du total publié : elle n'est pas gonflée, les places qui manquent sont réparties "
        "selon les enfants (« estimé ») : {lines}."
    ),
    "childminder_list_partial": (
        "Registre bien en deçà de l'accueil individuel publié : il n'est pas gonflé, les places qui manquent sont réparties "
        "selon les enfants (« estimé »), sans horaires : {lines}."
    ),
    "facility_list_over": (
        "Liste d'établissements bien au-delà du total publié, ramenée à lui ; zones dites incertaines. Est-elle de la même "
        "année ? {lines}."
    ),
    "childminder_list_over": (
        "Registre bien au-delà de l'accueil individuel publié, ramené à lui ; zones dites incertaines. Est-il de la même "
        "année ? {lines}."
    ),
    "iris_unplaced": "IRIS rattachés à aucune zone : {count} ({births} naissances, réparties au prorata).",
    "zone_without_children": "Zones sans enfant : {count} (la première : « {first} »). Leurs taux restent vides.",
    "zones_several_communes": (
        "les zones couvrent plusieurs communes, et rien ne dit de laquelle est chacune : ajoutez-leur une colonne "
        "« code_commune », ou donnez --contours (contours des communes)."
    ),
    "zones_commune_unknown": "les zones ne sont dans aucune commune connue : vérifiez leurs coordonnées ou donnez --code.",
    "zones_all_without_children": (
        "aucune zone n'a d'enfant : la colonne « {column} » ne vaut que 0. Corrigez-la, ou retirez-la pour que les enfants de "
        "la commune soient répartis."
    ),
    "zones_elsewhere": (
        "ces zones sont à {km} km de {commune} : donnez le --code de la commune qui les contient, ou corrigez leurs "
        "coordonnées."
    ),
    "iris_none_placed": (
        "aucun IRIS de ce fichier n'est rattaché à une zone connue (IRIS « {first} », zone « {known} ») : vérifiez les codes."
    ),
    "facility_none_inside": (
        "Aucun établissement de la liste n'offre de place dans les zones de {communes} : leurs {places} places publiées sont "
        "réparties selon les enfants (« estimé »). La liste est-elle complète, et bien placée ?"
    ),
    "childminder_none_inside": (
        "Aucun professionnel en activité du registre n'est dans les zones de {communes} : leurs {places} places publiées "
        "d'accueil individuel sont réparties selon les enfants (« estimé »). Vérifiez les coordonnées et les agréments."
    ),
    "measures_unsaid": (
        "Non dits, car moins de {count} professionnels y répondent et l'on saurait où ils habitent : {names}."
    ),
    "hours_unknown": "Lieux sans horaires connus, comptés fermés à 6 h 30, à 19 h 30 et le samedi : {count}.",
    "supply_outside_zones": (
        "Lieux hors des zones : {count} ({places} places), non ajoutés : les communes voisines comptent par leurs places publiées."
    ),
    "places_shared_out": (
        "Établissements sans nombre de places publié : {count}. Pour le calcul, les {places} places publiées leur sont réparties "
        "selon leur type ; aucun n'est montré avec un nombre inventé."
    ),
    "childminders_spread": (
        "Sans registre, les {places} places d'accueil individuel de la commune sont réparties selon les enfants (« estimé »)."
    ),
    "childminders_unplaced": "Professionnels sans coordonnées, non comptés : {count}. Géocodez leur adresse.",
    "facilities_unplaced": (
        "Établissements sans coordonnées, non comptés un à un : {count}. Géocodez leur adresse (rpe-geo geocode)."
    ),
    "facilities_spread": (
        "Sans liste d'établissements, leurs {places} places sont réparties selon les enfants (« estimé »)."
    ),
    "departement_unknown": "aucun département « {given} » parmi ces communes : écrivez 01, 2A ou 971.",
    "indicator_unknown": "indicateur « {given} » absent de ces résultats ; choisissez parmi {known}.",
    "contours_needed": "ces résultats n'ont pas de contours : construisez-les avec --contours (ou --zones).",
    "export_format": "Format « {given} » inconnu : choisissez parmi {known}.",
    "export_undescribed": "{where}ce fichier ne dit pas ce que sont ses colonnes (« {part} » manque) : exportez-le de nouveau avec « rpe-geo observatory export ».",
    "observatory_ending": "« {given} » : terminez le nom du fichier par {known}.",
    "scheduler_unreachable": (
        "le cluster « {given} » ne répond pas : vérifiez l'adresse, ou écrivez --scheduler local."
    ),
    "scheduler_no_worker": "le cluster « {given} » n'a aucun processus de calcul : lancez-en (« dask worker {given} »).",
    "scheduler_lost": (
        "le cluster « {given} » s'est tu après {done} tuiles sur {total} ; relancez la même commande, elle reprendra là."
    ),
    "scheduler_streets": "--scheduler ne vaut que pour les communes à vol d'oiseau, sans --territory ni --zones.",
    "requests_unplaced": (
        "Demandes sans coordonnées ou hors des zones, non comptées : {count}. Géocodez leur adresse."
    ),
    "observatory_read": "Observatoire",
    "tiles_reach": "Ce que chaque zone atteint",
    "tiles_share": "Partage des places",
    "tiles_get": "Accès de chaque zone",
}
