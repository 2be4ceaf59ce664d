"""The contract of latent spaces, over the whole registry: styles and encoders are what `Draw` says they are."""

from __future__ import annotations

import pytest
import torch
from test_recipes import SMALL

from gansmith.recipes._conditions import classes_of
from gansmith.recipes._registry import find_recipe, recipe_names
from gansmith.run.settings import resolve
from gansmith.testing.recipes import DESCRIBED, IMAGES, LABELLED, data_for

NAMES = [name for name in recipe_names() if find_recipe(name).kind in ("image", "translation")]
SPECS = pytest.mark.parametrize("spec", [IMAGES, LABELLED, DESCRIBED], ids=["plain", "labels", "all"])


def game_and_batch(name: str, spec: object, n: int = 3):
    torch.manual_seed(0)
    recipe = find_recipe(name)
    game = recipe.game(data_for(recipe, spec), resolve(recipe, "s", SMALL[name]))
    batch = {k: torch.randn(n, *shape) for k, shape in game.draw.noise.items()}
    batch |= {k: code.at(torch.rand(n)) for k, code in game.draw.codes.items()}
    width = classes_of(spec)
    ids = "attributes" not in spec
    batch |= {k: torch.arange(n) % width if ids else torch.rand(n, width) for k in game.draw.conditions}
    for net in game.nets.values():
        net.eval()
    return game, batch


@SPECS
@pytest.mark.parametrize("name", NAMES)
@torch.no_grad()
def test_styles_make_what_the_noise_makes(name, spec):
    game, batch = game_and_batch(name, spec)
    styles = game.draw.styles
    if styles is None:
        pytest.skip(f"{name} describes no latent space")
    mapped = styles.map(game.nets, batch)
    made, direct = styles.make(game.nets, mapped, batch), game.draw.make(game.nets, batch)
    assert mapped.ndim == 3 and made.keys() == direct.keys()
    for field in made:
        torch.testing.assert_close(made[field], direct[field], rtol=0, atol=1e-5)
    centre = styles.centre(game.nets, batch)
    assert (centre + 0.5 * (mapped - centre)).shape == mapped.shape
    maps = styles.affine(game.nets)
    assert len(maps) == mapped.shape[1] and all(m.ndim == 2 and m.shape[1] == mapped.shape[2] for m in maps)
    if styles.space == "z":
        assert torch.equal(mapped[:, 0], batch["z"]) and not centre.any()


@SPECS
@pytest.mark.parametrize("name", NAMES)
@torch.no_grad()
def test_an_encoder_gives_the_noise_that_drawing_takes(name, spec):
    game, batch = game_and_batch(name, spec)
    if game.draw.encode is None:
        pytest.skip(f"{name} has no encoder")
    image = game.draw.make(game.nets, batch)["image"]
    found = game.draw.encode(game.nets, {"image": image, **{k: batch[k] for k in game.draw.conditions}})
    assert {k: v.shape for k, v in found.items()} == {k: batch[k].shape for k in game.draw.noise}


def test_some_recipes_have_each():
    found = {name: game_and_batch(name, LABELLED)[0].draw for name in NAMES}
    assert {n for n, d in found.items() if d.styles and d.styles.space == "w"} >= {"stylegan2"}
    assert {n for n, d in found.items() if d.encode} >= {"aae", "bigan", "vae-gan"}
