"""What the discriminator sees: the lens of a game, its controller, its settings."""

from __future__ import annotations

import math
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from gansmith.core import Backend, Draws, GameError, State, Term, look, play
from gansmith.errors import InputError
from gansmith.nets.augment import GROUPS
from gansmith.objectives import adversarial as adv
from gansmith.recipes import _views as views
from gansmith.recipes._families import ADVERSARIAL, Generated
from gansmith.recipes._registry import find_recipe
from gansmith.recipes._views import Lens, boundary, seen, viewed
from gansmith.run.settings import resolve
from gansmith.testing import RandomSource
from gansmith.testing.recipes import IMAGES
from gansmith.types import Clock

SMALL = {"width": 4, "z_dim": 8, "batch": 8}


def state_of(recipe="r3gan", backend=None, total=64, **settings):
    found = find_recipe(recipe)
    torch.manual_seed(0)
    hp = resolve(found, "s", {**SMALL, **settings})
    return State(found.game(IMAGES, hp), RandomSource(IMAGES, 8), 0, backend, total * 8)


def same(a, b):
    a, b = a.snapshot().tensors, b.snapshot().tensors
    return a.keys() == b.keys() and all(torch.equal(a[k], b[k]) for k in a)


WAYS = [
    {"augment": "diffaugment"},
    {"augment": "ada", "ada_speed": 40.0, "ada_target": 0.01},
    {"augment": "fixed", "augment_p": 0.9},
    {"augment": "apa", "ada_speed": 40.0, "ada_target": 0.01},
    {"instance_noise": 0.5},
]


# --- as a part of a game


@pytest.mark.parametrize("way", WAYS, ids=lambda w: next(iter(w.values())))
def test_a_lens_resumes_exactly_and_pieces_are_the_whole(way):
    whole = state_of(**way)
    play(whole, 9)
    kept = whole.snapshot()
    play(whole, 9)
    again = state_of(**way)
    again.restore(kept)
    play(again, 9)
    assert same(whole, again)
    one, pieces = (state_of(backend=Backend(dtype=torch.float64, micro=m), **way) for m in (None, 3))
    play(one, 10)
    play(pieces, 10)
    a, b = one.snapshot().tensors, pieces.snapshot().tensors
    assert max((a[k] - b[k]).abs().max().item() for k in a) < 1e-9


@pytest.mark.parametrize("way", WAYS, ids=lambda w: next(iter(w.values())))
def test_a_lens_changes_the_game(way):
    plain, other = state_of(), state_of(**way)
    other.game.nets["lens"].p.fill_(0.5)
    play(plain, 3)
    play(other, 3)
    a, b = (s.snapshot().tensors for s in (plain, other))
    assert any(not torch.equal(a[k], b[k]) for k in a)


def test_an_adaptive_lens_at_zero_is_no_lens():
    plain, ada = state_of(), state_of(augment="ada", ada_target=0.999)
    play(plain, 12)
    play(ada, 12)
    a, b = (s.snapshot().tensors for s in (plain, ada))
    assert ada.game.nets["lens"].p == 0 and all(torch.equal(v, b[k]) for k, v in a.items())


@pytest.mark.parametrize("way", [WAYS[0], {"augment": "fixed", "augment_p": 1.0}, {"instance_noise": 0.5}, WAYS[3]])
def test_gradient_penalties_hold_through_the_lens(way):
    """The slopes that r3gan penalises are those of the score as a function of the image before the lens."""
    state = state_of(backend=Backend(dtype=torch.float64), total=1, **way)
    state.clock.samples = 4  # in the middle of the schedules
    state.game.nets["lens"].p.fill_(0.5)
    state.game.nets["D"].train()
    batch = next(state.source)
    image = batch["image"].double()

    def scene(image, leaves=()):
        draws = Draws(3, 8, dtype=torch.float64)
        return state.game.scene(state.game.nets, {"image": image}, state.clock, draws, leaves=leaves)

    there = scene(image, ("image", "fake"))
    slope = there.slopes[0]
    rng = np.random.default_rng(0)
    for _ in range(6):
        at = tuple(int(rng.integers(s)) for s in image.shape)
        shift = torch.zeros_like(image)
        shift[at] = 1e-6
        # a scene with leaves draws for the fake before it draws for the lens; so do these
        up, down = (scene(image + sign * shift, ("fake",)) for sign in (1, -1))
        numeric = (up.d_real.sum() - down.d_real.sum()).item() / 2e-6
        deceived = way.get("augment") == "apa" and numeric == 0  # what is shown there does not follow the image
        assert deceived or numeric == pytest.approx(slope[at].item(), rel=1e-4, abs=1e-8)
    assert torch.isfinite(
        torch.autograd.grad(there.steepness(0), state.params["D"].values(), allow_unused=True)[0]
    ).all()


def test_bfloat16_plays_with_a_lens():
    for way in WAYS:
        play(state_of(backend=Backend(bf16=True), **way), 5)


# --- the adaptive probability


def test_the_controller_follows_the_paper():
    """p += sign(r_t - target) batch interval / speed every 4 rounds, from 0 up to 0.8 (Karras et al. 2020)."""
    lens = Lens(strength=None)
    heard = [1.0, 1.0, 1.0, -0.5] + [0.5] * 4 + [1.0] * 4 + [0.61, 0.6, 0.6, 0.6] + [1.0] * 16
    found = []
    for value in heard:
        views._adapt("D/r_t", 0.6, 8 * 4 / 100, {"lens": lens}, {"D/r_t": torch.tensor(value)}, Clock())
        found.append(round(lens.p.item(), 5))
    up = 0.32
    assert (
        found[3::4] == [up, 0.0, up, 2 * up, 0.8, 0.8, 0.8, 0.8] and found[:3] == [0, 0, 0] and found[4:7] == [up] * 3
    )


def test_a_round_in_which_nothing_was_heard_does_not_count():
    lens = Lens()
    views._adapt("D/r_t", 0.6, 0.1, {"lens": lens}, {}, Clock())
    assert lens.rounds == 0


@pytest.mark.parametrize("augment", ["ada", "apa"])
def test_a_game_logs_what_it_follows(augment):
    state, logs = state_of("dcgan", augment=augment, ada_speed=400.0, ada_target=0.3), []
    play(state, 40, [lambda _, log: logs.append({k: v.item() for k, v in log.items()})])
    p = 0.0
    for first in range(0, 36, 4):
        quad = logs[first : first + 4]
        assert all(line["D/augment_p"] == pytest.approx(p, abs=1e-6) for line in quad)
        p = min(max(p + 8 * 4 / 400 * np.sign(np.mean([line["D/r_t"] for line in quad]) - 0.3), 0.0), 0.8)
    assert len({line["D/augment_p"] for line in logs}) > 1


def test_r_t_is_the_mean_sign_of_real_scores():
    state, found = state_of("dcgan", augment="ada"), {}
    turn = state.game.stages[0].turns[0]
    scene = SimpleNamespace(d_real=torch.tensor([0.3, -0.1, 2.0, 0.5]), d_fake=torch.tensor([1.0, 1.0, 1.0, 1.0]))
    found["zero"] = turn.watch["r_t"](scene).item()
    found["pairs"] = state_of("r3gan", augment="ada").game.stages[0].turns[0].watch["r_t"](scene).item()
    assert found == {"zero": 0.5, "pairs": -0.5}


def test_the_boundary_is_where_a_loss_holds_real_and_made_for_equally_likely():
    found = {name: boundary(terms[0]) for name, terms in ADVERSARIAL.items()}
    floating = {"wasserstein", "relativistic", "relativistic_average", "relativistic_average_hinge"}
    assert {name for name, middle in found.items() if middle is None} == floating
    assert found["nonsaturating"] == found["hinge"] == 0 and found["least_squares"] == pytest.approx(0.5)
    smoothed = {"adv": Term(lambda s: adv.minimax_d(s.d_real, s.d_fake, 0.9))}
    assert boundary(smoothed) == pytest.approx(math.log(0.9 / 1.1), abs=0.01)  # D = 0.9 p / (p + p) there
    assert boundary({"adv": Term(lambda s: s.other)}) is None and boundary({}) is None


@pytest.mark.parametrize("target", [0.3, 0.6, 0.9])
def test_the_target_on_pairs_is_as_strict_as_on_single_scores(target):
    """Normal scores whose r_t is the target: their pairs have the converted target."""
    rng = np.random.default_rng(0)
    real, fake = rng.normal(size=(2, 400_000))
    real += 2 * np.quantile(rng.normal(size=400_000), (1 + target) / 2)  # the middle is halfway between the means
    middle = real.mean() / 2
    assert np.sign(real - middle).mean() == pytest.approx(target, abs=0.01)
    assert np.sign(real - fake).mean() == pytest.approx(views._of_pairs(target), abs=0.01)


# --- schedules


def test_fixed_augmentation_rises_along_a_cosine_and_noise_falls_along_a_line():
    lens = state_of(augment="fixed", augment_p=0.4, instance_noise=0.8).game.nets["lens"]
    for share, p in ((0.0, 0.0), (0.5, 0.2), (1.0, 0.4)):
        clock = Clock(samples=int(1000 * share), total=1000)
        assert lens.probability(clock) == pytest.approx(p)
        plain = Lens(noise=lens.noise)
        spread = plain(torch.zeros(64, 1, 16, 16), Draws(0, 64), clock).std().item()
        assert spread == pytest.approx(0.8 * (1 - share), rel=0.05, abs=1e-9)


def test_papers_choices_are_what_full_means():
    def groups(**settings):
        return state_of(**settings).game.nets["lens"].change.groups

    assert groups(augment="ada") == {"blit": 1, "geom": 1, "color": 1}
    assert groups(augment="fixed") == {"blit": 1, "geom": 1, "color": 0.5, "cutout": 1}
    assert groups(augment="ada", augment_policy="cutout,blit") == {"cutout": 1, "blit": 1} and len(GROUPS) == 4


# --- made images passed off as real


def deceiving(p=0.5, n=400):
    class Scene(Generated):
        pass

    lens = Lens(pseudo=True)
    lens.p.fill_(p)
    maker = torch.nn.Module()
    maker.z_dim = 2
    maker.forward = lambda z, label: z[:, :, None, None].expand(-1, 2, 3, 3) * 0 + 5
    image = torch.zeros(n, 2, 3, 3, requires_grad=True)
    return Scene({"G": maker, "D": torch.nn.Linear(1, 1), "lens": lens}, {"image": image}, Clock(), Draws(0, n))


def test_made_images_stand_for_real_ones_as_often_as_asked():
    scene = deceiving()
    shown = seen(scene, scene.image)
    values = shown.detach().flatten(1)
    assert set(values.unique().tolist()) == {0.0, 5.0} and (values.min(1)[0] == values.max(1)[0]).all()
    assert abs((values[:, 0] == 5).double().mean().item() - 0.5) < 0.1
    (slope,) = torch.autograd.grad(shown.square().sum(), scene.image)
    assert torch.equal(slope, 2 * shown.detach())  # penalties act on what is shown
    assert torch.equal(seen(scene, scene.fake), scene.fake)


def test_who_only_looks_on_is_not_deceived():
    scene = deceiving(1.0)
    scene.D.eval()
    assert torch.equal(seen(scene, scene.image), scene.image)
    state = state_of(augment="apa")
    state.game.nets["lens"].p.fill_(0.8)
    for net in state.game.nets.values():
        net.eval()
    scene = look(state, next(state.source))
    clear = state.game.nets["D"](scene.image, None)
    assert torch.allclose(state.game.contest(scene)[0], clear, atol=1e-5)


# --- what is refused


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"augment_p": 0.3}, "augment_p=0.3: acts only with augment=fixed"),
        ({"augment": "fixed", "ada_target": 0.5}, "ada_target=0.5: acts only with augment=ada or augment=apa"),
        ({"augment": "ada", "augment_policy": "colour"}, "should be some of blit, geom, color, cutout"),
        ({"augment": "diffaugment", "augment_policy": "color,color"}, "each once"),
        ({"augment": "adda"}, "augment=adda"),
    ],
)
def test_settings_that_would_do_nothing_are_refused(settings, says):
    with pytest.raises(InputError, match=says):
        resolve(find_recipe("r3gan"), "s", settings)


def test_settings_of_a_saved_model_are_accepted():
    hp = resolve(find_recipe("r3gan"), "s", {"augment": "fixed"})
    assert resolve(find_recipe("r3gan"), "s", hp.model_dump(mode="json")) == hp


def test_what_can_not_be_seen_is_refused():
    scene = SimpleNamespace(lens=Lens(), image=None, n=8, clock=Clock(), draws=Draws(0, 8))
    with pytest.raises(ValueError, match="12 images can't be seen in a scene of 8 rows"):
        seen(scene, torch.zeros(12, 1, 4, 4))
    scene.lens = Lens(noise=1.0)
    assert not torch.equal(*seen(scene, torch.zeros(16, 1, 4, 4)).split(8))
    hp = resolve(find_recipe("r3gan"), "s", {"instance_noise": 0.1})
    with pytest.raises(GameError, match="no lens to look through"):
        viewed(SimpleNamespace(scene=SimpleNamespace(asks_for=dict, __name__="Blind")), hp)
