"""Untrained models from images to images, small and the same every time."""

from __future__ import annotations

import torch

from gansmith.data.fit import Fit
from gansmith.data.image_codec import ImageCodec
from gansmith.data.translation.codec import TranslationCodec
from gansmith.recipes._registry import find_recipe
from gansmith.run.settings import resolve
from gansmith.run.translation_model import TranslationModel

SMALL = {
    "srgan": {"width": 4, "blocks": 1, "factor": 2},
    "inpaint": {"width": 4, "judge": 4},
    "cyclegan": {"width": 4, "blocks": 1, "upsample": "transposed"},
    "pix2pix": {"width": 4},
}


def model_of(recipe, task, channels=3, source=None, size=16):
    """An untrained model."""
    image = ImageCodec(Fit(size, size, channels), ())
    frame = None if source is None else ImageCodec(Fit(size, size, source), ())
    codec, found = TranslationCodec(task, image, frame), find_recipe(recipe)
    hp = resolve(found, "s", SMALL[recipe])
    torch.manual_seed(0)
    game = found.game(codec.spec, hp)
    nets = {name: net.eval().requires_grad_(False) for name, net in game.nets.items()}
    return TranslationModel.of(found, hp, codec, game, nets, {})
