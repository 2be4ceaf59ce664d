"""What a run has to know of a kind of data, and nothing more: how it is opened, judged and shown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from torch import Tensor, nn

from gansmith.core import Game, Source, State
from gansmith.data.facts import Facts
from gansmith.data.survey import Progress
from gansmith.data.table.recognise import is_table
from gansmith.errors import InputError
from gansmith.metrics import Evaluation
from gansmith.recipes._recipe import Hp, Size
from gansmith.run.folder import RunFolder
from gansmith.run.log import Log
from gansmith.run.request import Request
from gansmith.types import Batch, Json

if TYPE_CHECKING:
    from gansmith.run.plan import Plan

__all__ = [
    "Batches",
    "Free",
    "Look",
    "Modality",
    "Observer",
    "Prepared",
    "RunJudge",
    "Shown",
    "Trained",
    "find_modality",
]


class Batches(Source, Protocol):
    """Endless batches, which may be made ahead in a thread."""

    def close(self) -> None:
        """End the thread."""


class Prepared(Protocol):
    """The data of a run: read, split, and with a codec fitted to the training part."""

    @property
    def codec(self) -> Any:
        """From raw data to tensors and back, fitted to the training part; its `spec` is what recipes are built on."""

    @property
    def fingerprint(self) -> str:
        """Of all of the data."""

    @property
    def train_fingerprint(self) -> str:
        """Of the training part."""

    @property
    def rows(self) -> int:
        """Number of training items."""

    @property
    def size(self) -> Size:
        """Networks that suit it, on this machine."""

    @property
    def budget(self) -> str:
        """How long is trained on it where nobody says."""

    @property
    def frequencies(self) -> tuple[float, ...]:
        """Share of each class in the training part; empty without classes."""

    @property
    def conditions(self) -> Mapping[str, Tensor]:
        """Condition vectors of some training items, `(k, width)` each; empty where a class, or nothing, is one."""

    def identity(self) -> dict[str, Any]:
        """What of it makes a run this run."""

    def describe(self) -> dict[str, Any]:
        """What `run.json` says of it, beside its path."""

    def source(self, hp: Hp, seed: int, rank: int = 0, world: int = 1) -> Batches:
        """Batches of training items as the settings ask for them: a process's rows of each."""

    def asked(self, most: int) -> tuple[Batch, Batch]:
        """At most so many validation items, and as many training items that are comparable; none where none can be."""


@dataclass(frozen=True)
class Look:
    """What was seen of samples while a run trains.

    Attributes:
        scores: By name. `kernel` is a distance to real data; `raw_kernel` is that of the generator without averaging,
            `spread` the mean distance of two samples as a share of that of two real items.
        modes: By name, the share of real items and of samples in each mode.
        decides: The score that chooses the best model; lower is better. Empty: nothing is chosen, the last is kept.
        tie: Difference of that score that is noise.
        ceiling: What training items reach in the place of samples, by score; empty where it is not known.
    """

    scores: dict[str, float]
    modes: dict[str, Json]
    decides: str = "kernel"
    tie: float = 0.0
    ceiling: dict[str, float] = field(default_factory=dict)


class Trained(Protocol):
    """What a run makes: a model of its kind of data."""

    def save(self, folder: Path) -> None:
        """Write the model folder, replacing what is there at once."""


class Observer(Protocol):
    """What looks at samples while a run trains."""

    def look(self, model: Any, raw: Any = None) -> Look:
        """Look at a model, and at the same without averaging where it averages."""


class Shown(NamedTuple):
    """A picture in the report: its file in the run's samples, what it is, and what one sees in it."""

    name: str
    alt: str
    caption: str


class RunJudge(Protocol):
    """What measures the samples of one run."""

    @property
    def info(self) -> Mapping[str, Any]:
        """What `metrics.json` says of it."""

    @property
    def eye(self) -> Observer | None:
        """What looks at samples while the run trains; None where there is too little data to."""

    @property
    def caution(self) -> str:
        """What must be said beside its scores; then they are not kept with the model either. Empty for nothing."""

    def facts(self) -> Facts:
        """What is wrong with the training data themselves."""

    def full(self, model: Any) -> Evaluation:
        """All scores of a model on the test part, with intervals and the ceiling."""

    def draw(self, model: Any, place: Path) -> Path:
        """Draw what a model makes while it is trained, the same noise every time.

        Args:
            model: What draws.
            place: Where, without the ending.

        Returns:
            The file.
        """

    def method(self, evaluation: Evaluation) -> str:
        """How those were measured, in a few sentences."""

    def show(self, model: Any, folder: RunFolder) -> Sequence[Shown]:
        """Draw what the finished model makes; the pictures, as the report shows them."""


class Free:
    """How data is learnt about which nothing is promised."""

    def asked(self, request: Request) -> Request:
        """The request as it is."""
        return request

    def game(self, plan: Plan, total: int) -> Game:
        """The recipe's game."""
        game: Game = plan.recipe.game(plan.codec.spec, plan.hp)
        return game

    def seed(self, plan: Plan, total: int) -> int:
        """The seed that was asked for."""
        return plan.request.seed

    def promise(self, plan: Plan, total: int) -> dict[str, Any]:
        """Nothing."""
        return {}


class Modality(Protocol):
    """A kind of data."""

    @property
    def id(self) -> str:
        """Its name: `image`."""

    @property
    def recipe(self) -> str:
        """The recipe that is taken where none is named."""

    @property
    def intended_use(self) -> str:
        """A sentence for the provenance of its models."""

    def asked(self, request: Request) -> Request:
        """The request with what this kind of data decides; raises `InputError` for what it can't have."""

    def game(self, plan: Plan, total: int) -> Game:
        """The game of a run over `total` samples (0: not known yet)."""

    def seed(self, plan: Plan, total: int) -> int:
        """What all chance of a run comes from, but the first weights."""

    def promise(self, plan: Plan, total: int) -> dict[str, Any]:
        """What a run over `total` samples promises about its data; empty for nothing."""

    def prepare(self, request: Request, progress: Progress | None) -> Prepared:
        """Read and split the data, and fit the codec; raises `InputError` with every problem."""

    def judge(self, data: Any, folder: RunFolder, log: Log) -> RunJudge:
        """The judge of a run on data that `prepare` gave, trained or loaded."""

    def model(self, plan: Plan, state: State, nets: Mapping[str, nn.Module], provenance: Mapping[str, Any]) -> Trained:
        """What nets of a game make samples with."""


OF_TABLES = ("schema", "target", "protect_outliers")
"""What a request says of tables only."""


def find_modality(request: Request) -> Modality:
    """The kind of data that a request is about."""
    from gansmith.run.images import IMAGES
    from gansmith.run.kinds._registry import kind_of
    from gansmith.run.private_tables import PRIVATE_TABLES
    from gansmith.run.related_data import ONE_OF_TABLES
    from gansmith.run.tables import TABLES
    from gansmith.run.translation import Translation

    if request.table is not None:
        return ONE_OF_TABLES
    kind = kind_of(request.data, request.modality, request.recipe)
    if kind is not None:
        return kind[0]
    private = request.epsilon is not None
    if request.modality == "image" or not is_table(request.data):
        if private or request.delta is not None:
            raise InputError(f"{request.data}: only tables can be learnt with --epsilon and --delta")
        asked = [name for name in OF_TABLES if getattr(request, name) is not None]
        if asked:
            names = " and ".join(f"--{name.replace('_', '-')}" for name in asked)
            raise InputError(f"{request.data} is no table, and {names} can act on tables only")
        return Translation.of(request) or IMAGES
    if request.delta is not None and not private:
        raise InputError("--delta says nothing without --epsilon: give both")
    return PRIVATE_TABLES if private else TABLES
