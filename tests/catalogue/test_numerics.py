"""Values and derivatives of generated modules, right to four units in the last place over all that a float can
be, judged against fifty digits of mpmath: every activation, every function of one number, every loss of one
number, and the rows of softmax. No warning is allowed.

What is not within four units says so in `exact.py`, with the reason: a sum that passes through 0 is measured by
its terms; where a rounded argument stands in an exponential, the error counts as often as that is large; beside
a value that has nearly vanished, a factor multiplies the unit of the smallest float.
"""

from __future__ import annotations

import warnings
import zlib

import mpmath
import numpy as np
import pytest
from backends.modules import load, source_of
from catalogue import exact
from catalogue.exact import ACTIVATIONS, DIFFERENCES, GATES, LOSSES, Exact, slopes, units, value
from sympy import Integer

from symnet.derivation.derive import derive
from symnet.equations.formula import ARITY, FUNCTIONS
from symnet.equations.program import Equation, Program
from symnet.index.functions import COMPUTED
from symnet.index.reductions import total
from symnet.index.symbols import Index, Role, Size, Tensor
from symnet.layers.activation import Activation
from symnet.layers.dense import Dense
from symnet.network import Network
from symnet.registry import members, settings_of, width

ULPS = {np.float64: 4.0, np.float32: 5.0}
"""NumPy's exp and cosh in float32 are themselves off by a unit, and a square doubles that."""
SETTLED = [
    1e-300,
    1e-30,
    1e-20,
    1e-16,
    1e-9,
    1e-7,
    1e-5,
    1e-3,
    0.1,
    0.3,
    0.5,
    1.0,
    2.0,
    5.0,
    10.0,
    18.0,
    36.0,
]
LARGE = [37.0, 38.5, 40.0, 100.0, 500.0, 700.0, 709.0, 709.8, 740.0, 745.0, 746.0, 750.0, 1e3, 1e5, 1e20]
HUGE = {np.float64: [1e100, 1e150, 1e200, 1e300, 1.7976931348623157e308], np.float32: [1e30]}


def grid(dtype, name: str, knots=(), count=60):
    """Zeros, the smallest floats, every order of magnitude, ordinary numbers, and what is beside a corner."""
    random = np.random.default_rng(zlib.crc32(name.encode()))
    info = np.finfo(dtype)
    small = [0.0, info.smallest_subnormal, info.tiny / 8, info.tiny]
    orders = 10.0 ** random.uniform(np.log10(float(info.tiny)), 20, count)
    near = [abs(random.normal(size=count)) * 3, random.uniform(0, 40, count), random.uniform(0, 800, count)]
    sizes = np.concatenate([small, SETTLED, LARGE, orders, *near])
    corners = [[k, np.nextafter(dtype(k), dtype(9)), np.nextafter(dtype(k), dtype(-9))] for k in knots]
    return np.concatenate([sizes, -sizes, *corners]).astype(dtype)


def trainer_of(module, dtype=np.float64):
    """A trainer whose weights hand on what they are given."""
    trainer = module.Trainer(dtype=dtype)
    for weights in trainer.parameters.values():
        weights[...] = np.eye(len(weights))
    return trainer


def judged(module, dtype, points, inputs=lambda x: x[:, None]):
    """Values and slopes at the points, those that are huge each on its own: no sum of them may overflow."""
    trainer = trainer_of(module, dtype)
    huge = abs(points) > 1e30
    found = np.empty((2, len(points)))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for chosen in [~huge, *([k] for k in np.flatnonzero(huge))]:
            X = inputs(points[chosen]).astype(dtype)
            if not len(X):
                continue
            found[0, chosen] = trainer.predict(X)[:, 0]
            found[1, chosen] = trainer.gradients(X, np.full((len(X), 1), -len(X), dtype))["X"][:, 0]
    return found


def check(function: Exact, points, found, dtype, **settings):
    smallest = float(np.finfo(dtype).smallest_subnormal)
    for x, a, b in zip(map(float, points), *found, strict=True):
        room = ULPS[dtype] + 2 * function.condition(x)
        right = value(function.value, x, **settings)
        nearly = abs(float(right) - a) <= function.smallest * smallest
        assert nearly or units(a, right, dtype=dtype) <= room, (
            f"the value at {x!r} is {a!r}, not {float(right)!r}"
        )
        right = slopes(function, x, **settings)
        nearly = any(abs(float(s) - b) <= function.smallest * smallest for s in right)
        between = min(right) <= b <= max(right)  # at a corner
        term = value(function.terms, x) if function.terms else 0
        error = min(units(b, s, max(abs(term), abs(s - term)), dtype) for s in right)
        assert nearly or between or error <= room, f"the slope at {x!r} is {b!r}, not {[*map(float, right)]}"


def of_activation(name, **settings):
    """The module whose prediction is the activation of its input, and whose gradients are its slopes."""
    columns = 1 if width(name) == "H" else 2
    network = Network(
        inputs={"X": ("N", columns)},
        targets={"Y": ("N", 1)},
        layers=[
            Dense(1, name, bias=False, settings=settings)
        ],  # of weight 1: an activation is of a weighted sum
        loss="nll",
    )
    program, prediction = network.stated()
    module = load(source_of(derive(program, wrt=["X"]), prediction))
    module.require_finite = lambda *_: None  # infinity is refused as data, and can come about inside
    return module


ROWS = {"softmax", "log_softmax"}
OF_ONE_NUMBER = sorted(set(members("activations")) - GATES.keys() - ROWS - {"sign", "prelu"})
"""Flat everywhere, and with a parameter of its own: sign and prelu are judged by what they are made of."""
CASES = [
    (name, settings)
    for name in OF_ONE_NUMBER
    for settings in ({}, ACTIVATIONS[name].other if name in ACTIVATIONS else None)
    if settings is not None
]


def test_settings_are_tried():
    for name in OF_ONE_NUMBER:
        assert name in ACTIVATIONS, f"write the formula of {name} into exact.py"
        assert bool(ACTIVATIONS[name].other) == bool(members("activations")[name].settings)


@pytest.mark.parametrize(
    ("name", "settings"), CASES, ids=lambda c: c if isinstance(c, str) else "".join(c) or "-"
)
def test_an_activation_has_all_its_digits(name, settings):
    function, given = ACTIVATIONS[name], settings_of("activations", name, settings)
    module = of_activation(name, **settings)
    for dtype, count in ((np.float64, 60), (np.float32, 8)):
        points = grid(dtype, name, function.knots(**given), count)
        points = np.concatenate([points, HUGE[dtype], np.negative(HUGE[dtype])]).astype(dtype)
        points = within(function, points, float(np.finfo(dtype).max) / largest_factor(given))
        check(function, points, judged(module, dtype, points), dtype, **given)


def within(function, points, largest=np.inf):
    """The points at which a function is to be judged."""
    low, high = function.domain
    wide = points.astype(np.float64)
    return points[(wide >= low) & (wide <= high) & (abs(wide) <= largest)]


def largest_factor(settings):
    """What an activation multiplies its input by at most: what overflows then is beyond every float."""
    return max([1.0, *map(abs, settings.values())])


LIMITS = {
    "linear": (-np.inf, 1, np.inf, 1),
    "relu": (0, 0, np.inf, 1),
    "leaky_relu": (-np.inf, 0.01, np.inf, 1),
    "sigmoid": (0, 0, 1, 0),
    "tanh": (-1, 0, 1, 0),
    "softsign": (-1, 0, 1, 0),
    "elu": (-1, 0, np.inf, 1),
    "celu": (-1, 0, np.inf, 1),
    "selu": (-1.0507009873554805 * 1.6732632423543772, 0, np.inf, 1.0507009873554805),
    "softplus": (0, 0, np.inf, 1),
    "logsigmoid": (-np.inf, 1, 0, 0),
    "silu": (0, 0, np.inf, 1),
    "gelu": (0, 0, np.inf, 1),
    "gelu_tanh": (0, 0, np.inf, 1),
    "mish": (0, 0, np.inf, 1),
    "gaussian": (0, 0, 0, 0),
    "hardsigmoid": (0, 0, 1, 0),
    "hardswish": (0, 0, np.inf, 1),
    "hardtanh": (-1, 0, 1, 0),
}
"""Value and slope at minus infinity, then at infinity. A sine has no limit."""


@pytest.mark.parametrize("name", sorted(set(OF_ONE_NUMBER) - {"sine"}))
def test_an_activation_has_its_limits_at_infinity(name):
    module = of_activation(name)
    for dtype in (np.float64, np.float32):
        (low, high), (falls, rises) = judged(module, dtype, np.array([-np.inf, np.inf], dtype))
        np.testing.assert_allclose((low, falls, high, rises), LIMITS[name], rtol=2 * np.finfo(dtype).eps)


@pytest.mark.parametrize("other", [1.25, -3.5])
@pytest.mark.parametrize("name", GATES)
def test_a_gated_activation_has_all_its_digits(name, other):
    """Both halves in turn, the other one held: the slope is the first element of the gradient."""
    gate, place, smallest = GATES[name]
    module = of_activation(name)
    points = grid(np.float64, name, count=15)
    held = np.full_like(points, other)
    for half in (0, 1):
        pair = (points, held) if half == 0 else (held, points)
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            trainer, X = trainer_of(module), np.stack(pair, axis=1)
            found = (
                trainer.predict(X)[:, 0],
                trainer.gradients(X, np.full((len(X), 1), -len(X)))["X"][:, half],
            )
        if half == place:
            function = Exact(
                lambda z: gate(z) * mpmath.mpf(other),
                terms=lambda z: (gate(z) / z if z and place == 0 else 1) * other,
                smallest=4 * smallest,
            )
        else:
            function = Exact(lambda z: z * gate(mpmath.mpf(other)))
        check(function, points, found, np.float64)


ELEMENTARY = {
    name: function
    for name, function in {**FUNCTIONS, **COMPUTED}.items()
    if ARITY.get(name, 1) == 1 and name not in ("floor", "constant", "sign", "signum")
}
"""Of one number; floor is for sizes, constant is the identity, and the signs have no slope."""


@pytest.mark.parametrize("name", ELEMENTARY)
def test_a_function_has_all_its_digits(name):
    """The function as a whole network: what the printer makes of it, and of its derivative."""
    assert name in exact.FUNCTIONS, f"write the formula of {name} into exact.py"
    function = exact.FUNCTIONS[name]
    n, j, N, one = Index("n"), Index("j"), Size("N"), Integer(1)
    x = Tensor("X", (N, one), Role.INPUT)
    y = Tensor("Y", (N, one), Role.TARGET)
    a, loss = Tensor("A", (N, one)), Tensor("L", ())
    equations = (
        Equation(a, (n, j), ELEMENTARY[name](x[n, j])),
        Equation(loss, (), total(a[n, j] * y[n, j] / -N, ((n, N), (j, one)))),
    )
    program = Program({t.name: t for t in (x, y, a, loss)}, equations)
    if name == "sign":
        return
    module = load(source_of(derive(program, wrt=["X"]), "A"))
    points = within(function, grid(np.float64, name, count=20))
    check(function, points, judged(module, np.float64, points), np.float64)


def of_loss(name):
    """The module of a loss whose output is its input."""
    network = Network(
        inputs={"X": ("N", 1)}, targets={"Y": ("N", 1)}, layers=[Activation("linear")], loss=name
    )
    program, _ = network.stated()
    return load(source_of(derive(program, wrt=["X"])))


OF_A_ROW = {
    *("cosine", "contrastive", "triplet", "dice", "kl_div", "gaussian_nll"),
    *("cross_entropy", "cross_entropy_labels", "cross_entropy_smoothed", "cross_entropy_weighted"),
}
"""Losses that are no sum of what one output costs, or read more than a target."""


@pytest.mark.parametrize("name", sorted(set(members("losses")) - OF_A_ROW))
def test_a_loss_has_all_its_digits(name):
    assert name in LOSSES, f"write the formula of {name} into exact.py"
    loss, trainer = LOSSES[name], of_loss(name).Trainer()
    low, high = loss.domain
    for target in loss.targets:
        points = grid(np.float64, name, loss.knots(target), count=16)
        points = points[(points >= low) & (points <= high) & (abs(points) > 1e-290)][:128]
        X, Y = points[:, None], np.full((len(points), 1), target)
        shares = 1 if name in ("sse", "perceptron") else len(points)
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            gradients = trainer.gradients(X, Y)["X"][:, 0]
            values = [trainer.loss(x, y) for x, y in zip(X[:, None], Y[:, None], strict=True)]
        for x, found, slope in zip(map(float, points), values, gradients, strict=True):
            terms = value(lambda a, y=target: loss.terms(a, mpmath.mpf(y)), x)
            scale = max(map(abs, terms))
            assert units(found, sum(terms), scale) <= 4, f"the loss of {x!r} for {target} is {found!r}"
            function = Exact(
                lambda a, y=target: sum(loss.terms(a, mpmath.mpf(y))),
                lambda y=target: loss.knots(y),
                domain=loss.domain,
            )
            right = [s / shares for s in slopes(function, x)]
            scale = DIFFERENCES[name](mpmath.mpf(x), target) / shares if name in DIFFERENCES else None
            room = 4 + 1 / 2  # the division by the number of samples
            error = min(units(slope, s, scale) for s in right)
            assert error <= room or min(right) <= slope <= max(right), (
                f"the slope at {x!r} for {target} is {slope!r}"
            )


WIDE = np.array(
    [
        [0.0, 0.0, 0.0, 0.0],
        [1.0, 2.0, -3.0, 0.5],
        [1e3, 0.1, -1e3, 999.3],
        [-700.2, 30.1, 29.9, -12.3],
        [-1e300, 1e300, 0.3, 5.0],
        [1e-300, -5e-324, 37.7, -37.7],
        [-745.1, 0.0, -1e-9, -710.3],
    ]
)


def rows_of(z):
    """Each row's softmax, and how far each number is below the largest: what an exponential feels."""
    with mpmath.workdps(700):
        for row in z:
            powers = [mpmath.exp(mpmath.mpf(float(x)) - mpmath.mpf(float(max(row)))) for x in row]
            yield [power / mpmath.fsum(powers) for power in powers], [float(max(row) - x) for x in row]


@pytest.mark.parametrize("name", sorted(ROWS))
def test_a_row_of_shares_has_all_its_digits(name):
    """A share's error is that of the difference in its exponent; a logarithm's is a unit of the larger of 1 and itself."""
    network = Network(inputs={"X": ("N", 4)}, targets={"Y": ("N", 4)}, layers=[Activation(name)], loss="nll")
    program, prediction = network.stated()
    trainer = load(source_of(derive(program, wrt=["X"]), prediction)).Trainer()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = trainer.predict(WIDE)
    for row, (shares, below) in zip(found, rows_of(WIDE), strict=True):
        for a, share, distance in zip(row, shares, below, strict=True):
            if name == "softmax":
                nearly = abs(a - float(share)) <= 4 * 5e-324
                assert nearly or units(a, share) <= 4 + min(distance, 750)
            else:
                with mpmath.workdps(700):
                    right = mpmath.log(share) if share else mpmath.mpf(-distance)
                assert units(a, right, max(1, abs(right))) <= 4


@pytest.mark.parametrize("label", range(4))
def test_a_cross_entropy_has_all_its_digits(label):
    """Each row alone: a slope's error is a unit of the share or of the target, whichever is larger."""
    network = Network(
        inputs={"X": ("N", 4)}, targets={"Y": ("N", 4)}, layers=[Activation("linear")], loss="cross_entropy"
    )
    program, _ = network.stated()
    trainer = load(source_of(derive(program, wrt=["X"]))).Trainer()
    target = np.eye(4)[[label]]
    for row, (shares, below) in zip(WIDE, rows_of(WIDE), strict=True):
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            loss, slopes_ = trainer.loss(row[None], target), trainer.gradients(row[None], target)["X"][0]
        with mpmath.workdps(700):
            right = -mpmath.log(shares[label]) if shares[label] else mpmath.mpf(below[label])
        assert units(loss, right, max(1, right)) <= 4
        for slope, share, y, distance in zip(slopes_, shares, target[0], below, strict=True):
            nearly = abs(slope - float(share - y)) <= 4 * 5e-324
            assert nearly or units(slope, share - y, max(share, y)) <= 4 + min(distance, 750)
