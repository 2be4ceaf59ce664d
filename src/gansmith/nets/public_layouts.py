"""State dicts of public implementations, read into the networks here: which parameter is which.

A file is read by `torch.load(path, weights_only=True)` before it comes here; nothing in it is run. The tables are in
`docs/guide/public-layouts.md`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from torch import Tensor, nn

from gansmith.errors import InputError

__all__ = ["load_multiscale", "load_rrdb", "load_spectral_unet", "load_srresnet", "load_translator"]

State = Mapping[str, Tensor]

SPECTRAL = {"weight_orig": "original", "weight_u": "0._u", "weight_v": "0._v"}
"""How torch's older spectral norm calls what the newer one keeps under `parametrizations.weight`."""

OLD_RRDB = {"RRDB_trunk": "body", "trunk_conv": "conv_body", "upconv": "conv_up", "HRconv": "conv_hr"}
"""Names of the first ESRGAN release for those of BasicSR; its blocks are called RDB1 to RDB3."""


def load_translator(net: nn.Module, public: State) -> None:
    """Read a generator or discriminator of the public CycleGAN and pix2pix, or pix2pixHD's global generator.

    These name their layers by place (`model.10.conv_block.5.weight`); layers with weights come in the same order here,
    so they are matched by order and checked by shape. Statistics that old files keep for instance normalisation have
    no use and are left out.

    Args:
        net: A `ResNetTranslator`, `UNetTranslator` or `PatchDiscriminator`.
        public: The state dict.

    Raises:
        InputError: Another number of layers, or another shape.
    """
    theirs = sorted({key.rpartition(".")[0] for key in public if key.endswith(".weight")}, key=_places)
    mine = [name for name, module in net.named_modules() if isinstance(getattr(module, "weight", None), Tensor)]
    if len(theirs) != len(mine):
        raise InputError(f"the file has {len(theirs)} layers with weights, this network {len(mine)}: not the same one")
    wanted = net.state_dict()
    found = {}
    for ours, their in zip(mine, theirs, strict=True):
        for key in [k for k in wanted if k.rpartition(".")[0] == ours]:
            kind = key.rpartition(".")[2]
            if f"{their}.{kind}" in public:
                found[key] = public[f"{their}.{kind}"]
    _load(net, found)


def load_multiscale(net: nn.Module, public: State) -> None:
    """Read pix2pixHD's multi-scale discriminator, whose coarsest scale comes first, with the layers kept apart.

    Args:
        net: A `MultiScaleDiscriminator`.
        public: With names such as `scale0_layer1.0.weight`.

    Raises:
        InputError: A parameter is missing, left over or of another shape.
    """
    parts = [re.fullmatch(r"scale(\d+)_layer(\d+)\.0\.(\w+)", key) for key in public]
    if not all(parts):
        raise InputError("the state dict is of another network: its names are not scaleN_layerN.0.weight")
    matched = [part for part in parts if part is not None]
    scales, layers = (1 + max(int(part[group]) for part in matched) for group in (1, 2))
    found = {}
    for part in matched:
        layer = "out" if int(part[2]) == layers - 1 else f"steps.{part[2]}.conv"
        found[f"judges.{scales - 1 - int(part[1])}.{layer}.{part[3]}"] = public[part[0]]
    _load(net, found)


def load_srresnet(net: nn.Module, public: State) -> None:
    """Read BasicSR's MSRResNet into an `SRResNet`.

    Raises:
        InputError: A parameter is missing, left over or of another shape.
    """
    rename = {"conv_first": "first", "conv_hr": "late", "conv_last": "last"}
    found = {}
    for key, value in public.items():
        name, rest = key.split(".", 1)
        at = re.fullmatch(r"upconv(\d)", name)
        found[f"ups.{int(at[1]) - 1}.{rest}" if at else f"{rename.get(name, name)}.{rest}"] = value
    _load(net, found)


def load_rrdb(net: nn.Module, public: State) -> None:
    """Read BasicSR's RRDBNet, Real-ESRGAN's files of it, or the first ESRGAN release's, into an `RRDBNet`.

    Files that hold several state dicts have them under `params_ema` and `params`: give one of these.

    Raises:
        InputError: A parameter is missing, left over or of another shape.
    """
    rename = {"conv_first": "first", "conv_body": "after", "conv_hr": "late", "conv_last": "last"}
    found = {}
    for key, value in public.items():
        for old, new in OLD_RRDB.items():
            key = re.sub(rf"^{old}", new, key)
        block = re.fullmatch(r"body\.(\d+)\.(?i:rdb)(\d)\.conv(\d)\.(\w+)", key)
        name, rest = key.split(".", 1)
        at = re.fullmatch(r"conv_up(\d)", name)
        if block:
            where = f"body.{block[1]}.dense.{int(block[2]) - 1}.convs.{int(block[3]) - 1}.{block[4]}"
        else:
            where = f"ups.{int(at[1]) - 1}.{rest}" if at else f"{rename.get(name, name)}.{rest}"
        found[where] = value
    _load(net, found)


def load_spectral_unet(net: nn.Module, public: State) -> None:
    """Read Real-ESRGAN's UNetDiscriminatorSN into a `SpectralUNet`.

    Raises:
        InputError: A parameter is missing, left over or of another shape.
    """
    found = {}
    for key, value in public.items():
        name, kind = key.split(".", 1)
        at = int(name.removeprefix("conv"))
        found[f"convs.{at}.{f'parametrizations.weight.{SPECTRAL[kind]}' if kind in SPECTRAL else kind}"] = value
    _load(net, found)


def _places(name: str) -> list[tuple[int, str]]:
    """Sorts `model.10` behind `model.9`."""
    return [(int(part), "") if part.isdigit() else (-1, part) for part in name.split(".")]


def _load(net: nn.Module, found: Mapping[str, Tensor]) -> None:
    try:
        net.load_state_dict(dict(found))
    except RuntimeError as error:
        lines = [line.strip() for line in str(error).splitlines()[1:4]]
        raise InputError(f"the state dict is of another network: {' '.join(lines)}") from None
