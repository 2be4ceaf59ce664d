"""What the user asks of a training run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from gansmith.data.fit import Mode
from gansmith.data.item_options import ItemOptions
from gansmith.data.reader import ReadOptions
from gansmith.data.table.options import TableOptions
from gansmith.errors import InputError, nearest
from gansmith.recipes._recipe import Size
from gansmith.run.hardware import Precision
from gansmith.run.settings import sentence

__all__ = ["Request"]


@dataclass(frozen=True)
class Request:
    """What the user asked for; every field but `data` has a default.

    Attributes:
        data: Folder, zip, .npz, .npy, parquet or Arrow of images; or a table: .csv, .tsv, .xlsx, parquet, Arrow.
        recipe: Recipe name or `.py` file; None for the default.
        size: Size of the networks; None to choose by device and data.
        preset: A full-size configuration of the recipe instead of a size; it brings image size and budget with it.
        settings: Hyper-parameters by name.
        budget: Time or samples; None for what the kind of data usually needs.
        out: Run folder; None for `runs/<data>-<recipe>-<hash of settings>`.
        seed: All randomness of the run.
        image_size: Pixels, one number or (height, width); None lets the images decide.
        channels: Channels; None lets the images decide.
        fit: How images of other shapes are fitted.
        strict: Refuse data with unreadable images instead of leaving them out.
        device: `auto`, `cpu`, `cuda`, `cuda:1`, `mps`.
        precision: `fp32`, `bf16`, or `auto`: bf16 on CPUs where it is faster for this kind of data.
        micro: Most samples computed at once.
        threads: Torch's threads; None for one a core.
        judge: Folder of a trained judge to use in place of a new one.
        start: Run folder whose newest weights this run begins with; None for new ones.
        autopilot: Put right in play what the doctor finds wrong (one process only); False trains as without a doctor.
        read: What the data's format leaves open (axes, columns; of a table delimiter, encoding), and limits on it.
        modality: Kind of data: `image`, `table`, `audio`, `music`, `text`, `series`, `video` or `simulation`; None lets
            the recipe or the data decide.
        second: Of two domains, the folder of what is wanted; `data` then holds what is translated.
        task: From images to images: `pairs`, `unpaired`, `style`, `domains`, `upscale`, `inpaint`, `denoise`,
            `colourise`; `image` takes them as they are, whatever they look like. None lets the recipe, a second folder,
            or the data decide.
        schema: Of a table: a file that says what its columns are; None finds it.
        target: Of a table: the column that usefulness is judged by; None takes the last.
        protect_outliers: Of a table: learn no value that fewer training rows share; None learns all, since rare values
            (a rare class, a fraud) are what many people need made rows for.
        table: Of a folder of related tables: the one that this run learns, behind what its rows follow from.
        epsilon: Of a table: learn it with differential privacy of this strength; None without.
        delta: Probability with which that may fail; None for 1e-6, or a tenth of one row's part if that is less.
    """

    data: str | Path
    recipe: str | None = None
    size: Size | None = None
    preset: str | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)
    budget: str | None = None
    out: str | Path | None = None
    seed: int = 0
    image_size: int | tuple[int, int] | None = None
    channels: int | None = None
    fit: Mode = "crop"
    strict: bool = False
    device: str = "auto"
    precision: Precision = "auto"
    micro: int | None = None
    threads: int | None = None
    judge: str | Path | None = None
    start: str | Path | None = None
    autopilot: bool = True
    read: ReadOptions | TableOptions | ItemOptions = field(default_factory=ReadOptions)
    modality: str | None = None
    second: str | Path | None = None
    task: str | None = None
    schema: str | Path | None = None
    target: str | None = None
    protect_outliers: int | None = None
    table: str | None = None
    epsilon: float | None = None
    delta: float | None = None

    @classmethod
    def of(cls, **given: Any) -> Request:
        """A request of values that nobody has checked yet.

        Raises:
            InputError: Names that there aren't, and values of another type.
        """
        known = [f.name for f in fields(cls)]
        unknown = [f"a request has no {name!r}{nearest(name, known)}" for name in given if name not in known]
        if unknown:
            raise InputError(*unknown)
        try:
            made: Request = TypeAdapter(cls).validate_python(given)
        except ValidationError as error:
            raise InputError(*dict.fromkeys(sentence(e) for e in error.errors())) from None
        return made
