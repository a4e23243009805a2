"""The planners' page: who may open it, what it says, what it never says, and that no control is dead."""

from __future__ import annotations

import csv
import io
import os
import re
from collections.abc import Iterator

import geopandas as gpd
import pytest
from fastapi.testclient import TestClient

from tests.pages.accounts_only import PASSWORD, make_settings, opened
from tests.pages.markup import squeezed
from tests.pages.observatory_files import communes, write_folder, zones_with_registry

PAGE = "/pro/observatoire"


@pytest.fixture(scope="module")
def settings(tmp_path_factory):
    folder = tmp_path_factory.mktemp("observatoire")
    made = make_settings(folder)
    return made.model_copy(update={"observatory": write_folder(folder / "observatoires")})


@pytest.fixture(scope="module")
def client(settings) -> Iterator[TestClient]:
    with opened(settings) as one:
        sign_in(one)
        yield one


def sign_in(client, email="plan@nord.example"):
    return client.post("/pro/connexion", data={"email": email, "password": PASSWORD})


def names_of(page: str) -> set[str]:
    """Controls of the filters."""
    form = page[page.index('id="filtres"') :].partition("</form>")[0]
    return set(
        re.findall(r'<(?:select|input)[^>]*?name="(\w+)"', form.replace('type="hidden"', ""))
    )


def test_it_is_behind_the_door(settings):
    with opened(settings) as stranger:
        for path in ("", "/tableau.csv", "/donnees.gpkg", "/rapport.pdf"):
            answer = stranger.get(PAGE + path, follow_redirects=False)
            assert answer.status_code == 303, path
            assert "/pro/connexion" in answer.headers["location"]


@pytest.mark.parametrize("email", ["plan@nord.example", "agathe@nord.example"])
def test_planners_and_animateurs_read_it(settings, email):
    with opened(settings) as one:
        sign_in(one, email)
        assert one.get(PAGE).status_code == 200
        expected = 403 if email.startswith("plan") else 200
        assert one.get("/pro/demandes").status_code == expected


def test_a_planner_arrives_there_and_is_shown_no_family(settings):
    with opened(settings) as one:
        arrived = sign_in(one)
        assert arrived.url.path == PAGE
        assert "/pro/demandes" not in arrived.text
        assert "/pro/registre" not in arrived.text


def test_the_figures_carry_their_unit_and_year(client):
    text = client.get(PAGE).text
    for words in (
        "Places accessibles",
        "Taux de couverture",
        "pour 100 enfants",
        "CNAF 2020",
        "CNAF, 2020",
    ):
        assert words in text
    assert "style=" not in text
    assert "<script>" not in text
    assert not re.findall(r'(?:src|href)="https?://', text)


def test_last_year_stands_beside_this_one(client):
    assert "2019\u00a0: " in client.get(PAGE).text


def test_map_and_table_say_the_same(client):
    text = client.get(f"{PAGE}?maille=communes").text
    zones = communes().zones
    assert text.count('class="z"') + text.count('class="z none"') == len(zones)
    for code, value in (zones["access_e2sfca"] * 100).round(1).dropna().items():
        written = f"{value:.1f}".replace(".", ",")
        assert f"{zones.loc[code, 'nom']}\n{written} places pour 100 enfants" in text
        assert f"<b>{written}</b>" in text
    assert 'fill="url(#hatch-' in text
    assert 'class="hot"' in text
    assert 'class="z none"' in text


def test_only_what_the_data_has_is_offered(client):
    whole = client.get(f"{PAGE}?jeu=Pays+d%E2%80%99essai").text
    assert names_of(whole) >= {"indicateur", "annee", "jeu", "maille"}
    assert not names_of(whole) & {"creneau", "age", "mode"}
    covered = client.get(f"{PAGE}?indicateur=couverture").text
    assert "mode" in names_of(covered)
    zones = client.get(f"{PAGE}?jeu=Villeneuve").text
    assert "creneau" in names_of(zones)
    assert not names_of(zones) & {"annee", "maille", "age"}


def test_children_can_be_read_by_age(client):
    page = client.get(f"{PAGE}?indicateur=children&maille=communes").text
    assert "age" in names_of(page)
    youngest = client.get(f"{PAGE}?indicateur=children&age=0&maille=communes").text
    assert "Enfants de moins de 1 an" in youngest
    count = 0.3 * communes().zones.loc["34001", "children"]
    assert f"<b>{count:.0f}</b>" in youngest


def test_every_choice_changes_what_is_shown(client):
    """No control is dead: each option of each filter leads to another page, with figures."""
    for start in (
        "?indicateur=couverture",
        "?jeu=Villeneuve",
        "?indicateur=places&maille=communes",
    ):
        page = client.get(PAGE + start).text
        form = squeezed(page[page.index('id="filtres"') :].partition("</form>")[0])
        options = {
            (name, value)
            for name, block in re.findall(
                r'<select[^>]*name="(\w+)">(.*?)</select>', form, re.DOTALL
            )
            for value in re.findall(r'value="([^"]*)"', block)
        } | set(re.findall(r'type="radio"[^>]*name="(\w+)" value="([^"]*)"', form))
        assert options
        for name, value in options:
            answer = client.get(f"{PAGE}{start}&{name}={value}")
            assert answer.status_code == 200
            assert re.search(r"<td class=\"n\"><b>[\d,−\u202f]+</b>", squeezed(answer.text)), (
                name,
                value,
            )


def test_a_slot_changes_the_map(client):
    day = client.get(f"{PAGE}?jeu=Villeneuve").text
    early = client.get(f"{PAGE}?jeu=Villeneuve&creneau=matin").text
    assert "Places accessibles à 6 h 30" in early
    assert day != early
    assert "Au fil de la journée" in day


def test_departements_lead_to_communes_and_back(client):
    page = client.get(PAGE).text
    assert "Hérault" in client.get(f"{PAGE}?maille=departements").text
    link = re.search(
        r'href="(/pro/observatoire\?[^"]*ou=D34[^"]*)"',
        client.get(f"{PAGE}?maille=departements").text,
    )
    inside = client.get(link[1].replace("&amp;", "&")).text
    assert re.search(r"\b8\scommunes", inside)
    assert "Commune 9</a>" not in inside
    assert 'aria-label="Territoire"' in inside
    assert page != inside


@pytest.mark.parametrize(
    ("sought", "found"),
    [
        ("eveche", "Évêché-l’Étang"),
        ("34003", "Commune 3"),
        ("cc du n", "CC du Nord"),
        ("gard", "Gard"),
        ("zzz", "Aucun territoire"),
    ],
)
def test_a_territory_is_found_by_name_or_code(client, sought, found):
    text = client.get(PAGE, params={"q": sought}).text
    assert found in text[text.index('id="trouves"') :].partition("</div>")[0]


def test_a_zone_tells_all_its_figures(client):
    text = client.get(f"{PAGE}?zone=34001").text
    sheet = text[text.index('id="fiche"') :].partition("</section>")[0]
    for words in ("Commune 1", "CC du Nord", "Tension", "Zone en tension"):
        assert words in sheet


def test_the_table_is_sorted_without_script(client):
    page = client.get(f"{PAGE}?maille=communes&tri=enfants").text
    assert page.count("aria-sort") == 1
    body = squeezed(page[page.index("<tbody>") :].partition("</tbody>")[0])
    counts = [
        int(row.replace("\u202f", ""))
        for row in re.findall(r'</td><td class="n">([\d\u202f]+)</td>', body)
    ]
    assert counts == sorted(counts, reverse=True)


def test_small_counts_are_told_nowhere(client, tmp_path):
    raw = zones_with_registry().zones
    secret = [f"{raw.loc['1', name]:.0f}" for name in ("places_childminder", "places")]
    text = client.get(f"{PAGE}?jeu=Villeneuve&indicateur=places&mode=individuel&zone=1").text
    row = re.search(r"Quartier 1</a>.*?</tr>", text, re.DOTALL)[0]
    assert "<b>–</b>" in row
    assert "non publié" in text
    table = client.get(f"{PAGE}/tableau.csv?jeu=Villeneuve&indicateur=places").text
    first = next(line for line in table.splitlines() if line.startswith("1;"))
    assert f";{secret[1]}" not in first
    for kind in ("csv", "gpkg", "parquet", "xlsx"):
        answer = client.get(f"{PAGE}/donnees.{kind}?jeu=Villeneuve")
        path = tmp_path / f"f.{kind}"
        path.write_bytes(answer.content)
        frame = (
            gpd.pd.read_csv(path, dtype={"code": str})
            if kind == "csv"
            else gpd.read_file(path, layer="indicateurs")
            if kind == "gpkg"
            else gpd.pd.read_excel(
                path, sheet_name="indicateurs", dtype={"code": str}, engine="openpyxl"
            )
            if kind == "xlsx"
            else gpd.read_parquet(path)
        ).set_index("code")
        for name in ("places_childminder", "coverage_childminder", "places", "coverage_rate"):
            if name in frame:
                assert frame[name].isna().loc["1"], (kind, name)
        # A second zone is left out, or the whole would tell of the first.
        assert frame["places_childminder"].isna().sum() >= 2
    answer = client.get("/api/v1/territories/1/coverage").json()
    assert answer["features"][0]["properties"]["places"] is None


def test_requests_are_circles(client):
    text = client.get(f"{PAGE}?jeu=Villeneuve").text
    assert "12 demandes sans solution" in text
    assert "<circle" in text


def test_names_are_written_as_text(client):
    text = client.get(f"{PAGE}?jeu=Villeneuve&lieux=1").text
    assert "Les &lt;b&gt;Lilas" in text
    assert "<b>Lilas" not in text


def test_the_table_is_a_file_for_a_spreadsheet(client):
    answer = client.get(f"{PAGE}/tableau.csv?maille=communes&indicateur=couverture")
    assert answer.headers["content-disposition"].endswith('coverage_rate-2020.csv"')
    rows = list(csv.reader(io.StringIO(answer.text.removeprefix("\ufeff")), delimiter=";"))
    assert rows[0][2] == "Taux de couverture (places pour 100 enfants)"
    assert len(rows) == 13
    assert rows[1][1] == "Commune 0"


def test_the_report_is_that_of_the_territory(client):
    page = client.get(f"{PAGE}/rapport.html?ou=D34")
    assert "L’accueil du jeune enfant : Hérault" in page.text
    policy = page.headers["content-security-policy"]
    assert "unsafe" not in policy
    assert "sha256-" in policy
    printed = client.get(f"{PAGE}/rapport.pdf?ou=D34")
    assert printed.content[:5] == b"%PDF-"
    assert 'rapport-herault-2020.pdf"' in printed.headers["content-disposition"]


def test_an_unchanged_page_is_not_sent_again(client, settings):
    first = client.get(PAGE)
    tag = {"if-none-match": first.headers["etag"]}
    assert client.get(PAGE, headers=tag).status_code == 304
    assert client.get(f"{PAGE}?indicateur=places", headers=tag).status_code == 200
    changed = settings.observatory / "communes-2020" / "indicators.parquet"
    os.utime(changed)
    assert client.get(PAGE, headers=tag).status_code == 200


@pytest.mark.parametrize(
    "query",
    [
        "annee=1999",
        "indicateur=x&mode=y&creneau=z&age=9",
        "ou=D99",
        "ou=%00",
        "maille=rien&page=-3&tri=x&sens=y",
        "zone=%3Cscript%3E",
        "page=99999",
    ],
)
def test_an_address_that_makes_no_sense_shows_the_default(client, query):
    answer = client.get(f"{PAGE}?{query}")
    assert answer.status_code == 200
    assert "<script>" not in answer.text


def test_without_an_observatory_the_command_is_told(settings, tmp_path):
    for folder in (None, tmp_path):
        changed = settings.model_copy(update={"observatory": folder})
        with opened(changed) as one:
            sign_in(one)
            text = one.get(PAGE).text
            assert "rpe-geo observatory build" in text
            assert "RPE_OBSERVATORY" in text
            assert one.get(f"{PAGE}/rapport.pdf").status_code == 404
