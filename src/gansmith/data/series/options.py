"""What a user knows better than the reading of series does."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from gansmith.data.item_options import ItemOptions

__all__ = ["Irregular", "SeriesOptions"]

Irregular = Literal["resample", "rows", "keep"]


@dataclass(frozen=True)
class SeriesOptions(ItemOptions):
    """Options of `--read` for time series.

    Attributes:
        stamp: Column of stamps; None for the first one of sorted dates, or called `time`, `step` and the like.
        id: Column that says which series a row belongs to; None for one called `id` or `series`.
        label: Column, or array of an `.npz`, of classes; None for one called `label` or `class`; `none` for none.
        columns: Channels; empty for all columns of numbers.
        length: Steps of an item; None: the series' own where they are many, 24 where there is one long one.
        stride: Steps from one window to the next; None for 1, or more where that were over 20,000 windows.
        irregular: Uneven stamps: `resample` puts values on even steps, `rows` takes each row for a step, `keep` does
            too, and makes the time since the row before a channel.
        array: Array of an `.npz` that holds the series; None for the only one that can.
        apart: Whether networks learn levels of items, courses about them and channels that go as one half whitened,
            where no values are missing; else each channel is scaled only.
    """

    stamp: str | None = None
    id: str | None = None
    label: str | None = None
    columns: tuple[str, ...] = ()
    length: int | None = None
    stride: int | None = None
    irregular: Irregular = "resample"
    array: str | None = None
    apart: bool = True
