"""Views, numbers and shapes of an array program as Python text."""

from __future__ import annotations

import string
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from sympy import Expr, Float, Integer, Max, Pow, Rational, S, floor
from sympy.core.function import Function
from sympy.printing.precedence import PRECEDENCE, precedence
from sympy.printing.str import StrPrinter

from symnet.backends.numpy.names import LOCAL, TRAINER, Names
from symnet.index.symbols import Index, Size
from symnet.lowering.instructions import (
    Buffer,
    Constant,
    Element,
    Home,
    Inner,
    Kind,
    NumberOp,
    NumberRead,
    Operand,
    Scalar,
    Steps,
    Total,
    View,
)

INFIX = {"add": "+", "subtract": "-", "multiply": "*", "divide": "/", "power": "**"}
COMPARISONS = {"less": "<", "less_equal": "<=", "equal": "==", "unequal": "!="}
OF_NORMAL = frozenset({"erf", "erfc", "normal_cdf", "normal_pdf", "bell"})
"""The functions of the normal distribution, which the module brings with it."""
OF_TRAINER = frozenset({Home.PARAMETER, Home.GRADIENT, Home.DIRECTION, Home.PRODUCT, Home.STATE, Home.UPDATE})
"""Homes whose buffers are attributes of the Trainer; the others are the workspace's or arguments."""
LETTERS = string.ascii_letters
WORDS: dict[Expr, str] = {
    S.Zero: "zero",
    S.One: "one",
    **{Integer(k): word for k, word in enumerate(("two", "three", "four"), 2)},
    S.Half: "half",
}
"""Numbers that the Trainer holds as arrays of rank 0 and of its own dtype. NumPy converts a number of Python
in every call, which takes it 0.2 us: of a step of digits, 64-64-10 with 64 samples, up to 6 %."""
LOCAL_HOMES = frozenset({Home.INPUT, Home.RESULT})
"""Homes whose buffers are local names of a method."""


class SizePrinter(StrPrinter):
    """A number made of numbers, sizes and loop indices, exact where it is whole."""

    printmethod = "_size_as_python"

    def __init__(self, name: Callable[[Expr], str]) -> None:
        super().__init__()
        self.name = name

    def _print_Size(self, expr: Size) -> str:
        return self.name(expr)

    def _print_Index(self, expr: Index) -> str:
        return self.name(expr)

    def _print_Rational(self, expr: Rational) -> str:
        return f"{expr.p} / {expr.q}"

    def _print_Float(self, expr: Float) -> str:
        return repr(float(expr))

    def _print_Pow(self, expr: Pow, rational: bool = False) -> str:
        if expr.is_number:
            return repr(float(expr))
        return " ** ".join(self.parenthesize(part, PRECEDENCE["Pow"]) for part in (expr.base, expr.exp))

    def _print_NumberSymbol(self, expr: Expr) -> str:
        return repr(float(expr))

    def _print_Function(self, expr: Function) -> str:
        if isinstance(expr, floor):
            above, below = expr.args[0].together().as_numer_denom()
            above = self.parenthesize(above, PRECEDENCE["Mul"])
            return f"{above} // {self.parenthesize(below, PRECEDENCE['Pow'])}"
        raise AssertionError(f"{expr.func.__name__} in a size")

    def _print_Max(self, expr: Max) -> str:
        return f"max({', '.join(map(self._print, sorted(expr.args, key=str)))})"

    def parenthesize(self, item: Expr, level: int, strict: bool = False) -> str:
        text = str(self._print(item))
        low = PRECEDENCE["Mul"] - 1 if isinstance(item, floor) else precedence(item)
        return f"({text})" if low < level or (not strict and low <= level) else text


@dataclass
class Expressions:
    """The names of one generated module, and the text of what is read and written."""

    known: dict[Size, Expr]  # sizes that are numbers
    of_data: tuple[Size, ...]  # sizes that come with the data
    sizes: tuple[Size, ...]  # all of them
    owners: dict[str, str]
    buffers: dict[str, Buffer]
    trainer: Names = field(default_factory=lambda: Names(TRAINER))
    workspace: Names = field(default_factory=lambda: Names(()))
    local: Names = field(default_factory=lambda: Names(LOCAL))
    # views that are made once, by the attribute that holds them
    bound: dict[View, str] = field(default_factory=dict)
    given: dict[Buffer, str] = field(default_factory=dict)  # what the method takes as an argument
    # numbers that the Trainer holds, by the attributes that hold them
    held: dict[Expr, str] = field(default_factory=dict)
    inside: str = "method"  # or "workspace" or "init": where the text will stand

    @contextmanager
    def place(self, inside: str) -> Iterator[None]:
        """Text for another place."""
        before, self.inside = self.inside, inside
        yield
        self.inside = before

    @contextmanager
    def passed(self, numbers: Iterable[Buffer]) -> Iterator[list[str]]:
        """A method that takes these numbers as arguments; the names by which it does."""
        self.given = {buffer: self.local.of(("setting", buffer.name), buffer.name) for buffer in numbers}
        yield list(self.given.values())
        self.given = {}

    # --- sizes and shapes
    # ---------------------------------------------------------------------------------------------

    def size(self, expr: Expr) -> str:
        """A size, or any number made of sizes."""
        value = expr.xreplace(self.known).expand() if expr.atoms(Size) else expr
        if value.is_infinite:
            return "np.inf" if value.is_positive else "-np.inf"
        if value.is_number and not value.is_Rational:
            return repr(float(value))
        return str(SizePrinter(self.symbol).doprint(value))

    def symbol(self, symbol: Expr) -> str:
        if isinstance(symbol, Index):
            return self.local.of(symbol, symbol.name)
        if self.inside != "method":
            return self.local.of(symbol, symbol.name)
        if symbol in self.of_data:
            return f"w.{self.workspace.of(symbol, symbol.name)}"
        return self.kept(symbol)

    @property
    def free(self) -> tuple[Size, ...]:
        """The sizes that are arguments of the Trainer: neither known nor read off the data."""
        return tuple(size for size in self.sizes if size not in self.known and size not in self.of_data)

    def kept(self, size: Size) -> str:
        """The attribute of the Trainer that holds such a size."""
        return f"self.{self.trainer.of(size, size.name)}"

    def shape_words(self, shape: tuple[Expr, ...]) -> str:
        """A shape as a person reads it: numbers where they are known, names where they are not."""
        sizes = [str(extent.xreplace(self.known)) for extent in shape]
        return f"({sizes[0]},)" if len(sizes) == 1 else f"({', '.join(sizes)})"

    def shape(self, shape: tuple[Expr, ...]) -> str:
        """A shape as a tuple."""
        sizes = [self.size(size) for size in shape]
        return f"({sizes[0]},)" if len(sizes) == 1 else f"({', '.join(sizes)})"

    # --- buffers and views
    # --------------------------------------------------------------------------------------------

    def owner(self, buffer: Buffer) -> Buffer:
        """The buffer whose memory this is, for those that live in the Trainer: there it goes by that one
        name.
        """
        while buffer.home is Home.UPDATE and buffer.name in self.owners:
            buffer = self.buffers[self.owners[buffer.name]]
        return buffer

    def buffer(self, buffer: Buffer) -> str:
        """The array itself."""
        buffer = self.owner(buffer)
        if buffer in self.given:
            return self.given[buffer]
        if buffer.home in LOCAL_HOMES:
            return self.local.of(buffer, buffer.name)
        if buffer.home in OF_TRAINER or buffer.home is Home.NUMBER:
            return f"self.{self.trainer.of(buffer, buffer.name)}"
        return f"w.{self.workspace.of(buffer, buffer.name)}"

    def view(self, view: View) -> str:
        """A view, by the name of the attribute that holds it where it can be made once."""
        if view.zero is not None:
            inner = self.view(View(view.buffer, view.at, view.order, view.flat, steps=view.steps))
            zeros = self.view(View(view.zero, (), view.order))  # turned as the slice is
            return f"({inner} if {self.is_inside(view)} else {zeros})"
        buffer = self.owner(view.buffer)
        base = self.buffer(buffer)
        text = self.made(view)
        element = len(view.positions) == view.rank  # a number, not a view
        if (
            text == base
            or element
            or buffer.home in LOCAL_HOMES
            or any(p.atoms(Index) for p in view.positions)
        ):
            return text
        key = View(buffer, view.at, view.order, view.flat, steps=view.steps)
        if key not in self.bound:
            owner, names = ("self", self.trainer) if buffer.home in OF_TRAINER else ("w", self.workspace)
            name = f"{base.partition('.')[2]}_{_suffix(view)}"
            self.bound[key] = f"{owner}.{names.of(key, name)}"
        return self.bound[key]

    def made(self, view: View) -> str:
        """The expression that makes the view."""
        base = self.buffer(self.owner(view.buffer))
        if view.steps is not None and (view.at or view.order is not None):
            base = self.view(View(view.buffer, steps=view.steps))
        return self.look(base, view)

    def look(self, base: str, view: View) -> str:
        """The expression that makes the view of the array called `base`, or of its windows."""
        if view.steps is not None and not view.at and view.order is None:
            return self.windows(base, view.steps, view.buffer.shape)
        text = base
        if view.flat is not None:
            text += (
                ".item()"
                if not view.flat
                else ".reshape(-1)"
                if len(view.flat) == 1
                else f".reshape{self.shape(view.flat)}"
            )
        if view.positions:
            places = [":" if place is None else self.size(place) for place in view.at]
            while places[-1] == ":":
                places.pop()
            text += f"[{', '.join(places)}]"
        if view.order is None:
            return text
        axes = [axis for axis in view.order if axis is not None]
        if axes != sorted(axes):
            text += ".T" if axes == [1, 0] else f".transpose({', '.join(map(str, axes))})"
        if None in view.order:
            places = ["None" if axis is None else ":" for axis in view.order]
            while places[-1] == ":":
                places.pop()
            text += f"[{', '.join(places)}]"
        return text

    def windows(self, base: str, steps: Steps, shape: tuple[Expr, ...]) -> str:
        """The view along axes that move evenly: a slice, where each moves along an axis of its own."""
        if _own_axes(steps):
            slices = []
            for place, index, size, extent in zip(
                steps.places, steps.indices, steps.shape, shape, strict=True
            ):
                start = place - index
                whole = start == 0 and self.size(size) == self.size(extent)
                slices.append(":" if whole else f"{self.size(start)}:{self.size(start + size)}")
            while slices and slices[-1] == ":":
                slices.pop()
            return f"{base}[{', '.join(slices)}]" if slices else base
        if self.is_diagonal(steps, shape):
            return f'np.einsum("{diagonal_subscripts(steps)}", {base})'  # a diagonal, as a view
        names = ", ".join(map(self.symbol, steps.indices))
        places = ", ".join(map(self.size, steps.places))
        comma = "," if len(steps.places) == 1 else ""
        return f"windows({base}, {self.shape(steps.shape)}, lambda {names}: ({places}{comma}))"

    def is_diagonal(self, steps: Steps, shape: tuple[Expr, ...]) -> bool:
        """Whether all axes of an array are moved along from end to end, some together."""
        sizes = {index: self.size(size) for index, size in zip(steps.indices, steps.shape, strict=True)}
        ends = [self.size(extent) for extent in shape]
        return set(steps.places) == set(sizes) and [sizes.get(p) for p in steps.places] == ends

    def is_inside(self, view: View) -> str:
        """The condition that the fixed positions are in the range."""
        pairs = zip(view.at, view.buffer.shape, strict=True)
        return " and ".join(
            f"0 <= {self.size(place)} < {self.size(extent)}" for place, extent in pairs if place is not None
        )

    # --- numbers
    # ------------------------------------------------------------------------------------------------------

    def operand(self, operand: Operand, kind: Kind = Kind.REAL) -> str:
        """A view or a number, as an argument of a function."""
        if isinstance(operand, View):
            return self.view(operand)
        if isinstance(operand, Constant) and isinstance(operand.value, Integer) and kind is not Kind.PLACE:
            return f"{int(operand.value)}.0"
        return self.number(operand)

    def beside(self, operand: Operand, kind: Kind = Kind.REAL) -> str:
        """The same beside arrays of this kind: a number that is met often is an array, too."""
        if isinstance(operand, Constant) and operand.value in WORDS and kind is Kind.REAL:
            return self.holding(operand.value)
        return self.operand(operand, kind)

    def holding(self, value: Expr) -> str:
        """The attribute that holds a number as an array; the number itself where there is no Trainer."""
        if self.inside != "method":
            return f"{float(value)}"
        if value not in self.held:
            self.held[value] = f"self.{self.trainer.of(('number', value), f'_{WORDS[value]}')}"
        return self.held[value]

    def number(self, scalar: Scalar) -> str:
        """An expression for a number."""
        if isinstance(scalar, Constant):
            text = self.size(scalar.value)
            return (
                text
                if scalar.value.is_Symbol or scalar.value.is_Integer
                else f"({text})"
                if " " in text
                else text
            )
        if isinstance(scalar, NumberRead):
            text = self.view(scalar.view)
            if scalar.view.buffer.kind is Kind.PLACE:
                return f"int({text})"
            plain = self.owner(scalar.view.buffer).home in (Home.NUMBER, Home.WORKSPACE)
            return text if plain else f"float({text})"
        if isinstance(scalar, Element):
            return self.element(scalar)
        if isinstance(scalar, Inner):
            return f"{self.view(scalar.a)}.dot({self.view(scalar.b)})"
        if isinstance(scalar, Total):
            return f"np.add.reduce({self.view(scalar.a)}, axis=None)"
        return self.function(scalar.function, [self.number(argument) for argument in scalar.args], scalar)

    def element(self, scalar: Element) -> str:
        """One element, zero outside the range."""
        places = [self.number(place) for place in scalar.places]
        extents = [self.size(extent) for extent in scalar.view.buffer.shape]
        inside = " and ".join(f"0 <= {p} < {extent}" for p, extent in zip(places, extents, strict=True))
        convert = "int" if scalar.view.buffer.kind is Kind.PLACE else "float"
        return f"({convert}({self.view(scalar.view)}[{', '.join(places)}]) if {inside} else 0)"

    def function(self, name: str, args: list[str], scalar: NumberOp) -> str:
        """A function of numbers; what NumPy computes becomes a Python number again, which is float32 beside
        float32.
        """
        if name in INFIX:
            parts = [
                f"({arg})" if _needs_brackets(name, k, part) else arg
                for k, (arg, part) in enumerate(zip(args, scalar.args, strict=True))
            ]
            return f" {INFIX[name]} ".join(parts)
        if name in COMPARISONS:
            return f"float({args[0]} {COMPARISONS[name]} {args[1]})"
        if name == "negative":
            return f"-({args[0]})" if isinstance(scalar.args[0], NumberOp) else f"-{args[0]}"
        if name == "where":
            return f"({args[1]} if {args[0]} else {args[2]})"
        if name == "not":
            return f"(not {args[0]})"
        if name in ("maximum", "minimum"):
            return f"{name[:3]}({', '.join(args)})"
        special = {
            "absolute": "abs({})",
            "decay": "float(np.exp(-abs({})))",
            "rise": "float(np.exp(min({}, 0.0)))",
            "sech": "float(1.0 / np.cosh(min(abs({}), self._limit)))",
            "inverse": "(1.0 / ({}))",
            "sign": "(1.0 if {} >= 0.0 else -1.0)",
            "signum": "float(np.sign({}))",
            **{f: f"float({f}(np.array([{{}}]), self._scratch, np.empty(1))[0])" for f in OF_NORMAL},
        }
        return special.get(name, f"float(np.{name}({{}}))").format(args[0])


def _needs_brackets(name: str, position: int, part: Scalar) -> bool:
    """Whether an argument of an infix sign must stand in brackets."""
    if isinstance(part, Constant):
        return name == "power" and (part.value.is_negative or not part.value.is_Atom)
    if not isinstance(part, NumberOp) or (part.function not in INFIX and part.function != "negative"):
        return False
    level = {"add": 0, "subtract": 0, "multiply": 1, "divide": 1, "negative": 1, "power": 2}
    mine, its = level[name], level[part.function]
    if name == "power":
        return True
    return (
        its < mine
        or (its == mine and position > 0 and name in ("subtract", "divide"))
        or part.function == "negative"
    )


def diagonal_subscripts(steps: Steps) -> str:
    """The axes of an array and those of its diagonal as einsum writes them, by their own names where these
    are one letter each.
    """
    names = [index.name for index in steps.indices]
    letters = names if all(len(n) == 1 and n.isascii() and n.isalpha() for n in names) else LETTERS
    named = dict(zip(steps.indices, letters, strict=False))
    return "->".join("".join(named[index] for index in axes) for axes in (steps.places, steps.indices))


def _own_axes(steps: Steps) -> bool:
    """Whether each axis moves along an axis of the array of its own, place by place."""
    pairs = zip(steps.places, steps.indices, strict=False)
    return len(steps.places) == len(steps.indices) and not any((p - i).atoms(Index) for p, i in pairs)


def _suffix(view: View) -> str:
    """What a view is called after its buffer."""
    if view.steps is not None and view.order is None and not view.at:
        return "inside" if _own_axes(view.steps) else "windows"
    if view.order == (1, 0):
        return "T"
    if view.order is not None and view.order[-1] is None:
        return "column"
    if view.flat is not None and len(view.flat) == 1:
        return "flat"
    if view.flat is not None:
        return "rows"
    return "slice" if view.positions else "view"
