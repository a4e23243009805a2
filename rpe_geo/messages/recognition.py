"""Lists in their producers' layouts: what was understood, mended, left out, or not recognised."""

MESSAGES = {
    "file_without_rows": "ce fichier n'a aucune ligne.",
    "list_unreadable": "ce fichier n'est pas une couche lisible (GeoPackage, shapefile avec ses compagnons, FlatGeobuf…).",
    "nothing_recognised": (
        "rien n'est reconnu dans ce fichier ; ses colonnes : {titles}. Dites lesquelles lire, par exemple --column « {example} »."
    ),
    "needed_not_recognised": (
        "il manque : {lacking}. Colonnes du fichier : {titles}. Dites laquelle lire, par exemple --column « {example} »."
    ),
    "kinds_none_recognised": (
        "aucune ligne ne dit de quel accueil il s'agit (colonnes de nature : {columns} ; premier mot : « {first} »). Si ce sont "
        "bien des lieux d'accueil, dites-le : --column nature==crèche, ou --column nature=COLONNE."
    ),
    "list_of_other_kind": (
        "{count} lignes sont d'une autre sorte que celle demandée : ce fichier est à importer avec --kind {other}."
    ),
    "column_field_unknown": "« {given} » n'est pas compris : écrivez champ=COLONNE, le champ étant parmi {known}.",
    "column_not_there": "la colonne « {given} » n'est pas dans ce fichier ; il a : {known}.",
    "columns_remembered": "colonnes dites la dernière fois pour une liste aux mêmes titres : {columns}.",
    "kind_of_file_name": "aucune ligne ne dit sa nature : « {kind} » est tiré du nom du fichier.",
    "kind_unknown": "nature « {value} » non reconnue : ce lieu n'est compté comme aucun mode d'accueil connu.",
    "points_turned": "longitude et latitude étaient inversées ; remises dans l'ordre : {count}.",
    "points_reprojected": "les coordonnées étaient en mètres : lues comme {crs} et ramenées en degrés.",
    "points_outside": "points qui ne sont pas en France : {count}.",
    "points_in_unknown_metres": (
        "les coordonnées ({x} ; {y}) ne sont ni des degrés ni une projection française reconnue ; dites leur système dans le "
        "fichier, ou donnez longitude et latitude."
    ),
    "identifiers_made": (
        "lignes sans identifiant : {count} ; il est tiré du nom et du lieu, le même la prochaine fois tant qu'ils ne changent pas."
    ),
    "closed_left_out": "fermé (« {value} ») : laissé de côté.",
    "closing_unreadable": "date de fermeture « {value} » illisible : ce lieu est gardé.",
    "closing_to_come": "fermeture annoncée le {value} : gardé jusque-là, à relire ensuite.",
    "places_range": "« {value} » : un intervalle n'est pas un nombre de places ; laissé vide.",
    "places_implausible": "« {value} » places : invraisemblable pour un accueil de jeunes enfants ; laissé vide.",
    "places_fraction": "« {value} » n'est pas un nombre entier de places ; laissé vide.",
    "places_several": "« {value} » : plusieurs nombres, on ne sait lequel compte les places ; laissé vide.",
    "places_reference": "« {value} » est une référence, pas un nombre de places ; laissé vide.",
    "places_unreadable": "« {value} » n'est pas un nombre de places ; laissé vide.",
    "places_not_care": "{value} places de « {kind} » : ce ne sont pas des places d'accueil du jeune enfant ; non comptées.",
    "places_summed": "{value} places : la somme des colonnes {columns}, aucune ne disant le total.",
    "address_of_town_only": (
        "aucune colonne ne donne la rue : les adresses ne sont que des communes, et personne ne peut être placé à son domicile. "
        "Dites-la : --column adresse=COLONNE."
    ),
    "total_left_out": "ligne de total : laissée de côté.",
    "hours_not_understood": "horaires « {value} » non compris ; laissés vides.",
    "column_gave_nothing": (
        "rien n'est compris de la colonne « {column} » pour le champ « {label} » (premier mot : « {first} ») : ce champ reste vide."
    ),
    "row_without_place": "ni adresse ni point : ce lieu ne peut être placé, il est laissé de côté.",
    "field_left_out": "valeur laissée de côté, le reste de la ligne est gardé : {why}",
}
