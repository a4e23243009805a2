"""Names for streets and people: invented, plausible, French."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence

import numpy as np

from rpe_geo.folding import fold_words

__all__ = ["FIRST_NAMES", "SURNAMES", "NamePool", "plain_capitals"]


def _words(text: str) -> tuple[str, ...]:
    """Read a list of words."""
    return tuple(text.split())


FIRST_NAMES: tuple[str, ...] = (
    _words("""Adèle Agathe Agnès Alice Aline Amandine Amélie Anaïs Angélique Anne Annick Annie Audrey Aurélie Aurore Béatrice Bernadette
    Brigitte Camille Carole Caroline Catherine Cécile Céline Chantal Charlotte Christelle Christine Claire Clara Claudine Clémence
    Colette Coralie Corinne Cristina Cynthia Danielle Delphine Denise Djamila Dominique Dorothée Élise Élodie Élisabeth Émilie Emma
    Estelle Eugénie Ève Évelyne Fabienne Fanny Farida Fatima Fatou Florence France Françoise Frédérique Gaëlle Geneviève Ghislaine
    Gisèle Gwenaëlle Hélène Inès Ingrid Irène Isabelle Jacqueline Jeanne Jennifer Jocelyne Joëlle Josiane Julie Juliette Justine
    Karima Karine Kelly Laetitia Laura Laure Laurence Léa Leïla Lina Linda Lucie Ludivine Lydie Magali Maïté Malika Manon Margot
    Maria Marianne Marie Marina Marine Marion Martine Mathilde Maud Mélanie Mélissa Michèle Mireille Monique Morgane Murielle
    Myriam Nadège Nadia Naïma Nathalie Nicole Noémie Nora Océane Odile Odette Ophélie Pascale Patricia Pauline Perrine Rachel
    Régine Rosalie Sabrina Samira Sandra Sandrine Sara Séverine Simone Solange Sonia Sophie Stéphanie Suzanne Sylvie Tatiana
    Thérèse Valérie Vanessa Véronique Virginie Viviane Yasmina Yvette Zoé Alain Benoît Bruno Christophe David Éric Fabrice Florian
    Guillaume Jérôme Julien Karim Kévin Laurent Loïc Mickaël Nicolas Olivier Pascal Romain Sébastien Stéphane Thierry Vincent""")
)
"""Common first names; the professionals are women in more than 99 cases of 100, as the list."""

SURNAMES: tuple[str, ...] = (
    _words("""Martin Bernard Thomas Petit Robert Richard Durand Dubois Moreau Laurent Simon Michel Lefebvre Leroy Roux David Bertrand Morel
    Fournier Girard Bonnet Dupont Lambert Fontaine Rousseau Vincent Muller Lefevre Faure Andre Mercier Blanc Guerin Boyer Garnier
    Chevalier Francois Legrand Gauthier Garcia Perrin Robin Clement Morin Nicolas Henry Roussel Mathieu Gautier Masson Marchand
    Duval Denis Dumont Marie Lemaire Noel Meyer Dufour Meunier Brun Blanchard Giraud Joly Riviere Lucas Brunet Gaillard Barbier
    Arnaud Martinez Gerard Roche Renard Schmitt Roy Leroux Colin Vidal Caron Picard Roger Fabre Aubert Lemoine Renaud Dumas Lacroix
    Olivier Philippe Bourgeois Pierre Benoit Rey Leclerc Payet Rolland Leclercq Guillaume Lecomte Lopez Jean Dupuy Guillot Hubert
    Berger Carpentier Sanchez Dupuis Moulin Louis Deschamps Huet Vasseur Perez Boucher Fleury Royer Klein Jacquet Adam Paris Poirier
    Marty Aubry Guyot Carre Charles Renault Charpentier Menard Maillard Baron Bertin Bailly Herve Schneider Fernandez Collet Leger
    Bouvier Julien Prevost Millet Perrot Daniel Cousin Germain Breton Besson Langlois Remy Rodriguez Lebreton Pelletier Leblanc
    Barre Lebrun Marchal Weber Mallet Hamon Boulanger Jacob Monnier Michaud Guichard Gillet Etienne Grondin Poulain Tessier Chevallier
    Collin Chauvin Bouchet Gay Lemaitre Benard Marechal Humbert Reynaud Antoine Hoarau Perret Barthelemy Cordier Pichon Lejeune
    Gilbert Lamy Delaunay Pasquier Carlier Laporte Diallo Traore Benali Haddad Nguyen Da-Silva Ferreira Pereira Bensaid Kone""")
)

_TREES = _words("""Acacias Aubépines Bouleaux Cèdres Cerisiers Charmes Châtaigniers Chênes Cormiers Cytises Églantiers Érables Figuiers Frênes
Genêts Glycines Hêtres Lilas Marronniers Mélèzes Merisiers Mûriers Noisetiers Noyers Ormes Peupliers Pruniers Sapins Saules Sorbiers
Sureaux Tilleuls Troènes Bleuets Coquelicots Iris Jonquilles Lavandes Myosotis Pâquerettes Pervenches Primevères Roses Violettes""")
_BIRDS = _words("""Alouettes Bergeronnettes Bouvreuils Chardonnerets Colverts Fauvettes Geais Grives Hirondelles Hérons Linottes Loriots
Martinets Merles Mésanges Passereaux Pinsons Rossignols Rouges-Gorges Sarcelles Tourterelles Verdiers""")
_CRAFTS = _words("""Tanneurs Drapiers Boulangers Chaudronniers Cloutiers Cordeliers Cordiers Couteliers Ferronniers Fileuses Fondeurs
Forgerons Gantiers Lavandières Luthiers Maçons Maréchaux Mariniers Meuniers Orfèvres Pêcheurs Potiers Sabotiers Selliers Tailleurs
Teinturiers Tisserands Tonneliers Tuiliers Vanniers Verriers Vignerons""")
_THINGS_F = _words("""Fontaine Halle Poste Mairie Gare Chapelle Croix Forge Grange Garenne Prairie Source Vallée Liberté Paix Fraternité
République Tannerie Poterie Tuilerie Glacière Sablière Passerelle Cure Prévôté Herse Tour Monnaie Barre Motte Roseraie Métairie
Varenne Brosse Briqueterie Coudraie Châtaigneraie Saulaie Pommeraie Grenouillère Perrière Borde Croisée""")
_THINGS_M = _words("""Moulin Château Marché Lavoir Puits Pont Port Stade Cimetière Presbytère Prieuré Couvent Pressoir Four Verger Vallon
Coteau Ruisseau Bois Parc Théâtre Collège Musée Gué Bac Chevet Beffroi Donjon Cloître Colombier Clocher Vivier Calvaire Tertre Levant
Couchant Midi Nord Faubourg Champ-de-Foire Pré-Long Pré-aux-Oies Clos-Fleuri Vieux-Chêne Bel-Air Grand-Pré Petit-Bois Bout-du-Monde""")
_THINGS_L = [
    "Église",
    "Abbaye",
    "Abreuvoir",
    "Aire",
    "Ancienne-Gare",
    "École",
    "Écluse",
    "Étang",
    "Hôpital",
    "Hôtel-de-Ville",
    "Orangerie",
    "Ormeau",
    "Horloge",
    "Industrie",
    "Avenir",
    "Union",
    "Égalité",
    "Espérance",
    "Aulnaie",
    "Enclos",
    "Argenterie",
]
_THINGS_P = _words("""Remparts Fossés Jardins Vignes Prés Champs Halles Écoles Carmes Ursulines Capucins Pénitents Augustines Lices Arcades Trois-Rois
Quatre-Vents Deux-Ponts Trois-Pigeons Bons-Enfants Granges Landes Bruyères Fougères Sources Roches Carrières Sablons Grèves Îles
Coteaux Combes Petits-Champs Longues-Raies Terres-Rouges Hauts-Prés Basses-Cours""")
_DATES = [
    "du 8 Mai 1945",
    "du 11 Novembre",
    "du 14 Juillet",
    "du 19 Mars 1962",
    "du 4 Septembre",
    "du 1er Mai",
]
_TITLES = ("du Docteur", "du Général", "du Capitaine", "de l'Abbé", "du Président", "du Commandant")
_FAME_WOMEN = _words("""Adélaïde Apolline Blanche Célestine Émilienne Gabrielle Honorine Joséphine Léontine Marcelline Philomène Victorine
Zélie""")
_FAME_MEN = _words("""Ambroise Anselme Armand Auguste Barnabé Célestin Edmond Ernest Eugène Ferdinand Gaston Hippolyte Isidore Jules Justin
Léopold Lucien Octave Prosper Théodore Valentin""")
_FAME_LAST = _words("""Aubespin Baudrimont Berthelin Blanchefort Boisjoly Brisacier Cantelou Chamberlin Coudrecieux Daguenet Delorge Desforges-Mazet
Duclairoy Estrabaud Fauquembert Ferrandier Garancher Gaudremont Hautecour Hébrard-Lasnier Jouvencel Lachaumette Lagrenouille Lamirault
Lespinette Malbranque Marcilhac-Roy Montrichet Noirclerc Orgerus Pellevoisin Quatrebarbes Ravenel-Thouars Rochebonne Saintonger
Sarrazeuil Taillebois Thibaudier Vaucormeil Verdaguer-Lys Villehardin""")
_SAINTS = _words("""Aubin Barthélemy Blaise Brice Cyr Éloi Fiacre Florent Gengoult Gilles Hilaire Jacques Jean Julien Laurent Léger Loup Mamert Martin
Maur Médard Nicolas Ouen Pierre Roch Sulpice Symphorien Vincent Yves Anne Barbe Catherine Cécile Claire Marguerite Radegonde""")
_FARMS_ROOT = _words("""Audebert Barbelin Bergerot Bizeau Bodin Brossard Chapron Cottereau Daudin Fouchard Gandon Gaudin Girardot Guérin Jarry
Loriot Mabille Maupas Michau Moreau Nadaud Pasquet Perrot Pinson Piron Raboteau Rabier Renaudin Richer Rousselot Tardif Thébault""")
_FARMS = _words("""la_Borde-Neuve la_Brosse le_Buisson-Rond la_Caillauderie la_Chaume le_Clos-Renard la_Coudraie la_Croix-Blanche l'Épinette
l'Étang-Neuf la_Fontaine-aux-Loups la_Fosse-Belle le_Gué-Perrin les_Grandes-Vignes la_Haie-Longue la_Grande-Métairie la_Petite-Métairie
le_Moulin-Brûlé le_Moulin-Vieux la_Motte-Chauvin le_Noyer-Vert les_Ormeaux le_Pas-de-l'Âne la_Pierre-Levée le_Plessis-Joly le_Poirier-Rond
la_Rabouillère les_Quatre-Routes la_Ronce la_Roche-Fauve la_Touche-Godet le_Tremblay-Sec la_Varenne-Haute la_Vallée-aux-Chiens
le_Vau-Morin la_Vieille-Tuilerie les_Trois-Bornes Bellevue Beauregard Bel-Air Malassis Montplaisir Tournebride Pince-Loup Heurtebise
Maison-Rouge Chante-Alouette Plaisance l'Hermitage la_Gaucherie la_Bretonnerie les_Bas-Champs""")


def _elide(name: str, particle: str = "de") -> str:
    """Write « de X » or « d'X »."""
    article = re.match(r"(les |le |la |l')", name)
    if article:
        bare = name[article.end() :]
        return {
            "le": f"du {bare}",
            "la": f"de la {bare}",
            "les": f"des {bare}",
            "l'": f"de l'{bare}",
        }[article[1].strip()]
    return (
        f"d'{name}"
        if name[0] in "AÉEÈÊIOUYHÎ" and not name.startswith("Ha")
        else f"{particle} {name}"
    )


def _plural(root: str) -> str:
    """Write « les Guérins », « les Bizeaux »."""
    return root if root[-1] in "sxz" else f"{root}x" if root.endswith("eau") else f"{root}s"


class NamePool:
    """
    Street names, each used once in a commune and common ones in many communes, as in France.

    Parameters
    ----------
    rng
        Source of chance.
    """

    def __init__(self, rng: np.random.Generator) -> None:
        self.rng = rng
        self.used: dict[str, set[str]] = defaultdict(set)
        self.farms = [name.replace("_", " ") for name in _FARMS]
        self.farms += [
            f"les {_plural(root)}" if i % 2 else f"chez {root}"
            for i, root in enumerate(_FARMS_ROOT)
        ]
        rng.shuffle(self.farms)

    def _one(self, words: Sequence[str]) -> str:
        return words[int(self.rng.integers(len(words)))]

    def farm(self) -> str:
        """Give a farm or hamlet its name, used once."""
        return self.farms.pop()

    def _complement(self, theme: str) -> str:
        if theme == "nature":
            return f"des {self._one([*_TREES, *_BIRDS])}"
        if theme == "old":
            draw = self.rng.random()
            if draw < 0.4:
                return f"des {self._one(_CRAFTS)}"
            if draw < 0.58:
                saint = self._one(_SAINTS)
                return f"{'Sainte' if saint in _SAINTS[-6:] else 'Saint'}-{saint}"
            return self._thing()
        if theme == "person":
            return self._person()
        draw = self.rng.random()
        if draw < 0.28:
            return self._person()
        if draw < 0.36:
            return self._one(_DATES)
        if draw < 0.66:
            return f"des {self._one([*_TREES, *_BIRDS, *_CRAFTS])}"
        return self._thing()

    def _person(self) -> str:
        """Invent somebody a street could be named after."""
        draw = self.rng.random()
        last = self._one(_FAME_LAST)
        if draw < 0.3:
            return f"{self._one(_TITLES)} {last}"
        return f"{self._one(_FAME_WOMEN if draw < 0.55 else _FAME_MEN)} {last}"

    def _thing(self) -> str:
        draw = self.rng.random()
        if draw < 0.33:
            return f"de la {self._one(_THINGS_F)}"
        if draw < 0.63:
            return f"du {self._one(_THINGS_M)}"
        if draw < 0.78:
            return f"de l'{self._one(_THINGS_L)}"
        return f"des {self._one(_THINGS_P)}"

    def street(self, code_commune: str, kind: str, theme: str) -> str:
        """Name a street of a type (« Rue », « Impasse »…) that the commune does not have yet."""
        for _ in range(200):
            complement = self._complement(theme)
            # One complement serves one way of the commune; a close may share the name of its street.
            key = complement if kind not in {"Impasse", "Allée"} else f"{kind} {complement}"
            if key not in self.used[code_commune]:
                self.used[code_commune].add(key)
                return f"{kind} {complement}".replace(" de de ", " de ")
        raise AssertionError(f"no more street names in {code_commune}")

    def fixed(self, code_commune: str, name: str) -> str | None:
        """Take a given name; None when the commune has it already."""
        if name in self.used[code_commune]:
            return None
        self.used[code_commune].add(name)
        complement = name.split(" ", 1)[1] if " " in name else name
        self.used[code_commune].add(complement)
        return name

    @staticmethod
    def towards(kind: str, place: str) -> str:
        """Name a road by where it leads: « Route de Courvaly », « Chemin du Moulin-Vieux »."""
        place = place[0].lower() + place[1:] if re.match(r"(Le|La|Les|L')\b", place) else place
        return (
            f"{kind} {_elide(place)}"
            if not place.startswith("chez ")
            else f"{kind} de {place[0].upper()}{place[1:]}"
        )


def plain_capitals(text: str) -> str:
    """Write as the post does: capitals without accents, hyphens or apostrophes."""
    return fold_words(text).upper()
