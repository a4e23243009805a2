"""
The commands by name: the module of each and the line that `rpe-geo --help` shows.

The help of the whole command line is printed from here: it does not wait for what thirty modules import. A test holds
that the lines are those of the commands themselves.
"""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["COMMANDS", "Command"]


class Command(NamedTuple):
    """
    One command.

    Parameters
    ----------
    module
        Of this package; it has `register(app)`.
    summary
        First line of its help.
    is_group
        Whether it has commands of its own.
    """

    module: str
    summary: str
    is_group: bool = False


COMMANDS = {
    "demo": Command(
        "demo",
        "Construire le territoire de démonstration et classer des professionnels pour une famille.",
    ),
    "serve": Command(
        "serve",
        "Ouvrir les pages et l’API ; Ctrl + C les ferme après avoir fini ce qui est en cours.",
    ),
    "territory": Command(
        "territory", "Construire ou décrire un territoire sur disque.", is_group=True
    ),
    "geocode": Command(
        "geocode",
        "Situer les adresses d’un fichier CSV : coordonnées, précision, et ce qui reste à vérifier.",
    ),
    "matrix": Command("travel", "Calculer les temps de trajet entre des points, de porte à porte."),
    "isochrone": Command("travel", "Dessiner ce que l’on atteint en un temps donné."),
    "import": Command(
        "registry",
        "Importer des fiches dans le registre : toutes, ou aucune si l’une est à corriger.",
    ),
    "registry": Command("registry", "Décrire ou exporter le registre.", is_group=True),
    "check": Command(
        "check",
        "Vérifier toutes les règles pour chaque demande et chaque assistante maternelle, sans territoire.",
    ),
    "suggest": Command(
        "suggest",
        "Classer les professionnels qui peuvent accueillir un enfant, avec leurs raisons.",
    ),
    "exposure": Command(
        "exposure",
        "Vérifier la neutralité : dire si chaque professionnel est montré autant que le sort le voudrait, à mérite égal.",
    ),
    "access": Command(
        "observatory", "Mesurer l’accès de chaque zone aux places, partagées ou non."
    ),
    "assign": Command(
        "assign",
        "Attribuer les places d’une commission : barème ou bien-être, règles vérifiées, motifs dits.",
    ),
    "observatory": Command(
        "observatory", "Mesurer l’offre et les besoins d’accueil d’un territoire.", is_group=True
    ),
    "isolation": Command(
        "isolation",
        "Mesurer l’isolement des professionnels : trajets, contacts, et temps de travail du relais.",
    ),
    "rounds": Command(
        "rounds",
        "Choisir les salles et demi-journées d’un relais itinérant, et en écrire le calendrier.",
    ),
    "scenario": Command(
        "scenario",
        "Rejouer les demandes réelles sur une offre changée : qui gagne, qui perd, où l’accès change.",
    ),
    "site": Command("site", "Choisir où ouvrir : des lieux, une borne prouvée, et ce qui se vaut."),
    "synth": Command("synth", "Inventer un registre de toute taille : aucune personne réelle."),
    "template": Command(
        "template", "Écrire un classeur vide, avec titres en français, aide et exemple."
    ),
    "user": Command("user", "Les comptes des professionnels.", is_group=True),
    "purge": Command(
        "purge",
        "Rendre anonymes les demandes sans échange depuis la durée de conservation (12 mois).",
    ),
    "backup": Command(
        "backup", "Sauvegarder le registre, service ouvert : un dossier complet, ou rien."
    ),
    "restore": Command("backup", "Remettre une sauvegarde en place, après l’avoir vérifiée."),
    "database": Command("database", "Entretenir la base du registre.", is_group=True),
    "person": Command("person", "Droits d’une personne : accès, copie, effacement.", is_group=True),
    "doctor": Command(
        "doctor",
        "Examiner l’installation sans rien changer : réglages, base, disque, courrier, territoire, horloge, droits.",
    ),
    "nightly": Command(
        "nightly",
        "Sauvegarder, purger ce qui est trop ancien, et ne garder que les dernières sauvegardes.",
    ),
    "parameters": Command(
        "parameters",
        "Lister les valeurs datées : source, certitude, âge, et ce qui aurait dû être revalorisé depuis.",
    ),
}
"""In the order in which the help shows them, groups after the others."""
