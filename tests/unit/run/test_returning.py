"""Messages that nobody sees: told by what saving as JPEG and noise do to the way back."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.nn import functional as F

from gansmith.health import History, diagnose
from gansmith.metrics.functional import psnr
from gansmith.run.returning import LEVEL, hidden, jpeg, noised, returned

torch.set_num_threads(1)


def scenes(n=4, side=32):
    y, x = torch.meshgrid(torch.linspace(-3, 3, side), torch.linspace(-3, 3, side), indexing="ij")
    phases = torch.arange(n)[:, None, None, None].float()
    return torch.stack([(x + phases[:, 0]).sin(), (y - phases[:, 0]).cos(), (x * y / 3 + phases[:, 0]).sin()], 1) * 0.7


def test_an_honest_way_back_hides_nothing():
    source = scenes()
    found = returned(lambda made: -made, -source, source)
    assert (found["cycle_psnr"] >= 100).all() and (found["hidden"] < 0.2).all()
    blurred = returned(lambda made: F.avg_pool2d(-made, 5, 1, 2), -source, source)
    assert (blurred["hidden"] == 0).all() and (blurred["cycle_rough"] > blurred["cycle_psnr"] - 1).all()


def test_a_message_in_the_last_bits_is_found():
    source = scenes()
    made = torch.zeros_like(source) + source / 128  # a grey image with the source as a faint pattern

    def read(image):
        return (image * 128).clamp(-1, 1)

    found = returned(read, made, source)
    assert (found["cycle_psnr"] > 60).all() and (found["cycle_rough"] < 15).all() and (found["hidden"] > 15).all()


@given(st.floats(5, 60), st.floats(5, 60), st.floats(0.1, 100))
def test_what_is_hidden_is_the_error_beyond_what_adds_up(clean, change, gain):
    """A linear way back passes the change on times its gain; independent errors add up."""
    clean_error, change_error = 10 ** (-clean / 10), 10 ** (-change / 10)
    rough = -10 * np.log10(clean_error + gain * change_error)
    wanted = max(0.0, 10 * np.log10((clean_error + gain * change_error) / (clean_error + change_error)))
    got = hidden(*(torch.tensor([v], dtype=torch.float64) for v in (clean, rough, change)))
    assert float(got) == pytest.approx(wanted, abs=1e-6)


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_jpeg_and_noise_change_little(channels):
    images = scenes()[:, [0, 1, 2, 0][:channels]]
    assert (psnr(jpeg(images), images) > 30).all()
    if channels in (2, 4):
        assert ((jpeg(images)[:, -1] - images[:, -1]).abs() <= 1.01 / 255).all()  # alpha is rounded only
    noise = (noised(images) - images).double() * 127.5
    assert float(noise.std()) == pytest.approx(np.sqrt(LEVEL**2 + 1 / 12), rel=0.1)
    assert torch.equal(noised(images), noised(images))


def said(**final):
    ceiling = {"label_kept": final.pop("reach")} if "reach" in final else {}
    return {d.name: d for d in diagnose(History(final=final, ceiling=ceiling, rounds=500, finished=True))}


def test_the_doctor_says_it_in_words():
    found = said(hidden=9.0, cycle_psnr=31.0, cycle_rough=18.0)["hidden-information"]
    assert found.level == "watch" and "31.0 dB become 18.0 dB" in found.evidence[0].text
    assert "too faint to be seen" in found.meaning and any("cut" in r.text for r in found.remedies)
    assert "hidden-information" not in said(hidden=1.0, cycle_psnr=31.0, cycle_rough=29.0)


def test_the_doctor_says_that_meaning_is_lost():
    assert "90% of real ones" in said(label_kept=0.3, reach=0.9)["meaning-lost"].evidence[0].text
    assert "meaning-lost" not in said(label_kept=0.8, reach=0.9)
    assert "meaning-lost" not in said(label_kept=0.1, reach=0.4)  # the judge itself can't tell
