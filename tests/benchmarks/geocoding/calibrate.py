"""
Choose the thresholds of acceptance on the development split, with an upper confidence bound.

    python tests/benchmarks/geocoding/calibrate.py --data ../shared/data [--seeds 1 2 3] [--queries 600]

Each seed builds its own index, without other streets, communes and another département, and types real rows of the
development split in every profile, negatives included. A query is searched once. Every threshold is then tightened
alone, the others wide open, until the decision no longer accepts: the last value that it bears is the query's
*tolerance* to this threshold. The rules object one by one, so a setting accepts exactly the queries that bear all of
its values, and a whole grid of settings is counted from the tolerances. What is chosen accepts most true ones among
the settings whose share of false confident has a one-sided 95 % upper bound (Clopper–Pearson) of at most 0.3 %; at
equal acceptance, the strictest. The chosen setting is then run through the decision itself, as a check.
"""

from __future__ import annotations

import argparse
import itertools
import random
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import numpy as np
from bench import World, metres, read_world, same_street, type_rows
from noise import PROFILES, Typed
from numpy.typing import NDArray
from scipy.stats import beta

from rpe_geo.geocoding.cog import read_cog
from rpe_geo.geocoding.index import build_index
from rpe_geo.geocoding.local import Findings, LocalGeocoder
from rpe_geo.parameters import ParameterTable, parameter_table
from rpe_geo.protocols import AddressQuery, Geocoded

FALSE_MAX = 0.003
CONFIDENCE = 0.95
TRUE_WITHIN_M = 60.0
# threshold → its values from wide open to strict; a margin below 0.02 would let an article or the postcode of a street,
# worth 0.01 each, decide between two places as alike
GRID: dict[str, list[float]] = {
    "street_likeness_min": [0.66, 0.70, 0.72, 0.74, 0.76, 0.78, 0.80, 0.84, 0.88],
    "commune_likeness_min": [0.70, 0.74, 0.77, 0.80, 0.83, 0.86, 0.90],
    "commune_likeness_with_postcode_min": [0.50, 0.60, 0.65, 0.70, 0.75, 0.80],
    "margin_min": [0.02, 0.03, 0.04, 0.05, 0.06, 0.08, 0.10],
}
GUESS_MIN = [0.50, 0.60, 0.70]
WITHOUT = ("48", "90", "12")


@dataclass(frozen=True)
class Sample:
    """What a query bears: its index into each threshold's values, −1 when it is refused wide open."""

    profile: str
    negative: bool
    true: bool
    tolerances: tuple[int, ...]


def upper_bound(false: int, accepted: int) -> float:
    """
    Bound a share from above with confidence 95 %, one-sided, after Clopper and Pearson.

    Parameters
    ----------
    false, accepted
        Events and trials.

    Returns
    -------
    float
        1.0 without trials or when all are events.
    """
    if accepted == 0 or false >= accepted:
        return 1.0
    return float(beta.ppf(CONFIDENCE, false + 1, accepted - false))


def with_values(limits: ParameterTable, values: Mapping[str, float]) -> ParameterTable:
    """Return the table with some values replaced."""
    changed = {name: replace(limits.describe(name), value=value) for name, value in values.items()}
    return replace(limits, parameters={**limits.parameters, **changed})


def counts(answer: Geocoded) -> bool:
    """Tell whether an answer is an accepted place; a commune says itself that it is no more."""
    return answer.status == "ok" and answer.level != "municipality"


class Judge:
    """Deciders on one index, one per value of each threshold, all others wide open."""

    def __init__(self, geocoder: LocalGeocoder, limits: ParameterTable, guess_min: float) -> None:
        opened = {name: values[0] for name, values in GRID.items()}
        opened["guess_min"] = guess_min
        self._open = geocoder.with_limits(with_values(limits, opened))
        self._strict = {
            name: [
                geocoder.with_limits(with_values(limits, {**opened, name: value}))
                for value in values
            ]
            for name, values in GRID.items()
        }

    def tolerances(self, found: Findings) -> tuple[Geocoded, tuple[int, ...]]:
        """Answer wide open, and tell for each threshold the strictest of its values that still accepts."""
        answer = self._open.decide(found)
        if not counts(answer):
            return answer, (-1,) * len(GRID)
        borne = []
        for deciders in self._strict.values():
            low, high = 0, len(deciders) - 1
            while low < high:
                middle = (low + high + 1) // 2
                if counts(deciders[middle].decide(found)):
                    low = middle
                else:
                    high = middle - 1
            borne.append(low)
        return answer, tuple(borne)


def queries_of(world: World, rng: random.Random, amount: int) -> list[tuple[str, bool, Typed]]:
    """Type rows of the development split in every profile: known ones, unpublished numbers, and negatives."""
    postcodes = sorted({row.postcode for row in world.known})
    made: list[tuple[str, bool, Typed]] = []
    for name, profile in PROFILES.items():
        for rows, count, negative in (
            (world.known, amount, False),
            (world.held_numbers, amount // 10, False),
            (world.absent_streets, amount // 8, True),
            (world.absent_communes, amount // 8, True),
            (world.absent_departement, amount // 8, True),
        ):
            typed = type_rows(rows, count, profile, rng, "dev", postcodes)
            made.extend((name, negative, query) for query in typed)
    return made


def measure(
    data: Path, seed: int, without: str, amount: int, guess_min: Sequence[float]
) -> tuple[dict[float, list[Sample]], list[tuple[Sample, bool]]]:
    """Search the queries of one seed once, and record what each bears; and what the standing thresholds answer."""
    limits = parameter_table("geocoding", date.today())  # noqa: DTZ011
    cog = data / "france/communes-cog-2026.json.gz"
    present = read_cog(cog).current_code
    samples: dict[float, list[Sample]] = {value: [] for value in guess_min}
    standing = []
    with tempfile.TemporaryDirectory() as folder:
        world, files = read_world(data, Path(folder), without=without, salt=f"calibrate{seed}")
        build_index(files, Path(folder) / "index", cog=cog)
        geocoder = LocalGeocoder(Path(folder) / "index")
        judges = {value: Judge(geocoder, limits, value) for value in guess_min}
        for profile, negative, typed in queries_of(world, random.Random(seed), amount):
            found = geocoder.search(AddressQuery(typed.text, typed.postcode, typed.city))
            for value, judge in judges.items():
                if isinstance(found, Findings):
                    answer, borne = judge.tolerances(found)
                else:
                    answer, borne = found, (-1,) * len(GRID)
                true = not negative and (
                    same_street(typed.row, answer, present)
                    or metres(typed.row, answer) <= TRUE_WITHIN_M
                )
                samples[value].append(Sample(profile, negative, true, borne))
                if value == limits["guess_min"]:
                    accepted = isinstance(found, Findings) and counts(geocoder.decide(found))
                    standing.append((samples[value][-1], accepted))
        geocoder.close()
    return samples, standing


@dataclass(frozen=True)
class Outcome:
    """What one setting accepts, of so many true ones; with the shares."""

    values: dict[str, float]
    true: int
    false: int
    asked: int

    @property
    def accepted(self) -> int:
        """True and false ones."""
        return self.true + self.false

    @property
    def bound(self) -> float:
        """Upper bound of the share of false confident."""
        return upper_bound(self.false, self.accepted)

    def line(self) -> str:
        """Write a row of the table."""
        settings = "  ".join(f"{value:5.2f}" for value in self.values.values())
        share = self.false / max(1, self.accepted)
        return (
            f"{settings}  {self.true / self.asked:8.2%}  {self.false:5d}/{self.accepted:<6d}"
            f"  {share:7.3%}  {self.bound:7.3%}"
        )


HEADER = "street  commune  with-postcode  margin  guess  accepted  false  share  bound"


def sweep(samples: Sequence[Sample], guess_min: float) -> list[Outcome]:
    """Count every setting of the grid."""
    sizes = [len(values) for values in GRID.values()]
    true = _borne_by([s.tolerances for s in samples if s.true], sizes)
    false = _borne_by([s.tolerances for s in samples if not s.true], sizes)
    asked = sum(not sample.negative for sample in samples)
    return [
        Outcome(
            values={
                **{
                    name: values[at] for (name, values), at in zip(GRID.items(), place, strict=True)
                },
                "guess_min": guess_min,
            },
            true=int(true[place]),
            false=int(false[place]),
            asked=asked,
        )
        for place in itertools.product(*map(range, sizes))
    ]


def _borne_by(tolerances: Sequence[tuple[int, ...]], sizes: Sequence[int]) -> NDArray[np.int64]:
    """Count for every setting the queries that bear all of its values: a sum over the corner above it."""
    counted = np.zeros(sizes, dtype=np.int64)
    for borne in tolerances:
        if min(borne) >= 0:
            counted[borne] += 1
    for axis in range(len(sizes)):
        counted = np.flip(np.flip(counted, axis).cumsum(axis), axis)
    return counted


def choose(outcomes: Sequence[Outcome], guess_min: float) -> Outcome:
    """
    Choose the setting that accepts most true ones within the bound; at equal acceptance, the strictest.

    Parameters
    ----------
    outcomes
        Every setting of the grid.
    guess_min
        The value in force, kept when it costs nothing: it also rules what is proposed for review.

    Raises
    ------
    SystemExit
        No setting keeps the bound.
    """
    within = [outcome for outcome in outcomes if outcome.bound <= FALSE_MAX]
    if not within:
        message = f"no setting keeps false confident below {FALSE_MAX:.1%} with confidence {CONFIDENCE:.0%}"
        raise SystemExit(message)

    def merit(found: Outcome) -> tuple[int, int, bool, float]:
        strictness = sum(found.values[name] for name in GRID)
        return found.true, -found.false, found.values["guess_min"] == guess_min, strictness

    return max(within, key=merit)


def main() -> None:
    """Measure, print the table, and name the setting to put into the parameters."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    parser.add_argument("--queries", type=int, default=600, help="true ones per profile and seed")
    options = parser.parse_args()
    limits = parameter_table("geocoding", date.today())  # noqa: DTZ011
    now = {name: float(limits[name]) for name in (*GRID, "guess_min")}
    guesses = sorted({*GUESS_MIN, now["guess_min"]})
    samples: dict[float, list[Sample]] = {value: [] for value in guesses}
    standing: list[tuple[Sample, bool]] = []
    for order, seed in enumerate(options.seeds):
        without = WITHOUT[order % len(WITHOUT)]
        found, answered = measure(options.data, seed, without, options.queries, guesses)
        for value in guesses:
            samples[value].extend(found[value])
        standing.extend(answered)
        print(f"seed {seed}, without département {without}: {len(answered)} queries", flush=True)
    outcomes = [outcome for value in guesses for outcome in sweep(samples[value], value)]
    chosen = choose(outcomes, now["guess_min"])
    current = next((outcome for outcome in outcomes if outcome.values == now), None)
    print(HEADER)
    for name in (*GRID, "guess_min"):
        print(f"{name}, the others as chosen")
        for outcome in outcomes:
            others = {key: value for key, value in outcome.values.items() if key != name}
            if others.items() <= chosen.values.items():
                print(outcome.line() + ("  <" if outcome == chosen else ""))
    if current:
        print(f"in force\n{current.line()}")
        decided = sum(accepted for _, accepted in standing)
        agree = "agrees" if decided == current.accepted else "DISAGREES"
        print(
            f"check: the decision itself accepts {decided}, the sweep {current.accepted}: {agree}"
        )
    print(f"chosen: accepted {chosen.true / chosen.asked:.2%}\n{chosen.line()}")
    for profile in PROFILES:
        of_profile = [
            sample for sample in samples[chosen.values["guess_min"]] if sample.profile == profile
        ]
        found_here = sweep(of_profile, chosen.values["guess_min"])
        same = next(outcome for outcome in found_here if outcome.values == chosen.values)
        print(f"{same.line()}  {profile}")


if __name__ == "__main__":
    main()
