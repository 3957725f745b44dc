"""The scalar functions in C: an expression where that says it, otherwise a function that the file brings
with it.

Each is written once, for `real`, the type of the arrays, and for `double`, that of single numbers. `F(exp)`
is exp or expf.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from symnet.loops.scalars import plain, with_needs

LIBRARY = {
    **{name: name for name in ("sqrt", "exp", "log", "tanh", "sinh", "cosh", "sin", "cos", "floor")},
    **{name: name for name in ("expm1", "log1p", "erf", "erfc")},
    "power": "pow",
    "absolute": "fabs",
}
"""What math.h has, by its name there."""

OWN = {
    "square": ("x", "return x * x;"),
    "inverse": ("x", "return 1 / x;"),
    "maximum": ("a, b", "return a > b || a != a ? a : b;"),
    "minimum": ("a, b", "return a < b || a != a ? a : b;"),
    "sign": ("x", "return x >= 0 ? 1 : -1;"),
    "signum": ("x", "return x > 0 ? 1 : x < 0 ? -1 : x;"),
    "decay": ("x", "return F(exp)(-F(fabs)(x));"),
    "rise": (
        "x",
        """
    const T e = F(exp)(-F(fabs)(x));
    return x >= 0 ? 1 : e;
""",
    ),
    "sech": (
        "x",
        """
    const T e = F(exp)(-F(fabs)(x));
    return 2 * e / (1 + e * e);
""",
    ),
    "decay_of_square": (
        "x, factor",
        """
    const T size = F(fabs)(x) < 40 ? F(fabs)(x) : x != x ? x : 40;
    const T high = F(rint)(size * SPLIT) / SPLIT;
    return F(exp)(-factor * (size - high) * (size + high)) * F(exp)(-factor * (high * high));
""",
    ),
    "bell": ("x", "return decay_of_square(x, 1);"),
    "normal_pdf": ("x", "return decay_of_square(x, R(0.5)) * R(0.3989422804014327);"),
    "normal_cdf": (
        "x",
        """
    const T size = F(fabs)(x) < 40 ? F(fabs)(x) : x != x ? x : 40, far = size * R(0.7071067811865476);
    const T at = (far - R(3.5)) / (far + R(3.5));
    T value = TAIL[0];
    for (int k = 1; k < (int)(sizeof TAIL / sizeof TAIL[0]); k++)
        value = value * at + (T)TAIL[k];
    value *= decay_of_square(x, R(0.5)) / (1 + 2 * far) / 2;
    return x >= 0 ? 1 - value : value;
""",
    ),
}
"""Arguments and body. maximum and minimum of something that is no number are no number."""

WORDS = {
    "decay_of_square": (
        "exp(-factor x^2). x^2 would be rounded, and that error counts x^2 times over: so it is taken apart "
        "as h^2 + (x - h)(x + h), where h has so few digits that h^2 is exact."
    ),
    "normal_cdf": "The normal distribution function, from its tail: erfc(|x|/sqrt(2))/2.",
}
NEEDS = {
    name: [other for other in OWN if re.search(rf"\b{other}\(", body)] for name, (_, body) in OWN.items()
}
"""Which of them each calls."""
EXP, TANH = "symnet_exp", "symnet_tanh"
"""e^x and tanh for arrays, which the file brings with it: several at once, and the same digits on every
machine.
"""


def element(function: str, args: Sequence[str], kind: str) -> str:
    """The function of arguments that are names, elements or numbers; kind is "real" or "double"."""
    said = plain(function, args)
    if said is not None:
        return said
    if function in ("maximum", "minimum") and kind == "place":
        return f"{args[0]} {'>' if function == 'maximum' else '<'} {args[1]} ? {args[0]} : {args[1]}"
    if function == "exp" and kind != "double":
        return f"{EXP}({args[0]})"
    if function == "tanh" and kind != "double":
        return f"{TANH}({args[0]})"
    if function in LIBRARY:
        name = LIBRARY[function]
        return f"{name if kind == 'double' else f'F({name})'}({', '.join(args)})"
    if function in ("maximum", "minimum") and args[1].startswith(("R(", "0", "1")):
        args = args[::-1]  # a constant first: it is a number, and that need not be asked
    return f"{called(function, kind)}({', '.join(args)})"


def called(function: str, kind: str) -> str:
    """What the file calls one of its own functions."""
    return f"symnet_{function}_of_number" if kind == "double" else f"symnet_{function}"


def definitions(text: str) -> list[tuple[str, list[str]]]:
    """The functions that `text` calls, in an order in which each can be defined: words, and lines of C."""
    found: list[tuple[str, list[str]]] = []
    for kind in ("real", "double"):
        wanted = [name for name in OWN if f"{called(name, kind)}(" in text]
        for name in with_needs(wanted, NEEDS.__getitem__):
            arguments, body = OWN[name]
            for inner in NEEDS[name]:
                body = body.replace(f"{inner}(", f"{called(inner, kind)}(")
            body = re.sub(r"\bT\b", kind, body)
            if kind == "real":
                body = body.replace("F(exp)", EXP)
            if kind == "double":
                body = re.sub(r"\b[FR]\(([^)]*)\)", r"\1", body).replace("SPLIT", "1048576.0")
            signature = ", ".join(f"{kind} {argument}" for argument in arguments.split(", "))
            head = f"static inline {kind} {called(name, kind)}({signature})"
            body = body.strip("\n")
            lines = [head, "{", *([f"    {body}"] if "\n" not in body else body.split("\n")), "}"]
            found.append((WORDS.get(name, "") if kind == "real" else "", lines))
    return found
