"""What is wrong with a file of records, and what a person should look at."""

MESSAGES = {
    "file_damaged": (
        "ce fichier est endommagé, incomplet, ou n'est pas du format que dit son nom ({kind}) ; téléchargez-le ou exportez-le "
        "de nouveau."
    ),
    "disk_full": "le disque est plein : rien n'a été écrit à moitié ; faites de la place, puis recommencez.",
    "unforeseen": (
        "erreur imprévue ({kind}, {place}) ; RPE_DEBUG=1 devant la commande en montre le détail, à joindre au signalement."
    ),
    "records_refused": (
        "{first} Et encore {others}, {rows} à corriger en tout ; rien n'est repris du fichier."
    ),
    "file_unreadable": "ce fichier ne peut pas être lu ({reason}).",
    "file_unwritable": "ce fichier ne peut pas être écrit ({reason}).",
    "file_kind_unknown": "les fichiers « {ending} » ne sont pas lus ici ; donnez un .json, un .csv ou un .xlsx.",
    "file_not_text": "ce fichier n'est pas un texte : enregistrez-le en UTF-8.",
    "file_not_workbook": "ce fichier n'est pas un classeur Excel (.xlsx) lisible.",
    "file_broken_json": (
        "le JSON est incomplet ou mal écrit, ligne {line}, colonne {column} ({reason}) : une virgule, un guillemet ou "
        "une accolade manque sans doute."
    ),
    "file_broken_csv": "le CSV est mal écrit à la ligne {line} du fichier ({reason}) : un guillemet de trop ou de moins ?",
    "json_key_twice": "la clé « {key} » est écrite deux fois dans le même objet ; gardez-en une.",
    "json_too_deep": "le JSON est imbriqué trop profondément pour être une liste de fiches.",
    "file_not_records": "le fichier doit contenir une liste d'objets, et non {found}.",
    "header_twice": "la colonne « {field} » figure deux fois ; gardez-en une.",
    "required_column_missing": "la colonne « {field} » est obligatoire et manque.",
    "sheet_ignored": "la feuille « {sheet} » n'est pas connue et n'est pas reprise.",
    "row_too_long": "cette ligne compte {cells} cellules pour {columns} colonnes : un séparateur de trop ?",
    "row_without_key": "il faut indiquer à quelle fiche cette ligne se rattache ({key}).",
    "row_orphan": "aucune fiche de {main} n'a l'identifiant « {value} ».",
    "table_twice": (
        "{table} est donné à la fois dans la fiche et dans un tableau à part ({file}) ; gardez l'un des deux."
    ),
    "required_field_missing": "le champ « {field} » est obligatoire.",
    "field_misspelt": "« {field} » est inconnu ; vouliez-vous dire « {nearest} » ?",
    "field_ignored": "« {field} » est inconnu et n'est pas repris.",
    "value_wrong_type": "il faut {expected}, et non « {value} ».",
    "number_too_large": "le nombre {value} est hors de toute vraisemblance.",
    "text_too_long": "le texte « {value} » dépasse {limit} caractères.",
    "id_too_long": "un identifiant compte au plus {limit} caractères.",
    "text_control_character": "le texte « {value} » contient un caractère de commande invisible ; retapez-le.",
    "date_unreadable": "la date « {value} » n'est pas lisible ; écrivez année-mois-jour, par exemple 2027-01-04.",
    "date_impossible": "la date « {value} » n'existe pas dans le calendrier.",
    "date_implausible": (
        "l'année de la date « {value} » n'est pas vraisemblable ; pour « sans fin », laissez le champ vide."
    ),
    "choice_unknown": "« {value} » n'est pas possible ici ; choisissez parmi : {choices}.",
    "id_twice": "l'identifiant « {value} » est déjà celui de la ligne {first}.",
    "contract_twice": "le contrat « {value} » figure deux fois chez la même professionnelle.",
    "contracts_beyond_places": (
        "à partir du {since}, ses contrats réunissent {children} enfants, plus que les places de l'agrément "
        "({places}) : vérifiez leurs dates et leurs horaires."
    ),
    "more_doubts": "Et encore {count} autres points à vérifier ; l'import les dit tous.",
    "cycles_too_long_together": (
        "les disponibilités et les heures d'accueil ne se répètent ensemble que toutes les {weeks} semaines, pour "
        "{limit} au plus : ramenez leurs cycles à des durées qui s'accordent (2 et 4 semaines, par exemple)."
    ),
    "weeks_per_year_range": "{value} semaines par an : il en faut plus de 0 et {limit} au plus.",
    "birth_far": "naissance attendue le {birth_date}, plus d'un an après le début demandé : à vérifier.",
    "capability_unknown": "le mot « {value} » n'est pas un besoin fonctionnel connu ; il est gardé tel quel.",
    "agrement_above_four": (
        "un agrément de {value} places dépasse les quatre de droit commun : vérifiez l'attestation (le nombre "
        "s'applique tel qu'il est écrit)."
    ),
    "mam_not_yet_known": "aucune MAM « {value} » n'est connue ; elle est supposée de 4 présences et 20 enfants.",
    "child_age": "un enfant né le {birth_date} a plus de douze ans au début de l'accueil : vérifiez la date.",
    "coordinates_far": (
        "latitude {latitude}, longitude {longitude} : ce point est hors de France ; vérifiez les coordonnées."
    ),
    "geojson_expected": "ce fichier n'est pas un GeoJSON : il faut une « FeatureCollection ».",
    "geojson_crs": "le système de coordonnées « {value} » n'est pas connu ; donnez le fichier en WGS 84 (EPSG:4326).",
    "geojson_geometry": "cet objet n'a pas de point ni de surface d'où tirer un lieu.",
    "facility_kind_unknown": "la nature du lieu n'est dite nulle part ; il est gardé comme « autre ».",
}
