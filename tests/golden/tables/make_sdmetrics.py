"""Writes sdmetrics.json: the quality report and single measures of SDMetrics on the inputs of tables_inputs.py.

Run in a throw-away environment: `pip install sdmetrics==0.32.0`, then `python make_sdmetrics.py`. SDMetrics is under
the MIT licence; a package that it needs is not free to use, so it never becomes a dependency.
"""

import json
import math
import warnings
from importlib.metadata import version
from pathlib import Path

import pandas as pd
from sdmetrics.reports.single_table import QualityReport
from sdmetrics.single_column import (
    BoundaryAdherence,
    CategoryAdherence,
    CategoryCoverage,
    MissingValueSimilarity,
    RangeCoverage,
)
from tables_inputs import CASES, NUMBERS, make


def frame(side):
    return pd.DataFrame({k: pd.Series(v, dtype="float64" if k in NUMBERS else "object") for k, v in side.items()})


def plain(value):
    return None if value is None or value is pd.NA or math.isnan(value) else float(value)


def measure(real, made, threshold):
    kinds = {name: {"sdtype": "numerical" if name in NUMBERS else "categorical"} for name in real}
    report = QualityReport()
    if not threshold:
        report.real_correlation_threshold = report.real_association_threshold = 0
    report.generate(real, made, {"columns": kinds}, verbose=False)
    shapes, pairs = report.get_details("Column Shapes"), report.get_details("Column Pair Trends")
    summary = report.get_properties().set_index("Property")["Score"]
    return {
        "score": plain(report.get_score()),
        "shapes": plain(summary["Column Shapes"]),
        "trends": plain(summary["Column Pair Trends"]),
        "columns": {row["Column"]: plain(row["Score"]) for _, row in shapes.iterrows()},
        "pairs": {f"{row['Column 1']}|{row['Column 2']}": plain(row["Score"]) for _, row in pairs.iterrows()},
    }


def singles(real, made, name):
    cover, bounds = (RangeCoverage, BoundaryAdherence) if name in NUMBERS else (CategoryCoverage, CategoryAdherence)
    found = {"missing": MissingValueSimilarity, "coverage": cover, "adherence": bounds}
    return {key: plain(metric.compute(real[name], made[name])) for key, metric in found.items()}


def main():
    warnings.simplefilter("ignore")
    cases = {}
    for name, case in CASES.items():
        real, made = (frame(side) for side in make(**case))
        cases[name] = {
            "input": case,
            "report": measure(real, made, True),
            "all_pairs": measure(real, made, False),
            "single": {column: singles(real, made, column) for column in real},
        }
    versions = {package: version(package) for package in ("sdmetrics", "numpy", "pandas", "scipy")}
    out = Path(__file__).with_name("sdmetrics.json")
    out.write_text(json.dumps({"versions": versions, "cases": cases}, indent=1) + "\n")


if __name__ == "__main__":
    main()
