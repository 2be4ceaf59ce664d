"""Reads a table and fits its codec, and nothing else: `python -m benchmarks.tables.reading TABLE`, to be measured."""

from __future__ import annotations

import sys

from gansmith.data.table.codec import TableCodec
from gansmith.data.table.open import open_table


def main(path: str) -> None:
    """Read, split, fit, encode."""
    table = open_table(path)
    train = table.subset(table.split().train)
    TableCodec.fit(train).encode(train.columns)


if __name__ == "__main__":
    main(sys.argv[1])
