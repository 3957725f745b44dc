"""A network from a TOML file: the sections are read one by one, and whatever is not understood is an error
with its place.

    [network]  name, loss (or equations = \"\"\"...\"\"\" for a whole program), and the loss's own settings
    [inputs]   X = ["N", 2]
    [targets]  Y = ["N", 1]
    [[layers]] kind = "dense", units = 2, activation = "sigmoid", ...
    [[losses]] kind = "cross_entropy", reads = { A = "head", Y = "Y" }, weight = 0.5, ... in place of loss
    [regularization] l1, l2
    [training] optimizer, epochs, batch_size, seed, schedule, warmup, clip_norm, clip_value, and the settings
               of the optimizer and the schedule (learning_rate, ...); or a solver and its settings
    [data]     file = "digits.npz", or folder = "shards", or arrays written out;
               one_hot, scale, reshape, held_out
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import MISSING, dataclass, field, fields
from pathlib import Path
from typing import Any

from symnet.errors import SpecError, nearest, placed
from symnet.graph import Loss
from symnet.network import Network, Training
from symnet.registry import is_name, layer_kinds, member, settings_of, trainer_settings

MAX_BYTES = 1_000_000
MAX_CLASSES = 100_000
SECTIONS = ("network", "inputs", "targets", "layers", "losses", "regularization", "training", "data")


@dataclass(frozen=True, slots=True)
class Data:
    """Where the arrays to train on come from, and what is done with them."""

    file: Path | None = None  # npz, beside the specification
    folder: Path | None = None  # of shards, likewise
    arrays: Mapping[str, Any] = field(default_factory=dict)  # written out in the specification
    one_hot: Mapping[str, int] = field(default_factory=dict)  # labels 0 to k - 1 become rows of k numbers
    scale: Mapping[str, float] = field(default_factory=dict)  # an array is divided by this number
    reshape: Mapping[str, list[int]] = field(default_factory=dict)  # what a sample's numbers are laid out as
    held_out: float = 0.0  # the share of samples kept for testing, drawn by the training seed


@dataclass(frozen=True, slots=True)
class Spec:
    """A network with the data that its specification names."""

    network: Network
    data: Data | None
    path: Path = Path("the specification")
    text: str = ""


def load(path: str | Path) -> Spec:
    """The specification in the file at `path`; raises SpecError with the file, the section and the key."""
    path = Path(path)
    text = _read(path)
    try:
        document = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise SpecError(
            f"this is not TOML: {error}", place=str(path), expected="a specification, see `symnet --help`"
        ) from None
    with placed(str(path)):
        return _spec(document, path, text)


def _read(path: Path) -> str:
    place = str(path)
    try:
        if path.is_dir():
            raise SpecError("this is a folder", place=place, expected="a file, such as network.toml")
        with path.open("rb") as stream:
            content = stream.read(MAX_BYTES + 1)
        if len(content) > MAX_BYTES:
            raise SpecError("the file is too large", place=place, expected=f"at most {MAX_BYTES} bytes")
        return content.decode()
    except FileNotFoundError:
        near = (
            nearest(path.name, (p.name for p in path.parent.glob("*.toml"))) if path.parent.is_dir() else ""
        )
        raise SpecError("there is no such file", place=place, suggestion=near) from None
    except PermissionError:
        raise SpecError("this file may not be read", place=place, expected="permission to read it") from None
    except (OSError, ValueError) as error:
        raise SpecError(f"this file cannot be read: {error}", place=place, expected="text in UTF-8") from None


def _spec(document: Mapping[str, Any], path: Path, text: str) -> Spec:
    _known(document, SECTIONS, "")
    head = _section(document, "network")
    network = Network(
        name=_typed(head, "name", str, path.stem, "network"),
        loss=_typed(head, "loss", str, "", "network"),
        equations=_typed(head, "equations", str, "", "network"),
        place=str(path),
        inputs=_section(document, "inputs"),
        targets=_section(document, "targets"),
        layers=tuple(_layers(document)),
        losses=tuple(_losses(document)),
        loss_settings=_loss_settings(head),
        training=_training(_section(document, "training")),
        **_penalties(_section(document, "regularization")),
    )
    if network.equations:
        for section in ("layers", "losses", "inputs", "targets"):
            if section in document:
                raise SpecError(
                    "the equations declare everything", place=section, expected="no such section beside them"
                )
    return Spec(network, _data(document, path), path, text)


def _loss_settings(head: Mapping[str, Any]) -> dict[str, float]:
    own = ("name", "loss", "equations")
    rest = {key: value for key, value in head.items() if key not in own}
    known = member("losses", head["loss"], "[network] loss").settings if rest and "loss" in head else {}
    _known(rest, (*own, *known), "network")
    return rest


def _losses(document: Mapping[str, Any]) -> Iterable[Loss]:
    own = ("kind", "reads", "weight", "name")
    for number, table in enumerate(_tables(document, "losses"), start=1):
        place = f"loss {number}"
        known = member("losses", table.get("kind", ""), place).settings
        settings = {key: value for key, value in table.items() if key not in own}
        _known(settings, (*own, *known), place)
        reads = table.get("reads", {})
        if not isinstance(reads, dict) or not all(isinstance(name, str) for name in reads.values()):
            raise SpecError(f"reads is {reads!r}", place=place, expected='reads = { A = "head", Y = "Y" }')
        name = table.get("name", "")
        if name != "" and not is_name(name):
            raise SpecError(f"it is called {name!r}", place=place, expected="letters, digits and underscores")
        yield Loss(table["kind"], reads, table.get("weight", 1.0), settings, name)


def _tables(document: Mapping[str, Any], section: str) -> list[dict[str, Any]]:
    tables = document.get(section, [])
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        each = {"layers": "layer", "losses": "loss"}[section]
        raise SpecError(
            f"{section} are not tables", place=section, expected=f"one [[{section}]] for each {each}"
        )
    return tables


def _layers(document: Mapping[str, Any]) -> Iterable[Any]:
    tables = _tables(document, "layers")
    kinds = layer_kinds()
    for number, table in enumerate(tables, start=1):
        place = f"layer {number}"
        kind = table.get("kind")
        if not isinstance(kind, str) or kind not in kinds:
            raise SpecError(
                f"there is no kind of layer {kind!r}" if "kind" in table else "the layer has no kind",
                place=place,
                expected="one of " + ", ".join(kinds),
                suggestion=nearest(str(kind), kinds) if "kind" in table else "",
            )
        options = {name: value for name, value in table.items() if name != "kind"}
        yield _layer(kinds[kind], options, place)


def _layer(kind: Any, table: dict[str, Any], place: str) -> Any:
    """A layer of this kind; what its activation lets one set stands among its own options."""
    known = {f.name: f for f in fields(kind) if f.name != "settings"}
    own = member("activations", table["activation"], place).settings if "activation" in table else {}
    options = {name: value for name, value in table.items() if name in known or name not in own}
    settings = {name: value for name, value in table.items() if name not in options}
    _known(options, (*known, *own), place)
    for name, option in known.items():
        if name not in options and option.default is option.default_factory is MISSING:
            raise SpecError(f"{name} is missing", place=place, expected=f"{name} = ...")
    with placed(place):
        return kind(**options, **({"settings": settings} if settings else {}))


def _training(table: Mapping[str, Any]) -> Training:
    settings = dict(table)
    optimizer = settings.pop("optimizer", "sgd")
    epochs = _whole(settings, "epochs", 1000)
    batch_size = _whole(settings, "batch_size", None)
    seed = _whole(settings, "seed", 0, least=0)
    schedule = settings.pop("schedule", "constant")
    warmup = _whole(settings, "warmup", 0, least=0)
    bounds = {name: _positive(settings, name) for name in ("clip_norm", "clip_value")}
    known = trainer_settings(optimizer, {}, "[training] optimizer")
    course = member("schedules", schedule, "[training] schedule").settings
    own = ("optimizer", "epochs", "batch_size", "seed", "schedule", "warmup", *bounds)
    _known(settings, (*own, *known, *course), "training")
    of_schedule = {name: settings.pop(name) for name in course if name in settings and name not in known}
    trainer_settings(optimizer, settings, "[training]")
    settings_of("schedules", schedule, of_schedule, "[training]")
    return Training(
        optimizer,
        settings,
        schedule,
        of_schedule,
        warmup or 0,
        **bounds,
        epochs=epochs or 1000,
        batch_size=batch_size,
        seed=seed or 0,
    )


def _positive(settings: dict[str, Any], name: str) -> float | None:
    value = settings.pop(name, None)
    if value is not None and (isinstance(value, bool) or not isinstance(value, int | float) or value <= 0):
        raise SpecError(f"{name} is {value!r}", place="[training]", expected="a positive number")
    return value


def _whole(settings: dict[str, Any], name: str, default: int | None, least: int = 1) -> int | None:
    value = settings.pop(name, default)
    if value is not default and (
        isinstance(value, bool) or not isinstance(value, int) or not least <= value < 2**32
    ):
        raise SpecError(f"{name} is {value!r}", place="[training]", expected="a positive whole number")
    return value


def _penalties(table: Mapping[str, Any]) -> dict[str, float]:
    _known(table, ("l1", "l2"), "regularization")
    return dict(table)


def _data(document: Mapping[str, Any], path: Path) -> Data | None:
    if "data" not in document:
        return None
    table = dict(_section(document, "data"))
    file = _typed(table, "file", str, "", "data")
    held_out = table.pop("held_out", 0.0)
    if isinstance(held_out, bool) or not isinstance(held_out, int | float) or not 0 <= held_out < 1:
        raise SpecError(
            f"held_out is {held_out!r}", place="[data]", expected="a share from 0 up to, but less than, 1"
        )
    one_hot, scale = _numbers(table, "one_hot"), _numbers(table, "scale")
    reshape = _layouts(table)
    folder = _typed(table, "folder", str, "", "data")
    table.pop("file", None)
    table.pop("folder", None)
    if sum(map(bool, (file, folder, table))) != 1:
        raise SpecError(
            "the data come from a file or from a folder of shards, or are written out",
            place="[data]",
            expected='file = "data.npz", folder = "shards", or arrays',
        )
    classes = {name: int(number) for name, number in one_hot.items()}
    if classes != one_hot or max(classes.values(), default=2) > MAX_CLASSES:
        raise SpecError(
            f"one_hot is {one_hot!r}", place="[data]", expected="one_hot = { Y = 10 }, numbers of classes"
        )
    return Data(
        file=path.parent / file if file else None,
        folder=path.parent / folder if folder else None,
        arrays=table,
        one_hot=classes,
        scale=scale,
        reshape=reshape,
        held_out=held_out,
    )


def _layouts(table: dict[str, Any]) -> dict[str, list[int]]:
    found = table.pop("reshape", {})
    if not isinstance(found, dict) or not all(
        isinstance(sample, list) and sample and all(type(extent) is int and extent > 0 for extent in sample)
        for sample in found.values()
    ):
        raise SpecError(
            f"reshape is {found!r}", place="[data]", expected="reshape = { X = [8, 8, 1] }, sizes by array"
        )
    return found


def _numbers(table: dict[str, Any], key: str) -> dict[str, float]:
    found = table.pop(key, {})
    if not isinstance(found, dict) or not all(
        type(value) in (int, float) and value > 0 for value in found.values()
    ):
        raise SpecError(
            f"{key} is {found!r}", place="[data]", expected=f"{key} = {{ X = 16 }}, positive numbers by array"
        )
    return found


def _section(document: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    section = document.get(name, {})
    if not isinstance(section, dict):
        raise SpecError(f"{name} is no table", place=name, expected=f"[{name}]")
    return section


def _typed(table: Mapping[str, Any], key: str, kind: type, default: Any, section: str) -> Any:
    value = table.get(key, default)
    if not isinstance(value, kind):
        raise SpecError(f"{key} is {value!r}", place=f"[{section}] {key}", expected="a text")
    return value


def _known(table: Mapping[str, Any], known: Iterable[str], section: str) -> None:
    known = tuple(known)
    for key in table:
        if key not in known:
            place = f"[{section}]" if section in SECTIONS else section
            what = "key" if section else "section"
            raise SpecError(
                f"there is no {what} {key!r} here",
                place=place,
                expected="one of " + ", ".join(known),
                suggestion=nearest(key, known),
            )
