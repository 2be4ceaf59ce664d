"""Writes anonymeter.json: the attacks of anonymeter on the inputs of tables_inputs.py.

Run in a throw-away environment: `pip install anonymeter==1.1.0`, then `python make_anonymeter.py`. anonymeter is under
the Clear BSD licence. Inference and linkability attack every record, so nothing in them is drawn but the baseline;
singling out draws its queries.
"""

import json
import warnings
from importlib.metadata import version
from pathlib import Path

import pandas as pd
from anonymeter.evaluators import InferenceEvaluator, LinkabilityEvaluator, SinglingOutEvaluator
from tables_inputs import ATTACKED, INFERRED, LINKED, NUMBERS, attacked


def frame(side):
    return pd.DataFrame({k: pd.Series(v, dtype="float64" if k in NUMBERS else "object") for k, v in side.items()})


def found(evaluator, **how):
    evaluator.evaluate(**how)
    results, risk = evaluator.results(), evaluator.risk()
    return {
        "attack": [
            int(results.n_success),
            int(results.n_attacks_ori),
            results.attack_rate.value,
            results.attack_rate.error,
        ],
        "control": [
            int(results.n_control),
            int(results.n_attacks_control),
            results.control_rate.value,
            results.control_rate.error,
        ],
        "risk": [risk.value, *risk.ci],
    }


def main():
    warnings.simplefilter("ignore")
    train, held, made = (frame(side) for side in attacked(**ATTACKED))
    n, tables = len(train), {"ori": train, "syn": made, "control": held}
    values = {"inference": {}}
    for secret, number in INFERRED.items():
        known = [name for name in train if name != secret]
        evaluator = InferenceEvaluator(**tables, aux_cols=known, secret=secret, regression=number, n_attacks=n)
        values["inference"][secret] = found(evaluator, n_jobs=1)
    for k in (1, 3):
        evaluator = LinkabilityEvaluator(**tables, aux_cols=LINKED, n_attacks=n, n_neighbors=k)
        values[f"linkability_{k}"] = found(evaluator, n_jobs=1)
    for width in (2, 3):
        evaluator = SinglingOutEvaluator(**tables, n_attacks=150, n_cols=width, seed=0)
        values[f"singling_out_{width}"] = found(evaluator, mode="multivariate")
    versions = {package: version(package) for package in ("anonymeter", "numpy", "pandas", "polars")}
    out = Path(__file__).with_name("anonymeter.json")
    out.write_text(json.dumps({"versions": versions, "input": ATTACKED, "values": values}, indent=1) + "\n")


if __name__ == "__main__":
    main()
