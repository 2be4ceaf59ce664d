"""What the vectors of neighbouring choices share."""

import math

import pytest
import torch
from torch import nn

from gansmith.nets.smooth import Smooth, rising
from gansmith.nets.tabular import Heads
from gansmith.types import Token

TOKENS = (Token(3), Token(12, rising=2), Token(4, rising=0), Token(8, rising=0))


def test_only_tokens_with_enough_rising_choices_are_smooth():
    assert rising(TOKENS, (0, 3, 15, 19)) == {1: (5, 10), 3: (19, 8)}


def test_nothing_is_added_without_functions_and_nothing_is_learnt():
    smooth = Smooth({0: (0, 6)}, 4, 0)
    weight = torch.randn(6, 4)
    assert smooth(weight) is weight and smooth.some(0, 0, weight) is weight
    assert sum(p.numel() for p in smooth.parameters()) == 0


def test_the_first_functions_are_a_normal_score_and_its_square():
    basis = Smooth({0: (0, 4001)}, 4, 8).basis[0].double()
    wanted = torch.special.ndtri((torch.arange(4001).double() + 0.5) / 4001)
    assert torch.allclose(basis[:, 0], wanted, atol=1e-4)
    assert torch.allclose(basis[:, 1], (wanted.square() - 1) / math.sqrt(2), atol=1e-3)
    products = basis.T @ basis / 4001  # of a normal score both have variance 1 and no covariance
    assert torch.allclose(products[:2, :2], torch.eye(2).double(), atol=0.01)
    for k in range(3, 9):
        assert products[k - 1, k - 1] == pytest.approx(1 / k**2, rel=1e-3)


def test_vectors_of_one_token_are_those_of_all():
    torch.manual_seed(0)
    smooth = Smooth(rising(TOKENS, (0, 3, 15, 19)), 4, 5)
    nn.init.normal_(smooth.factors)
    weight = torch.randn(27, 4)
    whole = smooth(weight)
    for place, (start, end) in enumerate(((0, 3), (3, 15), (15, 19), (19, 27))):
        assert torch.allclose(whole[start:end], smooth.some(place, start, weight[start:end]), atol=1e-6)
    still = torch.tensor([0, 1, 2, 3, 4, 15, 16, 17, 18])
    assert torch.equal(whole[still], weight[still]) and not torch.equal(whole, weight)


def test_a_step_moves_neighbours_too():
    torch.manual_seed(0)
    x, apart = torch.randn(1, 32), {}
    for shared in (0, 8):
        heads = Heads((Token(40, rising=0),), 32, shared)
        before = heads.one(x, 0)[0].detach()
        heads.losses(x, torch.tensor([[30]])).sum().backward()
        torch.optim.SGD(heads.parameters(), 0.1).step()
        moved = heads.one(x, 0)[0].detach() - before
        apart[shared] = float(moved[31] - moved[10])
    assert apart[8] > 0.1 > abs(apart[0]), apart  # 31 was never seen: its neighbour was
