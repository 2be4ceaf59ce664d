"""Maximum likelihood: no game, a recurrent net learns the next token. The yardstick of every GAN of texts."""

from __future__ import annotations

from pydantic import Field as Setting

from gansmith.core import Game, Stage, Term, Turn
from gansmith.nets.text import RecurrentWriter
from gansmith.recipes._recipe import recipe
from gansmith.recipes._texts import TextHp, Texts, averaged, draw_texts, sizes_of, writer_of
from gansmith.types import Spec


class MleHp(TextHp):
    """Hyper-parameters of `mle`."""

    dropout: float = Setting(0.1, ge=0, lt=1, description="share of the state that scores don't see in training")


@recipe(
    "mle",
    "No game but a likelihood: a recurrent net learns the next token of a text. The yardstick of GANs that write.",
    MleHp,
    sizes={"s": {"width": 64}, "m": {"width": 192}, "l": {"width": 512}},
    references=(
        "Mikolov et al. 2010, Recurrent neural network based language model, Interspeech",
        "Caccia et al. 2020, Language GANs Falling Short, arXiv:1811.02549",
    ),
    reads=("tokens",),
    kind="text",
)
def mle(spec: Spec, hp: MleHp) -> Game:
    """Build the game."""
    words, length, classes = sizes_of(spec)
    return Game(
        {"G": RecurrentWriter(words, length, hp.width, classes, hp.dropout)},
        Texts,
        players={"G": writer_of(hp)},
        stages=(Stage((Turn("G", {"nats": Term(lambda s: s.nats)}),)),),
        ema=averaged(hp),
        draw=draw_texts(length, classes),
    )
