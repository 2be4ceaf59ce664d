"""What lies in a model folder, whatever the kind of data: written at once, read without running anything in it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from gansmith.core import Backend, Draw, Game, GameError
from gansmith.data.table.codec import FORMAT as TABLE
from gansmith.errors import InputError
from gansmith.recipes._recipe import Hp, Recipe
from gansmith.recipes._registry import find_recipe, recipe_names
from gansmith.run.files import read_json, replacing_folder, sha256, write_json
from gansmith.run.settings import resolve
from gansmith.types import Json, Spec

__all__ = ["FORMAT", "Noting", "Saved", "drawing_of", "holds_rows", "peek", "write_model"]

FORMAT = 1
FILES = ("model.safetensors", "recipe.json", "codec.json", "provenance.json")


class Noting(Mapping[str, nn.Module]):
    """Nets that note which of them are asked for: those are what sampling needs."""

    def __init__(self, nets: Mapping[str, nn.Module]) -> None:
        self._nets = nets
        self.names: list[str] = []

    def __getitem__(self, name: str) -> nn.Module:
        if name in self._nets and name not in self.names:
            self.names.append(name)
        return self._nets[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._nets)

    def __len__(self) -> int:
        return len(self._nets)

    @property
    def used(self) -> dict[str, nn.Module]:
        """Those that were asked for."""
        return {name: self._nets[name] for name in self.names}


def drawing_of(recipe: Recipe[Any], game: Game) -> Draw:
    """How a game makes samples; raises `InputError` if it makes none."""
    if game.draw is None:
        raise InputError(f"recipe {recipe.id} defines no draw, so it makes no samples")
    return game.draw


def write_model(
    folder: Path,
    recipe: Recipe[Any],
    hp: Hp,
    codec: Mapping[str, Json],
    nets: Mapping[str, nn.Module],
    provenance: Mapping[str, Any],
    card: str,
    frequencies: tuple[float, ...] = (),
    more: Mapping[str, Tensor] | None = None,
) -> None:
    """Write a model folder, replacing what is there at once."""
    tensors = {
        f"{name}/{key}": value.detach().cpu().contiguous()
        for name, net in nets.items()
        for key, value in net.state_dict().items()
    }
    tensors |= {name: value.contiguous() for name, value in (more or {}).items()}
    about = {
        "format": FORMAT,
        "recipe": recipe.id,
        "hp": hp.model_dump(mode="json"),
        "nets": list(nets),
        "frequencies": list(frequencies),
    }
    with replacing_folder(folder) as temporary:
        save_file(tensors, temporary / "model.safetensors", {"format": "gansmith"})
        write_json(temporary / "recipe.json", about)
        write_json(temporary / "codec.json", dict(codec))
        digest = sha256(temporary / "model.safetensors")
        write_json(temporary / "provenance.json", {**provenance, "weights_sha256": digest})
        (temporary / "README.md").write_text(card, encoding="utf-8")


@dataclass(frozen=True)
class Saved:
    """A model folder whose description was read and checked.

    Attributes:
        folder: Where it is.
        about: What `recipe.json` says.
        recipe: The variant.
        hp: Its hyper-parameters.
        codec: What `codec.json` says.
        provenance: What `provenance.json` says.
    """

    folder: Path
    about: Mapping[str, Any]
    recipe: Recipe[Any]
    hp: Hp
    codec: dict[str, Json]
    provenance: dict[str, Any]

    @classmethod
    def of(cls, path: str | Path, recipe: str | None = None) -> Saved:
        """Read a model folder, or the model of a run folder.

        Args:
            path: Model folder or run folder.
            recipe: Recipe file of a model whose recipe is not installed. Code never comes from the model folder.

        Raises:
            InputError: The folder holds no model, a damaged one, or one whose recipe is not installed.
        """
        folder = Path(path)
        folder = folder / "model" if (folder / "model" / "recipe.json").is_file() else folder
        if not (folder / "recipe.json").is_file():
            raise InputError(f"{path} holds no model: a model folder has {', '.join(FILES)}")
        about = read_json(folder / "recipe.json")
        if about.get("format") != FORMAT:
            raise InputError(f"{folder}: model format {about.get('format')!r}; this gansmith reads {FORMAT}")
        if not (
            about.get("nets")
            and _is_list(about, "nets", str)
            and _is_list(about, "frequencies", float)
            and isinstance(about.get("hp"), dict)
        ):
            raise InputError(f"{folder / 'recipe.json'} is damaged")
        chosen = _recipe_of(folder, about, recipe)
        codec, provenance = read_json(folder / "codec.json"), read_json(folder / "provenance.json")
        return cls(folder, about, chosen, resolve(chosen, "s", about["hp"]), codec, provenance)

    @property
    def weights(self) -> Path:
        """The file of tensors."""
        return self.folder / "model.safetensors"

    def game(self, spec: Spec) -> Game:
        """The game on the codec's fields; raises `InputError` if they don't fit."""
        try:
            return self.recipe.game(spec, self.hp)
        except GameError as error:
            raise InputError(f"{self.folder} does not fit its recipe: {error}") from error

    def nets(self, game: Game) -> dict[str, nn.Module]:
        """The nets that were saved, in eval mode; raises `InputError` for damaged weights."""
        tensors = self._tensors()
        nets: dict[str, nn.Module] = {}
        for name in self.about["nets"]:
            if name not in game.nets:
                raise InputError(f"{self.folder}: its recipe has no net {name!r}")
            mine = {k.removeprefix(f"{name}/"): v for k, v in tensors.items() if k.startswith(f"{name}/")}
            try:
                game.nets[name].load_state_dict(mine)
            except RuntimeError as error:
                raise InputError(f"{self.weights} does not fit recipe.json: {str(error).splitlines()[0]}") from None
            nets[name] = Backend(channels_last=True).place(game.nets[name]).eval().requires_grad_(False)
        return nets

    def _tensors(self) -> dict[str, Tensor]:
        try:
            if sha256(self.weights) != self.provenance.get("weights_sha256"):
                raise InputError(f"{self.weights} is damaged: its hash is not the one in provenance.json")
            return load_file(self.weights)
        except (OSError, SafetensorError) as error:
            raise InputError(f"{self.weights} can't be read: {error}") from None


def holds_rows(path: str | Path) -> bool:
    """Whether a model folder, or the model of a run folder, makes rows of a table; False where there is no model."""
    return peek(path, "codec.json").get("format") == TABLE


def peek(path: str | Path, file: str) -> Mapping[str, Any]:
    """What a JSON file of a model folder, or of the model of a run folder, says; nothing where there is no model."""
    files = [folder / file for folder in (Path(path) / "model", Path(path))]
    found = next((file for file in files if file.is_file()), None)
    return {} if found is None else read_json(found)


def _recipe_of(folder: Path, about: Mapping[str, Any], given: str | None) -> Recipe[Any]:
    name = about.get("recipe")
    if not given and name not in recipe_names():  # never a file that the model folder names
        raise InputError(
            f"{folder} was made with recipe {name!r}, which is not installed: install its package, or give its file "
            "with --recipe file.py"
        )
    found = find_recipe(given or str(name))
    if found.id != name:
        raise InputError(f"{folder} was made with recipe {name!r}, not {found.id!r}")
    return found


def _is_list(data: Mapping[str, Any], key: str, kind: type) -> bool:
    return isinstance(data.get(key), list) and all(isinstance(item, kind) for item in data[key])
