"""The training loop that tutorials show, and torchgan's: what people would use instead."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import types
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

__all__ = ["Adapted", "TorchGAN", "Tutorial"]

TORCHGAN = "torchgan==0.1.0"
ADAM: Mapping[str, Any] = {"lr": 2e-4, "betas": (0.5, 0.999)}


class Tutorial:
    """Two passes of the discriminator, `detach`, one fake batch for both, gradients for all, Adam as it comes.

    Args:
        G: From noise (and a label that is None) to images.
        D: From images to scores.
        z_dim: Length of the noise.
        batches: Endless batches.
    """

    def __init__(self, G: nn.Module, D: nn.Module, z_dim: int, batches: Iterator[Mapping[str, Tensor]]) -> None:
        self.G, self.D, self.z_dim, self.batches = G, D, z_dim, batches
        self.opt_g = torch.optim.Adam(G.parameters(), **ADAM)
        self.opt_d = torch.optim.Adam(D.parameters(), **ADAM)

    def round(self) -> None:
        """One batch."""
        real = next(self.batches)["image"]
        ones, zeros = torch.ones(len(real)), torch.zeros(len(real))

        self.opt_d.zero_grad()
        loss = F.binary_cross_entropy_with_logits(self.D(real).reshape(-1), ones)
        torch.autograd.backward(loss)
        fake = self.G(torch.randn(len(real), self.z_dim))
        loss = F.binary_cross_entropy_with_logits(self.D(fake.detach()).reshape(-1), zeros)
        torch.autograd.backward(loss)
        self.opt_d.step()

        self.opt_g.zero_grad()
        loss = F.binary_cross_entropy_with_logits(self.D(fake).reshape(-1), ones)
        torch.autograd.backward(loss)
        self.opt_g.step()

    def play(self, rounds: int) -> None:
        """So many batches."""
        for _ in range(rounds):
            self.round()


class Adapted(nn.Module):
    """A network of another library with the arguments of ours."""

    def __init__(self, net: nn.Module, z_dim: int = 0) -> None:
        super().__init__()
        self.net, self.z_dim = net, z_dim

    def forward(self, x: Tensor, label: Tensor | None = None) -> Tensor:
        """What the network makes of its first argument."""
        made: Tensor = self.net(x)
        return made


class TorchGAN:
    """torchgan's DCGAN in its own `Trainer`: what that does for a batch, without its files at the end of an epoch.

    Args:
        folder: Where the package is installed (without its dependencies) unless it is there.
        pixels: Side of the images.
        width: Its `step_channels`.
        batch: Batch size.
        batches: Endless batches.

    Raises:
        RuntimeError: The package can't be installed or imported.
    """

    Z_DIM = 100

    def __init__(
        self, folder: Path, pixels: int, width: int, batch: int, batches: Iterator[Mapping[str, Tensor]]
    ) -> None:
        package = torchgan(folder)
        self.batches = batches
        work = tempfile.mkdtemp(prefix="torchgan-")
        models, losses = package.models, package.losses
        optimizer = {"name": torch.optim.Adam, "args": dict(ADAM)}
        sizes = {"step_channels": width, "batchnorm": True}
        made = {"out_size": pixels, "out_channels": 3, "encoding_dims": self.Z_DIM, **sizes}
        seen = {"in_size": pixels, "in_channels": 3, **sizes}
        self.trainer = package.trainer.Trainer(
            {
                "generator": {"name": models.DCGANGenerator, "args": made, "optimizer": optimizer},
                "discriminator": {"name": models.DCGANDiscriminator, "args": seen, "optimizer": optimizer},
            },
            [losses.MinimaxGeneratorLoss(), losses.MinimaxDiscriminatorLoss()],
            device=torch.device("cpu"),
            sample_size=batch,
            checkpoints=f"{work}/model/gan",
            recon=f"{work}/images",
        )
        self.trainer.batch_size = batch
        for name in ("generator", "discriminator"):
            getattr(self.trainer, name).train()

    def play(self, rounds: int) -> None:
        """So many batches, as `Trainer.train` plays them."""
        trainer = self.trainer
        for _ in range(rounds):
            trainer.real_inputs = next(self.batches)["image"]
            g, d, g_moves, d_moves = trainer.train_iter()
            for name, value in (
                ("generator_losses", g),
                ("discriminator_losses", d),
                ("generator_iters", g_moves),
                ("discriminator_iters", d_moves),
            ):
                trainer.loss_information[name] += value
            trainer.logger.run_mid_epoch(trainer)


def torchgan(folder: Path) -> Any:
    """The package, in a folder of its own; a stand-in gives the torchvision calls that it makes for grids."""
    if not (folder / "torchgan").is_dir():
        words = [sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--target", str(folder), TORCHGAN]
        done = subprocess.run(words, capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError(f"{TORCHGAN} can't be installed: {done.stderr.strip().splitlines()[-1]}")
    vision, utils = types.ModuleType("torchvision"), types.ModuleType("torchvision.utils")
    utils.make_grid = utils.save_image = lambda *a, **k: None  # type: ignore[attr-defined]
    vision.utils = utils  # type: ignore[attr-defined]
    for name in ("models", "transforms"):
        setattr(vision, name, types.ModuleType(f"torchvision.{name}"))
    kept = {name: sys.modules.get(name) for name in ("torchvision", "torchvision.utils")}
    sys.modules |= {"torchvision": vision, "torchvision.utils": utils}
    sys.path.insert(0, str(folder))
    try:
        import torchgan as package  # type: ignore[import-not-found]
    except ImportError as error:
        raise RuntimeError(f"{TORCHGAN} can't be imported: {error}") from error
    finally:
        sys.path.remove(str(folder))
        for name, module in kept.items():
            if module is None:
                sys.modules.pop(name, None)
            else:
                sys.modules[name] = module
    return package
