"""Writes golden.json: values of package prdc, and of FID, KID and improved precision/recall from their formulas.

Run in a throw-away environment: `pip install prdc==0.2 numpy scipy scikit-learn`, then `python make.py`.
The formulas are the ones torch-fidelity documents: FID with `scipy.linalg.sqrtm` and unbiased covariances; KID as the
unbiased MMD of the kernel (x.y/D + 1)^3; precision and recall by k-th neighbour balls.
"""

import contextlib
import io
import json
from importlib.metadata import version
from pathlib import Path

import numpy as np
import prdc
import scipy.linalg
from metrics_inputs import CASES, make


def fid(x, y):
    a, b = np.cov(x, rowvar=False), np.cov(y, rowvar=False)
    root = scipy.linalg.sqrtm(a @ b)
    gap = x.mean(0) - y.mean(0)
    return float(gap @ gap + np.trace(a) + np.trace(b) - 2 * np.trace(root).real)


def kid(x, y):
    n, m, d = len(x), len(y), x.shape[1]
    xx, yy, xy = ((p @ q.T / d + 1) ** 3 for p, q in ((x, x), (y, y), (x, y)))
    within = (xx.sum() - np.trace(xx)) / (n * (n - 1)) + (yy.sum() - np.trace(yy)) / (m * (m - 1))
    return float(within - 2 * xy.mean())


def improved(x, y, k):
    """Share of y inside the k-th neighbour balls of x, from differences."""
    own = np.sqrt(((x[:, None] - x[None]) ** 2).sum(-1))
    radius = np.sort(own, axis=1)[:, k]
    across = np.sqrt(((x[:, None] - y[None]) ** 2).sum(-1))
    return float((across < radius[:, None]).any(0).mean())


def main():
    values = {}
    for name, case in CASES.items():
        x, y = make(**case)
        with contextlib.redirect_stdout(io.StringIO()):
            package = prdc.compute_prdc(x, y, case["k"])
        values[name] = {
            "input": case,
            "prdc": {key: float(value) for key, value in package.items()},
            "fid": fid(x, y),
            "kid": kid(x, y),
            "precision": improved(x, y, case["k"]),
            "recall": improved(y, x, case["k"]),
        }
    versions = {name: version(name) for name in ("numpy", "scipy", "scikit-learn", "prdc")}
    out = Path(__file__).with_name("golden.json")
    out.write_text(json.dumps({"versions": versions, "cases": values}, indent=1) + "\n")


if __name__ == "__main__":
    main()
