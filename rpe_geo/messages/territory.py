"""What is wrong with a territory on disk, or with what it is built from."""

MESSAGES = {
    "territory_damaged": (
        "le territoire {directory} est endommagé (dossier « {part} ») ; reconstruisez-le par « rpe-geo territory build »."
    ),
    "territory_missing": (
        "« {directory} » n'est pas un territoire ; construisez-le avec `rpe-geo territory build`, ou indiquez un autre "
        "dossier avec --territory ou RPE_TERRITORY."
    ),
    "territory_not_set": (
        "aucun territoire n'est indiqué ; ajoutez --territory DOSSIER ou la variable RPE_TERRITORY."
    ),
    "territory_foreign_folder": (
        "« {directory} » existe et n'est pas un territoire ; choisissez un autre dossier ou videz celui-ci."
    ),
    "territory_format": (
        "le territoire « {directory} » est d'un format {found} que cette version ne lit pas (elle lit le {expected}) ; "
        "reconstruisez-le avec `rpe-geo territory build`."
    ),
    "territory_nothing_given": (
        "rien à construire : donnez au moins --streets, --addresses, --communes ou --gtfs."
    ),
    "territory_without": (
        "le territoire « {directory} » ne contient pas {what} ; reconstruisez-le avec {option}."
    ),
    "communes_column_missing": (
        "la colonne « {column} » manque ; les colonnes lues sont : {columns}."
    ),
    "commune_unknown": (
        "aucune commune {code} dans ce fichier ; vérifiez le code INSEE (cinq caractères, zéro initial compris)."
    ),
    "contours_without_communes": "--contours dessine les communes : donnez aussi --communes.",
    "parquet_unreadable": "ce fichier n'est pas un fichier Parquet lisible ({detail}).",
    "cog_unreadable": "ce fichier n'est pas une liste JSON de communes du Code officiel géographique.",
}
