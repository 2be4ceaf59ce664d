"""What watching costs: both sides play the same rounds, and a look is a look of a run."""

from __future__ import annotations

import torch
from benchmarks import watching

from gansmith.core import Backend, play
from gansmith.run.vitals import Vitals


def test_watching_changes_nothing_of_what_is_played() -> None:
    plan = watching.plan_of("dcgan")
    bare, watched = (watching.state_of(plan, Backend()) for _ in range(2))
    vitals = Vitals(2 * plan.hp.batch, *plan.data.asked(watching.HELD_OUT))
    play(bare, 3)
    watching.watch(watched, vitals, 3)
    for name, net in bare.game.nets.items():
        other = watched.game.nets[name].state_dict()
        assert all(torch.equal(value, other[key]) for key, value in net.state_dict().items())


def test_what_is_asked_about_comes_from_the_parts_of_the_data() -> None:
    plan = watching.plan_of("dcgan")
    val, train = plan.data.asked(watching.HELD_OUT)
    assert len(val["image"]) == min(watching.HELD_OUT, len(plan.data.splits.val)) and len(train["image"]) == len(
        val["image"]
    )
    assert not torch.equal(val["image"][:8], train["image"][:8])
