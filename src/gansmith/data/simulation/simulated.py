"""The demo's simulator: Z bosons that decay into two muons, and a detector that smears what it measures."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gansmith.data.simulation.options import SimulationOptions

__all__ = ["LOST", "MASS", "READ", "collide", "simulate"]

EVENTS = 20_000

BOSON, LIFE = 91.19, 2.495
"""Mass and full width of the Z boson in GeV."""

MUON_PT, MUON_ETA = 5.0, 2.4
"""Least transverse momentum in GeV, and largest pseudorapidity, at which the detector sees a muon."""

RESOLUTION = (1.0, 6.0)
"""Range of the detector's relative error of momenta, in per cent: the condition of an event."""

MASS = "sqrt(2*pt1*pt2*(cosh(eta1-eta2)-cos(phi1-phi2)))"
LOST = "hypot(pt1*cos(phi1)+pt2*cos(phi2), pt1*sin(phi1)+pt2*sin(phi2))"

READ = SimulationOptions(
    conditions=("resolution",), turn=("phi1", "phi2"), derived=f"mass={MASS}", judged=f"pair_pt={LOST}"
)
"""How the demo reads its events."""

Floats = NDArray[np.float64]


class Muons(NamedTuple):
    """Momenta of one muon an event: transverse in GeV, pseudorapidity, azimuth in radians, `(n,)` each."""

    pt: Floats
    eta: Floats
    phi: Floats


def collide(n: int, resolution: Floats, rng: np.random.Generator) -> tuple[Muons, Muons]:
    """Two measured muons, the harder one first, of each of `n` events; some are out of the detector's sight.

    The boson's mass follows a Breit-Wigner distribution within 60 to 120 GeV, its transverse momentum a gamma
    distribution of mean 12 GeV, its rapidity a normal one; it decays evenly in all directions (without spin) into
    massless muons, which are boosted into the laboratory. The detector errs in 1/pt by `resolution`, and in directions
    by 0.002.

    Args:
        n: Events.
        resolution: Relative error of momenta, in per cent, `(n,)`.
        rng: Of all chance.
    """
    low, high = (np.arctan(2 * (end - BOSON) / LIFE) for end in (60.0, 120.0))
    mass = BOSON + LIFE / 2 * np.tan(rng.uniform(low, high, n))
    pt, turn, rapidity = rng.gamma(1.5, 8.0, n), rng.uniform(-np.pi, np.pi, n), rng.normal(0, 1.0, n)
    across = np.hypot(mass, pt)
    momentum = np.stack([pt * np.cos(turn), pt * np.sin(turn), across * np.sinh(rapidity)])
    energy = across * np.cosh(rapidity)
    cosine, around = rng.uniform(-1, 1, n), rng.uniform(-np.pi, np.pi, n)
    sine = np.sqrt(1 - cosine**2)
    direction = np.stack([sine * np.cos(around), sine * np.sin(around), cosine])
    muons = [_boosted(sign * mass / 2 * direction, mass / 2, momentum, energy, mass) for sign in (1, -1)]
    first, second = (_measured(muon, resolution / 100, rng) for muon in muons)
    swap = second.pt > first.pt
    return (
        Muons(*(np.where(swap, b, a) for a, b in zip(first, second, strict=True))),
        Muons(*(np.where(swap, a, b) for a, b in zip(first, second, strict=True))),
    )


def _boosted(inner: Floats, half: Floats, momentum: Floats, energy: Floats, mass: Floats) -> Floats:
    """A momentum `(3, n)` in the boson's rest frame, with energy `half`, as the laboratory sees it."""
    along = (inner * momentum).sum(0)
    found: Floats = inner + momentum * (along / (mass * (energy + mass)) + half / mass)
    return found


def _measured(momentum: Floats, error: Floats, rng: np.random.Generator) -> Muons:
    """What the detector says of a momentum `(3, n)`."""
    n = momentum.shape[1]
    pt = np.hypot(momentum[0], momentum[1])
    eta = np.arcsinh(momentum[2] / pt) + rng.normal(0, 0.002, n)
    phi = np.arctan2(momentum[1], momentum[0]) + rng.normal(0, 0.002, n)
    return Muons(pt / np.maximum(1 + error * rng.normal(size=n), 0.1), eta, (phi + np.pi) % (2 * np.pi) - np.pi)


def simulate(folder: Path, events: int = EVENTS, seed: int = 0) -> Path:
    """Write `muons.csv`: events whose two muons are both seen, with the detector's `resolution` as their condition.

    Args:
        folder: A new folder.
        events: How many.
        seed: Of all chance.
    """
    rng = np.random.default_rng(seed)
    parts: list[Floats] = []
    while sum(map(len, parts)) < events:
        resolution = rng.uniform(*RESOLUTION, events)
        first, second = collide(events, resolution, rng)
        seen = np.ones(events, bool)
        for muon in (first, second):
            seen &= (muon.pt > MUON_PT) & (np.abs(muon.eta) < MUON_ETA)
        parts.append(np.stack([resolution, *first, *second], 1)[seen])
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "muons.csv"
    rows = np.concatenate(parts)[:events]
    header = "resolution,pt1,eta1,phi1,pt2,eta2,phi2"
    np.savetxt(path, rows, fmt=["%.3f", *["%.4f", "%.5f", "%.5f"] * 2], delimiter=",", header=header, comments="")
    return path
