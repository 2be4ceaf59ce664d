"""Peers and growth: what stands in for ours computes the same; what is counted is counted rightly."""

from __future__ import annotations

import copy
import itertools
import json
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F
from benchmarks import grower, growth, peers
from benchmarks.cells import Choice, store
from benchmarks.figures import lines, scatter
from benchmarks.game import Cycle, batches, spec
from benchmarks.plain_stylegan2 import modulated, resampled, straightforward
from benchmarks.tutorial import Adapted, Tutorial

from gansmith.nets.resample import Resample
from gansmith.nets.stylegan2 import StyleGAN2Discriminator, StyleGAN2Generator


def test_the_straightforward_networks_compute_the_same() -> None:
    torch.manual_seed(0)
    G = StyleGAN2Generator((3, 16, 16), 8, 4, most=16, w_dim=12, layers=2).eval()
    D = StyleGAN2Discriminator((3, 16, 16), 4, most=16, group=2).eval()
    for p in G.parameters():
        p.data += 0.1 * torch.randn_like(p)
    z = torch.randn(4, 8)
    plain_g, plain_d = straightforward(G), straightforward(D)
    assert not any(isinstance(m, Resample) for net in (plain_g, plain_d) for m in net.modules())
    assert len(list(plain_g.parameters())) == len(list(G.parameters()))
    image = G(z)
    torch.testing.assert_close(plain_g(z), image, rtol=1e-4, atol=1e-4)
    torch.testing.assert_close(plain_d(image), D(image), rtol=1e-4, atol=1e-4)


def test_a_modulated_convolution_is_one_for_each_sample() -> None:
    """Karras et al. 2020, eq. 1 and 3, sample by sample in float64."""
    torch.manual_seed(0)
    x, weight, style = torch.randn(3, 4, 5, 6).double(), torch.randn(7, 4, 3, 3).double(), torch.randn(3, 4).double()
    out = modulated(x, weight, style)
    for i in range(3):
        own = weight * style[i, None, :, None, None]
        own = own / (own.square().sum((1, 2, 3)) + 1e-8).sqrt()[:, None, None, None]
        torch.testing.assert_close(out[i], F.conv2d(x[i : i + 1], own, padding=1)[0])


@pytest.mark.parametrize(("up", "down", "pad"), [(2, 1, (2, 1)), (1, 2, (1, 1)), (1, 1, (2, 2))])
def test_resampling_pixel_by_pixel(up: int, down: int, pad: tuple[int, int]) -> None:
    x = torch.arange(20.0).reshape(1, 1, 4, 5).square()
    spread = torch.zeros(4 * up + sum(pad), 5 * up + sum(pad))
    for i in range(4):
        for j in range(5):
            spread[pad[0] + i * up, pad[0] + j * up] = x[0, 0, i, j]
    taps = [1 / 8 * up, 3 / 8 * up, 3 / 8 * up, 1 / 8 * up]
    wanted = torch.zeros(spread.shape[0] - 3, spread.shape[1] - 3)
    for i, j in itertools.product(*map(range, wanted.shape)):
        near = [taps[a] * taps[b] * float(spread[i + a, j + b]) for a in range(4) for b in range(4)]
        wanted[i, j] = sum(near)
    torch.testing.assert_close(resampled(x, up, down, pad)[0, 0], wanted[::down, ::down], rtol=1e-5, atol=1e-4)


def test_arithmetic_is_counted() -> None:
    x, weight = torch.randn(2, 3, 8, 8), torch.randn(5, 3, 3, 3)
    forward = 2 * 2 * 5 * 3 * 9 * 64
    assert peers.gigaflops(lambda rounds: F.conv2d(x, weight, padding=1), 1) == pytest.approx(forward / 1e9)

    def penalty(rounds: int) -> None:
        """As gradient penalties do: a derivative inside what is counted."""
        leaf = x.clone().requires_grad_()
        (slope,) = torch.autograd.grad(F.conv2d(leaf, weight, padding=1).sum(), leaf, create_graph=True)
        assert slope.shape == x.shape

    assert peers.gigaflops(penalty, 1) == pytest.approx(2 * forward / 1e9)


def test_the_tutorial_loop_moves_both_networks() -> None:
    G = Adapted(torch.nn.Sequential(torch.nn.Linear(4, 48), torch.nn.Unflatten(1, (3, 4, 4))), 4)
    D = Adapted(torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(48, 1)))
    before = copy.deepcopy([p.detach() for net in (G, D) for p in net.parameters()])
    Tutorial(G, D, 4, Cycle(batches(spec(4, 3, 0), 2))).play(2)  # type: ignore[arg-type]
    assert all(not torch.equal(a, b) for a, b in zip(before, [*G.parameters(), *D.parameters()], strict=True))


def test_growth_tells_missing_from_measured(tmp_path: Path) -> None:
    asked = growth.jobs(False, Choice())
    assert len({job.id for job in asked}) == len(asked)
    assert {job.identity["pixels"] for job in asked if job.stage == "resolution"} == {32, 64, 128, 256}
    assert max(job.identity["images"] for job in asked if job.stage == "data") == 1_000_000
    first = next(job for job in asked if job.stage == "resolution")
    store(first, tmp_path, {"rate": 50.0, "round": 0.2, "threads": 2, "peak": 3e8, "floor": 1e8})
    rows = growth.training_table(asked, tmp_path, "resolution").rows
    assert rows[0] == ["r3gan", 32, 16, "2", 50.0, 200.0, 200.0] and rows[1][3] == "missing"
    for job in asked:
        if job.stage == "processes" and job.identity["batch"] == 16:
            store(job, tmp_path, {"rate": 10.0 * job.identity["processes"] ** 0.5})
    assert growth.process_table(asked, tmp_path).rows[0] == [
        16,
        10.0,
        pytest.approx(14.14, abs=0.01),
        pytest.approx(2**0.5),
    ]


@pytest.mark.parametrize("form", ["array", "files"])
def test_a_data_set_is_made_and_read(form: str, tmp_path: Path) -> None:
    found = grower.reading({"form": form, "images": 40, "seconds": 0.01}, tmp_path)
    assert found["bytes"] > 40 * 100 and min(found["open"], found["again"], found["batch"]) > 0
    json.dumps(found)


def test_figures_stand_alone() -> None:
    import numpy as np
    from benchmarks.figures import Panel

    svg = lines({"a": [(0, 1), (1, 2)], "empty": [], "b < c": [(0, 2), (1, 1)]}, "x", "y & z")
    assert svg.startswith('<svg xmlns="http://www.w3.org/2000/svg"') and svg.count("<polyline") == 2
    assert "b &lt; c" in svg and "y &amp; z" in svg and "empty" not in svg
    assert lines({"a": []}, "x", "y") == ""
    sheet = scatter([Panel("one", "note", np.array([[0.0, 0.0], [99.0, 0.0]]))], np.array([[1.0, 1.0]]), columns=2)
    pixels = np.asarray(sheet)
    assert (pixels == (47, 111, 222)).all(2).sum() in (1, 2, 4), "one point lies inside"
