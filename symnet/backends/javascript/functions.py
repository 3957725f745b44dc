"""The scalar functions in JavaScript: an expression where that says it, otherwise a function that the module
brings with it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

INFIX = {
    "add": "+",
    "subtract": "-",
    "multiply": "*",
    "divide": "/",
    "less": "<",
    "less_equal": "<=",
    "equal": "==",
    "unequal": "!=",
    "and": "&&",
    "or": "||",
}
"""Of numbers; == and not ===, since what a comparison gives is a number to all of these."""
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
    if function in INFIX:
        return f" {INFIX[function]} ".join(args)
    if function == "copy":
        return args[0]
    if function == "negative":
        return f"-({args[0]})" if args[0].startswith("-") else f"-{args[0]}"
    if function == "not":
        return f"!{args[0]}"
    if function == "where":
        return f"({args[0]} ? {args[1]} : {args[2]})"
    name = f"Math.{LIBRARY[function]}" if function in LIBRARY else function
    return f"{name}({', '.join(args)})"


def definitions(text: str) -> list[tuple[str, list[str]]]:
    """The functions that `text` calls, in an order in which each can be defined: words, and lines."""
    found: list[tuple[str, list[str]]] = []
    for name in _with_needs(name for name in OWN if re.search(rf"(?<![\w.]){name}\(", text)):
        arguments, body = OWN[name]
        lines = [f"  {body}"] if "\n" not in body else body.strip("\n").split("\n")
        found.append((WORDS.get(name, ""), [f"function {name}({arguments}) {{", *lines, "}"]))
    return found


def _with_needs(names: Iterable[str]) -> list[str]:
    ordered: list[str] = []
    for name in names:
        needs = [other for other in OWN if re.search(rf"(?<![\w.]){other}\(", OWN[name][1])]
        for needed in (*_with_needs(needs), name):
            if needed not in ordered:
                ordered.append(needed)
    return ordered
