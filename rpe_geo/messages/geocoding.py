"""What the geocoder says of an address that it does not accept, and of files that it cannot read."""

MESSAGES = {
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
    "address_street_type_missing": "le type de voie n'est pas indiqué : peut-être « {published} ».",
    "address_street_incomplete": "le nom de la voie ne correspond qu'en partie.",
    "address_street_uncertain": "le nom de la voie est incertain.",
    "address_several_places": "{count} lieux correspondent aussi bien à cette adresse.",
    "address_number_missing": "le numéro {number} n'existe pas dans cette voie.",
    "address_street_not_found": "voie introuvable à {commune} : le point est celui de la commune.",
    "address_no_street": "aucune voie n'est indiquée : le point est celui de la commune.",
    "addresses_format": (
        "ce n'est ni un fichier BAN (colonnes séparées par des points-virgules ; il manque {missing}) ni un fichier BANO "
        "(huit colonnes séparées par des virgules, sans en-tête)."
    ),
    "addresses_damaged": "ce fichier compressé est endommagé ou incomplet : téléchargez-le de nouveau.",
    "addresses_none": "aucune adresse utilisable ; vérifiez le fichier et les codes demandés ({codes}).",
    "cog_format": "ce n'est pas la liste officielle des communes (JSON, champs code, nom, type).",
    "geocoding_index_missing": (
        "aucun index d'adresses complet ici : construisez le territoire avec rpe-geo territory build --addresses."
    ),
    "geocoding_index_outdated": (
        "cet index d'adresses vient d'une autre version : reconstruisez le territoire avec rpe-geo territory build."
    ),
}
