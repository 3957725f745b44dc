"""What Hypothesis draws: formulas, whole programs, and text that is almost a program."""

from __future__ import annotations

from hypothesis import strategies as st

UNARY = ["tanh", "sigmoid", "exp", "sin", "cos", "abs", "softplus", "erf"]
GIVEN = """X: input[N, D]
Y: target[N, H]
W: parameter[D, H]
token: input[N] integer
rate: hyperparameter = 0.25
c: input[N]
d: parameter[D]
b: parameter[H]
"""
RANGES = {"n": "c", "m": "c", "i": "d", "p": "d", "j": "b", "q": "b"}
"""For each index a tensor of which it is the only one: what says how far it runs."""
TENSORS = {"X": "ni", "Y": "nj", "W": "ij", "c": "n", "d": "i", "b": "j"}
KIND = {"n": "n", "m": "n", "i": "i", "p": "i", "j": "j", "q": "j"}

numbers = st.sampled_from(["1", "2", "0.5", "3", "1e-2", "7/3", "pi"])


def formulas(names: tuple[str, ...], depth: int = 3) -> st.SearchStrategy[str]:
    """Scalar formulas over `names`, which are Python expressions too."""
    leaf = st.sampled_from(names) | numbers
    return st.recursive(leaf, _combined, max_leaves=2**depth)


def _combined(part: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.one_of(
        st.builds("({} {} {})".format, part, st.sampled_from(["+", "-", "*"]), part),
        st.builds("({}/(2 + abs({})))".format, part, part),
        st.builds("{}({})".format, st.sampled_from(UNARY[:5]), part),
        st.builds("({})**{}".format, part, st.sampled_from(["2", "3"])),
        st.builds("-{}".format, part),
        st.builds(
            "where({} {} {}, {}, {})".format, part, st.sampled_from(["<", "<=", ">", ">="]), part, part, part
        ),
        st.builds("{}({}, {})".format, st.sampled_from(["maximum", "minimum"]), part, part),
    )


@st.composite
def _elements(draw: st.DrawFn, scope: str) -> str:
    """An element of a given tensor, at indices that are bound."""
    kinds = {KIND[index] for index in scope}
    options = [name for name, axes in TENSORS.items() if set(axes) <= kinds]
    if not options:
        return draw(numbers)
    name = draw(st.sampled_from(options))
    places = [
        draw(st.sampled_from([index for index in scope if KIND[index] == axis])) for axis in TENSORS[name]
    ]
    return f"{name}[{','.join(places)}]"


@st.composite
def bodies(draw: st.DrawFn, scope: str, depth: int) -> str:
    """A right-hand side whose free indices are among those of `scope`."""
    if depth == 0:
        return draw(st.one_of(_elements(scope), numbers, st.just("rate")))
    kind = draw(st.sampled_from(["element", "join", "call", "sum", "choice", "power"]))
    inner = bodies(scope, depth - 1)
    if kind == "join":
        return f"({draw(inner)} {draw(st.sampled_from(['+', '-', '*']))} {draw(inner)})"
    if kind == "call":
        return f"{draw(st.sampled_from(UNARY))}({draw(inner)})"
    if kind == "choice":
        return f"where({draw(inner)} < {draw(inner)}, {draw(inner)}, {draw(inner)})"
    if kind == "power":
        return f"({draw(inner)})**{draw(st.sampled_from(['2', '(-1)', '0.5']))}"
    free = [index for index in RANGES if index not in scope]
    if kind == "sum" and free:
        index = draw(st.sampled_from(free))
        reduction = draw(st.sampled_from(["sum", "mean", "max", "logsumexp"]))
        return f"{reduction}({RANGES[index]}[{index}]*({draw(bodies(scope + index, depth - 1))}), {index})"
    return draw(_elements(scope))


@st.composite
def programs(draw: st.DrawFn) -> str:
    """A program: the given tensors and a few equations, of which each may read those before."""
    lines = []
    for number in range(draw(st.integers(1, 3))):
        scope = draw(st.sampled_from(["", "n", "ni", "nj", "ij"]))
        covering = "".join(f" + {RANGES[index]}[{index}]" for index in scope)
        earlier = draw(st.sampled_from(["", " + sin(T0)"])) if number else ""
        left = f"T{number}[{','.join(scope)}]" if scope and number else f"T{number}"
        scope, covering = (scope, covering) if number else ("", "")
        lines.append(f"{left} = {draw(bodies(scope, draw(st.integers(1, 3))))}{covering}{earlier}")
    return GIVEN + "\n".join(lines)


PIECES = [
    "X", "W", "n", "i", "N", "D", "Z1", "sum", "max", "argmax", "exp", "where", "softmax", "pi", "integer", "size", "input", "tensor",
    "hyperparameter", "[", "]", "(", ")", ",", "=", "==", "<", "<=", "+", "-", "*", "/", "**", ":", "2", "0", "0.5", "1e9", "99", " ", "\n",
    "#", "and", "lambda", "_", ".", "\x00", "é", "х", "'", "\\", "{", "@", ";", "\t", "X[n,i]", "Z[n,i] = ", "X: input[N, D]\n", "sum(", ", i)",
]  # fmt: skip

noise = st.one_of(st.text(max_size=60), st.lists(st.sampled_from(PIECES), max_size=30).map("".join))
"""Text of any kind: arbitrary, or made of pieces of the language."""


@st.composite
def damaged(draw: st.DrawFn) -> str:
    """A program with a piece cut out, put in or doubled."""
    text = draw(programs())
    start = draw(st.integers(0, len(text)))
    end = min(len(text), start + draw(st.integers(0, 5)))
    return text[:start] + draw(st.sampled_from([*PIECES, text[start:end] * 2])) + text[end:]
