"""Games from image to image: what a sample is made from, pools, mirroring, small images, holes, what is refused."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
import torch

from gansmith.core import Draws, GameError, State, look, play
from gansmith.errors import InputError
from gansmith.nets.enhancer import CoarseToFine
from gansmith.recipes._enlarging import shrunk
from gansmith.recipes._registry import find_recipe
from gansmith.recipes._translation import Pool, mirrored
from gansmith.testing import RandomSource, data_for
from gansmith.testing.recipes import IMAGES
from gansmith.types import Field

SMALL = {
    "cyclegan": {"width": 2, "blocks": 1, "pool": 3},
    "pix2pix": {"width": 2},
    "pix2pixhd": {"width": 2, "blocks": 1, "judge": 2, "warmup": 2, "halvings": 1},
    "cut": {"width": 2, "blocks": 1, "patches": 4, "features": 4},
    "fastcut": {"width": 2, "blocks": 1, "patches": 4, "features": 4},
    "srgan": {"width": 2, "blocks": 1, "judge": 2, "warmup": 1},
    "esrgan": {"width": 2, "blocks": 1, "judge": 2, "warmup": 1, "growth": 2},
    "real-esrgan": {"width": 2, "blocks": 1, "judge": 2, "warmup": 1, "growth": 2},
    "inpaint": {"width": 2, "judge": 2},
}


def game(name, spec=None, **settings):
    recipe = find_recipe(name)
    torch.manual_seed(0)
    spec = data_for(recipe, IMAGES) if spec is None else spec
    return recipe.game(spec, recipe.hp.model_validate({"batch": 4, **SMALL[name], **settings})), spec


def scene(name, spec=None, **settings):
    made, spec = game(name, spec, **settings)
    return look(State(made, RandomSource(spec, 4)), next(RandomSource(spec, 4)))


@pytest.mark.parametrize("name", ["cyclegan", "pix2pix", "pix2pixhd", "cut", "fastcut"])
def test_a_sample_is_made_from_a_source(name):
    made, spec = game(name)
    assert set(made.draw.given) == {"source"} and made.draw.pose is None
    with pytest.raises(GameError, match="made for data with source; this has image"):
        game(name, IMAGES)
    with pytest.raises(InputError, match="one size; these have 8x8 and 16x16"):
        game(name, {**spec, "source": Field((1, 8, 8))})


def test_sources_of_other_channels():
    spec = {**IMAGES, "source": Field((3, 16, 16), head="tanh")}
    for name, settings in (("cyclegan", {"identity": 0.0}), ("pix2pix", {})):
        made, _ = game(name, spec, **settings)
        play(State(made, RandomSource(spec, 4), total=40), 2)
    for name in ("cyclegan", "cut"):
        with pytest.raises(InputError, match="channels"):
            game(name, spec)


def test_a_pool_gives_back_what_it_was_shown():
    pool, shown = Pool(3, (1,)), []
    for move in range(40):
        made = torch.full((2, 1), float(move)) + torch.tensor([[0.0], [0.5]])
        shown += made.flatten().tolist()
        seen = pool(made, Draws(move, 2))
        assert set(seen.flatten().tolist()) <= set(shown)
        if move == 0:
            assert torch.equal(seen, made) and int(pool.count) == 2
    old = sum(int(pool(torch.full((50, 1), -1.0), Draws(99, 50)).ne(-1).sum()) for _ in range(1))
    assert int(pool.count) == 3 and old == 3
    before = pool.kept.clone()
    with torch.no_grad():
        pool(torch.zeros(8, 1), Draws(0, 8))
    assert torch.equal(before, pool.kept)
    assert torch.equal(Pool(0, (1,))(made, Draws(0, 2)), made)


def test_pairs_are_mirrored_together_and_others_are_not():
    paired, apart = scene("pix2pix", mirror=True), scene("cyclegan", mirror=True)
    flipped = [
        (s.a != s.source).flatten(1).any(1).tolist() == (s.b != s.image).flatten(1).any(1).tolist() for s in (paired,)
    ]
    assert flipped == [True] and torch.equal(paired.coins[:, 0], paired.coins[:, 1])
    assert not torch.equal(apart.coins[:, 0], apart.coins[:, 1])


def test_patches_of_mirrored_sources_are_turned_back():
    """Where maps are the image itself, patches of a mirrored source turned back are those of the source."""
    s = scene("fastcut", patches=256, temperature=1.0)
    s.G = SimpleNamespace(features=lambda x: [x])
    s.heads = lambda maps, places: [m.flatten(2)[:, :, at].transpose(1, 2) for m, at in zip(maps, places, strict=True)]
    turned, same, left = (
        float(s.recognised(s.a, made, back))
        for made, back in ((mirrored(s.a, s.flips), True), (s.a, False), (mirrored(s.a, s.flips), False))
    )
    assert (s.flips < 0.5).any() and turned == pytest.approx(same, rel=1e-5) and left > turned + 1e-3


def test_super_resolution_poses_its_own_task():
    made, spec = game("srgan")
    small = made.draw.pose(next(RandomSource(spec, 2)), Draws(0, 2))["source"]
    assert small.shape == (2, 1, 4, 4) == (2, *made.draw.given["source"].shape)
    flat = shrunk(torch.full((1, 1, 17, 16), 0.25), 4)
    torch.testing.assert_close(flat, torch.full((1, 1, 5, 4), 0.25))
    fine = torch.where(torch.arange(64) % 2 == 0, 1.0, -1.0).expand(1, 1, 64, 64)
    assert shrunk(fine, 4)[..., 4:-4, 4:-4].abs().max() < 0.05  # stripes of a pixel leave grey: nothing aliases


def test_super_resolution_takes_given_small_images():
    spec = {**IMAGES, "source": Field((1, 8, 8), head="tanh")}
    made, _ = game("esrgan", spec, factor=2)
    assert made.draw.pose is None
    s = look(State(made, RandomSource(spec, 4)), next(RandomSource(spec, 4)))
    assert torch.equal(s.small, s.source) and s.fake.shape == s.image.shape
    with pytest.raises(InputError, match="factor=4 makes images from sources of 1x4x4; the data's have 1x8x8"):
        game("esrgan", spec, factor=4)


def test_pixels_come_first():
    made, spec = game("srgan", warmup=2)
    logs = []
    play(State(made, RandomSource(spec, 4), total=40), 3, [lambda _, log: logs.append(set(log))])
    assert logs[:2] == [{"G/pixels"}] * 2 and logs[2] == {"D/adv", "G/pixels", "G/perceptual", "G/adv"}


def test_holes_are_filled_and_the_rest_is_kept():
    made, spec = game("inpaint")
    data = next(RandomSource(spec, 3))
    batch = made.draw.pose(data, Draws(0, 3))
    filled = made.draw.make(made.nets, batch)["image"]
    mask = batch["mask"].bool().expand_as(filled)
    assert torch.equal(filled[~mask], data["image"][~mask]) and not (filled[mask] == data["image"][mask]).any()
    masked = {**spec, "mask": Field((1, 16, 16), "mask")}
    s = scene("inpaint", masked)
    assert torch.equal(s.hole, s.mask) and torch.equal(s.fake[s.hole == 0], s.whole[s.hole == 0])


def test_dropout_is_the_noise_of_a_sample():
    made, spec = game("pix2pix")
    source = next(RandomSource(spec, 1))["source"]
    z = torch.randn(2, *made.draw.noise["z"])
    one, two = (made.draw.make(made.nets, {"source": source, "z": row[None]})["image"] for row in z)
    assert not torch.equal(one, two) and not game("pix2pix", dropout=False)[0].draw.noise


def test_blind_super_resolution_spoils_as_the_paper_does_and_anew_in_each_round():
    from gansmith.data.translation.blind import FIRST, SECOND
    from gansmith.recipes.real_esrgan import RealEsrganHp, spoiling

    assert spoiling(RealEsrganHp()).how.passes == (FIRST, SECOND)
    assert spoiling(RealEsrganHp(passes=1, noise=60.0)).how.passes[0].noise == (1.0, 60.0)
    for factor in (2, 4, 8):
        made, spec = game("real-esrgan", factor=factor)
        data = next(RandomSource(spec, 3))
        once, again, other = (made.draw.pose(data, Draws(seed, 3))["source"] for seed in (0, 0, 1))
        assert torch.equal(once, again) and not torch.equal(once, other)
        assert once.shape == (3, 1, 16 // factor, 16 // factor)
        last = made.draw.pose({"image": data["image"][2:]}, Draws(0, 3, 2))["source"]
        assert torch.equal(last, once[2:])  # a process's rows are those of the whole batch
    s = scene("real-esrgan")
    assert s.small.shape == (4, 1, 4, 4) and s.fake.shape == s.image.shape


def test_pix2pixhd_plays_coarse_then_fine():
    made, spec = game("pix2pixhd")
    state = State(made, RandomSource(spec, 4), total=80)
    before = {k: v.clone() for k, v in made.nets["G"].state_dict().items()}

    def moved():
        return {k.split(".")[0] for k, v in made.nets["G"].state_dict().items() if not torch.equal(v, before[k])}

    s = look(state, next(RandomSource(spec, 4)))
    assert s.fake.shape == s.wanted.shape == (4, 1, 8, 8)
    play(state, 2)
    assert moved() == {"whole"}
    play(state, 2)
    assert moved() == {"whole", "local"}
    s = look(state, next(RandomSource(spec, 4)))
    assert s.fake.shape == s.image.shape and s.d_real.shape == (4, 2)
    scores = [[maps[-1] for maps in both] for both in (s.real_maps, s.fake_maps)]
    by_hand = sum(((r - 1) ** 2).mean() / 2 + (f**2).mean() / 2 for r, f in zip(*scores, strict=True))
    assert torch.allclose(s.d_loss, by_hand)
    apart = sum(
        sum((f - r).abs().mean() for f, r in zip(fakes[:-1], reals[:-1], strict=True)) / (len(fakes) - 1)
        for fakes, reals in zip(s.fake_maps, s.real_maps, strict=True)
    )
    assert torch.allclose(s.unlike, apart)
    with pytest.raises(InputError, match="at least 8 pixels"):
        game("pix2pixhd", {"image": Field((1, 7, 9)), "source": Field((1, 7, 9))})


def test_what_the_fine_generator_sees():
    torch.manual_seed(0)
    net = CoarseToFine(1, 1, 4, blocks=1, local=1, halvings=1, norm="none")
    side = net.sees + 40
    image = torch.randn(1, 1, side, side)
    other = image.clone()
    other[..., 0] += 1.0
    apart = (net(image) - net(other)).abs().amax((0, 1, 2)).nonzero().max()
    assert 8 < int(apart) <= net.sees // 2
    assert net(image[..., :21, :13]).shape == (1, 1, 21, 13)
