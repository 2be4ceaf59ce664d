"""Results of the privacy measures, each with its control in the detail."""

from __future__ import annotations

from dataclasses import asdict

from gansmith.metrics.result import Result
from gansmith.metrics.table.alone import alone
from gansmith.metrics.table.anonymity import rare_combinations
from gansmith.metrics.table.attacks import Attack, attribute_risks, linkability, success_rate
from gansmith.metrics.table.case import Case, made_result, median_interval
from gansmith.metrics.table.closeness import closeness
from gansmith.metrics.table.intervals import share_difference, wilson
from gansmith.metrics.table.membership import membership
from gansmith.metrics.table.singling import singling_out
from gansmith.types import Json

__all__ = ["attack_results", "closeness_results", "membership_results", "rare_results"]

TARGETS = 500


def closeness_results(case: Case) -> list[Result]:
    """`train_closer`, `closest_distance`, `distance_ratio`, `exact_copies`, `near_copies`."""
    confidence, n = case.settings.confidence, len(case.made)
    found = closeness(case.made, case.train, case.held_out, confidence=confidence, seed=case.settings.seed)
    real = len(case.train)
    results = [
        made_result(
            case,
            "train_closer",
            found.train_closer,
            (found.low, found.high),
            real=found.reference,
            own={"distance": "mixed"},
            matters=(),
        )
    ]
    for name, values, held in (
        ("closest_distance", found.distance, found.held_out_distance),
        ("distance_ratio", found.ratio, found.held_out_ratio),
    ):
        value, ends = median_interval(values.numpy(), confidence)
        control, _ = median_interval(held.numpy(), confidence)
        detail: dict[str, Json] = {"control": control}
        results.append(
            made_result(
                case, name, value, ends, real=real, own={"distance": "mixed"}, matters=("n_real",), detail=detail
            )
        )
    copies: list[Json] = [[made, train, far] for made, train, far in found.nearest_copies()]
    for name, share, control in (
        ("exact_copies", float(found.copy.mean()), float(found.held_out_copy.mean())),
        ("near_copies", found.near_copies, found.held_out_near_copies),
    ):
        more: dict[str, Json] = {"control": control}
        if name == "near_copies":
            more |= {"nearer_than": found.near, "nearest": copies}
        ends = wilson(share, n, confidence)
        results.append(made_result(case, name, share, ends, real=real, matters=("n_real",), detail=more))
    return results


def rare_results(case: Case) -> list[Result]:
    """`rare_combinations`: the share of training records' rare combinations made again, less that of held-out ones.

    Its detail says under `alone` how many training records are the only ones of their kind.
    """
    found = rare_combinations(
        case.made,
        case.train,
        case.held_out,
        case.identifiers,
        confidence=case.settings.confidence,
        seed=case.settings.seed,
    )
    revealed, control = (found.low, found.high), (found.control_low, found.control_high)
    detail: dict[str, Json] = {
        "revealed": found.revealed,
        "control": found.control,
        "smallest": found.smallest,
        "made_rare": found.made_rare,
        "combinations": found.count,
    }
    groups = alone(case.made, case.train, case.held_out, case.identifiers, confidence=case.settings.confidence)
    if groups is not None:
        detail["alone"] = {**asdict(groups), "columns": list(groups.columns)}
    own: dict[str, Json] = {"identifiers": list(found.identifiers), "k": found.k}
    real = min(len(case.train), len(case.held_out))
    value, ends = found.revealed - found.control, share_difference(found.revealed, revealed, found.control, control)
    return [made_result(case, "rare_combinations", value, ends, real=real, own=own, detail=detail)]


def membership_results(case: Case) -> list[Result]:
    """`membership` and `membership_density`."""
    settings = case.settings
    pair = membership(case.made, case.train, case.held_out, confidence=settings.confidence, seed=settings.seed)
    return [
        made_result(
            case,
            name,
            found.auc,
            (found.low, found.high),
            real=2 * found.records,
            own={"distance": "mixed"},
            detail={"caught_at_1_percent": found.caught},
        )
        for name, found in zip(("membership", "membership_density"), pair, strict=True)
    ]


def _attack_result(case: Case, name: str, found: Attack, own: dict[str, Json], detail: dict[str, Json]) -> Result:
    rates: dict[str, Json] = {
        side: [rate.successes, rate.tries] for side, rate in (("attack", found.attack), ("control", found.control))
    }
    tries = found.attack.tries + found.control.tries
    return made_result(case, name, found.risk, (found.low, found.high), real=tries, own=own, detail={**rates, **detail})


def attack_results(case: Case, name: str) -> Result:
    """One of `attribute_inference`, `linkability`, `singling_out`.

    The first is the risk of the mean rates over all columns, each guessed from all others; as the same records are
    attacked each time, the interval counts them once. Links are tried between every other column and the rest.
    """
    made, train, held = case.made, case.train, case.held_out
    seed, confidence = case.settings.seed, case.settings.confidence
    if name == "singling_out":
        found = singling_out(made, train, held, confidence=confidence, seed=seed)
        return _attack_result(case, name, found, {"width": 3}, {})
    if name == "linkability":
        halves = made.names[::2], made.names[1::2]
        found = linkability(made, train, held, *halves, attacks=TARGETS, confidence=confidence, seed=seed)
        return _attack_result(case, name, found, {"first": list(halves[0]), "second": list(halves[1])}, {})
    by_column = attribute_risks(made, train, held, attacks=TARGETS, confidence=confidence, seed=seed)
    rates = []
    for side in ("attack", "control"):
        each = [getattr(found, side) for found in by_column.values()]
        successes = round(sum(rate.successes for rate in each) / len(each))
        rates.append(success_rate(successes, each[0].tries, confidence))
    columns: dict[str, Json] = {
        column: [found.risk, found.low, found.high, found.attack.value, found.control.value]
        for column, found in by_column.items()
    }
    return _attack_result(case, name, Attack.of(*rates), {}, {"columns": columns})
