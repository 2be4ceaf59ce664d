"""What a private run promises, in plain words and in numbers."""

from __future__ import annotations

from typing import Any

from gansmith.run.accountant import Cost

__all__ = ["NOT_PRIVATE", "promise_of", "protected_words", "told"]

NOT_PRIVATE = "not private: do not publish (measured on real rows, outside epsilon)"
"""What stands beside everything that was measured on real rows."""


def promise_of(cost: Cost, delta: float, clip: float, rows: int) -> dict[str, Any]:
    """Epsilon and delta of a run, and everything that they rest on.

    Args:
        cost: What the run does to its rows.
        delta: Probability with which the promise may fail.
        clip: Largest norm of the gradient of one row.
        rows: Training rows.
    """
    return {
        "epsilon": round(cost.epsilon(delta), 4),
        "delta": delta,
        "neighbours": "one row of the table added or removed",
        "accountant": "dp-accounting, privacy loss distributions (pessimistic), Poisson sampling",
        "noise": cost.noise,
        "clip": clip,
        "rate": cost.rate,
        "steps": cost.steps,
        "noise_of_counts": cost.counts,
        "public": [
            "the schema: names, kinds, formats, ranges, values and rules of the columns",
            f"the number of training rows: {rows:,}",
            "the settings and the name of the file",
        ],
        "private": ["the intervals of numbers and times: noisy counts", "the weights: noisy gradients of single rows"],
        "outside": [
            "scores, pictures and events of the run folder: " + NOT_PRIVATE,
            "other runs on the same rows: the epsilons of what is published add up",
            "people with several rows: the promise is for one row",
        ],
    }


def protected_words(least: int, of: str = "rows") -> str:
    """What the protection of outliers means, in a few sentences; `of` is whose values those are."""
    return (
        f"Outliers protected: the model knows no category, special value or fixed combination that fewer than "
        f"{least:,} training {of} share, and no number or time beyond the {least:,} smallest or largest. That hides "
        "unusual values, not unusual combinations of usual ones: it is no differential privacy."
    )


def told(promise: dict[str, Any]) -> list[str]:
    """A promise as sentences."""
    counts = promise["noise_of_counts"]
    counted = f", and of {counts:.1f} for counts" if counts else ""
    return [
        f"Differentially private: epsilon {promise['epsilon']:.2f}, delta {promise['delta']:.2g}; neighbours differ in "
        f"{promise['neighbours']}. Whatever is made of this model, whether any one row was in the training rows "
        "changes the probability of an outcome by a factor of e^epsilon at most, except with probability delta.",
        f"How: {promise['steps']:,} steps, into which each row came with probability {promise['rate']:.4g}; gradients "
        f"of single rows clipped at {promise['clip']:g}, noise of {promise['noise']:.3f} times that{counted} "
        f"({promise['accountant']}).",
        f"Taken as public: {'; '.join(promise['public'])}.",
        f"Not covered: {'; '.join(promise['outside'])}.",
    ]
