"""A kink is where a slope breaks; what stays on a corner whatever moves is none, and networks of windows and of
many axes are certified away from kinks and in a time that can be afforded.
"""

from __future__ import annotations

import numpy as np
import pytest
from layers.samples import network_of

from symnet.derivation.derive import derive
from symnet.equations.parse import parse_program
from symnet.layers.conv import Conv
from symnet.layers.layer import Sample
from symnet.layers.pool import Pool
from symnet.verify import kinks, verify
from symnet.verify.context import Context
from symnet.verify.points import Point, work

STILL = {
    "two zeros beyond the end": "X: input[N, D]\nw: parameter[D]\nA: tensor[N, E]\nA[n,p] = max(w[p+i]*X[n,p+i], i < 3)",
    "silent units": "X: input[N, D]\nw: parameter[D]\nR[n,i] = maximum(w[i] - X[n,i]**2 - 9, 0)\nA[n] = max(R[n,i], i)",
    "the same twice": "X: input[N, D]\nw: parameter[D]\nA[n,i] = X[n,i]*w[i] + abs(w[i] - w[i])",
}


@pytest.mark.parametrize("what", STILL)
def test_what_does_not_move_is_no_kink(what):
    at = "n" if what == "silent units" else "n, p" if "end" in what else "n, i"
    program = parse_program(f"{STILL[what]}\nL = sum(A[{at}]**2, {at})")
    sizes = {"N": 2, "D": 4, "E": 4}
    rng = np.random.default_rng(0)
    given = {"X": rng.normal(size=(2, 4)), "w": rng.normal(size=4)}
    assert not kinks.kinks(program, Point({s.name: sizes[s.name] for s in program.sizes}, given), 0)


def test_two_numbers_that_tie_and_move_are_a_kink():
    program = parse_program(
        "X: input[N, D]\nw: parameter[D]\nA[n] = max(w[i]*X[n,i], i)\nL = sum(A[n]**2, n)"
    )
    given = {"X": np.array([[1.0, 1.0, -1.0]]), "w": np.array([2.0, 2.0, 5.0])}
    (kink,) = kinks.kinks(program, Point({"N": 1, "D": 3}, given), 0)
    assert (kink.place, kink.gap) == ((0,), 0.0)


def test_a_maximum_over_windows_is_certified_away_from_kinks():
    sample = network_of(Sample(Pool(2), ("N", 4, 4, 1)))
    certificate = verify(derive(sample.stated()[0], "L", ["X"]))
    assert certificate.passed
    assert not certificate.kinks


def test_a_network_of_many_axes_is_checked_at_smaller_sizes():
    """Counted, not timed: what the complex steps of a convolution over three axes cost."""
    derived = derive(network_of(Sample(Conv(1, kernel=2), ("N", 3, 2, 3, 1))).stated()[0])
    (station,) = Context(derived, points=1).stations
    elements = sum(station.gradient(a.of.name).size for a in derived.adjoints)
    assert elements * work(derived.primal, station.point.sizes) <= 100_000_000
