"""What every network must do."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn

__all__ = ["check_net"]


def check_net(make: Callable[[], nn.Module], inputs: Sequence[Tensor], shape: tuple[int, ...]) -> str:
    """Check a network's output shape, that gradients reach every weight, and that samples do not mix in eval.

    Args:
        make: Makes the network.
        inputs: Its arguments, with a leading batch dimension of at least 2.
        shape: Shape of one output.

    Raises:
        AssertionError: A promise is broken.
    """
    torch.manual_seed(0)
    net = make()
    out = net(*inputs)
    n = len(inputs[0])
    assert out.shape == (n, *shape), f"gives {tuple(out.shape)}, not {(n, *shape)}"
    torch.manual_seed(1)
    (out * torch.randn_like(out)).sum().backward()
    dead = [name for name, p in net.named_parameters() if p.grad is None]
    assert not dead, f"no gradient reaches {dead}"
    net.eval()
    with torch.no_grad():
        whole, alone = net(*inputs), net(*(x[:1] for x in inputs))
    assert torch.allclose(whole[:1], alone, atol=1e-4), "in eval mode a sample depends on the others of its batch"
    torch.manual_seed(0)
    again = make()
    same = all(torch.equal(a, b) for a, b in zip(again.parameters(), make_like(net, make), strict=True))
    assert same, "the same seed gives other weights"
    words = {"const", "class", "default", "delete", "double", "float", "int", "new", "private", "public", "template"}
    bad = [name for name, _ in net.named_parameters() if words & set(name.split("."))]
    assert not bad, f"{bad} are C++ keywords, which exporters trip over"
    return f"shape {shape}, gradients reach all {sum(p.numel() for p in net.parameters()):,} weights"


def make_like(net: nn.Module, make: Callable[[], nn.Module]) -> list[nn.Parameter]:
    """The weights of a network made with the first seed again."""
    torch.manual_seed(0)
    return list(make().parameters())
