"""Settings that can't act on the data, or beside others, are refused."""

import pytest

from gansmith.core import State, play
from gansmith.errors import InputError
from gansmith.recipes._registry import find_recipe
from gansmith.run.settings import resolve
from gansmith.testing import RandomSource
from gansmith.testing.recipes import IMAGES, LABELLED


@pytest.mark.parametrize(
    ("name", "settings", "message"),
    [
        ("infogan", {"choices": 0, "info": 3.0}, r"info=3\.0: acts only where there are codes to read; choices is 0"),
        ("infogan", {"numbers": 0, "info_numbers": 0.3}, r"info_numbers=0\.3: .* numbers is 0"),
        ("r3gan", {"match": 3.0}, r"match=3\.0: acts only on data with classes"),
        ("fastgan", {"match": 3.0}, r"match=3\.0: acts only on data with classes"),
        ("fastgan", {"match": 3.0, "loss": "hinge"}, r"match=3\.0: acts only on data with classes"),
    ],
)
def test_settings_that_can_not_act_are_refused(name, settings, message):
    recipe = find_recipe(name)
    with pytest.raises(InputError, match=message):
        recipe.game(IMAGES, resolve(recipe, "s", settings))


def test_a_size_that_is_none_is_refused():
    with pytest.raises(InputError, match="size 'xl' is not known"):
        resolve(find_recipe("gan"), "xl", {})


def test_infogan_has_a_latent_space_beside_its_codes():
    recipe = find_recipe("infogan")
    hp = resolve(recipe, "s", {"width": 4, "z_dim": 8, "choices": 3, "batch": 8})
    state = State(recipe.game(LABELLED, hp), RandomSource(LABELLED, 8), total=64)
    play(state, 1)
    draw, nets = state.game.draw, state.game.nets
    import torch

    z, batch = torch.randn(4, 8), {"code": torch.tensor([0, 1, 2, 0]), "c1": torch.zeros(4), "c2": torch.ones(4)}
    styles = draw.styles.map(nets, {"z": z, **batch})
    for net in nets.values():
        net.eval()
    assert styles.shape == (4, 1, 8)
    made, again = draw.styles.make(nets, styles, batch)["image"], draw.make(nets, {"z": z, **batch})["image"]
    torch.testing.assert_close(made, again)
    (affine,) = draw.styles.affine(nets)
    assert affine.shape[1] == 8
