"""
Prove that a change of the code changes no figure: run the same commands before and after, and compare every result.

    python -m tests.same_figures BEFORE [AFTER] [--real] [--save FILE]
    python -m tests.same_figures --save figures.json --real

BEFORE is a commit of this repository, checked out in a folder of its own, or a file that an earlier run saved; without it
the digests are only printed. AFTER is a commit, the working tree by default. Each side runs `check`, `suggest`, `access`, `geocode`, `matrix` and `observatory build` on the demonstration, and with `--real`
on Montpellier and the whole of France from the folder `RPE_REAL_DATA`; tables and JSON are compared byte by byte, but for
the form of apostrophes, which is typography.
Exit code 0 when every result is the same, 1 when one differs or stands on one side only.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
DEMONSTRATION = ROOT / "data" / "communes" / "demonstration"
REAL = Path(os.environ.get("RPE_REAL_DATA", ROOT.parent / "shared" / "data"))
COMPARED = {".csv", ".json", ".geojson"}


def steps(files: Path, real: bool) -> Iterator[list[str]]:
    """Tell the commands in order; later ones read what earlier ones wrote."""
    demo = DEMONSTRATION
    streets, addresses = str(demo / "streets.osm.pbf"), str(demo / "addresses.csv.gz")
    yield ["territory", "build", "ville", "--streets", streets, "--addresses", addresses,
           "--communes", str(demo / "communes.parquet"), "--contours", str(demo / "contours.parquet")]  # fmt: skip
    yield from judged("ville", "registre", 400)
    yield ["geocode", str(files / "addresses.csv"), "-o", "geocode.csv", "--territory", "ville"]
    yield from reached("ville", files, "matrix.csv", "access")
    yield ["observatory", "build", "observatoire", "--communes", str(demo / "communes.parquet"),
           "--contours", str(demo / "contours.parquet")]  # fmt: skip
    if real:
        yield from real_steps(files)


def judged(territory: str, folder: str, count: int) -> Iterator[list[str]]:
    """Draw a registry, judge it, and rank it for its first needs."""
    yield [
        "synth",
        folder,
        "--childminders",
        str(count),
        "--requests",
        "12",
        "--territory",
        territory,
    ]
    minders, needs = f"{folder}/childminders.json", f"{folder}/requests.json"
    yield ["check", minders, needs, "--mams", f"{folder}/mams.json", "--on", "2026-11-30"]
    base = ["--database", f"sqlite:///{folder}.sqlite"]
    for kind in ("mams", "childminders", "facilities"):
        yield ["import", f"{folder}/{kind}.json", "--kind", kind, *base]
    for number in range(6):
        yield ["suggest", f"{folder}/request-{number}.json", "--format", "json", "--accept-review",
               "--territory", territory, *base]  # fmt: skip


def reached(territory: str, files: Path, matrix: str, access: str) -> Iterator[list[str]]:
    """Compute travel times between the points given, and what they give access to."""
    points = str(files / f"{territory}-points.csv")
    for mode in ("walk", "car"):
        yield [
            "matrix",
            points,
            points,
            "-o",
            f"{mode}-{matrix}",
            "--territory",
            territory,
            "--mode",
            mode,
        ]
    for method in ("2sfca", "e2sfca", "3sfca", "raam", "cumulative", "closest"):
        yield [
            "access",
            points,
            points,
            f"car-{matrix}",
            "-o",
            f"{access}-{method}.csv",
            "--method",
            method,
        ]


def real_steps(files: Path) -> Iterator[list[str]]:
    """Do the same on Montpellier, and the observatory of every commune of France."""
    city, france = REAL / "montpellier", REAL / "france"
    yield ["territory", "build", "montpellier", "--streets", str(city / "montpellier-streets-2014.osm.pbf"),
           "--addresses", str(city / "adresses-34172.csv.gz")]  # fmt: skip
    yield from judged("montpellier", "registre-montpellier", 400)
    yield from reached("montpellier", files, "matrix-montpellier.csv", "access-montpellier")
    national = ["--communes", str(france / "communes.parquet"), "--contours", str(france / "contours.parquet"),
                "--places", str(france / "places-2020.parquet"),
                "--births", str(france / "etat-civil-2008-2023.parquet")]  # fmt: skip
    yield ["observatory", "build", "observatoire-montpellier", *national, "--territory", "montpellier",
           "--zones", str(city / "sous-quartiers.geojson"), "--code", "34172"]  # fmt: skip
    yield ["observatory", "build", "observatoire-france", *national]


def write_inputs(files: Path, real: bool) -> None:
    """Write addresses to find and points to join, the same for both sides."""
    import pandas as pd

    columns = {"lon": "longitude", "lat": "latitude"}
    sources = {"ville": DEMONSTRATION / "addresses.csv.gz"}
    if real:
        sources["montpellier"] = REAL / "montpellier" / "adresses-34172.csv.gz"
    for name, source in sources.items():
        table = pd.read_csv(source, sep=";", dtype={"code_postal": str}, low_memory=False)
        points = table.iloc[:: max(1, len(table) // 60)].rename(columns=columns)
        points = points[["longitude", "latitude"]].assign(children=range(len(points)), places=3)
        points.insert(0, "id", [f"P{number}" for number in range(len(points))])
        points.to_csv(files / f"{name}-points.csv", index=False)
        if name == "ville":
            some = table.iloc[:: max(1, len(table) // 400)]
            words = (
                some.numero.astype(str)
                + " "
                + some.nom_voie
                + " "
                + some.code_postal
                + " "
                + some.nom_commune
            )
            pd.DataFrame({"adresse": [*words, *words.str.replace("e", "", n=1)]}).to_csv(
                files / "addresses.csv", index=False
            )


def split_requests(folder: Path) -> None:
    """Write the first needs that were drawn, each in a file of its own."""
    for number, need in enumerate(json.loads((folder / "requests.json").read_text())[:6]):
        (folder / f"request-{number}.json").write_text(json.dumps(need))


def digest(content: bytes) -> str:
    """Sum a result up; straight and curly apostrophes are the same."""
    return hashlib.sha256(content.replace("’".encode(), b"'")).hexdigest()


def run_all(tree: Path, work: Path, files: Path, real: bool) -> dict[str, str]:
    """Run every command with the code of a folder; the hash of what each printed and wrote."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith("RPE_")}
    environment |= {
        "PYTHONPATH": str(tree),
        "COLUMNS": "120",
        "RPE_MASKING_SECRET": "the same on both sides",
    }
    results = {}
    for number, step in enumerate(steps(files, real)):
        done = subprocess.run(
            [sys.executable, "-c", "from rpe_geo.cli import main; main()", *step],
            cwd=work, env=environment, capture_output=True, check=False,
        )  # fmt: skip
        name = f"{number:02d} {step[0]} {Path(step[1]).name}"
        if step[0] in {"check", "suggest", "access", "geocode", "matrix"}:
            results[name] = digest(done.stdout)
        results[f"{name}: exit code"] = str(done.returncode)
        if done.returncode:
            print(f"{tree.name}: {' '.join(step)}: {done.stderr.decode()[-400:]}", file=sys.stderr)
        if step[0] == "synth":
            split_requests(work / step[1])
    for path in sorted(work.rglob("*")):
        # The index of addresses is named by the moment it was made.
        if (
            path.suffix in COMPARED
            and path.name != "territory.json"
            and "addresses" not in path.parts
        ):
            results[str(path.relative_to(work))] = digest(path.read_bytes())
    return results


@contextmanager
def checked_out(commit: str | None, folder: Path) -> Iterator[Path]:
    """Check a commit out beside the repository; the working tree when none is named."""
    if commit is None:
        yield ROOT
        return
    git = ["git", "-C", str(ROOT), "worktree"]
    subprocess.run([*git, "add", "--quiet", "--detach", str(folder), commit], check=True)
    try:
        yield folder
    finally:
        subprocess.run([*git, "remove", "--force", str(folder)], check=True)


def main() -> int:
    """Compare two states of the code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("before", nargs="?")
    parser.add_argument("after", nargs="?")
    parser.add_argument("--real", action="store_true")
    parser.add_argument("--save", type=Path)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        here = Path(scratch)
        (files := here / "inputs").mkdir()
        write_inputs(files, asked.real)
        after = digests_of(asked.after, here / "after", files, asked.real)
        if asked.before is None:
            before = None
        elif Path(asked.before).is_file():
            before = json.loads(Path(asked.before).read_text(encoding="utf-8"))
        else:
            before = digests_of(asked.before, here / "before", files, asked.real)
    if asked.save is not None:
        asked.save.write_text(json.dumps(after, indent=1) + "\n", encoding="utf-8")
    print("\n".join(f"{value[:16]}  {key}" for key, value in sorted(after.items())))
    if before is None:
        return 0
    differing = sorted(key for key in before | after if before.get(key) != after.get(key))
    print("\n".join(f"differs: {key}" for key in differing))
    print(f"{len(before)} results, {len(differing)} differ")
    return 1 if differing or not before else 0


def digests_of(commit: str | None, folder: Path, files: Path, real: bool) -> dict[str, str]:
    """Run every command with one state of the code."""
    (work := folder.with_name(f"{folder.name}-results")).mkdir()
    with checked_out(commit, folder) as tree:
        return run_all(tree, work, files, real)


if __name__ == "__main__":
    raise SystemExit(main())
