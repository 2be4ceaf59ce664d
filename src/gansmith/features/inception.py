"""The features of published FIDs, from a weights file that the user has.

The file is the Inception-v3 of the 2015-12-05 TensorFlow release converted to a torch state dict, as the FID packages
for PyTorch pass it around (`pt_inception-2015-12-05-6726825d.pth`, `weights-inception-2015-12-05-6726825d.pth`), or the
same tensors as `.safetensors`. Nothing is downloaded.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor

from gansmith.errors import InputError
from gansmith.features.base import file_hash
from gansmith.features.images import resize_tf1, to_levels, to_rgb
from gansmith.features.inception_net import InceptionV3

__all__ = ["FID_HASH8", "InceptionFeatures"]

FID_HASH8 = "6726825d"
"""First digits of the sha256 of the weights that published FIDs use; the file's name carries them."""

_IGNORED = ("fc.", "AuxLogits.")  # the classifiers' layers, which features don't pass through


def _read(path: Path) -> Mapping[str, Tensor]:
    """The tensors of a weights file, by name; pickled objects other than tensors are refused."""
    try:
        if path.suffix == ".safetensors":
            from safetensors import SafetensorError
            from safetensors.torch import load_file

            try:
                return load_file(path)
            except SafetensorError as error:
                raise InputError(f"{path} is no safetensors file: {error}") from error
        state = torch.load(path, map_location="cpu", weights_only=True)
    except InputError:
        raise
    except Exception as error:  # bytes that are no pickle make the unpickler trip in any way
        why = (str(error).splitlines() or [""])[0]
        raise InputError(f"{path} can't be read as tensors only: {type(error).__name__} {why}") from error
    if not isinstance(state, Mapping) or not all(isinstance(value, Tensor) for value in state.values()):
        raise InputError(f"{path} holds no state dict (a mapping of names to tensors)")
    return state


def _check(state: Mapping[str, Tensor], wanted: Mapping[str, Tensor], path: Path) -> dict[str, Tensor]:
    """The tensors that the network needs, after a check of names and shapes."""
    needed = {name: tensor for name, tensor in wanted.items() if not name.endswith("num_batches_tracked")}
    missing = sorted(set(needed) - set(state))
    shapes = [name for name in needed if name in state and state[name].shape != needed[name].shape]
    extra = sorted(name for name in set(state) - set(wanted) if not name.startswith(_IGNORED))
    for what, names in (("lacks", missing), ("has other shapes for", shapes), ("has unknown", extra)):
        if names:
            more = f" and {len(names) - 3} more" if len(names) > 3 else ""
            raise InputError(f"{path} isn't the FID's Inception-v3: it {what} {', '.join(names[:3])}{more}")
    return {name: state.get(name, torch.tensor(0)) for name in wanted}


class InceptionFeatures:
    """The 2,048 features of the FID's Inception-v3.

    Images are cut to the 256 levels of a saved file, resized to 299 pixels as TensorFlow 1 does and scaled to
    `(level - 128) / 128`: the way of the original FID code, so that its published values are comparable. The id carries
    the first eight digits of the file's sha256: distances count as FID only with the published weights (`FID_HASH8`).

    Args:
        path: The weights file, `.pth` or `.safetensors`.

    Raises:
        InputError: The file can't be read, holds anything but tensors, or isn't this network.
    """

    dim = 2048

    def __init__(self, path: str | Path) -> None:
        path = Path(path)
        self.hash = file_hash(path)
        self.id = f"inception-fid:{self.hash[:8]}"
        with torch.device("meta"):  # no initial weights are drawn: faster, and the random state stays as it was
            net = InceptionV3()
        net.load_state_dict(_check(_read(path), net.state_dict(), path), assign=True)
        self._net = net.eval().requires_grad_(False).to(memory_format=torch.channels_last)  # type: ignore[call-overload]

    def __call__(self, images: Tensor) -> Tensor:
        """Features `(N, 2048)` of images `(N, C, H, W)` in [-1, 1], 1 to 4 channels (see `to_rgb`)."""
        with torch.no_grad():
            levels = resize_tf1(to_levels(to_rgb(images.detach().float())), 299)
            scaled = ((levels - 128) / 128).contiguous(memory_format=torch.channels_last)
            features: Tensor = self._net(scaled)
        return features
