"""What is wrong with an order for invented data."""

MESSAGES = {
    "demonstration_drawn": "Dessin du territoire",
    "synthetic_childminders": "Invention du registre",
    "synthetic_no_places": (
        "aucune adresse ni aucune rue où loger des personnes fictives dans « {directory} » ; construisez le territoire avec "
        "--addresses ou --streets."
    ),
    "synthetic_count_negative": "on ne peut pas inventer {value} personnes : donnez un nombre positif ou nul.",
    "synthetic_folder": (
        "le dossier « {directory} » ne peut pas être créé : un fichier porte ce nom, ou vous n'avez pas le droit d'y écrire ; "
        "choisissez-en un autre."
    ),
    "synthetic_date": "la date « {value} » n'existe pas ; écrivez-la AAAA-MM-JJ, par exemple 2026-11-22.",
    "demonstration_missing": (
        "les fichiers du territoire de démonstration manquent dans « {directory} » ; recréez-les avec "
        "`rpe-geo synth {directory} --demonstration`, ou indiquez un territoire avec --territory."
    ),
    "synthetic_counts_missing": "dites combien en inventer : --childminders et --requests (ou --demonstration).",
}
