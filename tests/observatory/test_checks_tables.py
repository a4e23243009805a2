"""The printed checks: every département, the whole, and how many are near."""

from rich.console import Console

from rpe_geo.cli.observatory_checks import checks_tables
from rpe_geo.observatory.calibration import Check


def check(what, level, code, ours, published):
    gap = None if ours is None else ours - published
    percent = None if gap is None else 100 * gap / published
    unit = "places pour 100 enfants" if what == "coverage_rate" else "places"
    return Check(what, level, code, unit, ours, published, gap, percent, "pourquoi")


def test_every_departement_is_printed():
    checks = [
        check("places", "france", "FR", 99.0, 100.0),
        check("places", "departement", "01", 99.0, 100.0),
        check("coverage_rate", "departement", "01", 50.0, 60.0),
        check("places", "departement", "02", None, None),
        check("places", "epci", "200000001", 7.0, 7.0),
        check("places_calibrated", "departement", "01", 100.0, 100.0),
    ]
    screen = Console(width=100, record=True)
    for table in checks_tables(checks):
        screen.print(table)
    printed = screen.export_text()
    for words in ("FR", "01", "02", "ND", "− 1 %", "− 16,7 %", "1 sur 1", "intercommunalités"):
        assert words in printed.replace("\u202f", " ").replace("\xa0", " "), words
    only_one = list(checks_tables([check("children", "commune", "34172", 3.0, 3.0)]))
    assert len(only_one) == 1
