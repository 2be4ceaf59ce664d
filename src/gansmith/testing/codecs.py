"""What every codec must do."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import torch

from gansmith.data.protocols import Codec

__all__ = ["check_codec"]


def check_codec(codec: Codec, *raw: Any) -> str:
    """Check that raw data survives encoding and decoding, and the codec its own description.

    Args:
        codec: A fitted codec.
        raw: What `encode` takes.

    Raises:
        AssertionError: A promise is broken.
    """
    batch = codec.encode(*raw)
    assert set(batch) == set(codec.spec), f"encodes {sorted(batch)}, but its spec names {sorted(codec.spec)}"
    for name, field in codec.spec.items():
        assert batch[name].shape[1:] == field.shape, f"{name} is {tuple(batch[name].shape[1:])}, not {field.shape}"
        assert torch.isfinite(batch[name].double()).all(), f"{name} holds NaN or infinity"
    again = codec.encode(*codec.decode(batch))
    for name in batch:
        assert torch.equal(again[name], batch[name]), f"{name} changes when decoded and encoded again"
    for before, after in zip(raw, codec.decode(batch), strict=True):
        if before is not None and np.asarray(before).dtype.kind in "iu":
            assert np.array_equal(before, after), "whole numbers do not survive"
    copy = type(codec).from_json(json.loads(json.dumps(codec.to_json())))
    for name, value in copy.encode(*raw).items():
        assert torch.equal(value, batch[name]), f"{name} is encoded otherwise after to_json and from_json"
    return f"fields {', '.join(batch)}: exact round trip, also through JSON"
