"""OpenCV's inpainting (Telea 2004) on the same test images and holes as the trained nets; needs OpenCV here."""

from __future__ import annotations

from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from benchmarks.figures import small_png, write_bytes
from gansmith.errors import InputError

__all__ = ["classic", "hole_psnr"]

RADIUS = 3
"""Pixels around a hole that OpenCV looks at, as in its examples."""

MOST = 512


def _judging(pixels: int, root: Path, who: str) -> tuple[Any, Any]:
    """The judge of the test images, and the untrained model whose way of making holes is the recipe's."""
    from gansmith.recipes._registry import find_recipe
    from gansmith.run.assess_pictures import JudgedPictures, judged_on
    from gansmith.run.log import Log
    from gansmith.run.request import Request
    from gansmith.run.settings import resolve
    from gansmith.run.translation_data import TranslationData
    from gansmith.run.translation_model import TranslationModel

    data = TranslationData.of("inpaint", Request(root, task="inpaint", image_size=pixels, channels=3))
    recipe = find_recipe("inpaint")
    hp = resolve(recipe, "s", {})
    game = recipe.game(data.codec.spec, hp)
    model = TranslationModel.of(recipe, hp, data.codec, game, game.nets, {})
    judging, _ = judged_on([model], JudgedPictures(root, task="inpaint"), who, None, Log(None))
    return judging, model


def _over_holes(made: Tensor, wanted: Tensor, mask: Tensor) -> list[float | None]:
    """PSNR over what was missing alone, with a bootstrap interval over images."""
    from gansmith.metrics.functional import bootstrap_mean

    count = (mask.sum((1, 2, 3)) * made.shape[1]).clamp_min(1)
    error = ((made - wanted).square() * mask).double().sum((1, 2, 3)) / count
    values = -10 * (error / 4).clamp_min(1e-10).log10()
    low, high = bootstrap_mean(values, resamples=200)
    return [float(values.mean()), low, high, None]


def hole_psnr(pixels: int, root: Path, model: Any) -> list[float | None]:
    """The same of a trained model."""
    judging, _ = _judging(pixels, root, "judge")
    given, wanted = judging.given(model, "test", MOST)
    return _over_holes(model.make(given), wanted, given["mask"])


def classic(pixels: int, root: Callable[[], Path], pictures: Path) -> dict[str, Any]:
    """Fill the holes of the test images, and judge them as a model's."""
    if find_spec("cv2") is None:
        raise InputError(
            "OpenCV is not here: pip install --target DIR --no-deps opencv-python-headless, and set PYTHONPATH=DIR"
        )
    from gansmith.metrics import evaluate_features
    from gansmith.run.before_after import sheet

    scores: dict[str, Any] = {}
    for who in ("efflite0", "judge"):
        judging, model = _judging(pixels, root(), who)
        given, wanted = judging.given(model, "test", MOST)
        made = torch.stack(list(map(_filled, given["source"], given["mask"])))
        found = {"features": judging.features(made), **judging.nearness(made, wanted)}
        real = judging.features(judging.data.domain("test", MOST))
        names = ["psnr", "ssim", "likeness", "kernel"]
        settings = judging.ruler.settings("test", resamples=200, data=judging.data.fingerprint)
        results = evaluate_features({"features": real}, found, metrics=names, settings=settings).results
        scores[who] = {r.name: [r.value, r.low, r.high, None] for r in results}
        scores[who]["hole_psnr"] = _over_holes(made, wanted, given["mask"])
    rows = {"before": given["source"][:8], "after": made[:8], "wanted": wanted[:8]}
    write_bytes(pictures / "holes-opencv.png", small_png(sheet(rows, given["mask"][:8])))
    return {"scores": scores, "settings": {}, "sheet": "holes-opencv.png"}


def _filled(source: Tensor, mask: Tensor) -> Tensor:
    import cv2

    image = ((source.permute(1, 2, 0) + 1) * 127.5).round().clamp(0, 255).byte().numpy()
    hole = (mask[0] > 0.5).byte().numpy()
    made = cv2.inpaint(np.ascontiguousarray(image), hole, RADIUS, cv2.INPAINT_TELEA)
    return torch.from_numpy(made).permute(2, 0, 1).float() / 127.5 - 1
