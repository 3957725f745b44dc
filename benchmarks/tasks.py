"""What `sequences.py` and `growth.py` measure: a convolutional network, a recurrence, attention, dense
layers; each as symnet, PyTorch and JAX have it.

A task gives all contestants the same start and the same batch. Parameters go by symnet's names and shapes; a
task knows the views of a PyTorch model's weights that have them. Libraries are imported where they are used.
"""

import math
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any, ClassVar

import numpy as np

Array = np.ndarray[Any, np.dtype[Any]]
Parameters = dict[str, Array]
DTYPES = ("float32", "float64")


class Task:
    """A network, its parameters at the start, and a batch."""

    name: ClassVar[str]
    what: ClassVar[str]
    shapes: Mapping[str, tuple[int, ...]]

    def start(self) -> Parameters:
        """The parameters at the start: those that are called b are biases."""
        random = np.random.default_rng(1)
        return {
            name: random.normal(size=shape) / (10 if name[0] == "b" else math.sqrt(math.prod(shape[:-1])))
            for name, shape in self.shapes.items()
        }

    def data(self) -> tuple[Array, Array]:
        """One batch."""
        raise NotImplementedError

    def network(self) -> Any:
        """The network in symnet."""
        raise NotImplementedError

    def model(self, torch: Any) -> tuple[Any, Any]:
        """The model, and the loss of what it predicts, in PyTorch."""
        raise NotImplementedError

    def weights(self, model: Any) -> dict[str, Any]:
        """Views of the model's weights; their entries come in the order of the parameters' of `start`."""
        raise NotImplementedError

    def loss(self, jax: Any) -> Callable[[Any, Any, Any], Any]:
        """The loss of parameters and a batch, as a function on JAX."""
        raise NotImplementedError


class Dense(Task):
    """Layers of tanh, all of one width, and the mean of squared errors: for what a larger network costs."""

    name = "dense"
    what = "equal dense layers"

    def __init__(self, width: int = 128, depth: int = 3, batch: int = 64) -> None:
        self.width, self.depth, self.batch = width, depth, batch
        numbers = range(1, depth + 1)
        self.shapes = {f"W{k}": (width, width) for k in numbers} | {f"b{k}": (width,) for k in numbers}

    def data(self) -> tuple[Array, Array]:
        """Rows, and the rows that are wanted."""
        random, shape = np.random.default_rng(2), (self.batch, self.width)
        return random.normal(size=shape), random.normal(size=shape)

    def network(self) -> Any:
        """Equal layers."""
        symnet, shape = import_module("symnet"), ("N", self.width)
        layers = [symnet.Dense(self.width, activation="tanh") for _ in range(self.depth)]
        return symnet.Network(inputs={"X": shape}, targets={"Y": shape}, layers=layers, loss="mse")

    def model(self, torch: Any) -> tuple[Any, Any]:
        """A Sequential."""
        nn = torch.nn
        layers = [part for _ in range(self.depth) for part in (nn.Linear(self.width, self.width), nn.Tanh())]
        model, criterion = nn.Sequential(*layers), nn.MSELoss()
        return model, lambda X, Y: criterion(model(X), Y)

    def weights(self, model: Any) -> dict[str, Any]:
        """PyTorch keeps a weight as (outputs, inputs)."""
        found = {}
        for k, layer in enumerate(model[::2], 1):
            found |= {f"W{k}": layer.weight.T, f"b{k}": layer.bias}
        return found


def cross_entropy(jax: Any, Z: Any, Y: Any) -> Any:
    """The mean over the samples of -log of the right class's probability."""
    return -jax.numpy.take_along_axis(jax.nn.log_softmax(Z), Y[:, None], axis=1).mean()


class Convolution(Task):
    """The network of examples/digits_cnn.toml at its batch."""

    name = "convolution"
    what = "digits_cnn: three convolutions of 16, 32 and 32 channels, 8 × 8 pixels, batch of 64"
    shapes: Mapping[str, tuple[int, ...]] = {
        "W1": (3, 3, 1, 16), "b1": (16,), "W2": (3, 3, 16, 32), "b2": (32,),
        "W4": (3, 3, 32, 32), "b4": (32,), "W6": (128, 10), "b6": (10,),
    }  # fmt: skip

    def data(self) -> tuple[Array, Array]:
        """Pixels between 0 and 1, classes."""
        random = np.random.default_rng(2)
        return random.uniform(size=(64, 8, 8, 1)), random.integers(10, size=64)

    def network(self) -> Any:
        """As the example has it."""
        from symnet.layers.conv import Conv
        from symnet.layers.flatten import Flatten
        from symnet.layers.pool import Pool

        symnet = import_module("symnet")
        return symnet.Network(
            inputs={"X": ("N", 8, 8, 1)},
            targets={"Y": {"shape": ("N",), "integer": True}},
            layers=[
                Conv(16, kernel=3, padding="same", activation="relu"),
                Conv(32, kernel=3, padding="same", activation="relu"),
                Pool(window=2),
                Conv(32, kernel=3, activation="relu"),
                Flatten(),
                symnet.Dense(10),
            ],
            loss="cross_entropy_labels",
        )

    def model(self, torch: Any) -> tuple[Any, Any]:
        """A Sequential; an image has its one channel first."""
        nn = torch.nn
        model = nn.Sequential(
            nn.Conv2d(1, 16, 3, padding="same"), nn.ReLU(),
            nn.Conv2d(16, 32, 3, padding="same"), nn.ReLU(), nn.MaxPool2d(2),
            nn.Conv2d(32, 32, 3), nn.ReLU(), nn.Flatten(), nn.Linear(128, 10),
            )  # fmt: skip
        criterion = nn.CrossEntropyLoss()
        return model, lambda X, Y: criterion(model(X.permute(0, 3, 1, 2)), Y)

    def weights(self, model: Any) -> dict[str, Any]:
        """PyTorch's weights are (outputs, inputs, places); its rows of features have the channel first."""
        found = {}
        for name, layer in (("1", model[0]), ("2", model[2]), ("4", model[5])):
            found |= {f"W{name}": layer.weight.permute(2, 3, 1, 0), f"b{name}": layer.bias}
        last = model[-1]
        return found | {"W6": last.weight.unflatten(1, (32, 2, 2)).permute(2, 3, 1, 0), "b6": last.bias}

    def loss(self, jax: Any) -> Callable[[Any, Any, Any], Any]:
        """Convolutions of lax, channels last."""
        lax = jax.lax

        def layer(X: Any, W: Any, b: Any, padding: str) -> Any:
            Z = lax.conv_general_dilated(X, W, (1, 1), padding, dimension_numbers=("NHWC", "HWIO", "NHWC"))
            return jax.nn.relu(Z + b)

        def loss(P: Any, X: Any, Y: Any) -> Any:
            A = layer(X, P["W1"], P["b1"], "SAME")
            A = layer(A, P["W2"], P["b2"], "SAME")
            A = lax.reduce_window(A, -np.inf, lax.max, (1, 2, 2, 1), (1, 2, 2, 1), "VALID")
            A = layer(A, P["W4"], P["b4"], "VALID")
            return cross_entropy(jax, A.reshape(len(A), -1) @ P["W6"] + P["b6"], Y)

        return loss


class Recurrence(Task):
    """A long short-term memory that reads a sequence, and a class for its last state."""

    name = "recurrence"
    what = "an LSTM of 64 units over 64 steps of 64 features, batch of 32, ten classes"

    def __init__(self, steps: int = 64, units: int = 64, batch: int = 32) -> None:
        self.steps, self.units, self.batch = steps, units, batch
        self.shapes = {
            **{f"{letter}{gate}1": (units, units) for gate in "ifgo" for letter in "WU"},
            **{f"b{gate}1": (units,) for gate in "ifgo"},
            "W2": (units, 10),
            "b2": (10,),
        }

    def data(self) -> tuple[Array, Array]:
        """Sequences, classes."""
        random = np.random.default_rng(2)
        return random.normal(size=(self.batch, self.steps, self.units)), random.integers(10, size=self.batch)

    def network(self) -> Any:
        """Two layers."""
        from symnet.layers.lstm import LSTM

        symnet = import_module("symnet")
        return symnet.Network(
            inputs={"X": ("N", self.steps, self.units)},
            targets={"Y": {"shape": ("N",), "integer": True}},
            layers=[LSTM(units=self.units, sequence=False), symnet.Dense(10)],
            loss="cross_entropy_labels",
        )

    def model(self, torch: Any) -> tuple[Any, Any]:
        """PyTorch's own LSTM. It has two biases where one is enough: the second stays zero."""
        nn = torch.nn
        model = nn.ModuleList([nn.LSTM(self.units, self.units, batch_first=True), nn.Linear(self.units, 10)])
        with torch.no_grad():
            model[0].bias_hh_l0.zero_().requires_grad_(False)
        criterion = nn.CrossEntropyLoss()

        def loss(X: Any, Y: Any) -> Any:
            _, (state, _) = model[0](X)
            return criterion(model[1](state[-1]), Y)

        return model, loss

    def weights(self, model: Any) -> dict[str, Any]:
        """PyTorch keeps the four gates' weights in one, in this order."""
        layer, last = model
        found = {"W2": last.weight.T, "b2": last.bias}
        kept = (("W", layer.weight_ih_l0), ("U", layer.weight_hh_l0), ("b", layer.bias_ih_l0))
        for letter, whole in kept:
            for gate, part in zip("ifgo", whole.split(self.units), strict=True):
                found[f"{letter}{gate}1"] = part.T if part.ndim > 1 else part
        return found

    def loss(self, jax: Any) -> Callable[[Any, Any, Any], Any]:
        """A scan over the steps; what the inputs add to the gates is one product before it."""
        numpy, sigmoid = jax.numpy, jax.nn.sigmoid

        def loss(P: Any, X: Any, Y: Any) -> Any:
            W, U, b = (
                numpy.concatenate([P[f"{letter}{gate}1"] for gate in "ifgo"], axis=-1) for letter in "WUb"
            )

            def cell(state: Any, given: Any) -> Any:
                H, C = state
                i, f, g, o = numpy.split(given + H @ U, 4, axis=1)
                C = sigmoid(f) * C + sigmoid(i) * numpy.tanh(g)
                return (sigmoid(o) * numpy.tanh(C), C), None

            zero = numpy.zeros((len(X), U.shape[0]), X.dtype)
            (H, _), _ = jax.lax.scan(cell, (zero, zero), (X @ W + b).swapaxes(0, 1))
            return cross_entropy(jax, H @ P["W2"] + P["b2"], Y)

        return loss


class Attention(Task):
    """Self-attention with all of its projections, trained to give certain rows."""

    name = "attention"
    what = "self-attention over 128 tokens, 4 heads of 16 features, batch of 8"
    shapes: Mapping[str, tuple[int, ...]] = {
        **{f"W{letter}1": (64, 4, 16) for letter in "qkv"},
        "Wo1": (4, 16, 64),
        **{f"b{letter}1": (4, 16) for letter in "qkv"},
        "bo1": (64,),
    }

    def data(self) -> tuple[Array, Array]:
        """Rows, and the rows that are wanted."""
        random = np.random.default_rng(2)
        return random.normal(size=(8, 128, 64)), random.normal(size=(8, 128, 64))

    def network(self) -> Any:
        """One layer."""
        from symnet.layers.attention import Attention as Layer

        return import_module("symnet").Network(
            inputs={"X": ("N", 128, 64)}, targets={"Y": ("N", 128, 64)}, layers=[Layer(4)], loss="mse"
        )

    def model(self, torch: Any) -> tuple[Any, Any]:
        """PyTorch's own attention, by its fused kernel: nobody asks for the shares."""
        model = torch.nn.MultiheadAttention(64, 4, batch_first=True)
        criterion = torch.nn.MSELoss()
        return model, lambda X, Y: criterion(model(X, X, X, need_weights=False)[0], Y)

    def weights(self, model: Any) -> dict[str, Any]:
        """PyTorch keeps the three projections in one."""
        found = {"Wo1": model.out_proj.weight.T, "bo1": model.out_proj.bias}
        for letter, W, b in zip(
            "qkv", model.in_proj_weight.split(64), model.in_proj_bias.split(64), strict=True
        ):
            found |= {f"W{letter}1": W.T, f"b{letter}1": b}
        return found

    def loss(self, jax: Any) -> Callable[[Any, Any, Any], Any]:
        """The equations, by einsum."""
        einsum = jax.numpy.einsum

        def loss(P: Any, X: Any, Y: Any) -> Any:
            Q, K, V = (einsum("ntd,dhe->nhte", X, P[f"W{x}1"]) + P[f"b{x}1"][:, None] for x in "qkv")
            shares = jax.nn.softmax(einsum("nhte,nhse->nhts", Q, K) / 4)
            A = einsum("nhte,hed->ntd", einsum("nhts,nhse->nhte", shares, V), P["Wo1"]) + P["bo1"]
            return jax.numpy.mean((A - Y) ** 2)

        return loss


TASKS: dict[str, type[Task]] = {task.name: task for task in (Convolution, Recurrence, Attention, Dense)}
COMPARED = (Convolution.name, Recurrence.name, Attention.name)
