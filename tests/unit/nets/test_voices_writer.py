"""The transformer that writes voices: its probabilities sum to one, and it draws by them, step by step as at once."""

from __future__ import annotations

from itertools import product

import pytest
import torch
import torch.nn.functional as F

from gansmith.nets.voices_writer import VoicesWriter, gumbel


def writer(shape, again=False, classes=0, seed=0) -> VoicesWriter:
    torch.manual_seed(seed)
    net = VoicesWriter(shape, 16, 2, 2, classes, again).eval()
    with torch.no_grad():
        for parameter in net.parameters():
            parameter.normal_(0, 0.3)
    return net.double()


def signals(voices: int, steps: int, pitches: int, again: bool) -> torch.Tensor:
    """All windows there are."""
    rows = []
    for choice in product(range(pitches), repeat=voices * steps):
        lanes = torch.tensor(choice).view(voices, steps)
        held = [
            (v, t) for v in range(voices) for t in range(1, steps) if lanes[v, t] == lanes[v, t - 1] and lanes[v, t] > 0
        ]
        for bits in product((0, 1), repeat=len(held) if again else 0):
            signal = F.one_hot(lanes, pitches).double()
            if again:
                mark = torch.zeros(voices, steps, 1).double()
                for (v, t), bit in zip(held, bits, strict=True):
                    mark[v, t] = bit
                signal = torch.cat([signal, mark], 2)
            rows.append(signal)
    return torch.stack(rows)


@pytest.mark.parametrize("again", [False, True])
def test_all_windows_together_have_probability_one(again):
    every = signals(2, 2, 3, again)
    net = writer((2, 2, 3 + again), again)
    total = (-net.nats(every).sum((1, 2))).exp().sum().detach()
    assert float(total) == pytest.approx(1, abs=1e-9)


@pytest.mark.parametrize("again", [False, True])
def test_writing_step_by_step_is_drawing_by_the_logits_at_once(again):
    net = writer((3, 9, 6), again, classes=2)
    noise, label = torch.randn(20, 3, 9, 6).double(), torch.arange(20) % 2
    made = net(noise, label)
    wanted = (net.logits(made, label).permute(0, 2, 1, 3) + gumbel(noise)).argmax(3)
    assert torch.equal(net.tokens(made).argmax(3), wanted)
    assert torch.allclose(made[..., : 6 - again].sum(3), torch.ones(20, 3, 9).double())
    if again:
        marks = made[..., -1] > 0.5
        assert not marks[:, :, 0].any() and bool(marks.any())
        assert bool((made[:, :, 1:, :-1] * made[:, :, :-1, :-1])[..., 1:].sum(3)[marks[:, :, 1:]].isclose(
            torch.ones(()).double()).all())  # fmt: skip


def test_windows_come_as_often_as_they_are_probable():
    net = writer((1, 2, 3))
    every = signals(1, 2, 3, False)
    wanted = (-net.nats(every).sum((1, 2))).exp()
    made = net(torch.randn(20_000, 1, 2, 3, generator=torch.Generator().manual_seed(0)).double())
    place = (made[:, 0].argmax(2) * torch.tensor([3, 1])).sum(1)
    found = torch.bincount(place, minlength=9) / 20_000
    assert float((found - wanted.detach()).abs().max()) < 0.012


def test_gumbel_numbers_are_gumbel_numbers():
    drawn = gumbel(torch.randn(200_000, generator=torch.Generator().manual_seed(1)))
    assert float(drawn.mean()) == pytest.approx(0.5772, abs=0.01)
    assert float(drawn.var()) == pytest.approx(torch.pi**2 / 6, abs=0.03)
    assert bool(gumbel(torch.tensor([-40.0, 40.0])).isfinite().all())


def test_gradients_reach_early_steps_through_what_was_written():
    net = writer((2, 6, 4))
    made = net(torch.randn(4, 2, 6, 4).double(), temperature=2.0)
    made[:, :, -1].pow(2).sum().backward()
    assert float(net.place.grad[0].abs().sum()) > 0


def test_a_label_is_needed_where_there_are_classes():
    with pytest.raises(ValueError, match="labels are missing"):
        writer((1, 2, 3), classes=2)(torch.randn(1, 1, 2, 3).double())
