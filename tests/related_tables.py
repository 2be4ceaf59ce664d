"""Small related tables for tests."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np


def shop(count: int = 60, seed: int = 0) -> dict[str, Any]:
    """Customers, their orders in time, and the items of each order; orders are shuffled."""
    import pandas as pd

    random = np.random.default_rng(seed)
    region = random.choice(["north", "south"], count)
    customers = pd.DataFrame(
        {
            "customer_id": [f"C{i:04d}" for i in random.permutation(count) + 1],
            "region": region,
            "age": random.integers(18, 80, count),
        }
    )
    many = random.poisson(np.where(region == "north", 5, 2))
    owner = np.repeat(np.arange(count), many)
    gap = random.integers(1, 30, len(owner))
    day = np.array([gap[: i + 1][owner[: i + 1] == owner[i]].sum() for i in range(len(owner))], int)
    orders = pd.DataFrame(
        {
            "order_id": np.arange(1, len(owner) + 1),
            "customer_id": customers.customer_id.to_numpy()[owner],
            "day": (pd.Timestamp("2022-01-01") + pd.to_timedelta(day, unit="D")).strftime("%Y-%m-%d"),
            "amount": (customers.age.to_numpy()[owner] * 2 + random.normal(0, 5, len(owner))).round(2),
            "paid": random.choice(["card", "cash", "later"], len(owner)),
        }
    )
    own = np.repeat(np.arange(len(orders)), random.integers(1, 4, len(orders)))
    items = pd.DataFrame(
        {
            "order_id": orders.order_id.to_numpy()[own],
            "kind": np.where(orders.amount.to_numpy()[own] > 100, "tv", "book"),
            "price": random.lognormal(2, 1, len(own)).round(2),
        }
    )
    return {"customers": customers, "orders": orders.sample(frac=1, random_state=1), "items": items}


def written(tables: dict[str, Any], folder: Path) -> Path:
    """The tables as CSV files of a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, table in tables.items():
        table.to_csv(folder / f"{name}.csv", index=False)
    return folder


def accounts(count: int = 60, seed: int = 0) -> dict[str, Any]:
    """Accounts and their statements at the end of a month, some of which are left out."""
    import pandas as pd

    random = np.random.default_rng(seed)
    owner = np.repeat(np.arange(count), random.integers(1, 9, count))
    first = np.append(True, owner[1:] != owner[:-1])
    step = np.where(first, 0, random.choice([1, 1, 1, 2], len(owner)))
    months = random.integers(600, 720, count)[owner] + np.array(
        [step[: i + 1][owner[: i + 1] == owner[i]].sum() for i in range(len(owner))], int
    )
    last = (months + 1).astype("M8[M]").astype("M8[D]") - 1
    statements = {"account": owner, "month": last.astype(str), "balance": random.normal(size=len(owner)).round(2)}
    people = {"account": np.arange(count), "kind": random.choice(["basic", "gold"], count)}
    return {"accounts": pd.DataFrame(people), "statements": pd.DataFrame(statements)}
