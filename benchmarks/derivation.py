"""Seconds to derive a dense network, by depth: symnet beside JAX's trace-and-lower of the same network.

Each figure is the first derivation (the first trace) in a process that has imported its library and
nothing more, so that neither side profits from what it remembers of an earlier round. Exit status: 0
where the claims hold (200 layers cost at most 2.4 times what 100 layers cost; 100 layers are derived in less
than half a second, and their module is there in less than one), 1 where one does not, 2 where a library is
missing.
"""

from importlib import import_module

from measure import (
    Contestant,
    Progress,
    arguments,
    fresh_turns,
    program,
    table,
    verdict,
    versions,
)

DEPTHS = (2, 10, 50, 100, 200)
WIDTH = 8
GROWTH = 2.4  # of 200 layers by 100 layers, at most
SECONDS, MODULE_SECONDS = 0.5, 1.0  # for 100 layers, less than: derived; and their module written


class Symnet:
    """From the network to the adjoint equation of every parameter; with `module`, to the trainer's text."""

    def __init__(self, depth: int, module: bool) -> None:
        self.depth, self.module, self.symnet = depth, module, import_module("symnet")
        import_module("symnet.pipeline")  # what `symnet` imports on first use is imported like JAX: before

    def run(self, times: int) -> None:
        """Derive, and write the module where that is asked for."""
        for _ in range(times):
            network = self.symnet.Network(
                inputs={"X": ("N", WIDTH)},
                targets={"Y": ("N", WIDTH)},
                layers=[self.symnet.Dense(WIDTH, activation="tanh") for _ in range(self.depth)],
                loss="mse",
            )
            derivation = network.derive()
            for k in range(1, self.depth + 1):  # each is there: nothing is put off until it is asked for
                assert derivation.gradients[f"W{k}"] is not None
                assert derivation.gradients[f"b{k}"] is not None
            if self.module:
                assert "class Trainer" in derivation.generate("numpy")


class Jax:
    """From the loss to the lowered program that computes it and its gradients, which is not compiled."""

    def __init__(self, depth: int) -> None:
        self.jax = jax = import_module("jax")
        self.data = jax.ShapeDtypeStruct((64, WIDTH), "float32")
        W, b = jax.ShapeDtypeStruct((WIDTH, WIDTH), "float32"), jax.ShapeDtypeStruct((WIDTH,), "float32")
        self.parameters = [(W, b)] * depth
        jax.block_until_ready(jax.numpy.zeros(1))  # starts the backend, which is not what is measured

    def run(self, times: int) -> None:
        """Trace and lower the loss with its gradients; a new function each time, which JAX has not seen."""
        numpy = self.jax.numpy
        for _ in range(times):

            def loss(parameters, X, Y):  # type: ignore[no-untyped-def]
                for W, b in parameters:
                    X = numpy.tanh(X @ W + b)
                return numpy.mean((X - Y) ** 2)

            self.jax.jit(self.jax.value_and_grad(loss)).lower(self.parameters, self.data, self.data)


def main() -> int:
    """Measure, print the table, say whether the claims hold."""
    rounds = arguments(__doc__, rounds=5).parse_args().rounds
    contestants = [
        contestant
        for depth in DEPTHS
        for contestant in (
            Contestant(f"symnet {depth}", "derivation", "Symnet", (depth, False)),
            Contestant(f"module {depth}", "derivation", "Symnet", (depth, True)),
            Contestant(f"JAX {depth}", "derivation", "Jax", (depth,)),
        )
    ]
    timings = fresh_turns(contestants, rounds, Progress("derivation", rounds * len(contestants)))
    found = {timing.name: timing for timing in timings}
    columns = ("symnet", "module", "JAX")
    rows = [
        [
            str(depth),
            *(f"{found[f'{column} {depth}'].median:.3f}" for column in columns),
            *(f"{found[f'{column} {depth}'].ratio(found[f'JAX {depth}']):.2f}" for column in columns[:2]),
        ]
        for depth in DEPTHS
    ]
    growth = {column: found[f"{column} 200"].ratio(found[f"{column} 100"]) for column in columns}
    rows.append(["200 by 100", *(f"{growth[column]:.2f}" for column in columns), "", ""])

    print(versions("symnet", "sympy", "jax"))
    print(f"Dense tanh network of width {WIDTH}; seconds of CPU, the median of {rounds} rounds.\n")
    header = ["layers", "symnet derives", "and writes its module", "JAX traces and lowers"]
    header += ["by JAX", "module by JAX"]
    print(table(header, rows), end="\n\n")
    slow, quick, written = growth["symnet"], found["symnet 100"].median, found["module 100"].median
    return verdict(
        [
            (f"200 layers cost at most {GROWTH} times what 100 layers cost: {slow:.2f}", slow <= GROWTH),
            (f"100 layers are derived in less than {SECONDS:g} s: {quick:.3f} s", quick < SECONDS),
            (
                f"their module is there in less than {MODULE_SECONDS:g} s: {written:.3f} s",
                written < MODULE_SECONDS,
            ),
        ]
    )


if __name__ == "__main__":
    program(main)
