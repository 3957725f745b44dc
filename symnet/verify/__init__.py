"""Proof by numbers: what a derivation says is compared with what the network does.

Nothing here knows how a derivation was made. Slopes of the loss are measured on the interpreters;
every printed line is evaluated before and after its rewrite; the generated module runs in a process of its
own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Protocol

from symnet.derivation.journal import Derived
from symnet.discovery import modules
from symnet.equations.interpret import Array
from symnet.verify import checks
from symnet.verify.certificate import Certificate
from symnet.verify.context import Context
from symnet.verify.findings import Finding, Kink, told

__all__ = ["Certificate", "Finding", "Kink", "told", "verify"]


class Check(Protocol):
    """A module in `checks/`."""

    def check(self, derived: Derived, context: Context) -> Iterable[Finding]:
        """What the check finds, one by one where it takes its time; nothing where there is none to check."""
        ...


def every_check() -> Iterator[Check]:
    """The modules in `checks/`, by name."""
    yield from modules(checks.__name__).values()


def verify(  # noqa: PLR0913 - each but the first may be left out
    derived: Derived,
    *,
    seed: int = 0,
    points: int | None = None,
    at: Mapping[str, Array] | None = None,
    module_source: str | None = None,
    prediction: str = "",
    network: str = "",
    progress: Callable[[Finding], object] | None = None,
) -> Certificate:
    """Check a derivation at random points, three unless given or one for a deep network, and the module that
    was generated from it.

    `at` holds arrays for every given tensor: one more point, of any sizes. `module_source` is the text of a
    generated module; it is run in a fresh process, and what it predicts is compared with the tensor called
    `prediction`. `progress` is called with each finding as it is made. The same seed gives the same claims on
    any machine.

    Raises SymnetError where the equations have no finite value at any random point, or where the arrays in
    `at` do not fit.
    """
    context = Context(
        derived, seed=seed, points=points, at=at, module_source=module_source, prediction=prediction
    )
    findings: list[Finding] = []
    for check in every_check():
        for finding in check.check(derived, context):
            findings.append(finding)
            if progress is not None:
                progress(finding)
    sizes = tuple(dict(station.point.sizes) for station in context.stations)
    return Certificate(network, seed, sizes, tuple(findings), context.kinks, context.notes())
