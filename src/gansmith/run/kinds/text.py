"""Text: lines, blocks or files that a net writes token by token, judged by the words that they share with real ones."""

from __future__ import annotations

import csv
import hashlib
import json
import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, ClassVar

from torch import Tensor

from gansmith.data.embedded import sonnets_path
from gansmith.data.items import Items
from gansmith.data.survey import Progress
from gansmith.data.text.codec import TextCodec
from gansmith.data.text.options import TextOptions
from gansmith.data.text.read import open_texts, recognise_texts
from gansmith.features.text import NgramText
from gansmith.metrics import Result, Settings
from gansmith.metrics.text import Corpus, text_scores
from gansmith.run.files import replacing, replacing_folder, write_text
from gansmith.run.kinds._kind import Demo, Kind, Made, Sides
from gansmith.run.kinds._model import KindModel
from gansmith.run.modality import Shown
from gansmith.run.table_svg import clipped, document, words
from gansmith.types import Batch, Json

__all__ = ["KIND", "Text", "TextInstrument"]

WIDE, HIGH, SIZE = 720, 22, 14
"""Pixels of a picture of texts: its width, a line, a letter."""

LEAST = 4
"""Words of a run from which on it is marked as copied."""


def spoken(text: str) -> list[str]:
    """The words and signs of a text, lower case: what scores look at."""
    return re.findall(r"\w+|[^\w\s]", text.lower())


class TextInstrument:
    """Hashed words and letter triples as features; runs of words as scores.

    Args:
        codec: From tokens to texts.
        train: Training texts, for what is marked as copied.
    """

    def __init__(self, codec: TextCodec, train: Items) -> None:
        self._codec, self._encoder = codec, NgramText()
        self._train = [spoken(text) for text in train.arrays["text"]]
        self.id = self._encoder.id
        self.hash = hashlib.sha256(self.id.encode()).hexdigest()

    def features(self, batch: Batch) -> Tensor:
        """Vectors of the texts."""
        return self._encoder(self._texts(batch))

    def _texts(self, batch: Batch) -> list[str]:
        texts: list[str] = self._codec.decode({"tokens": batch["tokens"]})[0]["text"].tolist()
        return texts

    def scores(self, sides: Sides, settings: Settings) -> Sequence[Result]:
        """BLEU, self-BLEU, new and copied runs of words."""
        real, made, train = ([spoken(text) for text in self._texts(side)] for side in sides[:3])
        return text_scores(real, made, train, settings)

    def picture(self, made: Made, place: Path) -> Path:
        """A line for each text."""
        path = place.with_suffix(".svg")
        lines = [" / ".join(str(text).splitlines()) for text in made.arrays["text"]]
        body = "".join(words(12, HIGH * (i + 1), clipped(line, WIDE - 24, SIZE), SIZE) for i, line in enumerate(lines))
        write_text(path, document(WIDE, HIGH * (len(lines) + 1), "made texts", body))
        return path

    def show(self, made: Made, real: Made, nearest: Made, folder: Path) -> Sequence[Shown]:
        """Made texts with copied runs marked, real ones, and the training texts that are most like the made ones."""
        corpus = Corpus(self._train)
        marked = [marked_text(str(text), corpus) for text in made.arrays["text"]]
        for name, texts in (("final", marked), ("real", real.arrays["text"]), ("nearest", nearest.arrays["text"])):
            write_text(folder / f"{name}.txt", "\n\n".join(map(str, texts)) + "\n")
        return [
            Shown(
                "final.txt",
                "made texts",
                f"Made by the model (not picked). In [brackets]: runs of {LEAST} words or more of a training text",
            ),
            Shown("real.txt", "real texts", "Real test texts that the model never saw"),
            Shown("nearest.txt", "training texts", "Of each sample above, the training text most like it: no copies?"),
        ]


def marked_text(text: str, corpus: Corpus) -> str:
    """A text with the runs of words in brackets that some training text has."""
    places = [match.span() for match in re.finditer(r"\w+|[^\w\s]", text)]
    inside = [False] * len(places)
    for start, stop in corpus.spans(spoken(text), LEAST):
        inside[start:stop] = [True] * (stop - start)
    out, at = [], 0
    for i, (start, stop) in enumerate(places):
        opens = inside[i] and (i == 0 or not inside[i - 1])
        closes = inside[i] and (i + 1 == len(places) or not inside[i + 1])
        out += [text[at:start], "[" * opens, text[start:stop], "]" * closes]
        at = stop
    return "".join([*out, text[at:]])


class Text(Kind[TextCodec]):
    """The modality of texts; see `gansmith.run.kinds._kind.Kind`."""

    id: ClassVar[str] = "text"
    things: ClassVar[str] = "texts"
    recipe: ClassVar[str] = "mle"
    intended_use: ClassVar[str] = "research and play; made texts must not be passed off as somebody's words"
    options: ClassVar[type[TextOptions]] = TextOptions
    places: ClassVar[tuple[str, ...]] = (".txt", ".csv", ".jsonl")
    place: ClassVar[str] = ".txt, .csv or .jsonl, or a folder"
    compared: ClassVar[int] = 20_000
    alike: ClassVar[float] = 0.0  # hashed words don't tell their order
    demo: ClassVar[Demo] = Demo(
        lambda folder: sonnets_path(),
        "mle",
        "80k",
        "lines of Shakespeare's sonnets",
        ("gansmith sample {run} -n 100 --truncation 0.8 --out lines.txt", "gansmith train my_texts.txt"),
    )

    def recognise(self, path: Path) -> str | None:
        """A text file, or a folder of mostly such."""
        return recognise_texts(path)

    def open(self, path: Path, options: Any, progress: Progress | None, like: TextCodec | None = None) -> Items:
        """Read the texts; a codec cuts them itself, so they need no form."""
        return open_texts(path, options, progress)

    def fit(self, items: Items, options: Any) -> TextCodec:
        """Vocabulary and length of training texts."""
        return TextCodec.fit(items, options)

    def codec_of(self, data: Json) -> TextCodec:
        """The codec of a model folder."""
        return TextCodec.from_json(data)

    def instrument(self, codec: TextCodec, train: Items) -> TextInstrument:
        """What measures texts."""
        return TextInstrument(codec, train)

    def describe(self, items: Items) -> list[str]:
        """How long texts are, and of how many different words."""
        texts: list[str] = items.arrays["text"].tolist()
        lengths = sorted(len(spoken(text)) for text in texts)
        different = len({word for text in texts for word in spoken(text)})
        middle = lengths[len(lengths) // 2]
        return [
            f"words and signs: {lengths[0]} to {lengths[-1]:,} a text, {middle} in the middle; {different:,} different",
            f"characters: {len({letter for text in texts for letter in text}):,} different",
        ]

    def write(
        self, model: KindModel[TextCodec], parts: Iterator[Made], n: int, out: Path, tick: Callable[[float], None]
    ) -> None:
        """A line or a block a text; a row of `text` and `label`; an object a line; or a file each."""
        kind = out.suffix.lower()
        if kind not in self.places:
            _write_folder(model, parts, n, out, tick)
            return
        done = 0
        with replacing(out) as temporary, temporary.open("w", encoding="utf-8", newline="") as file:
            table = csv.writer(file)
            if kind == ".csv":
                table.writerow(["text", *(["label"] if model.classes else [])])
            for text, label in _texts(model, parts):
                if kind == ".csv":
                    table.writerow([text, *([label] if label else [])])
                elif kind == ".jsonl":
                    about = {"text": text, **({"label": label} if label else {})}
                    file.write(json.dumps(about, ensure_ascii=False) + "\n")
                else:
                    file.write(text + ("\n\n" if "\n" in text else "\n"))
                done += 1
                tick(done / n)


def _texts(model: KindModel[TextCodec], parts: Iterator[Made]) -> Iterator[tuple[str, str]]:
    """Texts and the names of their classes; empty without classes."""
    for part in parts:
        labels = [""] * len(part.arrays["text"]) if part.labels is None else [model.classes[i] for i in part.labels]
        yield from zip(map(str, part.arrays["text"]), labels, strict=True)


def _write_folder(
    model: KindModel[TextCodec], parts: Iterator[Made], n: int, out: Path, tick: Callable[[float], None]
) -> None:
    """A file a text, in a sub-folder of its class: what `gansmith train` reads again."""
    with replacing_folder(out) as folder:
        for i, (text, label) in enumerate(_texts(model, parts)):
            place = folder / re.sub(r"[^\w .-]", "_", label) / f"{i:06d}.txt"
            place.parent.mkdir(exist_ok=True)
            place.write_text(text + "\n", encoding="utf-8")
            tick((i + 1) / n)


KIND = Text()
