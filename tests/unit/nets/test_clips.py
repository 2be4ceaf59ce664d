"""Networks of clips: folded convolutions against torch's 3-D ones, shapes of every size, length of any number."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from gansmith.nets.clips import ClipConv, ClipCritic, ClipGenerator, MotionGenerator, fold, unfold


@settings(max_examples=25, deadline=None)
@given(st.integers(1, 4), st.integers(1, 3), st.integers(0, 2), st.integers(4, 7), st.sampled_from([1, 2]))
def test_a_folded_convolution_is_a_3d_one(kernel, stride, padding, t, space):
    torch.manual_seed(0)
    layer = ClipConv(3, 5, (kernel, stride, padding), (3, space, 1)).double()
    x = torch.randn(2, 3, t, 6, 7).double()
    weight = layer.conv.weight.unflatten(1, (kernel, 3)).transpose(1, 2)
    wanted = torch.nn.functional.conv3d(x, weight, layer.conv.bias, (stride, space, space), (padding, 1, 1))
    assert layer.steps(t) == wanted.shape[2]
    assert torch.allclose(unfold(layer(fold(x), t), layer.steps(t)), wanted)


def test_folding_is_undone():
    x = torch.randn(3, 2, 5, 4, 6)
    assert torch.equal(unfold(fold(x), 5), x)
    assert torch.equal(fold(x)[7], x[1, :, 2])


@pytest.mark.parametrize("shape", [(1, 2, 8, 8), (3, 5, 17, 24), (1, 8, 32, 32), (3, 16, 64, 64), (1, 37, 16, 20)])
@pytest.mark.parametrize("classes", [0, 3])
def test_shapes(shape, classes):
    label = torch.tensor([0, 2]) if classes else None
    z = torch.randn(2, 6)
    clips = ClipGenerator(shape, 6, 2, classes)(z, label)
    assert clips.shape == (2, *shape) and float(clips.detach().abs().max()) <= 1
    net = MotionGenerator(shape, 6, 4, 2, classes)
    made = net(z, torch.randn(2, 4), torch.randn(2, shape[1], 4), label)
    assert made.shape == (2, *shape)
    assert ClipCritic(shape, 2, classes)(clips, label).shape == (2,)


def test_clips_of_a_batch_do_not_touch_one_another():
    critic, generator = ClipCritic((1, 6, 16, 16), 2), ClipGenerator((1, 6, 16, 16), 4, 2)
    z = torch.randn(3, 4)
    clips = generator(z)
    assert torch.allclose(generator(z[1:2]), clips[1:2], atol=1e-6)
    assert torch.allclose(critic(clips[2:]), critic(clips)[2:], atol=1e-6)


def test_a_longer_path_begins_as_the_shorter_one():
    net = MotionGenerator((1, 4, 16, 16), 3, 5, 2)
    z, start, steps = torch.randn(2, 3), torch.randn(2, 5), torch.randn(2, 11, 5)
    long = net(z, start, steps)
    assert long.shape == (2, 1, 11, 16, 16)
    assert torch.allclose(net(z, start, steps[:, :4]), long[:, :, :4], atol=1e-6)


def test_the_critic_sees_the_order_of_frames_and_every_frame():
    torch.manual_seed(0)
    critic = ClipCritic((1, 8, 16, 16), 4).double()
    x = torch.randn(1, 1, 8, 16, 16).double().requires_grad_()
    (slope,) = torch.autograd.grad(critic(x).sum(), x, create_graph=True)
    assert bool((slope.abs().amax((0, 1, 3, 4)) > 0).all())
    assert float((critic(x.flip(2)) - critic(x)).detach().abs()) > 1e-6
    slope.square().sum().backward()  # penalties need the second derivative
    assert x.grad is not None and bool(x.grad.isfinite().all())
