"""Networks of voices: choices that can be played, the gradient of the softmax, and what the critic hears."""

from __future__ import annotations

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from gansmith.nets.music import VoicesCritic, VoicesGenerator
from gansmith.objectives.penalties import zero_centred

SHAPE = (3, 12, 10)


def signal(n: int = 4, again: bool = False, seed: int = 0) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    choice = torch.randint(SHAPE[2] - again, (n, *SHAPE[:2]), generator=generator)
    made = F.one_hot(choice, SHAPE[2] - again).float()
    return torch.cat([made, (torch.rand(n, *SHAPE[:2], 1, generator=generator) > 0.7).float()], 3) if again else made


@pytest.mark.parametrize("again", [False, True])
@pytest.mark.parametrize("steps", [12, 32, 7])
def test_made_windows_are_one_choice_a_step(again, steps):
    torch.manual_seed(0)
    net = VoicesGenerator((2, steps, 6), 5, 4, classes=3, again=again)
    made = net(torch.randn(9, 5), torch.arange(9) % 3)
    assert made.shape == (9, 2, steps, 6)
    assert bool(torch.isclose(made, made.round(), atol=1e-6).all())
    assert torch.allclose(made[..., : 6 - again].sum(3), torch.ones(9, 2, steps))
    assert VoicesCritic((2, steps, 6), 4, 3, again)(made, torch.arange(9) % 3).shape == (9,)


def test_the_gradient_of_a_choice_is_that_of_the_softmax():
    net = VoicesGenerator((1, 4, 5), 2, 2, temperature=0.7)
    logits = torch.randn(3, 1, 4, 5, dtype=torch.float64, requires_grad=True)
    weight = torch.randn(3, 1, 4, 5, dtype=torch.float64)
    (found,) = torch.autograd.grad((net.chosen(logits) * weight).sum(), logits)
    p = (logits.detach() / 0.7).softmax(3).numpy()
    w = weight.numpy()
    assert np.allclose(found.numpy(), p * (w - (p * w).sum(3, keepdims=True)) / 0.7)


def of_a_voice(lane: np.ndarray, reach: int) -> np.ndarray:
    """Chroma, held notes and moves of one voice, choice by choice: 0 is a rest, k the pitch k - 1."""
    chroma, held, moves = (np.zeros((rows, len(lane))) for rows in (12, 1, 2 * reach + 1))
    for t, choice in enumerate(lane):
        before = lane[t - 1] if t else -1
        if choice:
            chroma[(choice - 1) % 12, t] = 1
        held[0, t] = choice == before
        if choice and before > 0:
            moves[before - choice + reach, t] = 1
    return np.concatenate([chroma, held, moves])


def between(upper: np.ndarray, lower: np.ndarray) -> np.ndarray:
    """Interval of two voices in each step, an octave being none."""
    apart = np.zeros((12, len(upper)))
    for t, (a, b) in enumerate(zip(upper, lower, strict=True)):
        if a and b:
            apart[(a - b) % 12, t] = 1
    return apart


@pytest.mark.parametrize("again", [False, True])
def test_the_critic_hears_chroma_held_notes_and_intervals(again):
    net = VoicesCritic(SHAPE, 4, again=again)
    x = signal(2, again)
    wanted = []
    for lanes in x[..., : SHAPE[2] - again].argmax(3).numpy():
        voices = [of_a_voice(lane, net.reach) for lane in lanes]
        pairs = [between(lanes[u], lanes[v]) for u in range(3) for v in range(u + 1, 3)]
        wanted.append(np.concatenate([*voices, sum(v[:12] for v in voices), *pairs]))
    assert np.array_equal(net.heard(x).numpy(), np.stack(wanted))


def test_hearing_is_part_of_the_score_and_has_two_derivatives():
    torch.manual_seed(1)
    x = signal().requires_grad_()
    hears, deaf = VoicesCritic(SHAPE, 4), VoicesCritic(SHAPE, 4, hears=False)
    assert hears.ear is not None and deaf.ear is None
    zero_centred(hears(x), x).backward()
    assert hears.ear.weight.grad is not None and bool(hears.ear.weight.grad.abs().sum() > 0)


def test_fewer_pitches_than_an_octave_and_one_voice_work():
    net = VoicesCritic((1, 8, 3), 4)
    assert net(F.one_hot(torch.randint(3, (5, 1, 8)), 3).float()).shape == (5,)
