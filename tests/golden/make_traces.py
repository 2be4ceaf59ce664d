"""Record the ten-round traces of all recipes anew; prints what has changed.

python tests/golden/make_traces.py [RECIPE...]

A trace that another machine's rounding moved, by less than a millionth, stays as it is.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "contract"))
import test_recipes as contract

from gansmith.recipes._registry import recipe_names


def main() -> None:
    """Write `traces.json`."""
    old = json.loads(contract.TRACES.read_text()) if contract.TRACES.is_file() else {}
    new = {name: old[name] for name in recipe_names() if name in old}
    for name in sys.argv[1:] or recipe_names():
        values = contract.digest(name, 10)
        if name not in old or values != pytest.approx(old[name], rel=1e-6):
            print(f"{name}: {old.get(name)} -> {values}")
            new[name] = values
    contract.TRACES.write_text(json.dumps(dict(sorted(new.items())), indent=1) + "\n")


if __name__ == "__main__":
    main()
