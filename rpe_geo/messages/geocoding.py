"""What the geocoder says of an address that it does not accept, and of files that it cannot read."""

MESSAGES = {
    "addresses_read": "Lecture des adresses",
    "addresses_indexed": "Index des voies",
    "addresses_geocoded": "Géocodage",
    "address_empty": "aucune adresse n'est indiquée.",
    "address_too_long": "ce texte de {length} caractères est trop long pour une adresse.",
    "address_unknown": "aucune voie du territoire ne ressemble à cette adresse.",
    "address_other_departement": "le code postal {postcode} est celui d'un département hors du territoire.",
    "address_commune_outside": "la commune {commune} est hors du territoire.",
    "address_postcode_contradicts": "le code postal {postcode} ne correspond pas à {commune}.",
    "address_city_uncertain": "la commune est incertaine : peut-être {commune}.",
    "address_city_homonym": "plusieurs communes s'appellent {commune} : le code postal est nécessaire.",
    "address_no_city": "la commune n'est pas indiquée : peut-être {commune}.",
    "address_street_type": "le type de voie diffère : « {typed} » saisi, « {published} » trouvé.",
    "address_street_postcode": "une voie de nom proche existe, mais sous le code postal {postcode}.",
    "address_street_type_missing": "le type de voie n'est pas indiqué : peut-être « {published} ».",
    "address_street_untyped": "« {typed} » est saisi, mais le lieu trouvé n'a pas de type de voie.",
    "address_street_incomplete": "le nom de la voie ne correspond qu'en partie.",
    "address_street_uncertain": "le nom de la voie est incertain.",
    "address_several_places": "{count} lieux correspondent aussi bien à cette adresse.",
    "address_number_unclear": "un numéro est indiqué, mais il n'a pas pu être lu avec certitude.",
    "address_number_elsewhere": "le numéro {number} n'est pas sûrement celui de cette voie.",
    "address_number_suffix": "le numéro {number} existe ici avec plusieurs indices : {suffixes}.",
    "address_suffix_missing": "l'indice « {suffix} » du numéro {number} n'est pas publié dans cette voie.",
    "address_street_elsewhere": "à {typed}, cette voie n'est pas connue ; elle existe à {commune}.",
    "address_number_missing": "le numéro {number} n'existe pas dans cette voie.",
    "address_street_not_found": "voie introuvable à {commune} : le point est celui de la commune.",
    "address_no_street": "aucune voie n'est indiquée : le point est celui de la commune.",
    "address_point_outside": "ce point n'est pas sur la Terre.",
    "address_point_far": "aucune adresse du territoire à moins de {distance} m de ce point.",
    "address_nearest_far": "l'adresse la plus proche est à {distance} m de ce point.",
    "addresses_format": (
        "ce n'est aucun des formats d'adresses connus : BAN (csv, csv-with-ids, csv-bal, lieux-dits, addok), base adresse "
        "locale (BAL 1.3 à 1.5), BANO, GeoJSON ; pour le plus proche, il manque la colonne {missing}."
    ),
    "addresses_bano_width": (
        "cette ligne ressemble à BANO, mais elle a {found} cellules au lieu de huit : téléchargez le fichier de nouveau, ou "
        "ajoutez une ligne d'en-tête id,numero,voie,code_post,nom_comm,source,lat,lon."
    ),
    "addresses_geojson": "ce n'est pas une collection GeoJSON de points d'adresses (FeatureCollection).",
    "addresses_line_unreadable": "cette ligne n'est pas un objet JSON : le fichier est endommagé ou d'un autre format.",
    "addresses_zipped": "c'est une archive zip : extrayez-en le fichier d'adresses.",
    "addresses_damaged": "ce fichier compressé est endommagé ou incomplet : téléchargez-le de nouveau.",
    "addresses_none": (
        "aucune adresse dans les communes demandées ({codes}) ; les fichiers contiennent surtout {found}."
    ),
    "addresses_no_row": "ce fichier n'a aucune ligne d'adresse sous son en-tête.",
    "addresses_unusable": "aucune des {rows} lignes n'est utilisable : {reasons}.",
    "addresses_rejected_no_street": "sans nom de voie",
    "addresses_rejected_no_commune": "code de commune illisible",
    "addresses_rejected_no_coordinates": "sans coordonnées",
    "addresses_rejected_coordinates_elsewhere": "coordonnées hors de France (colonnes lon et lat en degrés attendues)",
    "addresses_rejected_pseudo_street": "nom de travail et non de voie",
    "addresses_rejected_unreadable_number": "numéro illisible",
    "addresses_rejected_short_row": "ligne incomplète",
    "addresses_rejected_long_row": "ligne de trop de cellules",
    "addresses_mended_commune_zero": "codes de commune sans leur zéro, rétablis (lignes : {rows})",
    "addresses_mended_postcode_zero": "codes postaux sans leur zéro, rétablis (lignes : {rows})",
    "addresses_mended_postcode_dropped": "codes postaux illisibles, laissés vides (lignes : {rows})",
    "addresses_mended_decimal_comma": "virgules décimales dans les coordonnées, lues comme des points (lignes : {rows})",
    "addresses_mended_decimal_number": "numéros écrits « 12.0 », lus comme des entiers (lignes : {rows})",
    "addresses_mended_swapped_coordinates": "longitude et latitude échangées, remises en ordre (lignes : {rows})",
    "addresses_mended_rounded_coordinates": (
        "coordonnées arrondies à 100 m ou plus (lignes : {rows}) : les numéros n'y ont pas leur vraie place"
    ),
    "addresses_mended_broken_accents": "lettres accentuées perdues (lignes : {rows}) : ces voies seront mal reconnues",
    "addresses_mended_double_encoded": "accents encodés deux fois, rétablis (lignes : {rows})",
    "addresses_mended_foreign_ids": (
        "identifiants qui ne suivent pas la clé de la BAN (lignes : {rows}) : les voies sont reconnues par leur nom"
    ),
    "addresses_mended_ids_not_streets": (
        "presque chaque adresse a un identifiant de voie à elle (lignes : {rows}) : les voies sont reconnues par leur nom"
    ),
    "addresses_mended_streets_like_addresses": (
        "presque autant de voies que d'adresses (voies : {rows}) : vérifiez que la colonne du nom de voie ne contient pas le numéro"
    ),
    "csv_binary": "ce n'est pas un fichier CSV mais un fichier binaire : enregistrez-le au format CSV (UTF-8).",
    "csv_unreadable": "ce fichier CSV est illisible à cet endroit : vérifiez les guillemets et le séparateur.",
    "csv_no_header": "la première ligne doit porter les noms des colonnes.",
    "csv_row_too_long": (
        "cette ligne a {found} cellules au lieu de {expected} : mettez entre guillemets les textes qui contiennent le séparateur."
    ),
    "csv_no_address_column": (
        "aucune colonne d'adresse reconnue parmi : {columns} ; indiquez-la avec --column."
    ),
    "csv_column_missing": "cette colonne n'existe pas ; colonnes du fichier : {columns}.",
    "geocode_folder_missing": "le dossier {folder} n'existe pas.",
    "geocode_no_territory": (
        "aucun territoire : indiquez --territory, ou la variable RPE_TERRITORY, ou --online pour la Géoplateforme."
    ),
    "geocoder_unreachable": "la Géoplateforme ne répond pas après {attempts} essais : réessayez plus tard ou sans --online.",
    "geocoder_refused": "la Géoplateforme refuse la demande (HTTP {status}) : réessayez plus tard ou sans --online.",
    "geocoder_answer_unreadable": "réponse illisible de la Géoplateforme : {received} lignes reçues pour {sent} envoyées.",
    "cog_format": "ce n'est pas la liste officielle des communes (JSON, champs code, nom, type).",
    "geocoding_index_missing": (
        "aucun index d'adresses complet ici : construisez le territoire avec rpe-geo territory build --addresses."
    ),
    "geocoding_index_outdated": (
        "cet index d'adresses vient d'une autre version : reconstruisez le territoire avec rpe-geo territory build."
    ),
}
