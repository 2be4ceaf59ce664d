"""Games with an encoder: who moves on whose turn, by gradients written by hand; what is paired; what is encoded."""

from __future__ import annotations

import copy

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from gansmith.core import Backend, Draws, State, move, play
from gansmith.errors import InputError
from gansmith.recipes._encoders import picked
from gansmith.recipes._registry import find_recipe
from gansmith.run.settings import resolve
from gansmith.testing import RandomSource
from gansmith.testing.recipes import IMAGES, LABELLED
from gansmith.types import Field

SMALL = {"aae": {"width": 2, "z_dim": 3, "hidden": 8}} | {
    n: {"width": 2, "z_dim": 3} for n in ("bigan", "vae-gan", "vae")
}
N, Z = 8, 3


def game_of(name, spec=LABELLED, **settings):
    recipe = find_recipe(name)
    torch.manual_seed(0)
    return recipe.game(spec, resolve(recipe, "s", {"batch": N, **SMALL[name], **settings}))


class Played:
    """A game whose turns are played one by one, with all noise the same known numbers, in float64."""

    def __init__(self, monkeypatch, name, spec=LABELLED, **settings):
        torch.manual_seed(1)
        self.z = torch.randn(N, Z, dtype=torch.float64)
        monkeypatch.setattr(Draws, "normal", lambda draws, *shape: self.z)
        self.state = State(game_of(name, spec, **settings), RandomSource(spec, N), 0, Backend(dtype=torch.float64))
        self.game = self.state.game
        self.batch = self.state.backend.put(next(self.state.source))
        self.x, self.c = self.batch["image"], self.batch.get("label")
        self.before = {n: copy.deepcopy(net) for n, net in self.game.nets.items()}

    def turn(self, player):
        """Play a turn; returns the log, and the names of the nets that it moved."""
        (turn,) = [t for t in self.game.stages[0].turns if t.player == player]
        log = move(self.state, turn, self.batch, {})
        now = {n: net.state_dict() for n, net in self.game.nets.items()}
        was = {n: net.state_dict() for n, net in self.before.items()}
        return log, {n for n in now if any(not torch.equal(now[n][k], was[n][k]) for k in now[n])}

    def has_gradient_of(self, loss, *names):
        """Whether the nets' gradients after the turn are those of a loss of the nets as they were before it."""
        mine = [p for n in names for p in self.before[n].parameters()]
        wanted = torch.autograd.grad(loss, mine, allow_unused=True)
        got = [p.grad for n in names for p in self.game.nets[n].parameters()]
        for a, b in zip(wanted, got, strict=True):
            a, b = (torch.zeros(1, dtype=torch.float64) if g is None else g for g in (a, b))
            assert torch.allclose(a, b, rtol=1e-7, atol=1e-9)
        return True


def sure(score):
    """-log of the probability that a score gives to real."""
    return -torch.log(torch.sigmoid(score)).mean()


def not_sure(score):
    return -torch.log(1 - torch.sigmoid(score)).mean()


def half_square(a, b):
    return ((a - b) ** 2).reshape(len(a), -1).sum(1).mean() / 2


# --- adversarial auto-encoder


def test_each_phase_of_aae_moves_its_nets_by_its_loss(monkeypatch):
    for player, moved in (("rebuild", {"E", "G"}), ("D", {"D"}), ("E", {"E"})):
        p = Played(monkeypatch, "aae")
        _, nets = p.turn(player)
        assert nets == moved
        e, g, d = (p.before[n] for n in "EGD")
        code = e(p.x).mean
        loss = {
            "rebuild": half_square(g(code, p.c), p.x),
            "D": sure(d(p.z)) + not_sure(d(code)),
            "E": sure(d(code)),
        }[player]
        assert p.has_gradient_of(loss, *sorted(moved))


def test_a_gaussian_aae_draws_its_codes(monkeypatch):
    p = Played(monkeypatch, "aae", posterior="gaussian")
    p.turn("E")
    mean, log_variance, _ = p.before["E"](p.x)
    assert p.has_gradient_of(sure(p.before["D"](mean + torch.sqrt(log_variance.exp()) * p.z)), "E")


def test_each_phase_of_a_partly_labelled_aae(monkeypatch):
    drawn = torch.arange(N) % 3
    monkeypatch.setattr(Draws, "integers", lambda draws, high, *shape: drawn)
    for player, moved in (("rebuild", {"E", "G"}), ("D", {"D", "C"}), ("E", {"E"}), ("name", {"E"})):
        p = Played(monkeypatch, "aae", labelled=0.5)
        log, nets = p.turn(player)
        assert nets == moved
        e, g, d, c = (p.before[n] for n in "EGDC")
        code, _, logits = e(p.x)
        y = torch.exp(logits) / torch.exp(logits).sum(1, keepdim=True)
        known = picked(p.x, 0.5)
        assert 0 < known.sum() < N
        own = y[torch.arange(N), p.c]
        loss = {
            "rebuild": half_square(g(code, y), p.x),
            "D": sure(d(p.z)) + not_sure(d(code)) + sure(c(torch.eye(3).double()[drawn])) + not_sure(c(y)),
            "E": sure(d(code)) + sure(c(y)),
            "name": -torch.log(own[known]).sum() / N / 0.5,
        }[player]
        assert p.has_gradient_of(loss, *sorted(moved))
        assert torch.isclose(sum(log.values()), loss.detach())


def test_phases_of_aae_keep_optimisers_of_their_own():
    state = State(game_of("aae"), RandomSource(LABELLED, N))
    play(state, 3)
    weight = state.game.nets["E"].mean.weight
    moments = [state.optims[who].state[weight]["exp_avg"] for who in ("rebuild", "E")]
    assert not torch.equal(*moments)


def test_labels_unknown_to_a_partly_labelled_aae_do_not_reach_it():
    spec = {"image": Field((1, 16, 16), "real", head="tanh"), "label": LABELLED["label"]}

    class Relabelled(RandomSource):
        def __next__(self):
            batch = super().__next__()
            other = (batch["label"] + 1) % 3
            return {**batch, "label": torch.where(picked(batch["image"], 0.3), batch["label"], other)}

    ends = []
    for source in (RandomSource, Relabelled):
        state = State(game_of("aae", spec, labelled=0.3), source(spec, N), total=64)
        play(state, 4)
        ends.append(torch.cat([p.detach().flatten() for net in state.game.nets.values() for p in net.parameters()]))
    assert torch.equal(*ends)


def test_the_same_images_are_picked_mirrored_reordered_and_for_larger_shares():
    torch.manual_seed(0)
    grey = torch.randint(0, 256, (4000, 1, 6, 5)).float() / 127.5 - 1
    some = picked(grey, 0.3)
    assert abs(some.double().mean().item() - 0.3) < 4 * (0.21 / 4000) ** 0.5
    assert torch.equal(picked(grey.flip(3), 0.3), some)
    order = torch.randperm(4000)
    assert torch.equal(picked(grey[order], 0.3), some[order])
    assert (picked(grey, 0.6) | ~some).all() and picked(grey, 1.0).all()


# --- pairs


@pytest.mark.parametrize("posterior", ["point", "gaussian"])
def test_bigan_is_shown_images_with_their_codes_and_noise_with_its_images(monkeypatch, posterior):
    p = Played(monkeypatch, "bigan", posterior=posterior)
    seen = []
    p.game.nets["D"].register_forward_hook(lambda net, args, out: seen.append([a.detach() for a in args]))
    p.turn("EG")
    mean, log_variance, _ = p.before["E"](p.x, p.c)
    code = mean if log_variance is None else mean + (log_variance / 2).exp() * p.z
    pairs = {"real": (p.x, code), "made": (p.before["G"](p.z, p.c), p.z)}
    assert len(seen) == 2
    for image, z, label in seen:
        kind = "made" if torch.equal(z, p.z) else "real"
        assert torch.allclose(image, pairs[kind][0]) and torch.allclose(z, pairs[kind][1]) and torch.equal(label, p.c)
    assert {torch.equal(z, p.z) for _, z, _ in seen} == {True, False}


@pytest.mark.parametrize("loss", ["minimax", "nonsaturating", "relativistic"])
def test_bigan_moves_by_the_gradients_of_its_losses(monkeypatch, loss):
    def values(p):
        e, g, d = (p.before[n] for n in "EGD")
        code, fake = e(p.x, p.c).mean, g(p.z, p.c)
        return d(p.x, code, p.c), d(fake, p.z, p.c), half_square(g(code, p.c), p.x)

    p = Played(monkeypatch, "bigan", loss=loss, gamma=0, cycle=0.25)
    assert p.turn("D")[1] == {"D"}
    real, made, _ = values(p)
    tells = sure(real - made) if loss == "relativistic" else sure(real) + not_sure(made)
    assert p.has_gradient_of(tells, "D")

    p = Played(monkeypatch, "bigan", loss=loss, gamma=0, cycle=0.25)
    assert p.turn("EG")[1] == {"E", "G"}
    real, made, cycle = values(p)
    fools = {
        "minimax": -not_sure(made) - sure(real),
        "nonsaturating": sure(made) + not_sure(real),
        "relativistic": sure(made - real),
    }[loss]
    assert p.has_gradient_of(fools + 0.25 * cycle, "E", "G")


def test_penalties_of_bigan_are_slopes_along_image_and_code(monkeypatch):
    p = Played(monkeypatch, "bigan", gamma=0.5)
    log, _ = p.turn("D")
    e, g, d = (p.before[n] for n in "EGD")
    for name, x, z in (("r1", p.x, e(p.x, p.c).mean), ("r2", g(p.z, p.c), p.z)):
        total = 0.0
        for i in range(N):  # one sample at a time, numbers of image and code in one vector
            flat = torch.cat([x[i].flatten(), z[i]]).detach().requires_grad_()
            score = d(flat[: x[i].numel()].view(1, *x[i].shape), flat[None, x[i].numel() :], p.c[i : i + 1])
            (slope,) = torch.autograd.grad(score.sum(), flat)
            total += slope.square().sum().item() / 2 / N
        assert abs(log[f"D/{name}"].item() - total) < 1e-9


# --- variational


@pytest.mark.parametrize("likelihood", ["gaussian", "bernoulli"])
def test_vae_climbs_the_bound(monkeypatch, likelihood):
    p = Played(monkeypatch, "vae", likelihood=likelihood, beta=2)
    log, nets = p.turn("model")
    assert nets == set(p.game.nets)
    mean, log_variance, _ = p.before["E"](p.x, p.c)
    posterior = torch.distributions.Normal(mean, torch.sqrt(log_variance.exp()))
    kl = torch.distributions.kl_divergence(posterior, torch.distributions.Normal(0.0, 1.0)).sum(1).mean()
    made = p.before["G"](mean + posterior.scale * p.z, p.c)
    if likelihood == "gaussian":
        pixels = torch.distributions.Normal(made, torch.exp(p.before["S"]()))
        reconstruction = -pixels.log_prob(p.x).flatten(1).sum(1).mean()
    else:
        odds, white = (made + 1) / 2, (p.x + 1) / 2
        reconstruction = -(white * odds.log() + (1 - white) * (1 - odds).log()).flatten(1).sum(1).mean()
    assert torch.isclose(log["model/kl"], kl) and torch.isclose(log["model/reconstruction"], reconstruction)
    assert p.has_gradient_of(reconstruction + 2 * kl, *p.game.nets)


def test_losses_of_vae_gan_reach_their_nets_and_no_others(monkeypatch):
    settings = {"gamma": 0.3, "beta": 0.7, "r1": 0, "layer": 2}

    def parts(p):
        e, g, d = (p.before[n] for n in "EGD")
        mean, log_variance, _ = e(p.x, p.c)
        kl = ((mean**2 + log_variance.exp() - 1 - log_variance) / 2).sum(1).mean()
        rebuilt, made = g(mean + (log_variance / 2).exp() * p.z, p.c), g(p.z, p.c)
        hidden = [F.leaky_relu(d.convs[1](F.leaky_relu(d.convs[0](v), 0.2)), 0.2) for v in (p.x, rebuilt)]
        return kl, half_square(*hidden), d(p.x, p.c), d(made, p.c), d(rebuilt, p.c)

    p = Played(monkeypatch, "vae-gan", **settings)
    assert p.turn("E")[1] == {"E"}
    kl, likeness, *_ = parts(p)
    assert p.has_gradient_of(0.7 * kl + likeness, "E")

    p = Played(monkeypatch, "vae-gan", **settings)
    assert p.turn("G")[1] == {"G"}
    _, likeness, _, made, rebuilt = parts(p)
    assert p.has_gradient_of(0.3 * likeness + sure(made) + sure(rebuilt), "G")

    p = Played(monkeypatch, "vae-gan", **settings)
    assert p.turn("D")[1] == {"D"}
    _, _, real, made, rebuilt = parts(p)
    assert p.has_gradient_of(sure(real) + not_sure(made) + not_sure(rebuilt), "D")


# --- what all of them do


@pytest.mark.parametrize("spec", [IMAGES, LABELLED], ids=["plain", "labels"])
@pytest.mark.parametrize("name", SMALL)
def test_codes_of_images_are_noise_that_makes_images(name, spec):
    game = game_of(name, spec)
    nets = {n: net.eval() for n, net in game.nets.items()}
    batch = {k: v for k, v in next(RandomSource(spec, 4)).items() if k in ("image", *game.draw.conditions)}
    with torch.no_grad():
        code = game.draw.encode(nets, batch)
        again = game.draw.encode(nets, batch)
        alone = game.draw.encode(nets, {k: v[:1] for k, v in batch.items()})
        made = game.draw.make(nets, {**batch, **code})
    assert {k: v.shape[1:] for k, v in code.items()} == game.draw.noise
    assert torch.equal(code["z"], again["z"]) and torch.allclose(alone["z"], code["z"][:1], atol=1e-5)
    assert made["image"].shape == batch["image"].shape
    with torch.no_grad():
        styles = game.draw.styles.map(nets, {**batch, **code})
        same = game.draw.styles.make(nets, styles, batch)
    assert torch.allclose(same["image"], made["image"], atol=1e-6)
    assert game.draw.styles.affine(nets)[0].shape[1] == styles.shape[2] == Z


@pytest.mark.parametrize(
    ("name", "spec", "settings", "message"),
    [
        ("aae", IMAGES, {"labelled": 0.5}, "labelled=0.5 needs images with classes"),
        ("aae", LABELLED, {"labelled": 0.5, "shift": 2}, "shift=2 changes"),
        ("aae", LABELLED, {"labelled": 0.5, "drop_condition": 0.1}, "do not go together"),
        ("vae-gan", LABELLED, {"layer": 4}, "layer=4: for these images the discriminator has 3 convolutions"),
        ("vae", {"image": Field((1, 16, 16), "real")}, {"likelihood": "bernoulli"}, "likelihood=gaussian"),
    ],
)
def test_settings_that_do_not_fit_are_refused_by_name(name, spec, settings, message):
    with pytest.raises(InputError, match=message):
        game_of(name, spec, **settings)


def test_the_noise_level_of_a_vae_becomes_that_of_its_errors():
    state = State(game_of("vae", IMAGES, lr=1e-2), RandomSource(IMAGES, 16))
    play(state, 120)
    level = state.game.nets["S"]().exp().item()
    assert level == pytest.approx(
        np.sqrt(1 / 3), rel=0.1
    )  # pixels uniform in [-1, 1] can't be rebuilt from three numbers
