"""What bfloat16 does to a penalty, and what it does not reach."""

import torch
from torch import nn

from gansmith.nets.condition import ProjectionHead
from gansmith.nets.light import LightDiscriminator


def gradients(terms, bf16):
    """Of the weights of a discriminator, by what is made of its scores of a batch."""
    torch.manual_seed(0)
    net = LightDiscriminator((1, 28, 28), 8, classes=10)
    x, label = torch.rand(16, 1, 28, 28).mul(2).sub(1).requires_grad_(), torch.arange(16) % 10
    with torch.autocast("cpu", dtype=torch.bfloat16, enabled=bf16):
        loss = terms(net(x, label), x)
    return torch.cat(
        [g.flatten() for g in torch.autograd.grad(loss, list(net.parameters()), allow_unused=True) if g is not None]
    )


def slope(scores, x):
    (found,) = torch.autograd.grad(scores.sum(), x, create_graph=True)
    return found.float().square().flatten(1).sum(1).mean() / 2


def test_a_penalty_is_rounded_little_more_than_a_loss():
    for terms in (slope, lambda scores, x: nn.functional.softplus(-scores).mean()):
        full, half = gradients(terms, False), gradients(terms, True)
        assert (full - half).norm() / full.norm() < 0.12
        assert torch.cosine_similarity(full, half, 0) > 0.99


def test_scores_are_float32_inside_autocast_and_keep_float64():
    head = ProjectionHead(4, 3)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert head(torch.randn(2, 4, dtype=torch.bfloat16), torch.tensor([0, 2])).dtype == torch.float32
    assert head.double()(torch.randn(2, 4, dtype=torch.float64), torch.tensor([0, 2])).dtype == torch.float64
