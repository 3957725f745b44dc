"""The record that a pass over a program leaves behind."""

from __future__ import annotations

from dataclasses import dataclass

from symnet.equations.program import Equation


@dataclass(frozen=True, slots=True)
class Rewrite:
    """One equation replaced by others that mean the same: a sum that gets a name, a formula made safe for
    floating point.
    """

    rule: str  # "name", "shift", "expand logarithm"
    before: Equation
    after: tuple[Equation, ...]
    reason: str
