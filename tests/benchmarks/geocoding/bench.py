"""
How good the local geocoder is on noisy queries made from real rows, and on addresses that it must refuse.

    python tests/benchmarks/geocoding/bench.py --data ../shared/data [--split dev|test] [--queries 2000]

Streets are split by a hash: some are left out of the index (negatives), some communes too, and a whole département;
the others are development or test. Every figure comes from one run on one machine.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import io
import json
import math
import random
import resource
import subprocess
import tempfile
import time
import zlib
from collections import Counter, defaultdict
from dataclasses import dataclass
from pathlib import Path

from noise import PROFILES, Profile, Row, Typed, spoil

from rpe_geo.geocoding.index import build_index
from rpe_geo.geocoding.local import LocalGeocoder
from rpe_geo.geocoding.normalize import words
from rpe_geo.geocoding.sources import read_addresses
from rpe_geo.protocols import AddressQuery, Geocoded

FILES = [
    "addresses/ban-75.csv.gz",
    "addresses/bano-90.csv.gz",
    "addresses/bano-12.csv.gz",
    "addresses/bano-48.csv.gz",
    "montpellier/adresses-34172.csv.gz",
]


def fate(key: str, share: int) -> int:
    """Draw a stable number below `share` for a key."""
    return zlib.crc32(key.encode()) % share


@dataclass
class World:
    """What is in the index and what was left out of it."""

    known: list[Row]
    absent_streets: list[Row]
    absent_communes: list[Row]
    absent_departement: list[Row]
    held_numbers: list[Row]


def read_world(data: Path, out: Path, *, without: str, salt: str) -> tuple[World, list[Path]]:
    """Split the rows and write the files that are indexed."""
    world = World([], [], [], [], [])
    written = []
    for name in FILES:
        _source, rows = read_addresses(data / name)
        kept: list[list[str]] = []
        for row in rows:
            made = Row(row.number, row.suffix, row.street, row.code_postal, row.code_commune, row.city, row.longitude,
                       row.latitude, f"{row.code_commune}|{row.street}|{row.code_postal}")  # fmt: skip
            if row.number == 0:
                continue
            if row.code_commune.startswith(without):
                world.absent_departement.append(made)
            elif (
                not row.code_commune.startswith(("75", "34"))
                and fate(salt + row.code_commune, 12) == 0
            ):
                world.absent_communes.append(made)
            elif fate(salt + " ".join(words(row.street)) + row.code_commune[:2], 10) == 0:
                world.absent_streets.append(made)
            elif fate(salt + made.street_key + str(row.number), 40) == 0:
                world.held_numbers.append(made)
            else:
                world.known.append(made)
                kept.append([f"{row.street_id}_{row.number:05d}", str(row.number), row.suffix, row.street, row.code_postal,
                             row.code_commune, row.city, str(row.longitude), str(row.latitude), row.position])  # fmt: skip
        if not kept:
            continue
        target = out / Path(name).name
        with (
            gzip.open(target, "wb") as raw,
            io.TextIOWrapper(raw, encoding="utf-8", newline="") as stream,
        ):
            writer = csv.writer(stream, delimiter=";")
            writer.writerow(
                [
                    "id",
                    "numero",
                    "rep",
                    "nom_voie",
                    "code_postal",
                    "code_insee",
                    "nom_commune",
                    "lon",
                    "lat",
                    "type_position",
                ]
            )
            writer.writerows(kept)
        written.append(target)
    return world, written


def metres(row: Row, found: Geocoded) -> float:
    """Measure the error of an answer."""
    if found.longitude is None or found.latitude is None:
        return math.inf
    east = (row.longitude - found.longitude) * math.cos(math.radians(row.latitude))
    return math.hypot(east, row.latitude - found.latitude) * 111_195


def same_street(row: Row, found: Geocoded, present: dict[str, str]) -> bool:
    """Whether the street found is the row's, by name and commune."""
    if words(found.street) != words(row.street):
        return False
    return present.get(row.code, row.code) == found.code_commune


def pick(rows: list[Row], count: int, rng: random.Random, split: str) -> list[Row]:
    """Draw rows of one split, a street at a time so that long streets do not weigh more."""
    by_street: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        side = "dev" if fate("split" + row.street_key, 2) else "test"
        if side == split:
            by_street[row.street_key].append(row)
    keys = sorted(by_street)
    if not keys:
        return []
    return [rng.choice(by_street[rng.choice(keys)]) for _ in range(count)]


def type_rows(
    rows: list[Row],
    amount: int,
    profile: Profile,
    rng: random.Random,
    split: str,
    postcodes: list[str],
) -> list[Typed]:
    """Draw rows of one split and type them as a profile does; a wrong postcode is one of the same département."""
    typed = []
    for row in pick(rows, amount, rng, split):
        near = [
            code for code in postcodes if code[:2] == row.postcode[:2] and code != row.postcode
        ] or postcodes
        wrong = [
            rng.choice(near),
            row.postcode[:4] + rng.choice("0123456789"),
            row.postcode[:2] + "000",
        ]
        typed.append(spoil(row, profile, rng, wrong))
    return typed


def main() -> None:
    """Run the bench and print its table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--split", choices=["dev", "test"], default="dev")
    parser.add_argument("--queries", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--without", default="48", help="département left out of the index")
    parser.add_argument("--no-cog", action="store_true")
    parser.add_argument("--profile", choices=[*PROFILES, "all"], default="all")
    parser.add_argument("--show", type=int, default=0, help="print so many failures of each kind")
    parser.add_argument(
        "--addok",
        default="",
        help="a Python that has addok, addok-fr and addok-france; needs redis-server",
    )
    options = parser.parse_args()
    rng = random.Random(options.seed)
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder)
        salt = str(options.seed)
        world, files = read_world(options.data, out, without=options.without, salt=salt)
        cog = None if options.no_cog else options.data / "france/communes-cog-2026.json.gz"
        present = {}
        if cog:
            from rpe_geo.geocoding.cog import read_cog

            present = read_cog(cog).current_code
        start = time.perf_counter()
        report = build_index(files, out / "index", cog=cog)
        spent = time.perf_counter() - start
        print(
            f"index: {report.addresses} addresses, {report.streets} streets, {report.addresses / spent:,.0f} addresses/s"
        )
        start = time.perf_counter()
        geocoder = LocalGeocoder(out / "index")
        print(f"opened in {(time.perf_counter() - start) * 1000:.0f} ms")
        chosen = list(PROFILES) if options.profile == "all" else [options.profile]
        postcodes = sorted({row.postcode for row in world.known})
        totals: Counter[str] = Counter()
        for name in chosen:
            run(name, world, geocoder, rng, options, postcodes, present, totals)
        ok = totals["accepted"]
        print(
            f"TOTAL true {totals['true']}  top-1 street {totals['street'] / totals['true']:.2%}  level {totals['level'] / totals['true']:.2%}  "
            f"accepted {totals['true accepted'] / totals['true']:.2%}  false confident {totals['false'] / max(1, ok):.3%} ({totals['false']}/{ok}); "
            f"negatives {totals['negatives']} accepted {totals['negatives accepted']}"
        )
        if options.addok:
            compare_with_addok(
                options.addok, world, geocoder, rng, options, postcodes, present, out
            )
        print(
            f"peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024} MB (with the bench's own rows)"
        )


def compare_with_addok(
    python: str,
    world: World,
    geocoder: LocalGeocoder,
    rng: random.Random,
    options: argparse.Namespace,
    postcodes: list[str],
    present: dict[str, str],
    out: Path,
) -> None:
    """Ask both the same queries of the usual profile, on the same streets, in one run."""
    by_street: dict[str, list[Row]] = defaultdict(list)
    for row in world.known:
        by_street[row.street_key].append(row)
    with (out / "streets.jsonl").open("w", encoding="utf-8") as stream:
        for number, rows in enumerate(by_street.values()):
            first = rows[0]
            city = first.city.split(" ")[0] if "Arrondissement" in first.city else first.city
            plates = {
                f"{row.number} {row.suffix}".strip(): {"lat": row.latitude, "lon": row.longitude}
                for row in rows
            }
            document = {
                "_id": str(number), "id": str(number), "type": "street", "name": first.street, "postcode": first.postcode,
                "citycode": first.code, "city": city, "lat": first.latitude, "lon": first.longitude, "importance": 0.1,
                "housenumbers": plates,
            }  # fmt: skip
            stream.write(json.dumps(document, ensure_ascii=False) + "\n")
    rows = pick(world.known, min(options.queries, 1000), rng, options.split)
    typed = [spoil(row, PROFILES["usual"], rng, postcodes) for row in rows]
    queries = [" ".join(query.text.split()) for query in typed]
    (out / "queries.txt").write_text("\n".join(queries), encoding="utf-8")
    peer = Path(__file__).with_name("peer_addok.py")
    subprocess.run(
        [
            python,
            str(peer),
            str(out / "streets.jsonl"),
            str(out / "queries.txt"),
            str(out / "answers.jsonl"),
        ],
        check=True,
        stdout=subprocess.DEVNULL,
    )
    theirs = [
        json.loads(line)
        for line in (out / "answers.jsonl").read_text(encoding="utf-8").splitlines()
    ]
    start = time.perf_counter()
    ours = [geocoder.geocode([AddressQuery(query)])[0] for query in queries]
    spent = time.perf_counter() - start
    right = sum(same_street(row, found, present) for row, found in zip(rows, ours, strict=True))
    their_right = sum(
        words(found["street"]) == words(row.street) and found["code"] == row.code
        for row, found in zip(rows, theirs, strict=True)
    )
    their_spent = sum(found["seconds"] for found in theirs)
    count = len(rows)
    print(
        f"addok: top-1 {their_right / count:.2%} {count / their_spent:.0f} q/s | ours: top-1 {right / count:.2%} "
        f"{count / spent:.0f} q/s, {their_spent / spent:.1f} times as fast"
    )


def run(
    name: str,
    world: World,
    geocoder: LocalGeocoder,
    rng: random.Random,
    options: argparse.Namespace,
    postcodes: list[str],
    present: dict[str, str],
    totals: Counter[str],
) -> None:
    """Measure one profile."""
    profile = PROFILES[name]
    count = options.queries

    def make(rows: list[Row], amount: int) -> list[Typed]:
        return type_rows(rows, amount, profile, rng, options.split, postcodes)

    trues = make(world.known, count)
    held = make(world.held_numbers, count // 10)
    negatives = [("street", t) for t in make(world.absent_streets, count // 8)]
    negatives += [("commune", t) for t in make(world.absent_communes, count // 8)]
    negatives += [("departement", t) for t in make(world.absent_departement, count // 8)]
    times = []
    answers = []
    for typed in trues:
        query = AddressQuery(typed.text, typed.postcode, typed.city)
        start = time.process_time()  # of this process alone: a busy machine does not count
        answers.append(geocoder.geocode([query])[0])
        times.append(time.process_time() - start)
    tally: Counter[str] = Counter()
    errors: dict[str, list[float]] = defaultdict(list)
    widths: dict[str, list[float]] = defaultdict(list)
    inside: list[bool] = []
    shown: Counter[str] = Counter()

    def show(kind: str, typed: Typed, found: Geocoded) -> None:
        shown[kind] += 1
        if shown[kind] <= options.show:
            given = " | ".join(
                part for part in (typed.text, typed.postcode, typed.city) if part
            ).replace("\n", "⏎")
            print(
                f"  [{kind}] {given!r} ← {typed.row.number}{typed.row.suffix} {typed.row.street} {typed.row.postcode} {typed.row.city} "
                f"→ {found.status} {found.label!r} {found.score} {found.reason} {typed.spoilt}"
            )

    def account(typed: Typed, found: Geocoded, *, interpolated: bool) -> None:
        error = metres(typed.row, found)
        right = same_street(typed.row, found, present)
        wanted = (
            "interpolated"
            if interpolated and typed.numbered
            else "housenumber"
            if typed.numbered
            else "street"
        )
        tally["street"] += right
        tally["level"] += right and found.level == wanted
        if right and found.level != wanted and not interpolated:
            show("level", typed, found)
        if not right:
            show("wrong", typed, found)
        if found.status == "ok":
            tally["accepted"] += 1
            if right or error <= 60:
                tally["true accepted"] += 1
                errors[found.level or ""].append(error)
                widths[found.level or ""].append(found.uncertainty_m or 0)
                inside.append(error <= (found.uncertainty_m or 0))
                if not inside[-1]:
                    show("outside", typed, found)
            else:
                tally["false"] += 1
                show("FALSE", typed, found)
        elif right:
            tally[found.reason.split(" ")[0]] += 0
            show("refused", typed, found)

    for typed, found in zip(trues, answers, strict=True):
        account(typed, found, interpolated=False)
    street_share, level_share, accepted = (
        tally["street"] / count,
        tally["level"] / count,
        tally["true accepted"] / count,
    )
    for typed in held:
        account(
            typed,
            geocoder.geocode([AddressQuery(typed.text, typed.postcode, typed.city)])[0],
            interpolated=True,
        )
    refused: Counter[str] = Counter()
    for kind, typed in negatives:
        found = geocoder.geocode([AddressQuery(typed.text, typed.postcode, typed.city)])[0]
        totals["negatives"] += 1
        if found.status == "ok" and found.level != "municipality":
            refused[kind] += 1
            totals["negatives accepted"] += 1
            tally["false"] += 1
            tally["accepted"] += 1
            show("NEGATIVE " + kind, typed, found)
    times.sort()
    totals["true"] += count
    totals["street"] += round(street_share * count)
    totals["level"] += round(level_share * count)
    totals["true accepted"] += round(accepted * count)
    totals["accepted"] += tally["accepted"]
    totals["false"] += tally["false"]

    def median(values: list[float]) -> float:
        return sorted(values)[len(values) // 2] if values else math.nan

    print(
        f"{name:8} top-1 {street_share:.2%} level {level_share:.2%} accepted {accepted:.2%} false {tally['false']}/{tally['accepted']} "
        f"neg {dict(refused)} inside {sum(inside) / max(1, len(inside)):.1%} "
        + " ".join(
            f"{level}:err {median(errors[level]):.0f} unc {median(widths[level]):.0f} n={len(errors[level])}"
            for level in errors
        )
        + f" | {count / sum(times):.0f} q/s of CPU, p50 {times[count // 2] * 1000:.2f} p95 {times[int(count * 0.95)] * 1000:.2f} ms"
    )


if __name__ == "__main__":
    main()
