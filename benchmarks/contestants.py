"""One training step, many times over: what symnet generates in NumPy and in C, the textbook's NumPy,
PyTorch, JAX, autograd and scikit-learn; and the matrix products alone, which no NumPy code can do without.

Every contestant trains the same network from the same parameters on the same batch; a step is the forward
pass, the value of the loss, every gradient and the update by gradient descent. Libraries are imported where
they are used: each contestant lives in a process of its own and loads only what it needs.
"""

import importlib.util
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

Array = np.ndarray[Any, np.dtype[Any]]
LEARNING_RATE = 0.05
STEPS_COMPARED = 3
MANY = 100
DTYPES = ("float32", "float64")


@dataclass(frozen=True, slots=True)
class Size:
    """A network and a batch. `widths` runs from the inputs to the outputs; every hidden layer is `hidden`."""

    name: str
    widths: tuple[int, ...]
    hidden: str
    loss: str  # "sse" of a sigmoid output, "cross_entropy" or "mse" of a linear one
    bias: bool
    batch: int
    dtype: str

    def parameters(self) -> dict[str, Array]:
        """W1, b1, W2, … at the start."""
        random = np.random.default_rng(1)
        found: dict[str, Array] = {}
        for k, (width, units) in enumerate(zip(self.widths, self.widths[1:], strict=False), 1):
            found[f"W{k}"] = random.normal(size=(width, units)) / np.sqrt(width)
            if self.bias:
                found[f"b{k}"] = random.normal(size=units) / 10
        return {name: value.astype(self.dtype) for name, value in found.items()}

    def data(self) -> tuple[Array, Array]:
        """X (batch, inputs) and Y (batch, outputs): classes as rows of zeros and a one."""
        random = np.random.default_rng(2)
        X = random.uniform(size=(self.batch, self.widths[0]))
        if self.loss == "mse":
            Y = random.normal(size=(self.batch, self.widths[-1]))
        elif self.loss == "cross_entropy":
            Y = np.eye(self.widths[-1])[random.integers(self.widths[-1], size=self.batch)]
        else:
            Y = random.integers(2, size=(self.batch, self.widths[-1])).astype(float)
        return X.astype(self.dtype), Y.astype(self.dtype)


DIGITS, IMAGES, LARGE = (64, 64, 10), (784, 256, 128, 10), (1024, 2048, 2048, 1024)
SIZES = [
    Size("xor float64", (2, 2, 1), "sigmoid", "sse", True, 4, "float64"),
    Size("loy float64", (3, 4, 1), "sigmoid", "sse", False, 4, "float64"),
    *(Size(f"digits relu {dtype}", DIGITS, "relu", "cross_entropy", True, 64, dtype) for dtype in DTYPES),
    Size("digits sigmoid float32", DIGITS, "sigmoid", "cross_entropy", True, 64, "float32"),
    *(Size(f"784-256-128-10 {dtype}", IMAGES, "relu", "cross_entropy", True, 128, dtype) for dtype in DTYPES),
    *(Size(f"1024-2048-2048-1024 {dtype}", LARGE, "tanh", "mse", True, 256, dtype) for dtype in DTYPES),
]


class Trained:
    """A network of one size, ready to train: each contestant fills in `prepare` and `parameters`."""

    step: Callable[[], float]

    def __init__(self, size: str, dtype: str = "") -> None:
        self.size = next(known for known in SIZES if known.name == size)
        self.dtype = np.dtype(dtype or self.size.dtype)
        self.X, self.Y = (part.astype(self.dtype) for part in self.size.data())
        self.start = {name: value.astype(self.dtype) for name, value in self.size.parameters().items()}
        self.prepare()

    def prepare(self) -> None:
        """Build the network with the parameters `self.start`, and set `self.step`."""
        raise NotImplementedError

    def parameters(self) -> dict[str, Array]:
        """The parameters as they now are, by the names of `Size.parameters`."""
        raise NotImplementedError

    def run(self, times: int) -> None:
        """Train for so many steps: the work that is measured."""
        step = self.step
        for _ in range(times):
            step()

    def check(self) -> dict[str, Array]:
        """The losses of the first three steps, and the parameters after them."""
        losses = np.array([self.step() for _ in range(STEPS_COMPARED)])
        return {"losses": losses} | self.parameters()


class Generated(Trained):
    """The module that symnet writes for this network, as it is written."""

    backend = "numpy"

    def prepare(self) -> None:
        """Derive, generate, import, and give the trainer the common start."""
        symnet, size = import_module("symnet"), self.size
        output = "sigmoid" if size.loss == "sse" else "linear"
        activations = [size.hidden] * (len(size.widths) - 2) + [output]
        network = symnet.Network(
            inputs={"X": ("N", size.widths[0])},
            targets={"Y": ("N", size.widths[-1])},
            layers=[
                symnet.Dense(units, activation=activation, bias=size.bias)
                for units, activation in zip(size.widths[1:], activations, strict=True)
            ],
            loss=size.loss,
        )
        trainer = module_from(network.derive().module(self.backend)).Trainer(dtype=self.dtype)
        trainer.initialize(0)
        trainer.learning_rate = LEARNING_RATE
        for name, value in self.start.items():
            trainer.parameters[name][...] = value
        self.trainer = trainer
        self.step = lambda: trainer.step(self.X, self.Y)

    def run(self, times: int) -> None:
        """So many epochs of one batch: what a user calls. Where a turn has few steps, what `fit` does once
        for a whole training (checks, copies to go back to) would be charged to them: there it goes by steps.
        """
        if times >= MANY:
            self.trainer.fit(self.X, self.Y, epochs=times)
        else:
            super().run(times)

    def parameters(self) -> dict[str, Array]:
        """As the trainer holds them."""
        return dict(self.trainer.parameters)


class GeneratedC(Generated):
    """The same network's C file behind the same Trainer, with the loop of the steps in C."""

    backend = "c"

    def prepare(self) -> None:
        """Refuse where no compiler was found, and NumPy would do the work."""
        super().prepare()
        if type(self.trainer).__name__ != "Trainer" or not hasattr(self.trainer, "_library"):
            raise RuntimeError("there is no C compiler")


def module_from(source: str) -> ModuleType:
    """The module whose text is `source`, imported from a file as a user would."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "generated_trainer.py"
        path.write_text(source, encoding="utf-8")
        specification = importlib.util.spec_from_file_location(path.stem, path)
        assert specification is not None
        assert specification.loader is not None
        module = importlib.util.module_from_spec(specification)
        sys.modules[path.stem] = module
        specification.loader.exec_module(module)
        return module


HIDDEN: dict[str, Callable[[Array], Array]] = {
    "relu": lambda Z: np.maximum(Z, 0),
    "sigmoid": lambda Z: 1 / (1 + np.exp(-Z)),
    "tanh": np.tanh,
}
SLOPES: dict[str, Callable[[Array], Array]] = {
    "relu": lambda A: A > 0,
    "sigmoid": lambda A: A * (1 - A),
    "tanh": lambda A: 1 - A**2,
}


class Products(Trained):
    """The matrix products of a step and nothing else, each into memory that is there."""

    def prepare(self) -> None:
        """An array for each layer's outcome, for its delta and for the gradient of its weights."""
        size, weights = self.size, [value for name, value in self.start.items() if name.startswith("W")]
        values = [self.X, *(np.ones((size.batch, W.shape[1]), self.dtype) for W in weights)]
        deltas = [np.ones_like(value) for value in values]
        gradients = [np.empty_like(W) for W in weights]

        def step() -> float:
            for W, A, Z in zip(weights, values, values[1:], strict=False):
                A.dot(W, out=Z)
            for k in range(len(weights) - 1, -1, -1):
                values[k].T.dot(deltas[k + 1], out=gradients[k])
                if k:
                    deltas[k + 1].dot(weights[k].T, out=deltas[k])
            return 0.0

        self.step = step

    def check(self) -> dict[str, Array]:
        """Nothing: it trains nothing."""
        return {}


class Textbook(Trained):
    """NumPy as a textbook writes it: a line an equation, a new array for each."""

    def prepare(self) -> None:
        """The parameters are a dict of arrays."""
        self.P = dict(self.start)
        losses = {"cross_entropy": self.cross_entropy_step, "mse": self.mse_step, "sse": self.sse_step}
        self.step = losses[self.size.loss]

    def parameters(self) -> dict[str, Array]:
        """The dict itself."""
        return self.P

    def forward(self) -> list[Array]:
        """X, and the outcome of each layer after it; the last layer's before its activation."""
        values, last = [self.X], len(self.size.widths) - 1
        for k in range(1, last + 1):
            Z = values[-1] @ self.P[f"W{k}"]
            if self.size.bias:
                Z = Z + self.P[f"b{k}"]
            if k < last:
                Z = HIDDEN[self.size.hidden](Z)
            values.append(Z)
        return values

    def cross_entropy_step(self) -> float:
        """Softmax, and the mean over the batch of -log of the right class's probability."""
        *values, Z = self.forward()
        E = np.exp(Z - Z.max(axis=1, keepdims=True))
        P = E / E.sum(axis=1, keepdims=True)
        loss = -np.sum(self.Y * np.log(P)) / len(P)
        self.backward(values, (P - self.Y) / len(P))
        return float(loss)

    def sse_step(self) -> float:
        """A sigmoid output, and the sum of its squared errors."""
        *values, Z = self.forward()
        A = 1 / (1 + np.exp(-Z))
        loss = np.sum((A - self.Y) ** 2)
        self.backward(values, 2 * (A - self.Y) * A * (1 - A))
        return float(loss)

    def mse_step(self) -> float:
        """A linear output, and the mean of its squared errors."""
        *values, Z = self.forward()
        error = Z - self.Y
        loss = np.mean(error**2)
        self.backward(values, 2 * error / error.size)
        return float(loss)

    def backward(self, values: list[Array], delta: Array) -> None:
        """From the last layer's delta back to the first layer, and the update."""
        gradients = {}
        for k in range(len(values), 0, -1):
            A = values[k - 1]
            gradients[f"W{k}"] = A.T @ delta
            if self.size.bias:
                gradients[f"b{k}"] = delta.sum(axis=0)
            if k > 1:
                delta = delta @ self.P[f"W{k}"].T
                delta = delta * SLOPES[self.size.hidden](A)
        for name, gradient in gradients.items():
            self.P[name] = self.P[name] - LEARNING_RATE * gradient


class PyTorch(Trained):
    """PyTorch in eager mode: Sequential, a loss of torch.nn, optim.SGD."""

    def prepare(self) -> None:
        """As PyTorch's own tutorial has it, but for the given start."""
        torch, size = import_module("torch"), self.size
        torch.set_num_threads(1)
        kinds = {"relu": torch.nn.ReLU, "sigmoid": torch.nn.Sigmoid, "tanh": torch.nn.Tanh}
        modules: list[Any] = []
        for k in range(1, len(size.widths)):
            W = torch.tensor(self.start[f"W{k}"])
            layer = torch.nn.Linear(*W.shape, bias=size.bias, dtype=W.dtype)
            with torch.no_grad():
                layer.weight.copy_(W.T)
                if size.bias:
                    layer.bias.copy_(torch.tensor(self.start[f"b{k}"]))
            modules += [layer, kinds[size.hidden]()]
        Y = torch.tensor(self.Y)
        if size.loss == "sse":
            criterion = torch.nn.MSELoss(reduction="sum")
        else:
            modules.pop()
            criterion = torch.nn.MSELoss()
        if size.loss == "cross_entropy":
            criterion, Y = torch.nn.CrossEntropyLoss(), torch.tensor(self.Y.argmax(axis=1))
        self.model = model = torch.nn.Sequential(*modules)
        optimizer = torch.optim.SGD(model.parameters(), lr=LEARNING_RATE)
        X = torch.tensor(self.X)

        def step() -> float:
            optimizer.zero_grad()
            loss = criterion(model(X), Y)
            loss.backward()
            optimizer.step()
            return float(loss.item())

        self.step = step

    def parameters(self) -> dict[str, Array]:
        """PyTorch keeps a weight as (outputs, inputs)."""
        found = {}
        for k, layer in enumerate(self.model[::2], 1):
            found[f"W{k}"] = layer.weight.detach().numpy().T
            if self.size.bias:
                found[f"b{k}"] = layer.bias.detach().numpy()
        return found


class Functional(Trained):
    """A loss as a function of the parameters, which a library differentiates: what JAX and autograd share."""

    def loss_of(self, numpy: Any) -> Callable[[dict[str, Array], Array, Array], Any]:
        """The loss of this network, written with a library's own NumPy."""
        size, layers = self.size, len(self.size.widths) - 1
        hidden = {
            "relu": lambda Z: numpy.maximum(Z, 0),
            "sigmoid": lambda Z: 1 / (1 + numpy.exp(-Z)),
            "tanh": numpy.tanh,
        }

        def loss(P: dict[str, Array], X: Array, Y: Array) -> Any:
            A = X
            for k in range(1, layers + 1):
                A = A @ P[f"W{k}"]
                if size.bias:
                    A = A + P[f"b{k}"]
                if k < layers:
                    A = hidden[size.hidden](A)
            if size.loss == "cross_entropy":
                A = A - A.max(axis=1, keepdims=True)
                A = A - numpy.log(numpy.sum(numpy.exp(A), axis=1, keepdims=True))
                return -numpy.sum(Y * A) / len(X)
            if size.loss == "mse":
                return numpy.mean((A - Y) ** 2)
            return numpy.sum((hidden["sigmoid"](A) - Y) ** 2)

        return loss


class JAX(Functional):
    """JAX: value, gradients and update compiled into one function, one call a step."""

    def prepare(self) -> None:
        """Compile on the first call; the old parameters' memory is given to the new."""
        jax, whole, X, Y = self.given()
        compiled = jax.jit(whole, donate_argnums=0)

        def step() -> float:
            loss, self.P = compiled(self.P, X, Y)
            return float(loss)

        self.step = step

    def given(self) -> tuple[Any, Callable[[Any, Any, Any], Any], Any, Any]:
        """JAX, one step as a function of parameters and data, and the data; sets the parameters."""
        jax = import_module("jax")
        jax.config.update("jax_enable_x64", self.dtype == np.float64)
        derived = jax.value_and_grad(self.loss_of(import_module("jax.numpy")))

        def whole(P: Any, X: Any, Y: Any) -> Any:
            loss, gradients = derived(P, X, Y)
            return loss, jax.tree_util.tree_map(lambda p, g: p - LEARNING_RATE * g, P, gradients)

        self.P = jax.device_put(self.start)
        return jax, whole, jax.device_put(self.X), jax.device_put(self.Y)

    def parameters(self) -> dict[str, Array]:
        """As NumPy arrays."""
        return {name: np.asarray(value) for name, value in self.P.items()}


class JAXLoop(JAX):
    """JAX with the loop of the steps inside: `fori_loop` under jit, one call for all of them."""

    def prepare(self) -> None:
        """The number of steps is an argument, so that one compilation does; only the last loss is kept."""
        jax, whole, X, Y = self.given()

        def steps(P: Any, X: Any, Y: Any, times: Any) -> Any:
            def body(_: Any, carried: Any) -> Any:
                return whole(carried[1], X, Y)

            return jax.lax.fori_loop(0, times, body, (jax.numpy.zeros((), self.dtype), P))

        self.compiled = jax.jit(steps, donate_argnums=0)
        self.data = X, Y

        def step() -> float:
            loss, self.P = self.compiled(self.P, *self.data, 1)
            return float(loss)

        self.step = step

    def run(self, times: int) -> None:
        """All steps in one call."""
        loss, self.P = self.compiled(self.P, *self.data, times)
        loss.block_until_ready()


class Autograd(Functional):
    """autograd, which records NumPy's calls."""

    def prepare(self) -> None:
        """A new dict of parameters each step."""
        derived = import_module("autograd").value_and_grad(self.loss_of(import_module("autograd.numpy")))
        self.P = dict(self.start)

        def step() -> float:
            loss, gradients = derived(self.P, self.X, self.Y)
            self.P = {name: value - LEARNING_RATE * gradients[name] for name, value in self.P.items()}
            return float(loss)

        self.step = step

    def parameters(self) -> dict[str, Array]:
        """The dict itself."""
        return self.P


class ScikitLearn(Trained):
    """scikit-learn's multilayer perceptron, one batch a call of partial_fit.

    It cannot leave out the bias or train a sigmoid output on squared errors; there it trains the nearest
    that it has, a network with bias and log-loss, and what it computes is not compared.
    """

    def prepare(self) -> None:
        """A first call makes the arrays, which then get the common start."""
        size, X = self.size, self.X
        networks = import_module("sklearn.neural_network")
        kind = networks.MLPRegressor if size.loss == "mse" else networks.MLPClassifier
        scale = (
            2 / size.widths[-1] if size.loss == "mse" else 1.0
        )  # it halves squares and adds up the outputs
        self.model = model = kind(
            hidden_layer_sizes=size.widths[1:-1],
            activation={"sigmoid": "logistic"}.get(size.hidden, size.hidden),
            solver="sgd",
            alpha=0.0,
            batch_size=size.batch,
            learning_rate_init=LEARNING_RATE * scale,
            momentum=0.0,
            shuffle=False,
        )
        if size.loss == "mse":
            Y = self.Y
            model.partial_fit(X, Y)
        else:
            Y = self.Y.argmax(axis=1) if size.loss == "cross_entropy" else self.Y.ravel().astype(int)
            model.partial_fit(X, Y, classes=np.arange(max(2, size.widths[-1])))
        for name, value in self.start.items():
            arrays = model.coefs_ if name.startswith("W") else model.intercepts_
            arrays[int(name[1:]) - 1][...] = value

        def step() -> float:
            model.partial_fit(X, Y)
            return float(model.loss_) * (2 if size.loss == "mse" else 1)

        self.step = step

    def parameters(self) -> dict[str, Array]:
        """The arrays that it trains."""
        found = {f"W{k}": value for k, value in enumerate(self.model.coefs_, 1)}
        return found | {f"b{k}": value for k, value in enumerate(self.model.intercepts_, 1)}

    def check(self) -> dict[str, Array]:
        """Nothing where it trains another network than the others."""
        return {} if self.size.loss == "sse" else super().check()
