"""Record the ten-round traces of all recipes anew; prints what has changed.

python tests/golden/make_traces.py
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "contract"))
import test_recipes as contract

from gansmith.recipes._registry import recipe_names


def main() -> None:
    """Write `traces.json`."""
    old = json.loads(contract.TRACES.read_text()) if contract.TRACES.is_file() else {}
    new = {name: contract.digest(name, 10) for name in recipe_names()}
    for name, values in new.items():
        if old.get(name) != values:
            print(f"{name}: {old.get(name)} -> {values}")
    contract.TRACES.write_text(json.dumps(new, indent=1) + "\n")


if __name__ == "__main__":
    main()
