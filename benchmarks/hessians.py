"""A Hessian, three times over: the generated NumPy module's, one written by hand in NumPy, and jax.hessian
under jit; and what a product with the Hessian costs beside a gradient.

Three functions, each at several sizes, in float64: logistic regression, whose Hessian is X^T diag(p (1 - p))
X; a matrix factorization by one of its factors, whose Hessian is block-diagonal; a network with one hidden
layer by its weights, whose Hessian is a dense matrix and a block-diagonal one. Exit status: 0 where the
claims hold (all three compute the same; the module's Hessian takes at most 1.1 times the hand-written one and
is ahead of JAX's at every size; a product takes at most four times a gradient), 1 where one does not.
"""

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from importlib import import_module
from inspect import signature
from types import ModuleType
from typing import Any

import numpy as np
from measure import (
    Contestant,
    Progress,
    Timing,
    arguments,
    program,
    start,
    table,
    take_turns,
    verdict,
    versions,
)

Array = np.ndarray[Any, np.dtype[np.float64]]
BOUND = 1.1  # of the hand-written Hessian's time, at most
PRODUCT = 4.0  # of a gradient's time, at most
AGREE = 1e-12


class Logistic:
    """Logistic regression, by its weights."""

    text = """
        X: input[N, {D}]
        y: target[N]
        w: parameter[{D}]
        z[n] = sum(X[n,i]*w[i], i)
        p[n] = sigmoid(z[n])
        L = -sum(y[n]*log(p[n]) + (1 - y[n])*log(1 - p[n]), n)
    """
    of = "w"
    data = ("X", "y")
    sizes = ({"N": 200, "D": 20}, {"N": 1000, "D": 100}, {"N": 2000, "D": 300})

    @staticmethod
    def arrays(random: np.random.Generator, N: int, D: int) -> dict[str, Array]:
        """The arrays at one point."""
        y = random.integers(2, size=N).astype(float)
        return {"X": random.normal(size=(N, D)), "y": y, "w": random.normal(size=D) / np.sqrt(D)}

    @staticmethod
    def loss(np: Any, X: Any, y: Any, w: Any) -> Any:
        """The function itself, for JAX."""
        z = X @ w
        return np.sum(np.logaddexp(0, z) - y * z)

    @staticmethod
    def hessian(X: Array, y: Array, w: Array) -> Array:
        """As it is written by hand."""
        p = 1 / (1 + np.exp(-(X @ w)))
        return (X * (p * (1 - p))[:, None]).T @ X


class Factorization:
    """A matrix factorization, by the first factor."""

    text = """
        X: input[{N}, {M}]
        U: parameter[{N}, {K}]
        V: parameter[{M}, {K}]
        L = sum((X[n,m] - sum(U[n,k]*V[m,k], k))**2, n, m)/2
    """
    of = "U"
    data = ("X",)
    sizes = ({"N": 20, "M": 20, "K": 3}, {"N": 50, "M": 50, "K": 5}, {"N": 100, "M": 100, "K": 10})

    @staticmethod
    def arrays(random: np.random.Generator, N: int, M: int, K: int) -> dict[str, Array]:
        """The arrays at one point."""
        return {
            name: random.normal(size=shape) for name, shape in (("X", (N, M)), ("U", (N, K)), ("V", (M, K)))
        }

    @staticmethod
    def loss(np: Any, X: Any, U: Any, V: Any) -> Any:
        """The function itself, for JAX."""
        return np.sum((X - U @ V.T) ** 2) / 2

    @staticmethod
    def hessian(X: Array, U: Array, V: Array) -> Array:
        """As it is written by hand: V^T V in every block of the diagonal."""
        (rows, rank), block = U.shape, V.T @ V
        found = np.zeros((rows, rank, rows, rank))
        np.einsum("nbnk->nbk", found)[...] = block
        return found


class Hidden:
    """A network with one hidden layer and one output, by the weights of the hidden layer."""

    text = """
        X: input[N, {D}]
        y: target[N]
        W: parameter[{D}, {H}]
        v: parameter[{H}]
        A[n,j] = tanh(sum(X[n,i]*W[i,j], i))
        z[n] = sum(A[n,j]*v[j], j)
        p[n] = sigmoid(z[n])
        L = -sum(y[n]*log(p[n]) + (1 - y[n])*log(1 - p[n]), n)
    """
    of = "W"
    data = ("X", "y")
    sizes = ({"N": 100, "D": 10, "H": 5}, {"N": 500, "D": 20, "H": 20})

    @staticmethod
    def arrays(random: np.random.Generator, N: int, D: int, H: int) -> dict[str, Array]:
        """The arrays at one point."""
        y = random.integers(2, size=N).astype(float)
        W, v = random.normal(size=(D, H)) / np.sqrt(D), random.normal(size=H)
        return {"X": random.normal(size=(N, D)), "y": y, "W": W, "v": v}

    @staticmethod
    def loss(np: Any, X: Any, y: Any, W: Any, v: Any) -> Any:
        """The function itself, for JAX."""
        z = np.tanh(X @ W) @ v
        return np.sum(np.logaddexp(0, z) - y * z)

    @staticmethod
    def hessian(X: Array, y: Array, W: Array, v: Array) -> Array:
        """As it is written by hand: each sample's gradient of z is a row of `rows`; what bends is tanh."""
        A = np.tanh(X @ W)
        p = 1 / (1 + np.exp(-(A @ v)))
        slope = (1 - A * A) * v
        rows = (X[:, :, None] * slope[:, None, :]).reshape(len(X), -1)
        found = ((rows * (p * (1 - p))[:, None]).T @ rows).reshape(*W.shape, *W.shape)
        bends = -2 * A * slope * (p - y)[:, None]
        bent = X.T @ (X[:, :, None] * bends[:, None, :]).reshape(len(X), -1)
        diagonal = np.einsum("ajij->aij", found)
        diagonal += bent.reshape(diagonal.shape)
        return found


FUNCTIONS: dict[str, Any] = {"logistic": Logistic, "factorization": Factorization, "hidden layer": Hidden}


class Second:
    """A function at one of its sizes; each contestant fills in `prepare`, which sets `compute`."""

    compute: Callable[[], Any]

    def __init__(self, name: str, number: int) -> None:
        self.function, self.size = FUNCTIONS[name], FUNCTIONS[name].sizes[number]
        self.arrays = self.function.arrays(np.random.default_rng(number), **self.size)
        self.prepare()

    def prepare(self) -> None:
        """Set `self.compute`."""
        raise NotImplementedError

    def run(self, times: int) -> None:
        """Compute so many times: the work that is measured."""
        compute = self.compute
        for _ in range(times):
            compute()

    def check(self) -> dict[str, Array]:
        """What is computed."""
        return {"hessian": np.asarray(self.compute())}


class Generated(Second):
    """The module that symnet writes, as it is written."""

    def prepare(self) -> None:
        """Derive, generate, import, and give the trainer the parameters."""
        symnet = import_module("symnet")
        derivation = symnet.Network.from_equations(self.function.text.format(**self.size)).derive()
        trainer = self.made(self.further(derivation).derivation.generate("numpy"))
        for name, array in trainer.parameters.items():
            array[...] = self.arrays[name]
        self.measure(trainer)

    def given(self, method: Callable[..., object]) -> list[Array]:
        """The data that a method takes: those that it reads."""
        return [self.arrays[name] for name in signature(method).parameters if name in self.function.data]

    def measure(self, trainer: Any) -> None:
        """Set `self.compute`."""
        key, hessian = (self.function.of, self.function.of), trainer.hessian
        data = self.given(hessian)
        self.compute = lambda: hessian(*data)[key]

    def further(self, derivation: Any) -> Any:
        """What the module is to compute beyond the gradients."""
        return derivation.hessian(self.function.of)

    def made(self, text: str) -> Any:
        """A trainer of the module."""
        module = ModuleType("generated")
        exec(compile(text, "generated.py", "exec"), module.__dict__)
        return module.__dict__["Trainer"]()


class Product(Generated):
    """A product with the Hessian by all parameters."""

    def further(self, derivation: Any) -> Any:
        """The product."""
        return derivation.hvp()

    def measure(self, trainer: Any) -> None:
        """Take the parameters themselves for the direction."""
        directions, given = trainer.vector.copy(), self.given(trainer.product)
        self.compute = lambda: trainer.product(directions, *given)


class Gradient(Product):
    """The gradients by all parameters, of the same module."""

    def measure(self, trainer: Any) -> None:
        """Compute the gradients."""
        given = self.given(trainer.gradients)
        self.compute = lambda: trainer.gradients(*given)


class HandWritten(Second):
    """NumPy, as a person who knows the formula writes it."""

    def prepare(self) -> None:
        """Compute the formula."""
        hessian, arrays = self.function.hessian, self.arrays
        self.compute = lambda: hessian(**arrays)


class Jax(Second):
    """jax.hessian under jit, its arrays on the device already."""

    def prepare(self) -> None:
        """Trace, and compile by a first call."""
        jax = import_module("jax")
        jax.config.update("jax_enable_x64", True)
        arrays = {name: jax.numpy.asarray(array) for name, array in self.arrays.items()}
        loss, of = self.function.loss, self.function.of
        fixed = {name: array for name, array in arrays.items() if name != of}

        def hessian(point: Any, fixed: Any) -> Any:
            return jax.hessian(lambda array: loss(jax.numpy, **{of: array}, **fixed))(point)

        compiled = jax.jit(hessian)
        self.compute = lambda: compiled(arrays[of], fixed).block_until_ready()
        self.compute()


CONTESTANTS = {"symnet": Generated, "by hand": HandWritten, "jax": Jax}
PRODUCTS = {"product": Product, "gradient": Gradient}


@dataclass(frozen=True, slots=True)
class Case:
    """One function at one size."""

    name: str
    number: int

    @property
    def title(self) -> str:
        """The name and the size."""
        sizes = FUNCTIONS[self.name].sizes[self.number]
        return f"{self.name}, {', '.join(f'{name}={size}' for name, size in sizes.items())}"

    def measured(self, subjects: dict[str, type[Second]], rounds: int) -> dict[str, Timing]:
        """The timings of the subjects; AssertionError where they compute different things."""
        with ExitStack() as stack:
            workers = [
                stack.enter_context(
                    start(Contestant(name, "hessians", subject.__name__, (self.name, self.number)))
                )
                for name, subject in subjects.items()
            ]
            if subjects is CONTESTANTS:
                first, *others = (worker.check()["hessian"] for worker in workers)
                for other in others:
                    far = np.abs(first - other).max() / np.abs(other).max()
                    assert far < AGREE, f"{self.title}: {far:.1e} apart"
            timings = take_turns(workers, rounds, Progress(self.title, rounds))
        return {timing.name: timing for timing in timings}


def main() -> int:
    """Measure, print the tables, say whether the claims hold."""
    parser = arguments(__doc__, rounds=31)
    parser.add_argument("--only", default="", metavar="NAME", help="only functions whose name has this in it")
    options = parser.parse_args()
    cases = [
        Case(name, number)
        for name, function in FUNCTIONS.items()
        for number in range(len(function.sizes))
        if options.only in name
    ]
    rows, products, claims = [], [], list[tuple[str, bool]]()
    for case in cases:
        found = case.measured(CONTESTANTS, options.rounds)
        symnet, hand, jax = (found[name] for name in CONTESTANTS)
        rows.append(
            [case.title, *(f"{t.median * 1e6:.0f}" for t in (symnet, hand, jax))]
            + [f"{symnet.ratio(hand):.2f}", f"{symnet.ratio(jax):.3f}"]
        )
        claims.append((f"{case.title}: at most {BOUND} of the hand-written", symnet.ratio(hand) <= BOUND))
        claims.append((f"{case.title}: ahead of JAX", symnet.ratio(jax) < 1))
        both = case.measured(PRODUCTS, options.rounds)
        ratio = both["product"].ratio(both["gradient"])
        products.append([case.title, *(f"{t.median * 1e6:.0f}" for t in both.values()), f"{ratio:.2f}"])
        claims.append((f"{case.title}: a product costs at most {PRODUCT:g} gradients", ratio <= PRODUCT))
    print(versions("symnet", "numpy", "jax"))
    print(f"Microseconds of CPU in float64, one thread, the median of {options.rounds} rounds.\n")
    header = ["Hessian", *CONTESTANTS, "symnet / by hand", "symnet / jax"]
    print(table(header, rows), end="\n\n")
    print(table(["product with the Hessian", *PRODUCTS, "ratio"], products), end="\n\n")
    return verdict(claims)


if __name__ == "__main__":
    program(main)
