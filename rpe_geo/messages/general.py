"""Sentences that any room may need: files, dates, coordinates, parameters."""

MESSAGES = {
    "file_missing": "ce fichier n'existe pas : vérifiez le chemin.",
    "file_empty": "ce fichier est vide.",
    "folder_missing": "le dossier « {folder} » n'existe pas : créez-le, ou écrivez ailleurs.",
    "coordinates_swapped": (
        "latitude {latitude}, longitude {longitude} : les deux semblent inversées (en France métropolitaine la "
        "latitude est entre 41 et 52, la longitude entre − 6 et 10)."
    ),
    "coordinates_outside": "latitude {latitude}, longitude {longitude} : ce point n'est pas sur la Terre.",
    "parameter_table_unknown": "aucune table « {given} » ; les tables connues sont : {known}.",
    "parameter_unknown": "aucun paramètre « {name} » dans la table « {table} ».",
}
