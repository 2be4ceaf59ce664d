from pydantic import Field as Setting
from torch import nn

from gansmith.recipes._conditions import classes_of
from gansmith.recipes._families import ADVERSARIAL
from gansmith.recipes._recipe import recipe
from gansmith.recipes._signals import SignalHp, signal_duel, signal_field


class ToyHp(SignalHp):
    batch: int = Setting(16, ge=1, description="samples a round")
    z_dim: int = Setting(4, ge=1, description="noise")


class Small(nn.Module):
    def __init__(self, wide: int, shape: tuple[int, ...], classes: int, makes: bool) -> None:
        super().__init__()
        self.z_dim, self.shape, self.makes = wide, shape, makes
        self.embed = nn.Embedding(max(classes, 1), 4)
        self.body = nn.Linear(wide + 4, shape[0] * shape[1] if makes else 1)

    def forward(self, x, label=None):
        import torch

        label = x.new_zeros(len(x), dtype=torch.long) if label is None else label
        out = self.body(torch.cat([x.flatten(1), self.embed(label)], 1))
        return out.tanh().unflatten(1, self.shape) if self.makes else out[:, 0]


@recipe("toy-ripples", "A toy.", ToyHp, reads=("signal",), kind="ripples")
def toy(spec, hp):
    field, classes = signal_field(spec), classes_of(spec)
    nets = {
        "G": Small(hp.z_dim, field.shape, classes, True),
        "D": Small(field.shape[0] * field.shape[1], field.shape, classes, False),
    }
    return signal_duel(nets, ADVERSARIAL["nonsaturating"], hp, classes)
