"""A training step of convolution, recurrence and attention: the generated modules, in NumPy and in C, beside
PyTorch eager and JAX jit.

Before anything is measured, the losses and parameters of three steps are compared with PyTorch's in float64.
Claims: C is ahead of both libraries; NumPy takes at most 1.3 times what the better of them takes. With
`--write` the table goes into docs/performance.md.
"""

from collections.abc import Callable, Iterable
from contextlib import ExitStack
from importlib import import_module
from pathlib import Path
from typing import Any

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

LEARNING_RATE = 0.05
STEPS_COMPARED = 3
LIBRARIES = {"PyTorch eager": "PyTorch", "JAX jit": "JAX"}
FORMS = {"generated module": "Generated", "generated C": "GeneratedC"}
SUBJECTS = FORMS | LIBRARIES
BOUNDS = {"generated module": 1.3, "generated C": 1.0}  # of the better library's time


class Trained:
    """A task in a dtype, ready to train: each contestant fills in `prepare` and `parameters`."""

    step: Callable[[], float]

    def __init__(self, task: str, dtype: str, *sizes: int) -> None:
        from tasks import TASKS

        self.task, self.dtype = TASKS[task](*sizes), dtype
        X, Y = self.task.data()
        self.X = X.astype(dtype)
        self.Y = Y.astype(dtype) if Y.dtype.kind == "f" else Y
        self.start = {name: value.astype(dtype) for name, value in self.task.start().items()}
        self.prepare()

    def prepare(self) -> None:
        """Build the network with the parameters `self.start`, and set `self.step`."""
        raise NotImplementedError

    def parameters(self) -> dict[str, Any]:
        """The parameters as they now are, in the shapes of `start`."""
        raise NotImplementedError

    def run(self, times: int) -> None:
        """Train for so many steps: the work that is measured."""
        step = self.step
        for _ in range(times):
            step()

    def check(self) -> dict[str, Any]:
        """The losses of the first three steps, and the parameters after them."""
        import numpy as np

        return {"losses": np.array([self.step() for _ in range(STEPS_COMPARED)])} | self.parameters()


class Generated(Trained):
    """The module that symnet writes."""

    backend = "numpy"

    def prepare(self) -> None:
        """Derive, generate, import, and give the trainer the common start."""
        from contestants import module_from

        module = module_from(self.task.network().derive().module(self.backend))
        self.trainer = trainer = module.Trainer(dtype=self.dtype)
        if self.backend == "c" and not hasattr(trainer, "_library"):
            raise RuntimeError("there is no C compiler")
        trainer.initialize(0)
        trainer.learning_rate = LEARNING_RATE
        for name, value in self.start.items():
            trainer.parameters[name][...] = value
        self.step = lambda: float(trainer.step(self.X, self.Y))

    def parameters(self) -> dict[str, Any]:
        """As the trainer holds them."""
        return dict(self.trainer.parameters)


class GeneratedC(Generated):
    """The same network's C file behind the same Trainer."""

    backend = "c"


class PyTorch(Trained):
    """PyTorch in eager mode, with its own layers, losses and optimizer."""

    def prepare(self) -> None:
        """As PyTorch's own tutorial has it, but for the given start."""
        torch = import_module("torch")
        torch.set_num_threads(1)
        torch.set_default_dtype(getattr(torch, self.dtype))
        self.model, criterion = self.task.model(torch)
        with torch.no_grad():
            for name, view in self.task.weights(self.model).items():
                view.copy_(torch.tensor(self.start[name]).reshape(view.shape))
        trained = [weight for weight in self.model.parameters() if weight.requires_grad]
        optimizer = torch.optim.SGD(trained, lr=LEARNING_RATE)
        X, Y = torch.tensor(self.X), torch.tensor(self.Y)

        def step() -> float:
            optimizer.zero_grad()
            loss = criterion(X, Y)
            loss.backward()
            optimizer.step()
            return float(loss.item())

        self.step = step

    def parameters(self) -> dict[str, Any]:
        """In the shapes of the start."""
        found = self.task.weights(self.model)
        return {name: found[name].detach().numpy().reshape(v.shape) for name, v in self.start.items()}


class JAX(Trained):
    """JAX: value, gradients and update compiled into one function, one call a step."""

    def prepare(self) -> None:
        """Compile on the first call; the old parameters' memory is given to the new."""
        jax = import_module("jax")
        jax.config.update("jax_enable_x64", self.dtype == "float64")
        derived = jax.value_and_grad(self.task.loss(jax))

        def whole(P: Any, X: Any, Y: Any) -> Any:
            loss, gradients = derived(P, X, Y)
            return loss, jax.tree_util.tree_map(lambda p, g: p - LEARNING_RATE * g, P, gradients)

        compiled = jax.jit(whole, donate_argnums=0)
        X, Y = jax.device_put(self.X), jax.device_put(self.Y)
        self.P = jax.device_put(self.start)

        def step() -> float:
            loss, self.P = compiled(self.P, X, Y)
            return float(loss)

        self.step = step

    def parameters(self) -> dict[str, Any]:
        """As NumPy arrays."""
        import numpy as np

        return {name: np.asarray(value) for name, value in self.P.items()}


def compare(
    task: str, dtype: str, rounds: int, names: Iterable[str], sizes: tuple[int, ...] = ()
) -> tuple[dict[str, Timing], tuple[str, bool]]:
    """Check, then measure, the contestants `names` at one task: their times, and the claim that they all
    compute what PyTorch computes in float64.
    """
    from training import TOLERANCE, deviation

    told = " ".join(map(str, (task, *sizes, dtype)))
    with start(Contestant("the reference", "sequences", "PyTorch", (task, "float64", *sizes))) as worker:
        reference = worker.check()
    with ExitStack() as stack:
        workers = [
            stack.enter_context(start(Contestant(name, "sequences", SUBJECTS[name], (task, dtype, *sizes))))
            for name in names
        ]
        found = {worker.contestant.name: deviation(worker.check(), reference) for worker in workers}
        timings = take_turns(workers, rounds, Progress(told, rounds))
    farthest, limit = max(found, key=found.__getitem__), TOLERANCE[dtype]
    claim = f"{told}: all within {limit:.0e} of float64 ({farthest}: {found[farthest]:.0e})"
    return {timing.name: timing for timing in timings}, (claim, all(far <= limit for far in found.values()))


def judged(name: str, found: dict[str, Timing]) -> list[tuple[str, bool]]:
    """What is claimed of one task: each form's time by that of the better library."""
    best = min(LIBRARIES, key=lambda library: found[library].median)
    claims = []
    for form, bound in BOUNDS.items():
        ratio, share = found[form].ratio(found[best]), found[form].wins(found[best])
        told = f"{name}, {form}: {ratio:.2f} of the time of {best}, at most {bound:g}; ahead in {share:.0%}"
        claims.append((f"{told} of the rounds", ratio <= bound))
    return claims


def main() -> int:
    """Measure the chosen tasks, print the table, say whether the claims hold."""
    from tasks import COMPARED, DTYPES, TASKS

    parser = arguments(__doc__, rounds=31)
    names = ", ".join(f"{task} {dtype}" for task in COMPARED for dtype in DTYPES)
    parser.add_argument("--task", default="", help=f"only those with this word in their name, of: {names}")
    parser.add_argument("--write", action="store_true", help="put the table into docs/performance.md")
    options = parser.parse_args()
    rows, claims = [], []
    chosen = [(task, dtype) for task in COMPARED for dtype in DTYPES if options.task in f"{task} {dtype}"]
    for task, dtype in chosen:
        name = f"{task} {dtype}"
        found, alike = compare(task, dtype, options.rounds, SUBJECTS)
        steps = [f"{found[each].median * 1e3:.2f}" for each in SUBJECTS]
        ratios = [f"{found[form].ratio(found[library]):.2f}" for form in FORMS for library in LIBRARIES]
        rows.append([name, *steps, *ratios])
        claims += judged(name, found)
        claims.append(alike)
    head = versions("symnet", "numpy", "torch", "jax")
    words = f"A step in ms, and ratios: the median of {options.rounds} rounds; below 1, the module is ahead."
    ratios = [f"{form.split()[-1]} by {library}" for form in FORMS for library in LIBRARIES]
    measured = table(["task", *SUBJECTS, *ratios], rows)
    told = "\n".join(f"- {task}: {TASKS[task].what}" for task in COMPARED)
    print(f"{head}\n{words}\n\n{measured}\n")
    if options.write:
        from report import listed, put

        put(
            Path(__file__).parents[1] / "docs" / "performance.md",
            "sequences",
            [told, head, words, measured, listed(claims)],
        )
    return verdict(claims)


if __name__ == "__main__":
    program(main)
