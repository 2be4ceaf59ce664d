"""Files of the published sizes, laid out as the public implementations build them, loaded without unpickling code."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from gansmith.nets.patches import PatchDiscriminator
from gansmith.nets.public_layouts import load_rrdb, load_translator
from gansmith.nets.rrdb import RRDBNet
from gansmith.nets.translate import ResNetTranslator, UNetTranslator

torch.set_num_threads(1)


class Public(nn.Module):
    """Layers under the name `model`, as the public networks have them."""

    def __init__(self, model):
        super().__init__()
        self.model = model

    def forward(self, x):
        return self.model(x)


def norm(width):
    return nn.InstanceNorm2d(width)


class ConvBlock(nn.Module):
    def __init__(self, width):
        super().__init__()
        inner = [nn.ReflectionPad2d(1), nn.Conv2d(width, width, 3), norm(width)]
        more = [nn.ReflectionPad2d(1), nn.Conv2d(width, width, 3), norm(width)]
        self.conv_block = nn.Sequential(*inner, nn.ReLU(), *more)

    def forward(self, x):
        return x + self.conv_block(x)


def resnet_9():
    layers = [nn.ReflectionPad2d(3), nn.Conv2d(3, 64, 7), norm(64), nn.ReLU()]
    for a, b in ((64, 128), (128, 256)):
        layers += [nn.Conv2d(a, b, 3, 2, 1), norm(b), nn.ReLU()]
    layers += [ConvBlock(256) for _ in range(9)]
    for a, b in ((256, 128), (128, 64)):
        layers += [nn.ConvTranspose2d(a, b, 3, 2, 1, output_padding=1), norm(b), nn.ReLU()]
    return Public(nn.Sequential(*layers, nn.ReflectionPad2d(3), nn.Conv2d(64, 3, 7), nn.Tanh()))


def patch_70():
    layers = [nn.Conv2d(3, 64, 4, 2, 1), nn.LeakyReLU(0.2)]
    for a, b, stride in ((64, 128, 2), (128, 256, 2), (256, 512, 1)):
        layers += [nn.Conv2d(a, b, 4, stride, 1), norm(b), nn.LeakyReLU(0.2)]
    return Public(nn.Sequential(*layers, nn.Conv2d(512, 1, 4, 1, 1)))


class Skip(nn.Module):
    """A level of the U-Net: down, the levels inside, up, and the skip around."""

    def __init__(self, outer, inner, within=None, outermost=False, channels=None):
        super().__init__()
        down = nn.Conv2d(channels or outer, inner, 4, 2, 1, bias=False)
        if outermost:
            layers = [down, within, nn.ReLU(), nn.ConvTranspose2d(2 * inner, outer, 4, 2, 1), nn.Tanh()]
        elif within is None:
            up = nn.ConvTranspose2d(inner, outer, 4, 2, 1, bias=False)
            layers = [nn.LeakyReLU(0.2), down, nn.ReLU(), up, nn.BatchNorm2d(outer)]
        else:
            up = nn.ConvTranspose2d(2 * inner, outer, 4, 2, 1, bias=False)
            layers = [nn.LeakyReLU(0.2), down, nn.BatchNorm2d(inner), within, nn.ReLU(), up, nn.BatchNorm2d(outer)]
        self.model, self.outermost = nn.Sequential(*layers), outermost

    def forward(self, x):
        made = self.model(x)
        return made if self.outermost else torch.cat([x, made], 1)


def unet_256():
    block = Skip(512, 512)
    for _ in range(3):
        block = Skip(512, 512, block)
    for outer, inner in ((256, 512), (128, 256), (64, 128)):
        block = Skip(outer, inner, block)
    return Public(Skip(3, 64, block, outermost=True, channels=3))


class Dense(nn.Module):
    def __init__(self):
        super().__init__()
        for i in range(5):
            setattr(self, f"conv{i + 1}", nn.Conv2d(64 + 32 * i, 32 if i < 4 else 64, 3, 1, 1))

    def forward(self, x):
        seen = [x]
        for i in range(4):
            seen.append(nn.functional.leaky_relu(getattr(self, f"conv{i + 1}")(torch.cat(seen, 1)), 0.2))
        return x + 0.2 * self.conv5(torch.cat(seen, 1))


class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.rdb1, self.rdb2, self.rdb3 = Dense(), Dense(), Dense()

    def forward(self, x):
        return x + 0.2 * self.rdb3(self.rdb2(self.rdb1(x)))


class Rrdb23(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv_first, self.body = nn.Conv2d(3, 64, 3, 1, 1), nn.Sequential(*(Block() for _ in range(23)))
        self.conv_body, self.conv_up1, self.conv_up2, self.conv_hr = (nn.Conv2d(64, 64, 3, 1, 1) for _ in range(4))
        self.conv_last = nn.Conv2d(64, 3, 3, 1, 1)

    def forward(self, x):
        x = self.conv_first(x)
        x = x + self.conv_body(self.body(x))
        for up in (self.conv_up1, self.conv_up2):
            x = nn.functional.leaky_relu(up(nn.functional.interpolate(x, scale_factor=2, mode="nearest")), 0.2)
        return self.conv_last(nn.functional.leaky_relu(self.conv_hr(x), 0.2))


@pytest.mark.parametrize(
    ("public", "own", "read", "side"),
    [
        (resnet_9, lambda: ResNetTranslator(3, 3, 64, 9), load_translator, 32),
        (patch_70, lambda: PatchDiscriminator((3, 256, 256)), load_translator, 64),
        (unet_256, lambda: UNetTranslator(3, 3), load_translator, 256),
        (Rrdb23, RRDBNet, load_rrdb, 12),
    ],
)
@torch.no_grad()
def test_a_file_of_the_published_size_gives_the_same(tmp_path, public, own, read, side):
    torch.manual_seed(0)
    theirs = public().eval()
    torch.save(theirs.state_dict(), tmp_path / "public.pth")
    mine = own().eval()
    read(mine, torch.load(tmp_path / "public.pth", weights_only=True))
    image = torch.rand(1, 3, side, side) * 2 - 1
    assert sum(p.numel() for p in mine.parameters()) == sum(p.numel() for p in theirs.parameters())
    torch.testing.assert_close(mine(image), theirs(image), rtol=1e-4, atol=1e-5)
