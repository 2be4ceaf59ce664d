"""Writers beside a known language: what an oracle that wrote their training texts thinks of theirs.

The oracle is a recurrent net with standard normal weights (Yu et al. 2017, section 5.1). Its nats a token of made texts
say how likely they are, the writer's nats of fresh texts of the oracle how many of those it can write, and smaller
noise gives up the second for the first: one without the other proves nothing (Caccia et al. 2020).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from benchmarks.record import Result
from benchmarks.table import Cell, Table
from gansmith.core import Backend, State, play
from gansmith.metrics.text import self_bleu
from gansmith.recipes._registry import find_recipe
from gansmith.recipes._texts import likelihood
from gansmith.types import Batch, Field, Json, Spec, Token

__all__ = ["Oracle", "OracleSource", "Sizes", "nats_of", "run", "trained"]

RECIPES = ("mle", "seqgan", "relgan")
NOISES = (1.0, 0.8, 0.6)
SEED = 0

FIRST = 2
"""Number of the oracle's first token."""


@dataclass(frozen=True)
class Sizes:
    """How much is done.

    Attributes:
        words: Different tokens of the oracle, numbered from 2: 0 stands behind an end, and it never ends; 1 is
            the unknown, which is never written.
        length: Tokens of a text.
        width: Of the oracle's state.
        train: Texts that a writer is trained on.
        judged: Texts that are judged.
        batch: Of training.
        rounds: Of training; the likelihood stage of a game takes the first half.
    """

    words: int = 5000
    length: int = 20
    width: int = 32
    train: int = 10_000
    judged: int = 10_000
    batch: int = 64
    rounds: int = 20_000


QUICK = Sizes(words=50, length=8, width=8, train=200, judged=100, batch=16, rounds=20)


class Oracle(nn.Module):
    """A long short-term memory with standard normal weights, whose texts are the language to learn.

    Args:
        sizes: Tokens, length, width.
        seed: Decides its weights.
    """

    def __init__(self, sizes: Sizes, seed: int = SEED) -> None:
        super().__init__()
        self.sizes = sizes
        self.embed = nn.Embedding(sizes.words, sizes.width)
        self.cell = nn.LSTMCell(sizes.width, sizes.width)
        self.out = nn.Linear(sizes.width, sizes.words)
        generator = torch.Generator().manual_seed(seed)
        for weight in self.parameters():
            nn.init.normal_(weight, generator=generator)
        self.requires_grad_(False)

    def write(self, n: int, seed: int) -> Tensor:
        """Texts `(n, length)` of tokens from 2 on."""
        generator = torch.Generator().manual_seed(seed)
        found, (scores, state) = [], self._step(torch.zeros(n, dtype=torch.long), None)
        for _ in range(self.sizes.length):
            token = torch.multinomial(scores.softmax(1), 1, generator=generator)[:, 0]
            found.append(token + FIRST)
            scores, state = self._step(token, state)
        return torch.stack(found, 1)

    def nats(self, texts: Tensor) -> Tensor:
        """-log p of each text, divided by its length `(n,)`.

        Args:
            texts: Tokens from 2 on `(n, length)`.
        """
        total = torch.zeros(len(texts))
        scores, state = self._step(torch.zeros(len(texts), dtype=torch.long), None)
        for token in (texts - FIRST).unbind(1):
            total += F.cross_entropy(scores, token, reduction="none")
            scores, state = self._step(token, state)
        return total / texts.shape[1]

    def _step(self, token: Tensor, state: tuple[Tensor, Tensor] | None) -> tuple[Tensor, tuple[Tensor, Tensor]]:
        after: tuple[Tensor, Tensor] = self.cell(self.embed(token), state)
        scores: Tensor = self.out(after[0])
        return scores, after


class OracleSource:
    """An endless source of batches of training texts, drawn with replacement."""

    def __init__(self, texts: Tensor, batch: int, seed: int) -> None:
        self.texts, self.batch = texts, batch
        self.generator = torch.Generator().manual_seed(seed)

    def __next__(self) -> Batch:
        """The next batch."""
        return {"tokens": self.texts[torch.randint(len(self.texts), (self.batch,), generator=self.generator)]}

    def state_dict(self) -> dict[str, Json]:
        """Nothing: a benchmark is not resumed."""
        return {}

    def load_state_dict(self, state: Mapping[str, Json]) -> None:
        """Nothing."""


def trained(recipe: str, texts: Tensor, sizes: Sizes) -> State:
    """A recipe with its own settings after its rounds; averages of weights are left out, as in the papers."""
    spec: Spec = {"tokens": Field((sizes.length,), "token", tokens=(Token(sizes.words + FIRST),) * sizes.length)}
    found = find_recipe(recipe)
    stages = {"warmup": sizes.rounds // 2, "critic_warmup": max(1, sizes.rounds // 20)}
    own = {name: value for name, value in stages.items() if name in found.hp.model_fields}
    torch.manual_seed(SEED)
    game = found.game(spec, found.hp(**{**own, "ema": 0.0}))
    state = State(game, OracleSource(texts, sizes.batch, SEED), SEED, Backend(), sizes.rounds * sizes.batch)
    play(state, sizes.rounds)
    return state


def nats_of(state: State, texts: Tensor) -> float:
    """What texts cost the writer, in nats a token."""
    writer = state.game.nets["G"].eval()
    with torch.no_grad():
        each = [likelihood(writer(part), part) * len(part) for part in torch.split(texts, 500)]
    return float(torch.stack(each).sum() / len(texts))


def _drawn(state: State, n: int, size: float) -> Tensor:
    assert state.game.draw is not None
    state.game.nets["G"].eval()
    generator = torch.Generator().manual_seed(SEED)
    noise = {name: size * torch.randn(n, *shape, generator=generator) for name, shape in state.game.draw.noise.items()}
    with torch.no_grad():
        return state.game.draw.make(state.game.nets, noise)["tokens"]


def _row(name: str, size: float | None, texts: Tensor, oracle: Oracle, fresh: float | None) -> list[Cell]:
    whole = texts[(texts != 0).all(1)]
    likely = float(oracle.nats(whole).mean()) if len(whole) else None
    alike = float(self_bleu([[str(t) for t in row] for row in texts[:500].tolist()], 2).mean())
    return [name, size, likely, fresh, alike, 1 - len(whole) / len(texts)]


def run(quick: bool) -> Result:
    """Train every recipe of texts on the same texts of one oracle, and ask both sides."""
    sizes = QUICK if quick else Sizes()
    oracle = Oracle(sizes)
    train, held = oracle.write(sizes.train, SEED + 1), oracle.write(sizes.judged, SEED + 2)
    rows = [_row("the oracle itself", None, held, oracle, float(oracle.nats(held).mean()))]
    for recipe in RECIPES:
        state = trained(recipe, train, sizes)
        fresh = nats_of(state, held)
        for size in NOISES:
            rows.append(_row(recipe, size, _drawn(state, sizes.judged, size), oracle, fresh if size == 1 else None))
    table = Table(
        "Writers of an oracle's language",
        ["recipe", "truncation", "nats of made texts", "nats of fresh texts", "self-BLEU-2", "ended early"],
        rows,
        "Nats a token, lower is better: of made texts by the oracle (are they likely?), of the oracle's fresh texts by "
        "the writer (can it write them all?). Texts that end early are left out of the first. The oracle's weights are "
        "drawn by a seed and are not the published ones, so compare with its own row and not with papers.",
    )
    return Result({"sizes": vars(sizes), "recipes": list(RECIPES), "seed": SEED}, [table])
