"""Accounts, in words."""

MESSAGES = {
    "password_short": "un mot de passe compte au moins {least} caractères.",
    "role_unknown": "le rôle « {given} » n'existe pas ; choisissez animateur, planner ou administrator.",
    "email_unreadable": "« {given} » n'est pas une adresse e-mail.",
    "email_taken": "un compte existe déjà pour {given}.",
    "sign_in_wrong": "Identifiant ou mot de passe incorrect. Après 5 essais, une pause de 15 minutes s'impose.",
    "link_unusable": "Ce lien n'est plus valable.",
    "session_needed": "Connectez-vous pour continuer.",
    "form_expired": "Ce formulaire a expiré : rechargez la page, puis recommencez.",
    "role_not_allowed": "votre compte ne permet pas cela.",
    "default_secret": (
        "en production, {name} doit être changé : donnez-lui une longue valeur au hasard, puis ne la changez plus."
    ),
    "mail_failed": "le message n'a pas pu partir : le serveur de courrier ne répond pas.",
}
