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
    "database_older": (
        "cette base (révision {revision}) vient d'une version plus ancienne de rpe_geo, qui connaît ici la {known} ; "
        "essayez « rpe-geo database upgrade --dry-run », puis « rpe-geo database upgrade »."
    ),
    "database_missing": (
        "aucun registre à {database} ; vérifiez RPE_DATABASE_URL ou --database, ou créez-le par « rpe-geo import » ou "
        "« rpe-geo user create »."
    ),
    "database_empty": (
        "ce fichier est vide et n'est pas pris pour un nouveau registre ; remettez une sauvegarde (« rpe-geo restore »), "
        "ou supprimez-le pour repartir de rien."
    ),
    "database_damaged": (
        "cette base est endommagée ({reason}) ; arrêtez le service et remettez une sauvegarde (« rpe-geo restore --replace »)."
    ),
    "masking_cells_lost": (
        "les cellules qui masquent les domiciles sont perdues ou endommagées ({found} feuilles sur {kept}) : en tracer de "
        "nouvelles révélerait où l'on habite. Remettez une sauvegarde (« rpe-geo restore ») ; à défaut, « rpe-geo database "
        "accept-new-zones --yes » accepte de les redessiner."
    ),
    "masking_cells_elsewhere": (
        "des domiciles ont été publiés avec des cellules gardées par une version précédente, introuvables ici (dossier "
        "« masking » des données de l'utilisateur). Copiez ce dossier depuis l'ancienne machine ; à défaut, « rpe-geo "
        "database accept-new-zones --yes » accepte de redessiner les zones."
    ),
    "new_zones_unconfirmed": (
        "de nouvelles zones, comparées aux anciennes, peuvent révéler un domicile ; si aucune sauvegarde n'a les cellules "
        "perdues, confirmez avec --yes."
    ),
    "encryption_keys_needed": "aucune clé de chiffrement : donnez RPE_ENCRYPTION_KEYS.",
    "person_unknown": (
        "« {id} » n'est ici ni une demande, ni une fiche d'assistante maternelle, ni l'e-mail d'un compte de ce RPE."
    ),
    "person_last_administrator": (
        "ce compte est le dernier à administrer un RPE : donnez d'abord ce rôle à quelqu'un d'autre."
    ),
    "erasure_unconfirmed": "effacer est sans retour : ajoutez --yes.",
    "person_title": "Ce que nous savons de vous",
    "person_about": "Vos droits",
    "person_rights": (
        "Ce document réunit toutes les données qui vous concernent dans le registre du relais (article 15 du RGPD) ; le fichier "
        "JSON qui l'accompagne est lisible par un ordinateur (article 20). Vous pouvez demander leur correction ou leur "
        "effacement : {contact}. Vous pouvez aussi saisir la CNIL (cnil.fr)."
    ),
    "person_table_requests": "Votre demande",
    "person_table_request_files": "Votre famille",
    "person_table_request_contacts": "Comment vous joindre",
    "person_table_childminders": "Votre fiche",
    "person_table_childminder_identities": "Qui vous êtes",
    "person_table_accounts": "Votre compte",
    "person_table_memberships": "Vos rôles",
    "person_table_sessions": "Vos connexions ouvertes",
    "person_table_imported_records": "Ce qu'un fichier disait de vous",
    "person_table_case_events": "Ce qui a été noté",
    "person_table_audit_entries": "Qui a lu ou modifié votre dossier",
    "person_kept_case_events": (
        "{count} fait(s) sans nom, pour l'activité que le relais doit à la CAF (référentiel national des RPE)."
    ),
    "person_kept_audit_entries": (
        "{count} ligne(s) du journal des accès, sans son identifiant, jusqu'à leur terme (article 5.2 du RGPD : pouvoir "
        "rendre compte)."
    ),
    "person_backups": (
        "Les sauvegardes déjà faites la contiennent encore jusqu'à leur remplacement : notez l'effacement pour le refaire après "
        "une restauration."
    ),
    "backup_missing": "ce dossier n'est pas une sauvegarde de rpe_geo (backup.json manque).",
    "backup_unreadable": "ce fichier n'est pas la description d'une sauvegarde de rpe_geo, ou il est endommagé.",
    "backup_damaged": "la sauvegarde est endommagée ou incomplète ({file}) ; prenez-en une autre.",
    "backup_newer": (
        "la sauvegarde (révision {revision}) vient d'une version plus récente de rpe_geo, qui connaît ici la {known} ; "
        "mettez rpe_geo à jour."
    ),
    "backup_older": (
        "La sauvegarde est de la révision {revision} ; après l'avoir remise, lancez « rpe-geo database upgrade » (révision {known})."
    ),
    "backup_key_missing": (
        "une clé de chiffrement de cette sauvegarde manque ici : donnez celles de l'ancienne installation (RPE_ENCRYPTION_KEYS)."
    ),
    "backup_other_masking_secret": (
        "{name} n'est pas celui de l'installation sauvegardée : les zones masquées seraient tracées ailleurs ; donnez l'ancien."
    ),
    "backup_other_secret_key": (
        "{name} n'est pas celle de l'installation sauvegardée : les liens déjà envoyés ne s'ouvriront plus."
    ),
    "backup_other_kind": "cette sauvegarde est celle d'une base {kind} ; donnez l'adresse d'une telle base.",
    "backup_target_taken": (
        "il y a déjà un registre à {database} ; arrêtez le service et ajoutez --replace pour qu'il cède la place."
    ),
    "backup_tool_missing": "l'outil {tool} de PostgreSQL n'est pas installé sur cette machine.",
    "backup_tool_failed": "{tool} n'a pas abouti : {reason}",
    "backup_role_blind": (
        "ce rôle de PostgreSQL ne voit pas les lignes de tous les RPE, la sauvegarde serait incomplète ; donnez dans "
        "RPE_BACKUP_DATABASE_URL un rôle superutilisateur ou BYPASSRLS, réservé aux sauvegardes."
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
