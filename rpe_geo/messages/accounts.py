"""Accounts, in words."""

__all__ = ["AUDITED", "MESSAGES", "ROLES"]

MESSAGES = {
    "password_short": "un mot de passe compte au moins {least} caractères.",
    "password_long": "un mot de passe compte au plus {most} caractères.",
    "password_common": (
        "ce mot de passe est de ceux que l’on essaie en premier ; une phrase de quatre mots sans rapport fait mieux."
    ),
    "password_weak": (
        "ce mot de passe se devine trop facilement : prenez une phrase de quelques mots, qui ne contient pas seulement "
        "votre adresse ou la même lettre."
    ),
    "role_unknown": "le rôle « {given} » n’existe pas ; choisissez animateur, planner ou administrator.",
    "email_unreadable": "« {given} » n’est pas une adresse e-mail.",
    "email_taken": "un compte existe déjà pour {given}.",
    "account_unknown": "ce compte n’existe pas dans ce RPE.",
    "account_name_long": "un nom compte au plus {most} caractères.",
    "account_own": "On ne change pas son propre rôle et on ne se désactive pas : demandez à une autre administratrice ou un autre administrateur.",
    "account_last_administrator": (
        "C’est le dernier compte d’administration de ce RPE : donnez d’abord ce rôle à quelqu’un d’autre."
    ),
    "sign_in_wrong": "Identifiant ou mot de passe incorrect. Encore {left} avant une pause de 15 minutes.",
    "sign_in_paused": (
        "Trop d’essais : par sécurité, aucun mot de passe n’est regardé pendant 15 minutes. "
        "Vous pouvez aussi en choisir un nouveau avec « Mot de passe oublié »."
    ),
    "sign_in_by_password_off": "Ici, on se connecte avec {provider}.",
    "openid_no_account": (
        "Votre identité est reconnue, mais aucun compte n’est ouvert à votre adresse e-mail. "
        "Demandez à l’administratrice ou à l’administrateur de votre relais de l’ouvrir."
    ),
    "openid_email_unverified": (
        "{provider} ne garantit pas votre adresse e-mail : confirmez-la d’abord auprès de votre fournisseur d’identité."
    ),
    "openid_email_missing": "{provider} ne nous a pas donné votre adresse e-mail : nous ne savons pas quel compte ouvrir.",
    "openid_other_identity": (
        "Ce compte est lié à une autre identité. Si vous avez changé d’employeur ou de fournisseur d’identité, "
        "demandez à l’administratrice ou à l’administrateur de votre relais de délier l’ancienne."
    ),
    "openid_refused": "La connexion n’a pas été acceptée par {provider}. Rien n’a changé ici : vous pouvez recommencer.",
    "openid_stale": "La connexion a pris trop de temps ou a été ouverte dans un autre onglet. Recommencez depuis cette page.",
    "openid_untrusted": "La réponse de {provider} n’a pas pu être vérifiée. Recommencez ; si cela continue, prévenez le relais.",
    "openid_unavailable": "{provider} ne répond pas pour le moment. Réessayez dans quelques minutes.",
    "openid_incomplete": "RPE_OIDC_ISSUER demande aussi {name}.",
    "passwords_needed": "sans RPE_OIDC_ISSUER, les mots de passe sont la seule façon de se connecter : RPE_PASSWORDS doit rester vrai.",
    "public_url_insecure": "en production, RPE_PUBLIC_URL commence par https:// : les cookies et les liens ne voyagent que chiffrés.",
    "link_unusable": "Ce lien n’est plus valable.",
    "session_needed": "Connectez-vous pour continuer.",
    "form_expired": "Ce formulaire a expiré : rechargez la page, puis recommencez.",
    "role_not_allowed": "votre compte ne permet pas cela.",
    "default_secret": (
        "en production, {name} doit être une longue valeur au hasard ({least} caractères au moins) : choisissez-la, puis ne la changez plus."
    ),
    "encryption_keys_missing": (
        "en production, RPE_ENCRYPTION_KEYS est nécessaire : les données personnelles sont chiffrées. Une clé se fait par "
        "« openssl rand -base64 32 | tr '+/' '-_' » ; gardez-la hors des sauvegardes."
    ),
    "personal_data_in_clear": (
        "{count} document(s) personnel(s) de cette base ne sont pas chiffrés ; lancez « rpe-geo database reseal », puis démarrez."
    ),
    "database_role_too_strong": (
        "le rôle PostgreSQL « {role} » passe outre la sécurité par ligne (superutilisateur ou BYPASSRLS) ; donnez au service "
        "un rôle ordinaire."
    ),
    "service_address_insecure": "en production, {name} commence par https:// : ce qui part d’ici ne voyage que chiffré.",
    "mail_insecure": (
        "le serveur de courrier n’offre pas de liaison chiffrée (TLS), ou son certificat n’est pas reconnu : rien n’est parti. "
        "Corrigez RPE_SMTP_URL ou RPE_SMTP_CA_FILE ; RPE_SMTP_PLAIN=true accepte d’écrire en clair."
    ),
    "mail_failed": "le message n’a pas pu partir : le serveur de courrier ne répond pas.",
}

AUDITED = {
    "account_create": "Compte ouvert",
    "account_role_animateur": "Rôle : animatrice ou animateur",
    "account_role_planner": "Rôle : planification",
    "account_role_administrator": "Rôle : administration",
    "account_deactivate": "Compte désactivé",
    "account_reactivate": "Compte réactivé",
    "account_unlock": "Pause levée",
    "account_identity": "Identité déliée",
    "account_link": "Lien envoyé pour un mot de passe",
    "account_password": "Mot de passe choisi par la ligne de commande",
    "sign_in": "Connexion",
    "sign_in_openid": "Connexion par fournisseur d’identité",
    "password": "Mot de passe choisi par lien",
}
"""What the audit log notes of an account, in words."""

ROLES = {
    "animateur": "Animation",
    "planner": "Planification",
    "administrator": "Administration",
}
"""What each role is called on a page: without gender, as a task."""
