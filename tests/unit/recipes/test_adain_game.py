"""AdaIN's game: the exchange of means and deviations, and what its terms are."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from gansmith.core import State, look
from gansmith.errors import InputError
from gansmith.nets.adain import StyleTranslator
from gansmith.objectives.translation import content_distance, spread_and_mean, style_distance
from gansmith.recipes._registry import find_recipe
from gansmith.recipes.adain import AdainHp
from gansmith.testing import RandomSource
from gansmith.types import Field

IMAGE = Field((3, 16, 16), "real", head="tanh")
SPEC = {"image": IMAGE, "source": IMAGE}
HP = AdainHp(width=4, blocks=1, batch=4)


def maps(seed, *shape):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def by_hand(x):
    """Mean and deviation of each map, by loops."""
    x = x.numpy()
    mean = np.array([[m.mean() for m in image] for image in x])
    return mean, np.array([[np.sqrt(((m - m.mean()) ** 2).mean() + 1e-5) for m in image] for image in x])


@given(st.integers(0, 10**6), st.floats(0.1, 10), st.floats(-5, 5))
@settings(max_examples=30, deadline=None)
def test_exchanged_maps_have_the_styles_means_and_deviations(seed, scale, shift):
    net = StyleTranslator(3, 3, 4, 1).double()
    content, style = maps(seed, 2, 16, 6, 7), maps(seed + 1, 2, 16, 9, 5) * scale + shift
    made = net.exchanged(content, style)
    for wanted, found in zip(by_hand(style), by_hand(made.detach()), strict=True):
        np.testing.assert_allclose(found, wanted, rtol=1e-4, atol=1e-4)
    torch.testing.assert_close(net.exchanged(content, content), content, rtol=1e-6, atol=1e-6)
    moved = net.exchanged(content * 3 - 2, style)  # the content's own do not matter
    torch.testing.assert_close(moved, made, rtol=1e-3, atol=1e-3)


def test_style_and_content_as_reckoned_by_hand():
    made, wanted = [maps(i, 2, 3, 4, 5) for i in (0, 1)], [maps(i, 2, 3, 6, 4) * 2 + 1 for i in (2, 3)]
    shares = []
    for a, b in zip(made, wanted, strict=True):
        pairs = list(zip(by_hand(a), by_hand(b), strict=True))
        for row in range(2):
            apart = sum(((x[row] - y[row]) ** 2).sum() for x, y in pairs)
            shares.append(apart / sum((y[row] ** 2).sum() for _, y in pairs))
    assert float(style_distance(made, wanted)) == pytest.approx(np.mean(shares), rel=1e-9)
    assert float(style_distance(made, made)) == 0
    a, b = made
    plain = []
    for x in (a, b):
        mean, deviation = (torch.from_numpy(v)[..., None, None] for v in by_hand(x))
        plain.append((x - mean) / deviation)
    assert float(content_distance(a, b)) == pytest.approx(float(((plain[0] - plain[1]) ** 2).mean()), rel=1e-9)
    assert float(content_distance(5 * a - 3, a)) < 1e-6  # style is no content
    deviation, mean = spread_and_mean(a)
    assert deviation.shape == mean.shape == (2, 3, 1, 1)


def test_only_what_is_made_is_moved():
    made, wanted = maps(0, 2, 3, 4, 4).requires_grad_(), maps(1, 2, 3, 4, 4).requires_grad_()
    (style_distance([made], [wanted]) + content_distance(made, wanted)).backward()
    assert made.grad is not None and wanted.grad is None


def test_terms_are_those_of_the_game():
    torch.manual_seed(0)
    game = find_recipe("adain").game(SPEC, HP)
    s = look(State(game, RandomSource(SPEC, 4)), next(RandomSource(SPEC, 4)))
    g, d = game.nets["G"], game.nets["D"]
    made = g(s.source, s.image)
    seen = {name: [x, *d.features(x)] for name, x in (("made", made), ("a", s.source), ("b", s.image))}
    wanted = {
        ("G", "content"): content_distance(seen["made"][2], seen["a"][2]),
        ("G", "style"): style_distance(seen["made"], seen["b"]),
        ("G", "same"): (g(s.source, s.source) - s.source).abs().mean(),
        ("G", "adv"): torch.log1p(torch.exp(-d(made))).mean(),
        ("D", "adv"): torch.log1p(torch.exp(-d(s.image))).mean() + torch.log1p(torch.exp(d(made))).mean(),
    }
    terms = {(t.player, name): term for t in game.stages[0].turns for name, term in t.terms.items()}
    assert set(terms) == {*wanted, ("D", "r1")}
    for key, value in wanted.items():
        torch.testing.assert_close(terms[key].fn(s), value, rtol=1e-5, atol=1e-6)


def test_styles_may_have_another_size():
    net = StyleTranslator(3, 3, 4, 1)
    made = net(torch.zeros(2, 3, 17, 22), torch.rand(2, 3, 40, 9))
    assert made.shape == (2, 3, 17, 22) and made.abs().max() <= 1


@pytest.mark.parametrize(
    ("source", "image", "hp", "told"),
    [
        (Field((1, 16, 16)), IMAGE, {}, "have 1 and 3 channels"),
        (Field((3, 8, 8)), Field((3, 8, 8)), {}, "at least 16 pixels"),
        (Field((4, 16, 16)), Field((4, 16, 16)), {"maps": "efficientnet"}, "sees 1 or 3 channels"),
    ],
)
def test_what_does_not_fit_is_refused(source, image, hp, told):
    with pytest.raises(InputError, match=told):
        find_recipe("adain").game({"image": image, "source": source}, AdainHp(**hp))
