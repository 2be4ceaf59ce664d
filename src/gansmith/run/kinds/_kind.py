"""What the toolkit has to know of a kind of data, and what it makes of that for all of them."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Generic, NamedTuple, Protocol, TypeVar

from torch import Tensor, nn

from gansmith.core import State
from gansmith.data.item_codec import ItemCodec
from gansmith.data.item_options import ItemOptions
from gansmith.data.items import Arrays, Items
from gansmith.data.reader import Labels
from gansmith.data.survey import Progress
from gansmith.errors import InputError
from gansmith.metrics import Result, Settings
from gansmith.recipes._recipe import Hp
from gansmith.run.modality import Free, Shown
from gansmith.run.request import Request
from gansmith.types import Batch, Json

if TYPE_CHECKING:
    from gansmith.data.item_source import Vary
    from gansmith.run.folder import RunFolder
    from gansmith.run.kinds._data import KindData
    from gansmith.run.kinds._judging import KindJudging
    from gansmith.run.kinds._model import KindModel
    from gansmith.run.log import Log
    from gansmith.run.plan import Plan

__all__ = ["Demo", "Instrument", "Kind", "Made", "Sides"]

OF_IMAGES = ("image_size", "channels", "fit", "judge", "task", "second")
OF_TABLES = ("schema", "target", "protect_outliers", "table", "epsilon", "delta")
"""What a request says that acts on images, and on tables, only."""

C = TypeVar("C", bound=ItemCodec)


class Made(NamedTuple):
    """Made items, as raw data.

    Attributes:
        arrays: Raw columns by name, `(n, ...)` each, as the codec decodes them.
        labels: The class asked for, `(n,)`; None for unconditional models.
        again: Whether they are real items made again, as a vocoder does.
    """

    arrays: Arrays
    labels: Labels | None
    again: bool = False


class Sides(NamedTuple):
    """What further scores compare, as encoded batches.

    Attributes:
        real: Test items.
        made: Samples, or training items in their place (the ceiling).
        train: Training items, a part of them.
        paired: Whether the samples are the first test items made again, in their order.
    """

    real: Batch
    made: Batch
    train: Batch
    paired: bool = False


class Instrument(Protocol):
    """What measures and shows items of one kind; made for one data set's codec.

    Attributes:
        id: Name and version of what gives features.
        hash: Digest of its weights or constants.
    """

    id: str
    hash: str

    def features(self, batch: Batch) -> Tensor:
        """Features `(n, d)`, float32 on the CPU, of encoded items: Frechet and kernel distances are taken in them."""

    def scores(self, sides: Sides, settings: Settings) -> Sequence[Result]:
        """What only this kind is measured by (see `metrics/kind_measure.py`); measured again for the ceiling."""

    def picture(self, made: Made, place: Path) -> Path:
        """Draw some samples while a run trains.

        Args:
            made: A few samples, the same noise every time.
            place: Where, without the ending.

        Returns:
            The file: `.png`, `.svg`, `.gif` or `.webp`.
        """

    def show(self, made: Made, real: Made, nearest: Made, folder: Path) -> Sequence[Shown]:
        """Write what the report shows of the finished model: pictures, sounds, films, texts.

        Args:
            made: Samples.
            real: Test items.
            nearest: The training items that are most like the samples, one for each; of samples made `again` the items
                that they were made of.
            folder: Where the files go.
        """


@dataclass(frozen=True)
class Demo:
    """The demo of a kind.

    Attributes:
        data: Writes the demo's data below a new folder, or gives a path that is there already.
        recipe: Its recipe.
        budget: Real samples: under three minutes on two cores.
        about: What is made, in a few words for `--help`.
        after: Commands to try next; `{run}` is the run's folder.
        settings: Hyper-parameters that differ from the defaults.
        read: What the data's format leaves open; None: nothing.
    """

    data: Callable[[Path], Path]
    recipe: str
    budget: str
    about: str
    after: Sequence[str] = ()
    settings: Mapping[str, Any] = field(default_factory=dict)
    read: ItemOptions | None = None


class Kind(Free, Generic[C]):
    """A kind of data; see `gansmith.run.modality.Modality`.

    Attributes:
        id: Its name: `audio`.
        things: What its items are called: `sounds`.
        recipe: The recipe that is taken where none is named.
        intended_use: A sentence for the provenance of its models.
        options: What `--read` may say.
        places: Endings of files that samples can be written to; any other name is a folder's. Empty for folders only.
        place: The same for people, to follow "give a ".
        budget: How long is trained where nobody says.
        samples: Samples of the scores at the end of a run.
        shown: Samples in a picture and in the report.
        compared: Training items that further scores are given, at most.
        alike: Distance of features at which two items count as one, as a share of the usual distance to the nearest; 0
            where features don't tell that.
    """

    id: ClassVar[str]
    things: ClassVar[str]
    recipe: ClassVar[str]
    intended_use: ClassVar[str] = "research and creative work; what is made must not be passed off as recorded"
    options: ClassVar[type[ItemOptions]] = ItemOptions
    places: ClassVar[tuple[str, ...]] = ()
    place: ClassVar[str] = "folder"
    budget: ClassVar[str] = "10m"
    samples: ClassVar[int] = 2_000
    shown: ClassVar[int] = 16
    compared: ClassVar[int] = 2_000
    alike: ClassVar[float] = 0.05
    demo: ClassVar[Demo]

    @abstractmethod
    def recognise(self, path: Path) -> str | None:
        """Why a path that exists is taken for this kind, as a sentence; None where it is not. Quick: no decoding."""

    @abstractmethod
    def open(self, path: Path, options: Any, progress: Progress | None, like: C | None = None) -> Items:
        """Read a data set.

        Args:
            path: Where it lies.
            options: Of the type `options`.
            progress: Told what is done.
            like: Codec of a model: items are then brought to its form (rate, length, vocabulary).

        Raises:
            InputError: Nothing can be read; files that can't are `skipped`, with the reason, while others can.
        """

    @abstractmethod
    def fit(self, items: Items, options: Any) -> C:
        """The codec, fitted to training items."""

    @abstractmethod
    def codec_of(self, data: Json) -> C:
        """The codec that a model folder describes."""

    @abstractmethod
    def instrument(self, codec: C, train: Items) -> Instrument:
        """What measures and shows items of a codec; `train` are real training items to be fitted to."""

    @abstractmethod
    def write(
        self, model: KindModel[C], parts: Iterator[Made], n: int, out: Path, tick: Callable[[float], None]
    ) -> None:
        """Write samples, a part at a time, to a file that ends in one of `places`, or into the new folder `out`.

        Args:
            model: What makes them: its codec and classes.
            parts: The samples.
            n: How many they are.
            out: Where; nothing is there yet.
            tick: Told the share that is done.
        """

    def describe(self, items: Items) -> list[str]:
        """Lines of `gansmith inspect` beyond number, classes and what was skipped: rates, lengths, vocabularies."""
        return []

    def told(self, codec: C, n: int, seconds: float) -> str:
        """What `gansmith sample` says after it made and wrote `n` samples in so many seconds; nothing."""
        return ""

    def vary(self, codec: C, hp: Hp) -> Vary | None:
        """How training items are shown differently every time, as the settings ask for it; None: as they are."""
        return None

    def asked(self, request: Request) -> Request:
        """The request, where it asks for nothing that acts on other kinds only. Raises `InputError` otherwise."""
        plain = {f.name: f.default for f in fields(Request)}
        wrong = [name for name in (*OF_IMAGES, *OF_TABLES) if getattr(request, name) != plain[name]]
        if wrong:
            names = ", ".join(f"--{name.replace('_', '-')}" for name in wrong)
            raise InputError(f"{request.data} holds {self.things}, and {names} can't act on those")
        return request

    def prepare(self, request: Request, progress: Progress | None) -> KindData[C]:
        """Read and split the items, and fit the codec."""
        from gansmith.run.kinds._data import KindData

        return KindData.of(self, request, progress)

    def judge(self, data: KindData[C], folder: RunFolder, log: Log) -> KindJudging[C]:
        """What measures the samples of a run."""
        from gansmith.run.kinds._judging import KindJudging

        return KindJudging.of(data, log)

    def model(
        self, plan: Plan, state: State, nets: Mapping[str, nn.Module], provenance: Mapping[str, Any]
    ) -> KindModel[C]:
        """What a game's nets make samples with."""
        from gansmith.run.kinds._model import KindModel

        data = plan.data
        return KindModel.of(
            self, plan.recipe, plan.hp, plan.codec, state.game, nets, data.frequencies, provenance, data.conditions
        )
