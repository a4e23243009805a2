"""What a registry may answer when it cannot do what was asked."""

MESSAGES = {
    "import_address_in_doubt": (
        "adresse à vérifier, gardée sans lieu : {reason} Proposition : {label}."
    ),
    "import_address_not_found": "adresse introuvable, gardée sans lieu : {reason}",
    "import_far_from_streets": "à {distance} de toute rue du territoire : aucun temps de trajet, ne sera pas proposé.",
    "import_far": "{records} hors des rues du territoire : {named}.",
    "import_new": "ajoutée",
    "import_replaced": "remplacée",
    "import_unchanged": "inchangée",
    "import_merged": "mise à jour, sauf ce qui a été écrit à la main",
    "import_held": "correcte, en attente",
    "import_refused": "à corriger",
    "import_noted": "remarque",
    "import_done": "{file} : {stored} dans le registre ({new}, {replaced}, {merged}, {unchanged}), dont {without_place} sans lieu.",
    "childminder_unknown": "aucune assistante maternelle « {id} » dans ce registre.",
    "mam_unknown": "aucune MAM « {id} » dans ce registre.",
    "facility_unknown": "aucun établissement « {id} » dans ce registre.",
    "request_unknown": "aucune demande « {id} » dans ce registre.",
    "record_changed": (
        "la fiche « {id} » a changé entre-temps (version {found}, vous aviez la {read}) : rechargez-la avant de "
        "l'enregistrer."
    ),
    "database_address_unreadable": (
        "l'adresse de la base n'est pas lisible ; écrivez un chemin de fichier, sqlite:///chemin ou "
        "postgresql+psycopg://utilisateur@machine/base."
    ),
    "database_kind_unknown": (
        "les bases « {kind} » ne sont pas prises en charge ; choisissez SQLite ou PostgreSQL avec PostGIS."
    ),
    "database_driver_missing": (
        "le pilote de PostgreSQL n'est pas installé ; installez l'option « postgis » de rpe_geo."
    ),
    "database_not_sqlite": "ce fichier n'est pas une base SQLite.",
    "database_of_others": (
        "cette base SQLite contient déjà les tables d'une autre application ; donnez un autre fichier."
    ),
    "database_busy": "la base est occupée par une autre écriture ; réessayez dans un instant.",
    "database_unavailable": "la base de données ne répond pas ({reason}).",
    "database_without_postgis": (
        "cette base n'a pas l'extension PostGIS, et ce compte ne peut pas la créer ; demandez à l'administrateur "
        "« CREATE EXTENSION postgis »."
    ),
    "database_newer": (
        "cette base (révision {revision}) vient d'une version plus récente de rpe_geo, qui connaît ici la {known} ; "
        "mettez rpe_geo à jour."
    ),
    "encryption_key_unusable": (
        "la clé de chiffrement n'en est pas une : il faut 32 octets en base64, par exemple produits par « openssl rand "
        "-base64 32 | tr '+/' '-_' »."
    ),
    "encryption_key_missing": (
        "des données personnelles de ce registre sont chiffrées ; donnez la clé (RPE_ENCRYPTION_KEYS)."
    ),
    "encryption_key_wrong": "la clé de chiffrement n'est pas celle de ce registre.",
}
