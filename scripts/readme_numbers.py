"""Put a demo run's numbers and grid into the README, so that none of them is typed by hand.

python scripts/readme_numbers.py runs/demo
"""

from __future__ import annotations

import re
import shutil
import sys
from pathlib import Path

from gansmith.metrics import MEASURES
from gansmith.run.events import read_events
from gansmith.run.files import read_json
from gansmith.run.folder import RunFolder

ROOT = Path(__file__).parents[1]
NAMES = {
    "accuracy": "class accuracy",
    "precision": "precision",
    "recall": "recall",
    "coverage": "coverage",
    "frechet": "Fréchet distance in the judge's features",
    "train_closer": "samples nearer to training than to held-out images",
}


def main(run: Path) -> None:
    """Rewrite the README between its two markers."""
    folder = RunFolder.existing(run)
    metrics, record = read_json(folder.metrics), read_json(folder.record)
    ceiling = {r["name"]: r for r in metrics["ceiling"]}
    rows = ["| score | demo | 95% interval | real images |", "|---|---|---|---|"]
    for result in metrics["results"]:
        name = result["name"]
        if name in NAMES:
            show = MEASURES[name].show
            best = show(ceiling[name]["value"]) if name in ceiling else ""
            interval = f"{show(result['low'])} to {show(result['high'])}"
            rows.append(f"| {NAMES[name]} | **{show(result['value'])}** | {interval} | {best} |")
    first, machine = metrics["results"][0], record["machine"]
    seconds = max(e["training_seconds"] for e in read_events(folder.events) if e["event"] == "trained")
    about = (
        f"{first['n_fake']:,} samples against {first['n_real']:,} test images in the features of the judge "
        f"(a small classifier, {metrics['judge']['accuracy']['test']:.1%} right on test images), k = 5. Training took "
        f"{seconds:.0f} s for {record['pace']['total']:,} samples on {machine['threads']} CPU threads "
        f"(torch {record['versions']['torch']})."
    )
    text = "\n".join(["<!-- demo -->", "", about, "", *rows, "", "<!-- /demo -->"])
    readme = ROOT / "README.md"
    readme.write_text(re.sub(r"<!-- demo -->.*<!-- /demo -->", text, readme.read_text(), flags=re.DOTALL))
    (ROOT / "docs/images").mkdir(exist_ok=True)
    shutil.copy(folder.samples / "final.png", ROOT / "docs/images/demo.png")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
