"""The textbook benchmark: its data, its counting, and that what it plays are the recipes' own games."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from benchmarks import modes, stacked, vanishing
from benchmarks.cells import Choice, store
from benchmarks.toy import PLANES, VARIANTS, PlaneSource, flat_game, score

from gansmith.core import Backend, Draws, State, play
from gansmith.nets.mlp import MLPDiscriminator, MLPGenerator
from gansmith.objectives.adversarial import minimax_g, nonsaturating_g

RING = PLANES["ring of 8"]


def test_planes_are_those_of_the_papers() -> None:
    torch.testing.assert_close(RING.centres.norm(dim=1), torch.full((8,), 2.0))
    gaps = torch.cdist(RING.centres, RING.centres).sort(1).values[:, 1]
    torch.testing.assert_close(gaps, torch.full((8,), 4 * math.sin(math.pi / 8)))
    grid = PLANES["grid of 25"].centres
    assert sorted(set(grid.flatten().tolist())) == [-4.0, -2.0, 0.0, 2.0, 4.0] and len(grid.unique(dim=0)) == 25
    drawn = RING.draw(20_000, torch.Generator().manual_seed(0))
    distance, nearest = torch.cdist(drawn, RING.centres).min(1)
    assert abs(float(distance.square().mean()) / (2 * 0.02**2) - 1) < 0.03
    assert float(torch.bincount(nearest).double().std() / 2_500) < 0.05


def test_modes_and_quality_are_counted_by_the_three_sigma_rule() -> None:
    std = RING.std
    points = RING.centres[[0, 0, 0, 1]].clone()
    points[1, 0] += 2.9 * std  # good
    points[2, 0] += 3.1 * std  # not good
    found = score(points, RING)
    assert found["modes"] == 2 and found["quality"] == 0.75
    assert found["kl"] == pytest.approx(2 / 3 * math.log(2 / 3 * 8) + 1 / 3 * math.log(1 / 3 * 8))
    real = score(RING.draw(2_500, torch.Generator().manual_seed(1)), RING)
    assert real["modes"] == 8 and real["kl"] < 0.01
    assert real["quality"] == pytest.approx(1 - math.exp(-4.5), abs=0.01), "a Rayleigh distance within three sigma"
    assert score(torch.zeros(5, 2), RING) == {"modes": 0, "quality": 0, "kl": math.log(8)}


@pytest.mark.parametrize("name", VARIANTS)
def test_every_variant_that_is_there_plays_flat(name: str) -> None:
    variant = VARIANTS[name]
    if variant.missing:
        pytest.skip(variant.missing)
    game = flat_game(variant)
    before = {k: [p.detach().clone() for p in game.nets[k].parameters()] for k in ("G", "D")}
    state = State(game, PlaneSource(RING, 16, 0), 0, Backend(), 64)
    play(state, 2)
    for net, values in before.items():
        assert any(not torch.equal(a, b) for a, b in zip(values, game.nets[net].parameters(), strict=True)), net
    samples = modes.drawn(state, 30)
    assert samples.shape == (30, 2) and bool(torch.isfinite(samples).all())
    assert 0 <= modes.told_apart(state) <= 1


def test_the_networks_are_the_same_for_all() -> None:
    games = [flat_game(v, seed=3) for v in VARIANTS.values() if not v.missing]
    first = torch.nn.utils.parameters_to_vector(games[0].nets["G"].parameters())
    for game in games:
        assert isinstance(game.nets["G"], MLPGenerator) and not game.ema
        torch.testing.assert_close(torch.nn.utils.parameters_to_vector(game.nets["G"].parameters()), first)
        assert any(isinstance(m, MLPDiscriminator) for m in game.nets["D"].modules())


def test_the_gradient_is_that_of_the_losses_by_hand() -> None:
    """Measured through the scene; here with the networks called directly on the same noise."""
    fields = {"image": torch.linspace(-1, 1, 5 * 784).reshape(5, 1, 28, 28)}
    spec = {"image": vanishing.fashion()[1].spec["image"]}
    game = vanishing.fresh_game(spec, 0)
    state = State(vanishing.against(game, vanishing.fresh_game(spec, 1)), PlaneSource(RING, 4, 0), 0, Backend())
    G, D = state.game.nets["G"], state.game.nets["D"]
    assert G is game.nets["G"] and [t.player for s in state.game.stages for t in s.turns] == ["D"]
    fake = G(Draws(7, 5).normal(G.z_dim), None)
    for name, loss in (("minimax", minimax_g), ("nonsaturating", nonsaturating_g)):
        slopes = torch.autograd.grad(loss(D(fake, None)), list(G.parameters()), retain_graph=True)
        by_hand = math.sqrt(sum(float(s.double().square().sum()) for s in slopes))
        measured = vanishing.gradient_norm(state, fields["image"], vanishing.ADVERSARIAL[name][1]["adv"])
        assert measured == pytest.approx(by_hand, rel=1e-5)


def test_the_generator_is_held_while_the_gradient_is_watched() -> None:
    rows = vanishing.watch(0, 0, steps=(0, 3))["rows"]
    assert [row[0] for row in rows] == [0, 3] and all(len(row) == 4 and min(row[1:]) >= 0 for row in rows)
    assert rows[0] != rows[1]


def test_stacked_modes_are_three_digits() -> None:
    class Reader(torch.nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return torch.nn.functional.one_hot(x[:, 0, 0, 0].long(), 10)

    images = torch.tensor([[1, 2, 3], [9, 0, 9], [0, 0, 0]]).float()[:, :, None, None].expand(3, 3, 2, 2)
    assert stacked.modes_of(Reader(), images).tolist() == [123, 909, 0]  # type: ignore[arg-type]
    even = stacked.counted(torch.arange(1_000).repeat(2))
    assert even["modes"] == 1_000 and even["kl"] == pytest.approx(0, abs=1e-9)
    assert stacked.counted(torch.zeros(10, dtype=torch.long))["kl"] == pytest.approx(math.log(1_000))


def test_stacked_images_hold_three_real_ones() -> None:
    images = torch.arange(6).float()[:, None, None, None].expand(6, 1, 2, 2)
    batch = next(stacked.StackedSource(images, 50, 0))["image"]
    assert batch.shape == (50, 3, 2, 2) and set(batch.flatten().tolist()) == set(range(6))
    assert not torch.equal(batch[:, 0], batch[:, 1])


def test_tables_and_figures_of_stored_cells(tmp_path: Path) -> None:
    asked = modes.jobs(True, Choice())
    scores = {"modes": 8.0, "quality": 0.5, "kl": 0.1, "told apart": 0.6}
    first = next(job for job in asked if job.stage == "ring of 8")
    curve = [[i, 4.0 + i % 2, 0.5, 0.1] for i in range(modes.LOOKS)]
    points = np.zeros((4, 2)).tolist()
    store(first, tmp_path, {"scores": scores, "curve": curve, "points": points, "seconds": 2.0})
    table = modes.plane_table("ring of 8", [j for j in asked if j.stage == "ring of 8"], tmp_path)
    assert table.rows[0] == ["minimax", "1", "8.00", "0.50", "0.10", "0.60", 2.0] and table.rows[1][1] == "missing"
    made = modes.figures(asked, tmp_path)
    assert set(made) == {"modes-ring.png", "modes-ring.svg"} and made["modes-ring.png"][0][:4] == b"\x89PNG"
    assert b"minimax" in made["modes-ring.svg"][0]
    cells = {job.id for job in asked}
    assert len(cells) == len(asked), "no two cells are the same"
    other = replace(first, identity={**first.identity, "rounds": 1})
    assert other.id not in cells
