"""Large images cut for a net: whole where they fit, else in parts with its statistics, and how far those are off."""

from __future__ import annotations

import math
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn
from untrained import model_of

from gansmith.nets.translate import ResNetTranslator, UNetTranslator
from gansmith.run import apply, cut
from gansmith.run.anchored import anchored, has_statistics
from gansmith.run.cut import COMPARED
from gansmith.run.peak import SPARE, peak_bytes
from gansmith.run.tiles import Reach, tiled

torch.set_num_threads(1)


@pytest.fixture
def net():
    torch.manual_seed(0)
    made = ResNetTranslator(3, 3, 4, 2).eval()
    for p in made.parameters():
        nn.init.normal_(p, std=0.2)
    return made


def scene(height, width, seed=0):
    """A bright and a dark half with structures: every part has other statistics than the whole."""
    rng, down, across = np.random.default_rng(seed), np.arange(height)[:, None], np.arange(width)[None]
    waves = 20 * np.sin(down / 9) * np.cos(across / 7)
    image = (np.linspace(20, 200, width)[None] + waves)[..., None] + rng.normal(0, 2, (height, width, 3))
    return image.clip(0, 255).astype(np.uint8)


@torch.no_grad()
def test_anchored_by_the_image_itself_it_makes_the_same_whole_and_in_parts(net):
    image = torch.rand(1, 3, 64, 80) * 2 - 1
    whole, kept = net(image), anchored(net)
    assert torch.allclose(kept(image), whole, atol=1e-5)
    parts = tiled(kept, image[0], 16, reach=Reach(net.sees // 2, net.divisor))
    assert (parts - whole[0]).abs().max() < 1e-4
    assert has_statistics(net) and not has_statistics(kept)  # the net itself is as it was
    assert [p.data_ptr() for p in kept.parameters()] == [p.data_ptr() for p in net.parameters()]
    own = tiled(net, image[0], 16, overlap=32, reach=Reach(None, net.divisor))
    assert (own - whole[0]).abs().mean() > 100 * (parts - whole[0]).abs().mean()


@torch.no_grad()
def test_what_a_pixel_sees_is_what_it_declares():
    torch.manual_seed(0)
    net = ResNetTranslator(1, 1, 2, 1, norm="none").double().eval()
    for p in net.parameters():
        nn.init.constant_(p, 0.1)
    net.head, side, at = nn.Identity(), 97, 48
    image = torch.zeros(1, 1, side, side, dtype=torch.double, requires_grad=True)
    with torch.enable_grad():
        net(image)[0, 0, at, at].backward()
    rows = image.grad[0, 0].abs().sum(1).nonzero().flatten()
    assert max(at - int(rows[0]), int(rows[-1]) - at) <= net.sees // 2
    assert max(at - int(rows[0]), int(rows[-1]) - at) >= net.sees // 2 - 2 * net.divisor


def test_memory_is_counted_from_shapes():
    make = lambda nets, batch: nets["G"](batch["source"])  # noqa: E731
    net, shape = nn.Sequential(nn.Conv2d(3, 8, 3, 1, 1), nn.ReLU(), nn.Conv2d(8, 1, 3, 1, 1)), (1, 3, 100, 60)
    held = (3 + 8 + 8) * 100 * 60 * 4  # the input, and the first layer's maps before and after the second
    assert peak_bytes(make, {"G": net}, {"source": shape}) == round(SPARE * held)
    small, large = (peak_bytes(make, {"G": UNetTranslator(3, 3, 4, 5)}, {"source": (1, 3, s, s)}) for s in (64, 256))
    assert large == pytest.approx(16 * small, rel=0.01)
    assert all(p.device.type == "cpu" for p in net.parameters())


def test_memory_of_a_net_that_looks_at_numbers_is_guessed():
    make = lambda nets, batch: batch["source"] * float(batch["source"].max())  # noqa: E731
    assert peak_bytes(make, {"G": nn.Conv2d(1, 1, 1)}, {"source": (1, 3, 10, 20)}) == 1024 * 200


def test_what_fits_is_seen_whole_and_what_does_not_in_parts_like_it(monkeypatch):
    model, image = model_of("cyclegan", "unpaired", source=3), scene(150, 300)
    whole = model.begin(image)
    assert not whole.note
    wanted = model.apply(image).astype(float)
    monkeypatch.setattr(cut, "SMALL", 0)
    monkeypatch.setattr(cut, "MEMORY", cut._peak(model, False, _like(image), 75, 150))
    monkeypatch.setattr(cut, "PARTS", 48)
    making = model.begin(image)
    made = np.concatenate(list(making.strips(None))).astype(float)
    found = re.search(
        r"middle (\d+)x(\d+) pixels they differ by ([\d.]+) of 255 .* --tile 300 makes it whole", making.note
    )
    assert found and int(found[1]) * int(found[2]) <= min(COMPARED, 150 * 300 / 4 + 300)
    off = np.abs(made - wanted).mean()
    assert float(found[3]) / 4 < off < max(4 * float(found[3]), 1)  # what it says is about what it is
    monkeypatch.setattr(cut, "has_statistics", lambda net: False)
    drifting = np.concatenate(list(model.begin(image).strips(None)))
    assert np.abs(drifting - wanted).mean() > 2 * off


def _like(image):
    return apply._Windows(image, 255.0, None)


def test_a_tile_that_was_asked_for_keeps_the_whole_statistics():
    model, image = model_of("cyclegan", "unpaired", source=3), scene(60, 90)
    assert np.abs(model.apply(image, tile=16).astype(int) - model.apply(image)).max() <= 1
    assert not model.begin(image, tile=16).note


def test_parts_of_a_net_without_statistics_say_how_far_they_are():
    model = model_of("inpaint", "inpaint")
    for p in model.nets["G"].parameters():
        p.mul_(10)
    image, mask = scene(256, 256), np.zeros((256, 256), np.uint8)
    mask[120:140, 100:150] = 255
    assert "made in parts of 32 pixels" in model.begin(image, mask, tile=32).note


PROGRAM = """
import re, sys
import numpy as np
from gansmith.apps.photos import Photo, write_photo
from pathlib import Path
from untrained import model_of
import torch
torch.set_num_threads(1)
side, tile, out = int(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3])
model = model_of("srgan", "upscale", size=32)
image = np.random.default_rng(0).integers(0, 256, (side, side, 3), np.uint8)
def held():  # of this process alone: what resource tells includes the one that started it
    return int(re.search(r"VmHWM:\\s+(\\d+) kB", Path("/proc/self/status").read_text())[1])
model.apply(image[:64, :64])
before = held()
write_photo(out, model.begin(image, tile=tile or None), Photo(image))
print(before, held())
"""


def _held(side, tile, out):
    """MiB before and at most, in a process of its own."""
    asked = [sys.executable, "-c", PROGRAM, str(side), str(tile), str(out)]
    paths = os.pathsep.join([str(Path(__file__).parent), *sys.path])
    ran = subprocess.run(asked, capture_output=True, text=True, env={**os.environ, "PYTHONPATH": paths})
    assert ran.returncode == 0, ran.stderr
    before, after = (int(word) / 1024 for word in ran.stdout.split())
    return before, after


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="memory is measured in Linux's units")
def test_an_image_of_8k_is_written_within_2_gib(tmp_path):
    _, most = _held(4096, 0, tmp_path / "large.png")
    assert most < 2048
    assert (tmp_path / "large.png").read_bytes()[16:24] == (8192).to_bytes(4, "big") * 2


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="memory is measured in Linux's units")
def test_the_tile_bounds_the_memory(tmp_path):
    (a, small), (b, large) = (_held(2048, tile, tmp_path / "made.png") for tile in (64, 1024))
    assert math.isclose(a, b, rel_tol=0.1) and small - a < 0.5 * (large - b)
