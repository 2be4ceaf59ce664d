"""CatBoost trained on made rows and asked about real ones, in the peers' environment: `boosted.py REQUEST ANSWER`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd
from catboost import CatBoostClassifier
from frame import answer
from sklearn.metrics import f1_score, roc_auc_score


def read(path: str, columns: Mapping[str, Mapping[str, Any]]) -> pd.DataFrame:
    """Rows: categories as text, numbers as numbers, missing ones as such."""
    found = pd.read_csv(path, dtype=str, keep_default_na=False)[list(columns)]
    for name, column in columns.items():
        if column["kind"] == "number":
            found[name] = pd.to_numeric(found[name].mask(found[name].isin(column["missing"])), errors="coerce")
    return found


def main(request: Mapping[str, Any]) -> dict[str, Any]:
    """Macro F1 and AUC of each target on the real rows."""
    columns = request["columns"]
    scores: dict[str, dict[str, float | None]] = {}
    made, real = (read(request[side], columns) for side in ("made", "held"))
    for target in request["targets"]:
        used = [name for name in columns if name != target]
        discrete = [name for name in used if columns[name]["kind"] == "category"]
        if made[target].nunique() < 2:
            guess = [made[target].iloc[0]] * len(real)
            scores[target] = {"f1": float(f1_score(real[target], guess, average="macro")), "auc": 0.5}
            continue
        model = CatBoostClassifier(
            iterations=request["rounds"],
            random_seed=request["seed"],
            thread_count=request["threads"],
            cat_features=discrete,
            allow_writing_files=False,
            verbose=False,
        ).fit(made[used], made[target])
        found, sure = model.predict(real[used]).ravel(), model.predict_proba(real[used])
        area = roc_auc_score(real[target] == model.classes_[1], sure[:, 1]) if sure.shape[1] == 2 else None
        scores[target] = {"f1": float(f1_score(real[target], found, average="macro")), "auc": area}
    return {"scores": scores}


if __name__ == "__main__":
    answer(main, ("catboost",))
