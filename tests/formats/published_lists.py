"""
Invented lists in the layouts that towns, départements and portals really publish: titles, separators, encodings, kinds.

No name, number or place of a real list is kept: what is imitated is how the producers write.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import geopandas as gpd
import openpyxl
import shapely

__all__ = ["CASES", "Case"]

Row = tuple[str, str, int | None]
"""Name, kind, places that must come out."""


@dataclass(frozen=True)
class Case:
    """
    One list and what must come out of it.

    Parameters
    ----------
    file
        Its name.
    content
        Its bytes, or a function that writes it into a folder.
    rows
        Name, kind and places of each record, in order.
    kind
        What its records are.
    placed
        Records that must have a point.
    filled
        Fields that must stand in every record.
    said
        Codes of notes that must be there.
    """

    file: str
    content: bytes | Callable[[Path], Path]
    rows: list[Row]
    kind: str = "facilities"
    placed: int = 0
    filled: tuple[str, ...] = ("name",)
    said: tuple[str, ...] = field(default=())


def _text(written: str, encoding: str = "utf-8") -> bytes:
    return (written.strip("\n") + "\n").encode(encoding)


def _json(content: object) -> bytes:
    return json.dumps(content, ensure_ascii=False).encode()


def _features(*features: tuple[dict[str, object], list[float] | None]) -> dict[str, object]:
    return {
        "type": "FeatureCollection",
        "features": [
            {
                "type": "Feature",
                "properties": properties,
                "geometry": None if at is None else {"type": "Point", "coordinates": at},
            }
            for properties, at in features
        ],
    }


def _xlsx(*sheets: tuple[str, list[list[object]]], merged: str = "") -> bytes:
    book = openpyxl.Workbook()
    book.remove(book.active)
    for title, lines in sheets:
        sheet = book.create_sheet(title)
        for line in lines:
            sheet.append(line)
        if merged:
            sheet.merge_cells(merged)
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def _zip(**members: bytes) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, content in members.items():
            archive.writestr(name.replace("__", "/").replace("_dot_", "."), content)
    return stream.getvalue()


def _shapefile(folder: Path) -> Path:
    """A zipped shapefile of a département in Lambert 93: titles of ten characters at most."""
    frame = gpd.GeoDataFrame(
        {
            "ID_EAJE": [1, 2, 3],
            "NOM_STRUCT": ["Les Tilleuls", "Pomme de Reinette", "Relais du Val"],
            "TYPE_STRUC": ["Multi-accueil", "Micro-crèche", "Relais petite enfance"],
            "CAPA_ACC": [25, 10, 0],
            "ADR_VOIE": ["1 rue du Lavoir", "2 rue Neuve", "3 place Haute"],
            "CODE_POST": ["63100", "63200", "63300"],
            "LIB_COMM": ["Vic", "Mont", "Val"],
        },
        geometry=[shapely.Point(706_000 + 900 * n, 6_520_000) for n in range(3)],
        crs=2154,
    )
    inner = folder / "EAJE_L93"
    inner.mkdir()
    frame.to_file(inner / "EAJE_L93.shp", encoding="utf-8")
    target = folder / "eaje-l93.zip"
    with zipfile.ZipFile(target, "w") as archive:
        for one in sorted(inner.iterdir()):
            archive.write(one, f"donnees/{one.name}")
        archive.writestr("donnees/lisez-moi.txt", "Table des établissements du département")
    return target


def _geopackage(folder: Path) -> Path:
    """Two layers: quartiers (polygons) before the list (points)."""
    target = folder / "petite_enfance.gpkg"
    squares = gpd.GeoDataFrame(
        {"quartier": ["Nord"]}, geometry=[shapely.box(3.0, 45.0, 3.2, 45.2)], crs=4326
    )
    squares.to_file(target, layer="quartiers", driver="GPKG")
    places = gpd.GeoDataFrame(
        {
            "nom_etab": ["Crèche Doudou", "Halte Doudou", "École Doudou"],
            "typologie": ["crèche collective", "halte-garderie", "école maternelle publique"],
            "nb_pl_agre": [30, 12, None],
        },
        geometry=[shapely.Point(3.1 + n / 100, 45.1) for n in range(3)],
        crs=4326,
    )
    places.to_file(target, layer="equipements_pe", driver="GPKG")
    return target


def _mapinfo_like_kml(folder: Path) -> Path:
    target = folder / "creches.kml"
    frame = gpd.GeoDataFrame(
        {"Name": ["Crèche du Port", "Multi-accueil du Quai"], "Description": ["", ""]},
        geometry=[shapely.Point(-1.6, 47.2), shapely.Point(-1.61, 47.21)],
        crs=4326,
    )
    frame.to_file(target, driver="KML")
    return target


CASES: list[Case] = [
    # ---- Opendatasoft portals ----
    Case(
        "etablissements-daccueil-de-la-petite-enfance-pe.csv",
        _text("""
nom;type;adresse;cp;commune;code_insee;tel;gestion;gestionnaire;capacite;nb_accueil_fam;age_mini_mois;age_maxi_mois;geo_point_2d
Les Hirondelles;Multi-accueil;1 RUE DU PUITS;92990;SAINTE-AULDE;92990;01 40 00 00 01;Commune;Commune de Sainte-Aulde;60.0;;2.5;48.0;48.9196, 2.2287
Bulle de Coton;Micro-crèche;12 AVENUE VERTE;92990;SAINTE-AULDE;92990;01 40 00 00 02;Société;SAS Bulle;12.0;;2.5;48.0;48.9163, 2.2528
La Ronde;Crèche familiale;3 RUE HAUTE;92990;SAINTE-AULDE;92990;;Commune;Commune de Sainte-Aulde;40.0;40.0;2.5;36.0;48.9111, 2.2412
"""),
        [("Les Hirondelles", "multi-accueil", 60), ("Bulle de Coton", "micro-crèche", 12), ("La Ronde", "crèche", 40)],
        placed=3,
        filled=("name", "kind", "address", "places", "age_min_months", "age_max_months"),
    ),
    Case(
        "eaje_cd_l93.csv",
        _text("""
Geo Point;Geo Shape;Statut;id;nom;type d'accueil;nombre de places;gestionnaire;adresse;ville;insee
48.91,2.36;"{""coordinates"": [2.36, 48.91], ""type"": ""Point""}";commune;11;LA PETITE OURSE;crèche collective;45;Ville;4 rue des Fleurs;AUBRELLE;93990
48.92,2.37;"{""coordinates"": [2.37, 48.92], ""type"": ""Point""}";associatif;12;LES PETITS PAS;crèche parentale;16;Association;8 rue des Arts;AUBRELLE;93990
48.93,2.38;"{""coordinates"": [2.38, 48.93], ""type"": ""Point""}";département;13;LES LUTINS;multi-accueil collectif et familial;70;CD;5 mail Nord;AUBRELLE;93990
"""),
        [("LA PETITE OURSE", "crèche", 45), ("LES PETITS PAS", "crèche", 16), ("LES LUTINS", "multi-accueil", 70)],
        placed=3,
        filled=("name", "kind", "address", "places"),
    ),
    Case(
        "accueil-petite-enfance.json",
        _json(
            {
                "total_count": 2,
                "results": [
                    {"nom_de_l_etablissement": "Les Galets", "type_de_structure": "Crèche", "nombre_de_places_agreees": 32, "adresse_postale": "3 rue du Lac", "code_postal": "74999", "localisation": {"lon": 6.1, "lat": 45.9}},
                    {"nom_de_l_etablissement": "Les Cygnes", "type_de_structure": "Halte-garderie", "nombre_de_places_agreees": 15, "adresse_postale": "9 quai Sud", "code_postal": "74999", "localisation": {"lon": 6.11, "lat": 45.91}},
                ],
            }
        ),
        [("Les Galets", "crèche", 32), ("Les Cygnes", "halte-garderie", 15)],
        placed=2,
        filled=("name", "kind", "address", "places"),
    ),
    Case(
        "creches-v1.json",
        _json(
            [
                {"datasetid": "creches", "recordid": "a1", "fields": {"denomination": "Crèche Rouget", "capa": 22, "voie": "rue Rouget", "no_voie": "14", "codpost": "35990", "ville": "Breil", "geo_point_2d": [48.1, -1.7]}, "geometry": {"type": "Point", "coordinates": [-1.7, 48.1]}},
                {"datasetid": "creches", "recordid": "a2", "fields": {"denomination": "Crèche Bleuet", "capa": 18, "voie": "rue Bleue", "no_voie": "2 bis", "codpost": "35990", "ville": "Breil", "geo_point_2d": [48.11, -1.71]}, "geometry": {"type": "Point", "coordinates": [-1.71, 48.11]}},
            ]
        ),
        [("Crèche Rouget", "crèche", 22), ("Crèche Bleuet", "crèche", 18)],
        placed=2,
        filled=("name", "address", "places"),
    ),
    # ---- towns and métropoles ----
    Case(
        "DataCreches.json",
        _json(
            [
                {"Type": "Municipale", "Nom": "Multi-accueil Petite Enfance Sorbier", "Adresse": "2 Rue du Sorbier, 44990 Ermine, France", "Quartier": "Ouest", "Micro-Quartier": "Sud", "Nb places": 75, "_lat": 47.20, "_lon": -1.60},
                {"Type": "Entreprise", "Nom": "Crèche inter-entreprise Chat Vert", "Adresse": "1 Impasse Haute, 44990 Ermine, France", "Quartier": "Ouest", "Micro-Quartier": "Est", "Nb places": 30, "_lat": 47.21, "_lon": -1.59},
                {"Type": "Micro-crèche", "Nom": "Les Berlins", "Adresse": "9 Rue Basse, 44990 Ermine, France", "Quartier": "Ouest", "Micro-Quartier": "Est", "Nb places": 10, "_lat": 47.22, "_lon": -1.58},
            ]
        ),
        [("Multi-accueil Petite Enfance Sorbier", "multi-accueil", 75), ("Crèche inter-entreprise Chat Vert", "crèche", 30), ("Les Berlins", "micro-crèche", 10)],
        placed=3,
        filled=("name", "kind", "address", "places"),
    ),
    Case(
        "Creches_ville.csv",
        _text("""
NOM;QUARTIER;NUM;RUE;CP;STIADR;NATURE;NATGEST;CAPAC;TEL;X_CC43;Y_CC43
LES COQUELICOTS;1.1;12;RUE DES ARTS;31990;0;CC;G ASS;45;05 61 00 00 01;1574000;2270000
LES LUTINS;1.2;3;RUE DU NORD;31990;0;HG;G VT;15;05 61 00 00 02;1575000;2271000
POUCE;2.1;7;RUE DU SUD;31990;0;MA;G CCAS;60;05 61 00 00 03;1576000;2272000
LE PRE;2.2;8;RUE DU PRE;31990;0;JE;G CAF;20;05 61 00 00 04;1576500;2272500
LES FAMILLES;2.3;9;RUE DU PRE;31990;0;CF;G VT;50;05 61 00 00 05;1576600;2272600
"""),
        [("LES COQUELICOTS", "crèche", 45), ("LES LUTINS", "halte-garderie", 15), ("POUCE", "multi-accueil", 60), ("LE PRE", "jardin d'enfants", 20), ("LES FAMILLES", "crèche", 50)],
        placed=5,
        filled=("name", "kind", "address", "places"),
    ),
    Case(
        "EQUIP_petite_enfance_brest.json",
        _json(
            {
                "objectIdFieldName": "FID",
                "geometryType": "esriGeometryPoint",
                "spatialReference": {"wkid": 102110, "latestWkid": 2154},
                "fields": [{"name": "FID", "type": "esriFieldTypeOID", "alias": "FID"}],
                "features": [
                    {"attributes": {"FID": 1, "DEPCO": "29990", "NOM": "L'ILE BLEUE", "SSCLASSE": "C111-Crèche collective municipale", "ADRESSE": "3 rue du Phare"}, "geometry": {"x": 145000.0, "y": 6836000.0}},
                    {"attributes": {"FID": 2, "DEPCO": "29990", "NOM": "LA MARELLE", "SSCLASSE": "C211-Halte-garderie associative", "ADRESSE": "4 rue du Phare"}, "geometry": {"x": 146000.0, "y": 6836500.0}},
                    {"attributes": {"FID": 3, "DEPCO": "29990", "NOM": "LES MOUSSES", "SSCLASSE": "C311-ALSH maternel municipal", "ADRESSE": "5 rue du Phare"}, "geometry": {"x": 147000.0, "y": 6836900.0}},
                    {"attributes": {"FID": 4, "DEPCO": "29990", "NOM": "LA PARENTHÈSE", "SSCLASSE": "C411-Accueil parent enfant", "ADRESSE": "6 rue du Phare"}, "geometry": {"x": 147100.0, "y": 6836950.0}},
                ],
            }
        ),
        [("L'ILE BLEUE", "crèche", None), ("LA MARELLE", "halte-garderie", None), ("LES MOUSSES", "centre de loisirs", None), ("LA PARENTHÈSE", "LAEP", None)],
        placed=4,
        filled=("name", "kind", "address"),
    ),
    Case(
        "eaje_saint-paul.csv",
        _text("""
Catégorie,Nom,Adresse,Quartier,Capacité,X_RGR92,Y_RGR92
Centre multi accueil,Ti Zoizo,12 rue du Corail,Centre,40,336000,7688000
Micro crèche,Ti Baba,3 chemin Vert,Haut,12,337000,7689000
Jardin d'enfants,Ti Jardin,4 chemin Vert,Haut,25,338000,7687500
"""),
        [("Ti Zoizo", "multi-accueil", 40), ("Ti Baba", "micro-crèche", 12), ("Ti Jardin", "jardin d'enfants", 25)],
        placed=3,
        filled=("name", "kind", "address", "places"),
        said=("points_reprojected",),
    ),
    Case(
        "lieux_petite_enfance_metropole.geojson",
        _json(
            _features(
                ({"identifiant": "S2001", "nom": "EAJE Trotte Menu", "adresse": "4 rue Verte", "codepostal": "69990", "commune": "Saint-Orand", "insee": "69990", "telephone": "04 70 00 00 01", "capaciteaccueil": "36", "gid": 8, "soustype": "Crèche", "datemaj": "2025-01-02"}, [4.85, 45.75]),
                ({"identifiant": "S2002", "nom": "Relais des Pentes", "adresse": "5 rue Verte", "codepostal": "69990", "commune": "Saint-Orand", "insee": "69990", "telephone": "04 70 00 00 02", "capaciteaccueil": None, "gid": 9, "soustype": "Relais petite enfance", "datemaj": "2025-01-02"}, [4.86, 45.76]),
            )
        ),
        [("EAJE Trotte Menu", "crèche", 36), ("Relais des Pentes", "RPE", None)],
        placed=2,
        filled=("name", "kind", "address", "phone"),
    ),
    Case(
        "equipements-ville.csv",
        _text("""
"IDEQUIP","NOM_EQUIPE","TYPE_EQUIP","THEME","ADRESSE","COM_NOM","X","Y"
"1","Gymnase des Prés","Gymnase","Sport","1 rue A","Lorges","652000,5","6862000,2"
"2","Crèche des Prés","Crèche","Petite enfance","2 rue A","Lorges","652100,5","6862100,2"
"3","École maternelle des Prés","École maternelle","Enseignement","3 rue A","Lorges","652200,5","6862200,2"
"4","Restaurant scolaire des Prés","Restaurant scolaire","Enseignement","4 rue A","Lorges","652300,5","6862300,2"
"5","Bibliothèque","Bibliothèque","Culture","5 rue A","Lorges","652400,5","6862400,2"
"6","Multi-accueil Les Prés","Multi-accueil","Petite enfance","6 rue A","Lorges","652500,5","6862500,2"
"""),
        [("Gymnase des Prés", "Gymnase", None), ("Crèche des Prés", "crèche", None), ("École maternelle des Prés", "école maternelle", None), ("Restaurant scolaire des Prés", "Restaurant scolaire", None), ("Bibliothèque", "Bibliothèque", None), ("Multi-accueil Les Prés", "multi-accueil", None)],
        placed=6,
        said=("points_reprojected", "kind_unknown"),
    ),
    Case(
        "creches_municipales_cp1252.csv",
        _text("""
Établissement;Nature de l'accueil;Nbre de places;Téléphone;N° voie;Type voie;Libellé voie;Code Postal;Ville;Horaires d'ouverture
Crèche « Les Écureuils »;Accueil régulier et occasionnel;45 places;05 50 00 00 01;12;rue;de l'Église;24990;Bétaille;7h30-18h30 du lundi au vendredi
Halte-garderie « Pirouette »;Accueil occasionnel;12 places;05 50 00 00 02;3;place;du Marché;24990;Bétaille;du lundi au vendredi de 8h00 à 18h00, fermé le mercredi
""", "cp1252"),
        [("Crèche « Les Écureuils »", "crèche", 45), ("Halte-garderie « Pirouette »", "halte-garderie", 12)],
        filled=("name", "kind", "address", "places", "phone", "opening_hours"),
    ),
    Case(
        "LISTE_EAJE.csv",
        _text("""
STRUCTURE,GESTIONNAIRE,COMMUNE,CAPACITE AGREEE,AGREMENT,TYPE
Pirouette,Association Pirouette,Montvert,20,2019-DEF-112,multi-accueil
Cacahuète,SARL Cacahuète,Montvert,10,2021-DEF-044,micro-crèche PAJE
"""),
        [("Pirouette", "multi-accueil", 20), ("Cacahuète", "micro-crèche", 10)],
        filled=("name", "kind", "places", "address"),
    ),
    # ---- départements, spreadsheets ----
    Case(
        "EAJE_2025.xlsx",
        _xlsx(
            (
                "EAJE",
                [
                    ["Établissements d'accueil du jeune enfant – Conseil départemental"],
                    ["Situation au 31/12/2025", None, None, None, None, None, None],
                    [],
                    ["Territoire", "Commune", "Nom de la structure", "Type d'accueil", "Gestionnaire", "Capacité d'accueil (nombre de places)", "Adresse", "CP", "Tél."],
                    ["Nord", "Aubrac", "Les Loupiots", "MAC", "Commune", 24, "2 rue Haute", 48990, "04 66 00 00 01"],
                    [None, "Aubrac", "Les Pitchouns", "Micro crèche", "SAS", 12, "3 rue Haute", 48990, "04 66 00 00 02"],
                    ["Sud", "Margeride", "Mam'an", "MAM", "Association", 12, "4 rue Haute", 48991, "04 66 00 00 03"],
                    [None, "Margeride", "RPE du Sud", "RPE", "Communauté de communes", None, "5 rue Haute", 48991, "04 66 00 00 04"],
                    ["Total", None, None, None, None, 48, None, None, None],
                ],
            ),
            merged="A1:G1",
        ),
        [("Les Loupiots", "multi-accueil", 24), ("Les Pitchouns", "micro-crèche", 12), ("Mam'an", "MAM", 12), ("RPE du Sud", "RPE", None)],
        filled=("name", "kind", "address", "phone"),
        said=("total_left_out",),
    ),
    Case(
        "annuaire-petite-enfance.xlsx",
        _xlsx(
            ("Lisez-moi", [["Annuaire de la petite enfance"], ["Mise à jour : janvier 2026"], ["Contact", "service@commune.example"]]),
            (
                "Structures",
                [
                    ["Nom", "Catégorie", "Adresse complète", "Nombre maximal d'enfants", "Ouverture"],
                    ["Les Marmottes", "Etablissement d'accueil du jeune enfant", "1 rue du Col, 05990 Vars", 18, "Du lundi au vendredi, 7h30 à 18h30"],
                    ["La Cabane", "Accueil de loisirs", "2 rue du Col, 05990 Vars", 40, "mercredi"],
                    ["La Bulle", "Lieu d'accueil enfants-parents", "3 rue du Col, 05990 Vars", None, "jeudi matin"],
                ],
            ),
            ("Tarifs", [["Tranche", "Tarif"], ["1", 1.2]]),
        ),
        [("Les Marmottes", "crèche", 18), ("La Cabane", "centre de loisirs", None), ("La Bulle", "LAEP", None)],
        filled=("name", "kind", "address"),
        said=("places_not_care",),
    ),
    Case("eaje-l93.zip", _shapefile, [("Les Tilleuls", "multi-accueil", 25), ("Pomme de Reinette", "micro-crèche", 10), ("Relais du Val", "RPE", None)], placed=3, filled=("name", "kind", "address")),
    Case("petite_enfance.gpkg", _geopackage, [("Crèche Doudou", "crèche", 30), ("Halte Doudou", "halte-garderie", 12), ("École Doudou", "école maternelle", None)], placed=3),
    Case("creches.kml", _mapinfo_like_kml, [("Crèche du Port", "crèche", None), ("Multi-accueil du Quai", "multi-accueil", None)], placed=2),
    Case(
        "petite-enfance.zip",
        _zip(donnees__petite_enfance_dot_geojson=_json(_features(({"nom_equip": "Crèche Zip", "nb_place": 14}, [5.0, 45.0]), ({"nom_equip": "Micro-crèche Zap", "nb_place": 10}, [5.01, 45.01])))),
        [("Crèche Zip", "crèche", 14), ("Micro-crèche Zap", "micro-crèche", 10)],
        placed=2,
        filled=("name", "kind", "places"),
    ),
    # ---- national files ----
    Case(
        "BPE25_petite_enfance.csv",
        _text("""
AN;NOMRS;CNOMRS;NUMVOIE;INDREP;TYPVOIE;LIBVOIE;CADR;CODPOS;DEPCOM;DEP;REG;DOM;SDOM;TYPEQU;SIRET;CAPACITE;LAMBERT_X;LAMBERT_Y;LONGITUDE;LATITUDE;QUALITE_XY
2025;LES PETITS LOUPS;;12;;RUE;DU MOULIN;;12990;12990;12;76;D;D5;D502;21120000000011;25;665000;6360000;2.57;44.35;Bonne
2025;RELAIS DU ROUERGUE;;3;B;PL;DE LA CITE;;12990;12990;12;76;D;D5;D504;21120000000012;_Z;665100;6360100;2.58;44.36;Bonne
2025;ECOLE MATERNELLE;;4;;RUE;HAUTE;;12990;12990;12;76;C;C1;C107;_U;_Z;665200;6360200;2.59;44.37;Bonne
2025;ALSH DES CAUSSES;;5;;RUE;HAUTE;;12990;12990;12;76;D;D5;D505;_U;_Z;665300;6360300;2.60;44.38;Bonne
"""),
        [("LES PETITS LOUPS", "crèche", 25), ("RELAIS DU ROUERGUE", "RPE", None), ("ECOLE MATERNELLE", "école maternelle", None), ("ALSH DES CAUSSES", "centre de loisirs", None)],
        placed=4,
        filled=("name", "kind", "address"),
    ),
    Case(
        "overpass.json",
        _json(
            {
                "version": 0.6,
                "generator": "Overpass API",
                "elements": [
                    {"type": "node", "id": 1, "lat": 44.2, "lon": 3.1, "tags": {"amenity": "childcare", "name": "Crèche du Bois", "capacity": "20", "opening_hours": "Mo-Fr 07:30-18:30", "addr:housenumber": "4", "addr:street": "Rue du Bois", "addr:postcode": "48990", "addr:city": "Bois"}},
                    {"type": "way", "id": 2, "center": {"lat": 44.3, "lon": 3.2}, "tags": {"amenity": "kindergarten", "name": "École maternelle Prévert", "school:FR": "maternelle"}},
                    {"type": "node", "id": 3, "lat": 44.4, "lon": 3.3, "tags": {"amenity": "kindergarten", "name": "Les Lutins", "opening_hours": "Mo-Th 08:00-18:00; PH off; SH off"}},
                    {"type": "node", "id": 4, "lat": 44.4, "lon": 3.31, "tags": {"disused:amenity": "childcare", "name": "Ancienne crèche"}},
                ],
            }
        ),
        [("Crèche du Bois", "crèche", 20), ("École maternelle Prévert", "école maternelle", None), ("Les Lutins", "crèche", None)],
        placed=3,
        said=("closed_left_out",),
    ),
    Case(
        "osm-export.geojson",
        _json(
            _features(
                ({"@id": "node/1", "amenity": "childcare", "name": "Le Nid", "nursery": "yes", "capacity": "12", "contact:phone": "+33 4 66 00 00 01"}, [3.1, 44.2]),
                ({"@id": "node/2", "amenity": "childcare", "name": "Périscolaire du Nid"}, [3.1, 44.21]),
                ({"@id": "node/3", "amenity": "childcare", "name": "ALSH du Nid", "min_age": "3"}, [3.1, 44.22]),
                ({"@id": "node/4", "amenity": "social_facility", "name": "PMI du Nid"}, [3.1, 44.23]),
            )
        ),
        [("Le Nid", "crèche", 12), ("Périscolaire du Nid", "périscolaire", None), ("ALSH du Nid", "centre de loisirs", None), ("PMI du Nid", "PMI", None)],
        placed=4,
    ),
    Case(
        "fr-en-annuaire-education.csv",
        _text("""
Identifiant_de_l_etablissement;Nom_etablissement;Type_etablissement;Statut_public_prive;Adresse_1;Code_postal;Nom_commune;Ecole_maternelle;Ecole_elementaire;latitude;longitude;etat
0480001A;Ecole maternelle Les Pins;Ecole;Public;1 rue des Pins;48990;Pinède;1;0;44.5;3.5;OUVERT
0480002B;Ecole primaire Les Chênes;Ecole;Public;2 rue des Chênes;48990;Pinède;1;1;44.51;3.51;OUVERT
0480003C;Ecole élémentaire Les Buis;Ecole;Public;3 rue des Buis;48990;Pinède;0;1;44.52;3.52;A FERMER
"""),
        [("Ecole maternelle Les Pins", "école maternelle", None), ("Ecole primaire Les Chênes", "école", None), ("Ecole élémentaire Les Buis", "école", None)],
        placed=3,
        filled=("name", "kind", "address"),
    ),
    Case(
        "acceslibre.csv",
        _text("""
id,name,postal_code,commune,numero,voie,lieu_dit,code_insee,siret,activite,longitude,latitude,telephone,site_internet,entree_plain_pied
a-1,Crèche Azur,83990,Cap-Bleu,3,Rue de la Mer,,83990,,Crèche,6.1,43.1,,,True
a-2,École Azur,83990,Cap-Bleu,4,Rue de la Mer,,83990,,École maternelle,6.11,43.11,,,False
"""),
        [("Crèche Azur", "crèche", None), ("École Azur", "école maternelle", None)],
        placed=2,
        filled=("name", "kind", "address"),
    ),
    Case(
        "equipements_caf.csv",
        _text("""
Num_Caf;Nom_Eqpt;Type_Eqpt;Adr_Eqpt;CP_Eqpt;Ville_Eqpt;Places_Eqpt;Tel_Eqpt;Mail_Eqpt;Lat_Eqpt;Long_Eqpt
481;Bout d'chou;Multi accueil collectif;1 rue Neuve;48990;Neuve;18;0466000001;chou@example.org;44,61;3,61
481;Relais Neuve;Relais assistants maternels;2 rue Neuve;48990;Neuve;;0466000002;ram@example.org;44,62;3,62
481;LAEP Neuve;Lieu accueil enfants parents;3 rue Neuve;48990;Neuve;10;0466000003;laep@example.org;44,63;3,63
"""),
        [("Bout d'chou", "multi-accueil", 18), ("Relais Neuve", "RPE", None), ("LAEP Neuve", "LAEP", None)],
        placed=3,
        filled=("name", "kind", "address", "phone", "email"),
        said=("places_not_care",),
    ),
    # ---- odd shapes ----
    Case(
        "creches-tab.txt",
        _text("ID\tLibellé\tCatégorie d'équipement\tNb de berceaux\tCoordonnées\n7\tL'Oiseau Bleu\tCrèche collective\t33\t43.6, 1.44\n8\tLe Petit Train\tMicro-crèche\t9\t43.61, 1.45\n", "utf-16"),
        [("L'Oiseau Bleu", "crèche", 33), ("Le Petit Train", "micro-crèche", 9)],
        placed=2,
        filled=("name", "kind", "places"),
    ),
    Case(
        "capacites-par-mode.csv",
        _text("""
nom_structure;type;capacite_accueil_regulier;capacite_accueil_occasionnel;capacite_totale;lat;lon
Les Vagues;Multi-accueil;20;5;25;46.1;-1.1
Les Dunes;Multi-accueil;30;0;30;46.2;-1.2
"""),
        [("Les Vagues", "multi-accueil", 25), ("Les Dunes", "multi-accueil", 30)],
        placed=2,
        filled=("name", "places"),
    ),
    Case(
        "capacites-sans-total.csv",
        _text("""
nom_structure;type;places_collectif;places_familial;lat;lon
Les Vagues;Multi-accueil;20;15;46.1;-1.1
Les Dunes;Multi-accueil;30;;46.2;-1.2
"""),
        [("Les Vagues", "multi-accueil", 35), ("Les Dunes", "multi-accueil", 30)],
        placed=2,
        filled=("name", "places"),
        said=("places_summed",),
    ),
    Case(
        "places-disponibles.csv",
        _text("""
Crèche;Adresse;Places disponibles;Capacité
Crèche Nord;1 rue Nord 59990 Nord;2;30
Crèche Sud;2 rue Sud 59990 Nord;0;25
"""),
        [("Crèche Nord", "crèche", 30), ("Crèche Sud", "crèche", 25)],
        filled=("name", "address", "places"),
    ),
    Case(
        "arcgis-hub.csv",
        _text("""
X,Y,OBJECTID,NOM_EQUIPEMENT,CATEGORIE,SOUS_CATEGORIE,NUM_RUE,NOM_RUE,CODE_POSTAL,COMMUNE,CAPACITE_ACCUEIL,GlobalID
-0.58,44.84,1,Crèche des Chartrons,ENFANCE,Crèche collective,12,rue Longue,33990,Bordelle,40,x1
-0.59,44.85,2,Accueil périscolaire Long,ENFANCE,Périscolaire,13,rue Longue,33990,Bordelle,80,x2
"""),
        [("Crèche des Chartrons", "crèche", 40), ("Accueil périscolaire Long", "périscolaire", None)],
        placed=2,
        filled=("name", "kind", "address"),
        said=("places_not_care",),
    ),
    Case(
        "geoserver.json",
        _json(
            {
                "type": "FeatureCollection",
                "totalFeatures": 1,
                "crs": {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::3946"}},
                "features": [
                    {"type": "Feature", "id": "pe.1", "geometry": {"type": "Point", "coordinates": [1843000.0, 5176000.0]}, "geometry_name": "geom", "properties": {"nom_etablissement": "Crèche Isara", "nb_pl": 28, "adr": "1 rue Isara"}}
                ],
            }
        ),
        [("Crèche Isara", "crèche", 28)],
        placed=1,
        filled=("name", "places", "address"),
    ),
    Case(
        "wkt.csv",
        _text("""
the_geom,nom,type_eq,nbplaces
POINT (3.05 50.63),Les Moulins,EAJE,30
POINT (3.06 50.64),Les Meuniers,Micro-crèche,10
"""),
        [("Les Moulins", "crèche", 30), ("Les Meuniers", "micro-crèche", 10)],
        placed=2,
        filled=("name", "kind", "places"),
    ),
    Case(
        "horaires-par-jour.csv",
        _text("""
nom;type;adresse;capacite;lundi;mardi;mercredi;jeudi;vendredi
Les Iris;Crèche;1 rue Iris 33990 Iris;20;7h30-18h30;7h30-18h30;fermé;7h30-18h30;7h30-17h
"""),
        [("Les Iris", "crèche", 20)],
        filled=("name", "places", "opening_hours"),
    ),
    Case(
        "nom-en-tete-de-groupe.csv",
        _text("""
nom_usuel;statut_juridique;nature_juridique;categorie_structure;nombre_de_berceaux;adresse_ligne_1;adresse_ligne_2;cp_ville
Les Trois Pommes;Association;Privé non lucratif;Crèche parentale;18;Résidence du Lac;4 rue du Lac;74990 Lac
"""),
        [("Les Trois Pommes", "crèche", 18)],
        filled=("name", "kind", "places", "address"),
    ),
    Case(
        "structures_english.csv",
        _text("""
name,type,address,zipcode,city,capacity,lat,lng,phone
Babylou,Micro-crèche,3 rue Douce,75990,Paris,10,48.85,2.35,0140000000
"""),
        [("Babylou", "micro-crèche", 10)],
        placed=1,
        filled=("name", "kind", "address", "places", "phone"),
    ),
    # ---- childminders, MAM, requests ----
    Case(
        "assistants_maternels_departement.csv",
        _text("""
Civilité;Nom;Prénom;Adresse;CP;Commune;Téléphone;N° agrément;Nb places;Date début agrément;Date fin agrément;Horaires d'accueil
Mme;INVENTÉE;Anne;3 rue du Puits;48990;Aubrac;04 66 00 00 01;2019-112;4;01/09/2024;31/08/2029;du lundi au vendredi de 7h30 à 18h30
M.;FICTIF;Paul;4 rue du Puits;48990;Aubrac;04 66 00 00 02;2020-044;3 places;15/01/2023;14/01/2028;lundi, mardi et jeudi : 8h-17h
""", "cp1252"),
        [("Anne INVENTÉE", None, 4), ("Paul FICTIF", None, 3)],
        kind="childminders",
        filled=("name", "address", "agrement.places", "agrement.valid_until", "working_hours", "phone"),
    ),
    Case(
        "liste-assmat-pmi.xlsx",
        _xlsx(
            (
                "Liste",
                [
                    ["Liste des assistant(e)s maternel(le)s agréé(e)s au 01/11/2026"],
                    [],
                    ["NOM D'USAGE", "PRENOM", "ADRESSE 1", "ADRESSE 2", "CODE POSTAL", "VILLE", "TEL FIXE", "TEL PORTABLE", "AGREMENT (nombre d'enfants)", "ECHEANCE AGREMENT"],
                    ["IMAGINAIRE", "Lise", "Résidence Haute", "5 rue du Lac", 48990, "Aubrac", None, "06 00 00 00 01", 4, "2029-03-01"],
                    ["SUPPOSÉE", "Inès", None, "6 rue du Lac", 48990, "Aubrac", "04 66 00 00 03", None, "2 enfants de 0 à 18 ans + 1 périscolaire", "2028-03-01"],
                ],
            )
        ),
        [("Lise IMAGINAIRE", None, 4), ("Inès SUPPOSÉE", None, None)],
        kind="childminders",
        filled=("name", "address", "agrement.valid_until", "phone"),
    ),
    Case(
        "annuaire-mam.csv",
        _text("""
Nom de la MAM,Adresse,Code postal,Ville,Nombre d'assistantes maternelles,Capacité d'accueil,Téléphone
Les P'tits Bouts,1 rue Longue,48990,Aubrac,4,16,04 66 00 00 05
Le Cocon,2 rue Longue,48990,Aubrac,3,12 enfants,04 66 00 00 06
"""),
        [("Les P'tits Bouts", None, 16), ("Le Cocon", None, 12)],
        kind="mams",
        filled=("name", "address", "children_max", "members_present_max", "phone"),
    ),
    Case(
        "demandes-de-garde.csv",
        _text("""
N° dossier;Adresse de la famille;Code postal;Commune;Date de naissance de l'enfant;Date d'entrée souhaitée;Jours et horaires souhaités;Moyen de transport
2026-01;3 rue Haute;48990;Aubrac;12/05/2026;04/01/2027;lundi, mardi, jeudi et vendredi de 8h à 17h30;voiture
2026-02;4 rue Haute;48990;Aubrac;02/02/2026;01/02/2027;8h30-18h du lundi au vendredi;à pied
"""),
        [(None, None, None), (None, None, None)],
        kind="requests",
        filled=("request_id", "address", "children.birth_date", "start", "schedule", "mode"),
    ),
]  # fmt: skip
