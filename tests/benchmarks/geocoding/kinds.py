"""
How the local geocoder takes each kind of difficulty by itself: which are accepted, and which are false.

    python tests/benchmarks/geocoding/kinds.py --data ../shared/data [--queries 300] [--split dev|test] [--show 3]

A kind either has a right answer, the row that it was made from, or must not be accepted at all: a street that only the
neighbouring commune has, a number that cannot be read. A wrong house number counts as false.
"""

from __future__ import annotations

import argparse
import math
import random
import re
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path

from bench import FILES, metres, pick, same_street
from noise import KEYS, Row

from rpe_geo.geocoding.cog import read_cog
from rpe_geo.geocoding.index import build_index
from rpe_geo.geocoding.local import LocalGeocoder
from rpe_geo.geocoding.normalize import words
from rpe_geo.geocoding.sources import read_addresses
from rpe_geo.geocoding.street_names import split_type, street_name
from rpe_geo.protocols import AddressQuery, Geocoded

UNITS = (
    "appt", "appartement", "apt", "bât", "bâtiment", "bat.", "esc", "escalier", "porte", "étage", "logement", "studio", "chambre",
    "hall", "entrée", "immeuble", "villa", "pavillon", "lot", "maison", "bureau", "bloc", "box", "cage", "niveau", "BP", "chalet",
)  # fmt: skip
ESTATES = (
    "résidence Les Pins", "lotissement Bel Horizon", "domaine des Oliviers", "résidence du Parc", "Les Jardins d'Alice", "tour Atlas",
    "clos Fleuri", "hameau des Cèdres", "copropriété Beauséjour", "immeuble Le Sully", "camping Les Flots", "cité Bellevue",
)  # fmt: skip
PLACES = (
    "RPE",
    "Mairie",
    "École maternelle",
    "Crèche Les Lutins",
    "Cabinet médical",
    "MAM Pomme d'Api",
    "Maison de santé",
)
REGIONS = {"75": ("Paris", "Île-de-France"), "34": ("Hérault", "Occitanie"), "12": ("Aveyron", "Occitanie"),
           "48": ("Lozère", "Occitanie"), "90": ("Territoire de Belfort", "Bourgogne-Franche-Comté")}  # fmt: skip
_ONES = [
    "zéro",
    "un",
    "deux",
    "trois",
    "quatre",
    "cinq",
    "six",
    "sept",
    "huit",
    "neuf",
    "dix",
    "onze",
    "douze",
    "treize",
    "quatorze",
    "quinze",
    "seize",
    "dix-sept",
    "dix-huit",
    "dix-neuf",
]
_TENS = (
    "vingt",
    "trente",
    "quarante",
    "cinquante",
    "soixante",
    "soixante",
    "quatre-vingt",
    "quatre-vingt",
)


def spelled(number: int) -> str:
    """Write a number below a thousand in French words."""
    if number < 20:
        return _ONES[number]
    if number >= 100:
        hundreds, rest = divmod(number, 100)
        start = "cent" if hundreds == 1 else f"{_ONES[hundreds]} cent"
        return f"{start} {spelled(rest)}" if rest else start
    tens, unit = divmod(number, 10)
    base = _TENS[tens - 2]
    if tens in {7, 9}:
        unit += 10
    if unit == 0:
        return base
    joint = " et " if unit in {1, 11} and tens not in {8, 9} else "-"
    return base + joint + _ONES[unit]


class Maker:
    """Types rows in one kind after another."""

    def __init__(self, rows: list[Row], rng: random.Random) -> None:
        self.rng = rng
        self.rows = rows
        self.by_street: dict[str, list[Row]] = defaultdict(list)
        self.cores: dict[str, set[str]] = defaultdict(set)
        places: dict[str, list[tuple[float, float]]] = defaultdict(list)
        self.names: dict[str, tuple[str, str]] = {}
        for row in rows:
            self.by_street[row.street_key].append(row)
            self.cores[row.code].add(street_name(words(row.street)).key)
            places[row.code].append((row.longitude, row.latitude))
            self.names[row.code] = row.postcode, row.city
        self.middles = {
            code: (sum(x for x, _ in at) / len(at), sum(y for _, y in at) / len(at))
            for code, at in places.items()
        }
        self._near: dict[str, list[str]] = {}

    def near(self, code: str) -> list[str]:
        """List the nearest communes of a commune."""
        if code not in self._near:
            x, y = self.middles[code]
            self._near[code] = sorted(
                (other for other in self.middles if other != code),
                key=lambda other: math.hypot(
                    (self.middles[other][0] - x) * 0.7, self.middles[other][1] - y
                ),
            )[:5]
        return self._near[code]

    def another_number(self, row: Row) -> int:
        """Choose another published number of the street, to tempt."""
        others = [
            other.number
            for other in self.by_street[row.street_key]
            if other.number != row.number and other.number < 1000
        ]
        return self.rng.choice(others) if others else row.number + 2

    @staticmethod
    def city(row: Row) -> str:
        """Name the city as on an envelope."""
        return row.city.split(" ")[0] if "Arrondissement" in row.city else row.city

    def usual(self, row: Row) -> str:
        return f"{row.number}{row.suffix} {row.street} {row.postcode} {self.city(row)}"

    def neighbour(self, row: Row) -> str | None:
        """Type a street with a neighbouring commune that has none of this name."""
        if row.code.startswith(("75", "34")):
            return None
        core = street_name(words(row.street)).key
        lacking = [code for code in self.near(row.code) if core not in self.cores[code]]
        if not lacking:
            return None
        postcode, city = self.names[self.rng.choice(lacking)]
        form = self.rng.randrange(3)
        start = f"{row.number} {row.street}"
        if form == 0:
            return f"{start} {postcode} {city}"
        return f"{start} {row.postcode} {city}" if form == 1 else f"{start}, {city}"

    def part(self, row: Row) -> str:
        """Add a numbered part of a building, before or after."""
        other = self.another_number(row)
        unit = self.rng.choice(UNITS)
        sign = self.rng.choice([" n°", " ", " n° ", " no ", " N°"])
        part = f"{unit}{sign}{other}" + self.rng.choice(["", "", " B"])
        start, end = f"{row.number} {row.street}", f"{row.postcode} {self.city(row)}"
        forms = [f"{part}, {start} {end}", f"{part} {start}, {end}", f"{start}, {part} {end}", f"{start} {part} {end}",
                 f"{part}\n{start}\n{end}"]  # fmt: skip
        return self.rng.choice(forms)

    def estate(self, row: Row) -> str:
        """Add a numbered estate, before or after."""
        other = self.another_number(row)
        name = self.rng.choice(ESTATES)
        part = self.rng.choice(
            [
                f"{name} n°{other}",
                f"{name} {other}",
                f"{other} {name}",
                f"{name}, n° {other}",
                f"villa {other} {name}",
            ]
        )
        start, end = f"{row.number} {row.street}", f"{row.postcode} {self.city(row)}"
        forms = [
            f"{part}, {start} {end}",
            f"{start}, {part}, {end}",
            f"{part}\n{start}\n{end}",
            f"{start} {part} {end}",
        ]
        return self.rng.choice(forms)

    def unreadable(self, row: Row) -> str:
        """Spoil the number so that nobody can read it surely."""
        number = str(row.number)
        spoilt = [
            number + "?",
            "?" + number,
            "n°??",
            f"{number}/?",
            "0" if len(number) == 1 else f"{number[0]} {number[1:]}",
            "##",
        ]
        for digit, letter in (("0", "O"), ("1", "l"), ("1", "I"), ("0", "o")):
            if digit in number:
                spoilt.append(number.replace(digit, letter))
        return f"{self.rng.choice(spoilt)} {row.street} {row.postcode} {self.city(row)}"

    def _slipped(self, word: str) -> str:
        """Make one slip of the fingers."""
        at = self.rng.randrange(len(word))
        letter = word[at]
        near = self.rng.choice(KEYS.get(letter.lower(), "e"))
        choices = [
            word[:at] + letter + word[at:],
            word[:at] + near + word[at + 1 :],
            word[:at] + near + word[at:],
        ]
        if len(word) > 2:
            choices.append(word[:at] + word[at + 1 :])
        if at + 1 < len(word):
            choices.append(word[:at] + word[at + 1] + letter + word[at + 2 :])
        return self.rng.choice(choices)

    def _slip_in(self, row: Row, chosen: Callable[[int, str], bool]) -> str | None:
        parts = row.street.split(" ")
        places = [
            index for index, word in enumerate(parts) if word.isalpha() and chosen(index, word)
        ]
        if not places:
            return None
        at = self.rng.choice(places)
        parts[at] = self._slipped(parts[at])
        return f"{row.number}{row.suffix} {' '.join(parts)} {row.postcode} {self.city(row)}"

    def slip_in_type(self, row: Row) -> str | None:
        """Slip in the type of the way."""
        if not split_type(words(row.street)[:2])[0]:
            return None
        return self._slip_in(row, lambda index, _: index == 0)

    def slip_in_little_word(self, row: Row) -> str | None:
        """Slip in an article."""
        return self._slip_in(
            row,
            lambda index, word: (
                index > 0 and word.lower() in {"de", "du", "des", "la", "le", "les", "aux", "au"}
            ),
        )

    def slip_in_first_letter(self, row: Row) -> str | None:
        """Slip in the first letter of the name."""
        parts = row.street.split(" ")
        if len(parts[-1]) < 5 or not parts[-1].isalpha():
            return None
        last = parts[-1]
        parts[-1] = self.rng.choice(
            [
                last[1:],
                last[0] + last,
                self.rng.choice(KEYS.get(last[0].lower(), "e")) + last[1:],
                last[1] + last[0] + last[2:],
            ]
        )
        return f"{row.number}{row.suffix} {' '.join(parts)} {row.postcode} {self.city(row)}"

    def slip_in_name(self, row: Row) -> str | None:
        """Slip in a word of the name."""
        return self._slip_in(row, lambda index, word: index > 0 and len(word) > 3)

    def slip_in_city(self, row: Row) -> str:
        """Slip in the city's name."""
        return (
            f"{row.number}{row.suffix} {row.street} {row.postcode} {self._slipped(self.city(row))}"
        )

    def in_words(self, row: Row) -> str | None:
        """Write the number in words."""
        if row.number >= 1000:
            return None
        return f"{spelled(row.number)} {row.suffix} {row.street} {row.postcode} {self.city(row)}"

    def ranged(self, row: Row) -> str | None:
        """Type a range, before a place without type too."""
        if row.suffix:
            return None
        joint = self.rng.choice(["-", "/", " - ", " à ", " et ", " & ", " a "])
        return f"{row.number}{joint}{row.number + 2} {row.street} {row.postcode} {self.city(row)}"

    def establishment(self, row: Row) -> str:
        """Write an establishment's name before."""
        joint = self.rng.choice([" ", ", ", "\n", " - "])
        return f"{self.rng.choice(PLACES)}{joint}{self.usual(row)}"

    def without_article(self, row: Row) -> str | None:
        """Leave out the article that begins a place's name: « Mas de X » for « Le Mas de X »."""
        first, _, rest = row.street.partition(" ")
        if first.lower() not in {"le", "la", "les"} or not rest:
            return None
        return f"{row.number}{row.suffix} {rest} {row.postcode} {self.city(row)}"

    def autofilled(self, row: Row) -> str:
        """Write it as browsers, maps and spreadsheets do."""
        departement, region = REGIONS[row.code[:2]]
        start, city = f"{row.number}{row.suffix} {row.street}", self.city(row)
        forms = [
            f"{start}, {row.postcode} {city}, France", f"{start}, {city}, {departement}, {region}, France métropolitaine, {row.postcode}, France",
            f"{row.number}{row.suffix}, {row.street}, Centre-ville, {city}, {departement}, {region}, France métropolitaine, {row.postcode}, France",
            f"{start}\n{row.postcode} {city}\nFRANCE", f"{start}, FR-{row.postcode} {city}", f"{start}, F-{row.postcode} {city}",
            f"{start}, {row.postcode} {city}, {region}, FR", f"{row.number}.0 {row.street} {row.postcode} {city}", f"{start}\u00a0{row.postcode}\u00a0{city}",
            f"{start} {row.postcode}.0 {city}", f'"{start}, {row.postcode} {city}"', f"{start}, {city} ({departement})", f"{start}, {row.postcode}, {city}, France",
            f"{start} | {row.postcode} | {city}", f"{start} {row.postcode} {city}".encode().decode("cp1252", "replace"),
            f"{start} {row.postcode} {city}".replace("'", "&#39;").replace("é", "&eacute;"), f"{start.upper()}, {row.postcode} {city.upper()}, FRANCE",
        ]  # fmt: skip
        return self.rng.choice(forms)

    def cedex(self, row: Row) -> str:
        """Write the postcode of a Cedex."""
        return f"{row.number}{row.suffix} {row.street} {row.postcode[:2]}9{self.rng.randrange(10, 99)} {self.city(row).upper()} CEDEX"


NEVER = {"neighbour", "unreadable"}
KINDS = ("usual", "neighbour", "part", "estate", "unreadable", "slip_in_type", "slip_in_little_word", "slip_in_first_letter",
         "slip_in_name", "slip_in_city", "in_words", "ranged", "establishment", "without_article", "autofilled", "cedex")  # fmt: skip


def is_wrong_number(row: Row, found: Geocoded, typed_range: bool) -> bool:
    """Tell whether a number is answered that is not the row's."""
    if not found.housenumber:
        return False
    given = re.match(r"\d+", found.housenumber)
    return given is None or int(given[0]) not in {
        row.number,
        row.number + 2 if typed_range else row.number,
    }


def main() -> None:
    """Type, ask and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--queries", type=int, default=300)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--split", choices=["dev", "test"], default="dev")
    parser.add_argument("--only", default="", help="files whose name contains this")
    parser.add_argument("--kind", default="")
    parser.add_argument("--no-cog", action="store_true")
    parser.add_argument("--show", type=int, default=0)
    options = parser.parse_args()
    rng = random.Random(options.seed)
    files = [options.data / name for name in FILES if options.only in name]
    cog = options.data / "france/communes-cog-2026.json.gz"
    present = read_cog(cog).current_code
    rows = [
        Row(row.number, row.suffix, row.street, row.code_postal, row.code_commune, row.city, row.longitude, row.latitude,
            f"{row.code_commune}|{row.street}|{row.code_postal}")
        for path in files
        for row in read_addresses(path)[1]
        if row.number
    ]  # fmt: skip
    maker = Maker(rows, rng)
    with tempfile.TemporaryDirectory() as folder:
        start = time.process_time()
        report = build_index(files, Path(folder) / "index", cog=None if options.no_cog else cog)
        spent = time.process_time() - start
        print(f"{report.addresses} addresses, {report.addresses / spent:,.0f} a CPU second")
        geocoder = LocalGeocoder(Path(folder) / "index")
        total_asked = total_accepted = total_false = 0
        every: list[float] = []
        for kind in KINDS:
            if options.kind not in kind:
                continue
            asked = accepted = false = shown = 0
            times = []
            by_commune = kind == "neighbour"
            for row in pick(
                [r for r in rows if not by_commune or not r.code.startswith(("75", "34"))],
                6 * options.queries,
                rng,
                options.split,
            ):
                text = getattr(maker, kind)(row)
                if text is None:
                    continue
                if asked >= options.queries:
                    break
                asked += 1
                start = time.process_time()
                found = geocoder.geocode([AddressQuery(text)])[0]
                times.append(time.process_time() - start)
                ok = found.status == "ok" and found.level != "municipality"
                right = (
                    kind not in NEVER
                    and (same_street(row, found, present) or metres(row, found) <= 60)
                    and not is_wrong_number(row, found, kind == "ranged")
                )
                accepted += ok
                wrong = ok and not right
                false += wrong
                if (wrong or (not ok and kind not in NEVER)) and shown < options.show:
                    shown += 1
                    print(
                        f"  {'FALSE' if wrong else 'refused'} {text!r} ← {row.street_key} → {found.status} {found.label!r} {found.reason}"
                    )
            times.sort()
            every += times
            if kind not in NEVER:
                total_asked += asked
            total_accepted += accepted
            total_false += false
            print(
                f"{kind:22} asked {asked:5d}  accepted {accepted / max(1, asked):6.1%}  false {false:3d}  {len(times) / max(1e-9, sum(times)):6.0f} q/s p95 {times[int(len(times) * 0.95)] * 1000 if times else 0:.2f} ms"
            )
        every.sort()
        print(
            f"TOTAL accepted of acceptable {(total_accepted - total_false) / max(1, total_asked):.2%}, false {total_false} of {total_accepted}, {len(every) / sum(every):.0f} q/s of CPU, p95 {every[int(len(every) * 0.95)] * 1000:.2f} ms"
        )
        geocoder.close()


if __name__ == "__main__":
    main()
