"""Signals of a game in play: what they are, that taking them changes nothing, and the watch over the source."""

from __future__ import annotations

import pytest
import torch
from test_autopilot import SPEC, state_of, weights

from gansmith.core import NotFinite, play
from gansmith.run import vitals as signals
from gansmith.run.vitals import MEASURED, STEPS, Vitals
from gansmith.run.watched import Watched
from gansmith.testing import RandomSource


def images(n: int) -> dict[str, torch.Tensor]:
    return {"image": torch.rand(n, 1, 16, 16, generator=torch.Generator().manual_seed(n)) * 2 - 1}


def read(state, vitals):
    for net in state.game.nets.values():
        net.eval()
    return vitals.read(state)


def test_signals_of_a_tick():
    state, vitals = state_of(), Vitals(40, images(40), images(40))
    play(state, 10, [lambda _, log: vitals.add(log)], Vitals.measure)
    values, steps = read(state, vitals)
    assert {"D/adv", "G/adv", "contest", "overfit", "gap"} == values.keys()
    assert {f"{p}/{s}" for p in "DG" for s in STEPS} == steps.keys()
    assert all(0 <= values[name] <= 1 for name in ("contest", "overfit"))
    assert all(0 < steps[f"{p}/update_ratio"] < 1 and abs(steps[f"{p}/grad_cosine"]) <= 1 for p in "DG")
    assert read(state, vitals)[1] == {}, "the next tick begins anew"


def test_measuring_changes_nothing():
    one, other = state_of(), state_of()
    play(one, 2 * MEASURED + 1, [], Vitals.measure)
    play(other, 2 * MEASURED + 1)
    assert all(torch.equal(a, b) for a, b in zip(weights(one), weights(other), strict=True))


def test_the_cosine_is_that_with_the_mean_of_earlier_gradients():
    state, log = state_of(beta1=0.5), {}
    play(state, 3)
    before = {n: state.optims["G"].state[p]["exp_avg"].clone() for n, p in state.params["G"].items()}
    play(state, 1, [lambda _, found: log.update(found)], lambda clock: True)
    after = {n: state.optims["G"].state[p]["exp_avg"] for n, p in state.params["G"].items()}
    grads = {n: (after[n] - 0.5 * before[n]) / 0.5 for n in after}
    a, b = (torch.cat([v.double().flatten() for v in x.values()]) for x in (grads, before))
    assert float(log["G/grad_cosine"]) == pytest.approx(float(torch.cosine_similarity(a, b, dim=0)), abs=1e-4)


def test_scores_of_several_images_together_are_told_apart_too():
    """With packing, a score belongs to two images: half of the scores are of held-out ones."""
    state, vitals = state_of(pack=2), Vitals(40, images(8), images(8))
    play(state, 2, [lambda _, log: vitals.add(log)])
    values, _ = read(state, vitals)
    assert all(value == value for value in values.values()), "no NaN"


def test_a_number_that_is_none_is_named_and_the_source_goes_on_where_it_stood():
    class Bad(RandomSource):
        def __next__(self):
            batch = dict(super().__next__())
            batch["image"] = batch["image"].clone()
            batch["image"][2, 0, 3, 3] = torch.inf
            return batch

    with pytest.raises(NotFinite, match="field image of row 2") as caught:
        next(Watched(Bad(SPEC, 4)))
    assert caught.value.by == "data"
    source = Watched(RandomSource(SPEC, 4))
    next(source)
    kept = source.state_dict()
    expected = next(source)["image"]
    other = Watched(RandomSource(SPEC, 4))
    other.load_state_dict(kept)
    assert torch.equal(next(other)["image"], expected)


def test_waiting_is_a_share_of_the_time():
    import time

    class Slow(RandomSource):
        def __next__(self):
            time.sleep(0.05)
            return super().__next__()

    source = Watched(Slow(SPEC, 4))
    next(source)
    assert 0.5 < source.waiting() <= 1
    time.sleep(0.01)
    assert source.waiting() == 0


def test_every_reading_asks_about_data_from_all_over_and_in_turn_about_all():
    data = {"row": torch.arange(300)}
    turns = [signals._some(data, turn)["row"] for turn in range(10)]
    assert all(len(rows) == signals.ASKED for rows in turns)
    assert all(int(rows.sort().values.diff().max()) <= 10 for rows in turns)
    assert set(torch.cat(turns).tolist()) == set(range(300))
    assert signals._some({"row": torch.arange(5)}, 7)["row"].sort().values.tolist() == [0, 1, 2, 3, 4]


def test_without_training_data_to_compare_there_is_no_overfit():
    state = state_of()
    one, other = ((Vitals(40, images(40), data)) for data in (images(40), {"image": images(40)["image"][:0]}))
    play(state, 2, [lambda _, log: (one.add(log), other.add(log))])
    values, fewer = read(state, one)[0], read(state, other)[0]
    assert values.keys() - fewer.keys() == {"overfit"}
    assert fewer["gap"] == pytest.approx(values["gap"], abs=1e-3)
