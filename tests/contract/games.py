"""Toy games that between them use every part of the core: the proof that one loop plays them all."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from gansmith.core import (
    EMA,
    Backend,
    Draw,
    Game,
    Player,
    Scene,
    Stage,
    State,
    Term,
    Turn,
    cosine,
    extragradient,
    flow,
    optimistic,
    simultaneous,
    unrolled,
)
from gansmith.objectives import adversarial as adv
from gansmith.objectives import penalties as pen
from toy import Gru, Toy, mlp

adam = partial(torch.optim.Adam, lr=2e-4, betas=(0.5, 0.9))


class Noise(Scene):
    G: nn.Module
    D: nn.Module
    x: Tensor

    @flow
    def z(self):
        return self.draws.normal(8)

    @flow
    def fake(self):
        return self.G(self.z)

    @flow
    def d_real(self):
        return self.D(self.x)

    @flow
    def d_fake(self):
        return self.D(self.fake)

    @flow
    def mid(self):
        return pen.between(self.x, self.fake, self.draws.uniform())

    @flow
    def d_mid(self):
        return self.D(self.mid)


NS_D = {"adv": Term(lambda s: adv.nonsaturating_d(s.d_real, s.d_fake))}
NS_G = {"adv": Term(lambda s: adv.nonsaturating_g(s.d_fake))}
W_D = {"adv": Term(lambda s: adv.wasserstein_d(s.d_real, s.d_fake))}
W_G = {"adv": Term(lambda s: adv.wasserstein_g(s.d_fake))}
GP = {"gp": Term(lambda s: pen.one_centred(s.d_mid, s.mid), 10.0, leaves=("mid",))}
CONTEST = {
    "contest": lambda s: (s.d_real, s.d_fake),
    "draw": Draw(lambda nets, b: {"x": nets["G"](b["z"])}, {"z": (8,)}),
}


def duel(nets, scene, d, g, *, d_nets=("D",), g_nets=("G",), repeat=1, fresh=False, carry=None, optim=adam, **rest):
    players = {"D": Player(d_nets, optim), "G": Player(g_nets, optim)}
    stage = Stage((Turn("D", d, repeat=repeat, fresh=fresh), Turn("G", g)), carry=carry or {})
    return Game(nets, scene, players, (stage,), **rest)


def two(g_out=2, d_in=2, z=8):
    return {"G": mlp(z, 32, g_out), "D": mlp(d_in, 32, 1)}


def vanilla():
    return duel(two(), Noise, NS_D, NS_G, **CONTEST)


def vanilla_batchnorm():
    return duel(
        {"G": mlp(8, 32, 2, norm=True), "D": mlp(2, 32, 1, norm=True)}, Noise, NS_D, NS_G, ema={"G": EMA(100.0)}
    )


def spectral():
    nets = {"G": mlp(8, 32, 2), "D": mlp(2, 32, 1)}
    nets["D"] = nn.Sequential(
        *[nn.utils.parametrizations.spectral_norm(m) if isinstance(m, nn.Linear) else m for m in nets["D"]]
    )
    hinge_d = {"adv": Term(lambda s: adv.hinge_d(s.d_real, s.d_fake))}
    return duel(nets, Noise, hinge_d, {"adv": Term(lambda s: adv.hinge_g(s.d_fake))})


def wgan_gp():
    return duel(two(), Noise, W_D | GP, W_G, repeat=5, fresh=True)


def wgan_clip():
    def box(params):
        for p in params:
            p.clamp_(-0.01, 0.01)

    rms = partial(torch.optim.RMSprop, lr=5e-5)
    players = {"D": Player(("D",), rms, project=box), "G": Player(("G",), rms, clip=1.0)}
    return Game(two(), Noise, players, (Stage((Turn("D", W_D, repeat=5, fresh=True), Turn("G", W_G))),))


def r3gan():
    gamma = cosine(2.0, 0.2)
    d = {
        "adv": Term(lambda s: adv.relativistic(s.d_real, s.d_fake)),
        "r1": Term(lambda s: pen.zero_centred(s.d_real, s.x), gamma, leaves=("x",)),
        "r2": Term(lambda s: pen.zero_centred(s.d_fake, s.fake), gamma, leaves=("fake",)),
    }
    g = {"adv": Term(lambda s: adv.relativistic(s.d_fake, s.d_real))}
    lr = {"lr": cosine(2e-4, 5e-5), "betas": lambda c: (0.0, cosine(0.9, 0.99)(c))}
    players = {"D": Player(("D",), adam, schedule=lr), "G": Player(("G",), adam, schedule=lr)}
    return Game(two(), Noise, players, (Stage((Turn("D", d), Turn("G", g, fresh=True))),), {"G": EMA(500.0)}, **CONTEST)


class PathLength(nn.Module):
    """An objective with state: a net that nobody owns."""

    mean: Tensor

    def __init__(self):
        super().__init__()
        self.register_buffer("mean", torch.zeros(()))

    def forward(self, made, w, noise):
        length = pen.gradient((made * noise).flatten(1).sum(1), w).square().sum(1).sqrt()
        mean = self.mean.lerp(length.mean(), 0.01)
        self.mean.copy_(mean.detach())
        return (length - mean).square().mean()


class Style(Noise):
    M: nn.Module
    S: nn.Module
    pl: PathLength

    @flow
    def w(self):
        a, b = self.M(self.z), self.M(self.draws.normal(8))
        return torch.where(self.draws.uniform(1) < 0.9, torch.cat([a[:, :8], b[:, 8:]], 1), a)

    @flow
    def fake(self):
        return self.S(self.w)


class StyleOnly(Style):
    G: nn.Module = None


def stylegan2():
    def lazy(k):
        c = k / (k + 1)
        return partial(torch.optim.Adam, lr=0.002 * c, betas=(0.0**c, 0.99**c))

    nets = {"M": mlp(8, 16, 16), "S": mlp(16, 32, 2), "D": mlp(2, 32, 1), "pl": PathLength()}
    path = Term(lambda s: s.pl(s.fake, s.w, s.draws.normal(2)), 8.0)
    r1 = Term(lambda s: pen.zero_centred(s.d_real, s.x), 160.0, leaves=("x",))
    turns = (Turn("G", NS_G), Turn("G", {"pl": path}, every=4), Turn("D", NS_D), Turn("D", {"r1": r1}, every=16))
    ema = {"M": EMA(10_000.0), "S": EMA(lambda c: min(10_000.0, c.samples * 0.05))}
    players = {"G": Player(("M", "S"), lazy(4)), "D": Player(("D",), lazy(16))}
    return Game(nets, StyleOnly, players, (Stage(turns),), ema, batch_coupled=("pl",))


class Ada(nn.Module):
    p: Tensor

    def __init__(self):
        super().__init__()
        self.register_buffer("p", torch.zeros(()))


class Augmented(Noise):
    aug: Ada

    @flow
    def d_real(self):
        return self.D(self.x + self.aug.p * self.draws.normal(2))

    @flow
    def d_fake(self):
        return self.D(self.fake + self.aug.p * self.draws.normal(2))


def ada():
    def adapt(nets, log, clock):
        if clock.round % 4 == 0:
            nets["aug"].p.add_(0.01 * (log["D/sign"] - 0.6).sign()).clamp_(0, 1)

    turns = (Turn("D", NS_D, watch={"sign": lambda s: s.d_real.sign().mean()}), Turn("G", NS_G))
    players = {"D": Player(("D",), adam), "G": Player(("G",), adam)}
    return Game(two() | {"aug": Ada()}, Augmented, players, (Stage(turns),), controls=(adapt,))


class Pool(nn.Module):
    """History of made samples; buffers, so that it resumes."""

    store: Tensor
    filled: Tensor

    def __init__(self, size, dim):
        super().__init__()
        self.register_buffer("store", torch.zeros(size, dim))
        self.register_buffer("filled", torch.zeros((), dtype=torch.long))

    def forward(self, x):
        out = []
        for row in x.detach():
            n = int(self.filled)
            if n < len(self.store):
                self.store[n] = row
                self.filled += 1
                out.append(row)
            elif torch.rand(()) < 0.5:
                i = int(torch.randint(n, ()))
                out.append(self.store[i].clone())
                self.store[i] = row
            else:
                out.append(row)
        return torch.stack(out)


class Cycle(Scene):
    AB: nn.Module
    BA: nn.Module
    DA: nn.Module
    DB: nn.Module
    pool_a: Pool
    pool_b: Pool
    a: Tensor
    b: Tensor

    @flow
    def fake_b(self):
        return self.AB(self.a)

    @flow
    def fake_a(self):
        return self.BA(self.b)


def cyclegan():
    nets = {"AB": mlp(2, 16, 2), "BA": mlp(2, 16, 2), "DA": mlp(2, 16, 1), "DB": mlp(2, 16, 1)}
    nets |= {"pool_a": Pool(50, 2), "pool_b": Pool(50, 2)}
    g = {
        "adv_b": Term(lambda s: adv.least_squares_g(s.DB(s.fake_b))),
        "adv_a": Term(lambda s: adv.least_squares_g(s.DA(s.fake_a))),
        "cyc_a": Term(lambda s: F.l1_loss(s.BA(s.fake_b), s.a), 10.0),
        "cyc_b": Term(lambda s: F.l1_loss(s.AB(s.fake_a), s.b), 10.0),
    }
    d = {
        "a": Term(lambda s: adv.least_squares_d(s.DA(s.a), s.DA(s.pool_a(s.fake_a)))),
        "b": Term(lambda s: adv.least_squares_d(s.DB(s.b), s.DB(s.pool_b(s.fake_b)))),
    }
    players = {"G": Player(("AB", "BA"), adam), "D": Player(("DA", "DB"), adam)}
    stage = Stage((Turn("G", g), Turn("D", d)), carry={"G": ("fake_a", "fake_b")})
    return Game(nets, Cycle, players, (stage,))


class Paired(Scene):
    G: nn.Module
    D: nn.Module
    a: Tensor
    b: Tensor

    @flow
    def fake(self):
        return self.G(self.a)

    @flow
    def d_real(self):
        return self.D(torch.cat([self.a, self.b], 1))

    @flow
    def d_fake(self):
        return self.D(torch.cat([self.a, self.fake], 1))


def pix2pix(carry=True, norm=False):
    g = NS_G | {"l1": Term(lambda s: F.l1_loss(s.fake, s.b), 100.0)}
    made = nn.Sequential(nn.BatchNorm1d(2), mlp(2, 32, 2)) if norm else mlp(2, 32, 2)
    return duel({"G": made, "D": mlp(4, 32, 1)}, Paired, NS_D, g, carry={"G": ("fake",)} if carry else None)


class Auto(Scene):
    E: nn.Module
    R: nn.Module
    D: nn.Module
    x: Tensor

    @flow
    def code(self):
        return self.E(self.x)

    @flow
    def prior(self):
        return self.draws.normal(4)


def aae():
    nets = {"E": mlp(2, 32, 4), "R": mlp(4, 32, 2), "D": mlp(4, 32, 1)}
    players = {
        "auto": Player(("E", "R"), adam),
        "D": Player(("D",), adam),
        "liar": Player(("E",), adam),
    }  # E moves twice
    turns = (
        Turn("auto", {"rec": Term(lambda s: F.mse_loss(s.R(s.code), s.x))}),
        Turn("D", {"adv": Term(lambda s: adv.nonsaturating_d(s.D(s.prior), s.D(s.code)))}),
        Turn("liar", {"adv": Term(lambda s: adv.nonsaturating_g(s.D(s.code)))}),
    )
    return Game(nets, Auto, players, (Stage(turns),))


class Bi(Noise):
    E: nn.Module

    @flow
    def d_real(self):
        return self.D(torch.cat([self.x, self.E(self.x)], 1))

    @flow
    def d_fake(self):
        return self.D(torch.cat([self.fake, self.z], 1))


def bigan():
    g = {"adv": Term(lambda s: adv.nonsaturating_d(s.d_fake, s.d_real))}  # roles swapped; G and E both follow it
    return duel({**two(d_in=10), "E": mlp(2, 32, 8)}, Bi, NS_D, g, g_nets=("G", "E"))


class Rows(Scene):
    G: nn.Module
    D: nn.Module
    row: Tensor
    cond: Tensor
    cond_row: Tensor

    @flow
    def logits(self):
        return self.G(torch.cat([self.draws.normal(8), self.cond], 1))

    @flow
    def fake(self):
        gumbel = -(-self.draws.uniform(4).clamp_min(1e-6).log()).log()
        return torch.cat([self.logits[:, :1].tanh(), ((self.logits[:, 1:] + gumbel) / 0.2).softmax(1)], 1)

    @flow
    def real_p(self):
        return torch.cat([self.row, self.cond_row], 1).reshape(self.n // 2, -1)

    @flow
    def fake_p(self):
        return torch.cat([self.fake, self.cond], 1).reshape(self.n // 2, -1)

    @flow
    def d_real(self):
        return self.D(self.real_p)

    @flow
    def d_fake(self):
        return self.D(self.fake_p)

    @flow
    def mid(self):
        return pen.between(self.real_p, self.fake_p, self.draws.uniform()[::2])

    @flow
    def d_mid(self):
        return self.D(self.mid)


def ctgan():
    cond = {"cond": Term(lambda s: F.cross_entropy(s.logits[:, 1:], s.cond.argmax(1)))}
    return duel({"G": mlp(12, 32, 5), "D": mlp(18, 32, 1)}, Rows, W_D | GP, W_G | cond)


class Series(Scene):
    E: nn.Module
    R: nn.Module
    G: nn.Module
    S: nn.Module
    D: nn.Module
    series: Tensor

    @flow
    def h(self):
        return self.E(self.series)

    @flow
    def e_fake(self):
        return self.G(self.draws.normal(6, 3))

    @flow
    def h_fake(self):
        return self.S(self.e_fake)

    @flow
    def supervised(self):
        return F.mse_loss(self.S(self.h)[:, :-1], self.h[:, 1:])

    @flow
    def recon(self):
        return F.mse_loss(self.R(self.h), self.series)


def timegan():
    nets = {"E": Gru(2, 4), "R": Gru(4, 2), "G": Gru(3, 4), "S": Gru(4, 4), "D": Gru(4, 1)}
    rec, sup = {"rec": Term(lambda s: s.recon, 10.0)}, {"sup": Term(lambda s: s.supervised)}
    g = {
        "adv": Term(lambda s: adv.nonsaturating_g(s.D(s.h_fake))),
        "adv_e": Term(lambda s: adv.nonsaturating_g(s.D(s.e_fake))),
        "sup": Term(lambda s: s.supervised, 100.0),
    }
    d = {"adv": Term(lambda s: adv.nonsaturating_d(s.D(s.h), s.D(s.h_fake)))}
    embed, supervise = Player(("E", "R"), torch.optim.Adam), Player(("G", "S"), torch.optim.Adam)
    players = {"E0": embed, "GS": supervise, "E": embed, "G": supervise, "D": Player(("D",), torch.optim.Adam)}
    joint = (
        Turn("G", g),
        Turn("E", rec | {"sup": Term(lambda s: s.supervised, 0.1)}),
        Turn("G", g, fresh=True),
        Turn("D", d, fresh=True, gate=lambda loss: loss > 0.15),
    )
    stages = (
        Stage((Turn("E0", rec),), 3, name="embed"),
        Stage((Turn("GS", sup),), 3, name="supervise"),
        Stage(joint, name="joint"),
    )
    return Game(nets, Series, players, stages)


def vanilla_at_once():
    return replace(vanilla_batchnorm(), rule=simultaneous)


def lazy_extragradient():
    """Lazy turns, schedules, penalties and a clip, all looked ahead of."""
    game = r3gan()
    d, g = game.stages[0].turns
    adv_, r1 = ({k: d.terms[k]} for k in ("adv", "r1"))
    players = {k: replace(p, clip=1.0) for k, p in game.players.items()}
    return replace(
        game, stages=(Stage((Turn("D", adv_), Turn("D", r1, every=3), g)),), players=players, rule=extragradient
    )


def vanilla_optimistic():
    game = vanilla()
    return replace(game, players={k: replace(p, optim=optimistic(p.optim)) for k, p in game.players.items()})


def spectral_unrolled():
    return unrolled(spectral(), "D", 3, keep=("fake",))


GAMES = {
    f.__name__: f
    for f in (
        vanilla,
        vanilla_batchnorm,
        spectral,
        wgan_gp,
        wgan_clip,
        r3gan,
        stylegan2,
        ada,
        cyclegan,
        pix2pix,
        aae,
        bigan,
        ctgan,
        timegan,
        vanilla_at_once,
        lazy_extragradient,
        vanilla_optimistic,
        spectral_unrolled,
    )
}
BATCH_COUPLED = {"vanilla_batchnorm", "stylegan2", "vanilla_at_once", "spectral_unrolled"}
PER_PROCESS = {"cyclegan"}  # its pools hold what this process made
CARRYING = {"cyclegan", "pix2pix"}


def state_of(
    name_or_fn, seed: int = 0, n: int = 16, total: int = 0, backend: Backend | None = None, data: int = 0
) -> State:
    """A toy game ready to play."""
    fn = GAMES[name_or_fn] if isinstance(name_or_fn, str) else name_or_fn
    torch.manual_seed(seed)
    game = fn()
    backend = backend or Backend()
    return State(
        game,
        Toy([f for f, need in game.fields.items() if need], n, data, backend.rank, backend.world),
        seed,
        backend,
        total,
    )


def tensors(state: State) -> dict[str, Tensor]:
    """All tensors of a state."""
    return dict(state.snapshot().tensors)
