"""The scalar functions in JavaScript: an expression where that says it, otherwise a function that the module
brings with it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from symnet.loops.scalars import plain, with_needs

LIBRARY = {
    **{name: name for name in ("sqrt", "exp", "log", "tanh", "sinh", "cosh", "sin", "cos", "floor")},
    **{name: name for name in ("expm1", "log1p")},
    "power": "pow",
    "absolute": "abs",
    "maximum": "max",
    "minimum": "min",
    "signum": "sign",
}
"""What Math has, by its name there."""

OWN = {
    "square": ("x", "return x * x;"),
    "inverse": ("x", "return 1 / x;"),
    "sign": ("x", "return x >= 0 ? 1 : -1;"),
    "decay": ("x", "return Math.exp(-Math.abs(x));"),
    "rise": ("x", "return x >= 0 ? 1 : Math.exp(x);"),
    "sech": (
        "x",
        """
  const e = Math.exp(-Math.abs(x));
  return 2 * e / (1 + e * e);
""",
    ),
    "polynomial": (
        "coefficients, x",
        """
  let value = coefficients[0];
  for (let k = 1; k < coefficients.length; k++)
    value = value * x + coefficients[k];
  return value;
""",
    ),
    "decay_of_square": (
        "x, factor",
        """
  const size = Math.min(Math.abs(x), 40);
  const high = Math.round(size * 1048576) / 1048576;
  return Math.exp(-factor * (size - high) * (size + high)) * Math.exp(-factor * (high * high));
""",
    ),
    "tail": (
        "x, factor",
        """
  const far = Math.min(Math.abs(x), 40) * Math.sqrt(factor);
  return decay_of_square(x, factor) * polynomial(TAIL, (far - 3.5) / (far + 3.5)) / (1 + 2 * far);
""",
    ),
    "erf": (
        "x",
        """
  if (Math.abs(x) < 0.5)
    return x * polynomial(NEAR, x * x);
  return x < 0 ? tail(x, 1) - 1 : 1 - tail(x, 1);
""",
    ),
    "erfc": ("x", "return x < 0 ? 2 - tail(x, 1) : tail(x, 1);"),
    "normal_cdf": ("x", "return x < 0 ? tail(x, 0.5) / 2 : 1 - tail(x, 0.5) / 2;"),
    "bell": ("x", "return decay_of_square(x, 1);"),
    "normal_pdf": ("x", "return decay_of_square(x, 0.5) * 0.3989422804014327;"),
    "clip": ("place, extent", "return place < 0 ? 0 : place < extent ? place : extent - 1;"),
}
"""Arguments and body."""
WORDS = {
    "polynomial": "The polynomial of these coefficients, the highest power first.",
    "decay_of_square": (
        "exp(-factor x^2). x^2 would be rounded, and that error counts x^2 times over: so it is taken apart "
        "as h^2 + (x - h)(x + h), where h has so few digits that h^2 is exact."
    ),
    "tail": "erfc(sqrt(factor) |x|), which is 0 beyond 40.",
    "erf": "The error function.",
    "erfc": "1 - erf(x).",
    "normal_cdf": "The normal distribution function.",
    "clip": "The nearest place that there is.",
}
TABLES = {"TAIL": "tail", "NEAR": "erf"}
"""Coefficients, each by the function that needs them."""
NAMES = frozenset([*OWN, *TABLES])


def element(function: str, args: Sequence[str]) -> str:
    """The function of arguments that are names, elements or numbers."""
    said = plain(function, args)
    if said is not None:
        return said
    name = f"Math.{LIBRARY[function]}" if function in LIBRARY else function
    return f"{name}({', '.join(args)})"


def definitions(text: str) -> list[tuple[str, list[str]]]:
    """The functions that `text` calls, in an order in which each can be defined: words, and lines."""
    found: list[tuple[str, list[str]]] = []
    for name in with_needs(_called(text), lambda name: _called(OWN[name][1])):
        arguments, body = OWN[name]
        lines = [f"  {body}"] if "\n" not in body else body.strip("\n").split("\n")
        found.append((WORDS.get(name, ""), [f"function {name}({arguments}) {{", *lines, "}"]))
    return found


def _called(text: str) -> list[str]:
    """Which of the functions `text` calls."""
    return [name for name in OWN if re.search(rf"(?<![\w.]){name}\(", text)]
