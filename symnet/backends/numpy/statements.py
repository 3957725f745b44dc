"""Instructions as lines of Python, each with the number of its equation."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from sympy import Expr

from symnet.backends.numpy.expressions import OF_NORMAL, WORDS, Expressions
from symnet.equations.program import Equation
from symnet.equations.text import equation_text
from symnet.lowering.instructions import (
    Assign,
    Constant,
    Home,
    Instruction,
    Kind,
    Line,
    Loop,
    Map,
    New,
    Operand,
    Product,
    Reduce,
    Same,
    ScatterAdd,
    Take,
    View,
    innermost,
)

UFUNCS = {
    "unequal": "not_equal",
    "not": "logical_not",
    "and": "logical_and",
    "or": "logical_or",
    "signum": "sign",
    "inverse": "reciprocal",
}
"""NumPy's name of a function, where it is another."""

MIRRORED = {"less": "greater", "less_equal": "greater_equal", "equal": "equal"}
"""The comparison with its sides exchanged: an array comes first, then a number."""

REDUCTIONS = {"sum": "np.add.reduce", "max": "np.maximum.reduce"}


class Statements:
    """Lines of code for lines of the array program."""

    def __init__(
        self, expressions: Expressions, labels: Mapping[str, str], equations: Mapping[str, Equation]
    ) -> None:
        self.expressions = expressions
        self.labels = labels
        self.equations = equations

    def block(self, lines: Iterable[Line], indent: str = "", current: str = "") -> list[str]:
        """The statements of `lines`; before the first of each equation, the equation as a comment, but that
        of the tensor `current`, which stands above already.
        """
        found: list[str] = []
        for line in lines:
            loop = isinstance(line.instruction, Loop)
            several = loop and len({inner.tensor for inner in innermost(line)}) > 1
            if line.tensor != current and not several:
                current = line.tensor
                if found:
                    found.append("")
                equation = self.equations.get(current)
                if equation is not None:
                    found += comment(equation_text(equation), indent)
            label = self.labels.get(line.tensor, "")
            note = f"  # ({label})" if label else ""
            for text in self.statement(line.instruction):
                found.append(f"{indent}{text}{'' if loop else note}")
            if isinstance(line.instruction, Loop):
                found += self.block(line.instruction.body, indent + "    ", current)
                current = "" if several else current
        return found

    def statement(self, instruction: Instruction) -> Iterator[str]:
        if isinstance(instruction, Map):
            yield from self.map(instruction)
        elif isinstance(instruction, Product):
            yield self.product(instruction)
        elif isinstance(instruction, Reduce):
            yield self.reduce(instruction)
        elif isinstance(instruction, Take):
            a, index, out = map(self.expressions.view, (instruction.a, instruction.index, instruction.out))
            yield f'np.take({a}, {index}, axis={instruction.along}, out={out}, mode="clip")'
        elif isinstance(instruction, ScatterAdd):
            out, index, a = map(self.expressions.view, (instruction.out, instruction.index, instruction.a))
            yield f"np.add.at({out}, {index}, {a})"
        elif isinstance(instruction, Assign):
            target = self.expressions.buffer(instruction.out)
            homes = {instruction.out.home, self.expressions.owner(instruction.out).home}
            whole = "[...]" if homes & {Home.GRADIENT, Home.PARAMETER, Home.PRODUCT} else ""
            yield f"{target}{whole} = {self.expressions.number(instruction.value)}"
        elif isinstance(instruction, New):
            out, shape = (
                self.expressions.buffer(instruction.out),
                self.expressions.shape(instruction.out.shape),
            )
            yield f"{out} = np.{'zeros' if instruction.zeros else 'empty'}({shape}, self.dtype)"
        elif isinstance(instruction, Same):
            yield f"# the same array as {self.expressions.buffer(instruction.buffer)}"
        elif isinstance(instruction, Loop):
            yield self.loop(instruction)
        else:
            raise AssertionError(f"{type(instruction).__name__} has no statement in NumPy")

    def loop(self, instruction: Loop) -> str:
        size, first = self.expressions.size(instruction.size), self.expressions.size(instruction.first)
        places = f"range({size})" if first == "0" else f"range({first}, {size})"
        count = f"reversed({places})" if instruction.reverse else places
        return f"for {self.expressions.symbol(instruction.index)} in {count}:"

    def product(self, instruction: Product) -> str:
        a, b, out = map(self.expressions.view, (instruction.a, instruction.b, instruction.out))
        if instruction.form == "dot":
            return f"{a}.dot({b}, out={out})"
        if instruction.form == "matmul":
            return f"np.matmul({a}, {b}, out={out})"
        return f'np.einsum("{instruction.subscripts}", {a}, {b}, out={out})'

    def reduce(self, instruction: Reduce) -> str:
        a, out = self.expressions.view(instruction.a), self.expressions.view(instruction.out)
        along = str(instruction.along[0]) if len(instruction.along) == 1 else str(instruction.along)
        if instruction.kind == "argmax":
            return f"np.argmax({a}, axis={along}, out={out})"
        return f"{REDUCTIONS[instruction.kind]}({a}, axis={along}, out={out})"

    def map(self, instruction: Map) -> Iterator[str]:
        """A function over arrays: one ufunc, or the few that it takes; only the first of them reads the
        arguments.
        """
        kind = instruction.out.buffer.kind
        out = self.expressions.view(instruction.out)
        rest = f"out={out}"
        if instruction.where is not None:
            rest += f", where={self.mask(instruction.where)}"
        args = list(instruction.args)
        function = instruction.function
        if function in MIRRORED and not isinstance(args[0], View) and isinstance(args[1], View):
            function, args = MIRRORED[function], args[::-1]
        if function == "divide" and isinstance(args[0], Constant) and args[0].value == 1:
            function, args = "inverse", args[1:]
        real = all(view.buffer.kind is Kind.REAL for view in args if isinstance(view, View))
        text_of = self.expressions.beside if real and function != "copy" else self.expressions.operand
        texts = [text_of(argument, self.argument_kind(args, kind)) for argument in args]
        if instruction.out in args and instruction.out.buffer.home is Home.RESULT and out.startswith("np."):
            name = self.expressions.local.of(instruction.out, "diagonal")  # the view is made once
            yield f"{name} = {out}"
            texts = [
                name if argument == instruction.out else text
                for argument, text in zip(args, texts, strict=True)
            ]
            out, rest = name, rest.replace(out, name, 1)
        if function == "copy" and instruction.where is None and instruction.out.buffer.home is Home.RESULT:
            yield f"{out}[...] = {texts[0]}"
        elif function == "copy":
            where = f", where={self.mask(instruction.where)}" if instruction.where is not None else ""
            yield f"np.copyto({out}, {texts[0]}{where})"
        elif function in SEQUENCES:
            for template in SEQUENCES[function]:
                held = {word: self.expressions.holding(number) for number, word in used(template)}
                yield template.format(x=texts[0], out=out, rest=rest, **held)
        else:
            yield f"np.{UFUNCS.get(function, function)}({', '.join(texts)}, {rest})"

    def mask(self, operand: Operand) -> str:
        text = self.expressions.operand(operand)
        return text if isinstance(operand, View) else f"bool({text})"

    def argument_kind(self, args: list[Operand], out: Kind) -> Kind:
        """Whole numbers stay whole among positions."""
        views = [argument for argument in args if isinstance(argument, View)]
        if not views:
            return out
        return (
            Kind.PLACE
            if all(view.buffer.kind is Kind.PLACE for view in views) and out is not Kind.REAL
            else Kind.REAL
        )


SEQUENCES = {
    "decay": ("np.absolute({x}, {rest})", "np.negative({out}, {rest})", "np.exp({out}, {rest})"),
    "rise": ("np.minimum({x}, {zero}, {rest})", "np.exp({out}, {rest})"),
    "sech": (
        "np.absolute({x}, {rest})",
        "np.minimum({out}, self._limit, {rest})",
        "np.cosh({out}, {rest})",
        "np.reciprocal({out}, {rest})",
    ),
    "sign": (
        "np.greater_equal({x}, {zero}, {rest})",
        "np.multiply({out}, {two}, {rest})",
        "np.subtract({out}, {one}, {rest})",
    ),
    **{name: (f"{name}({{x}}, self._scratch, {{rest}})",) for name in sorted(OF_NORMAL)},
}
"""The functions that NumPy does not have, as steps that write to the result alone."""


def used(template: str) -> list[tuple[Expr, str]]:
    """The numbers that stand in a template, and the words for them."""
    return [(number, word) for number, word in WORDS.items() if f"{{{word}}}" in template]


def comment(text: str, indent: str) -> list[str]:
    """A comment, in several lines where it is long."""
    room = 116 - len(indent)
    lines: list[str] = []
    further = ""  # what a line that goes on begins with
    while len(further + text) > room:
        cut = text.rfind(" ", 0, room - len(further))
        cut = cut if cut >= 0 else text.find(" ")
        if cut < 0:
            break
        lines.append(further + text[:cut])
        text, further = text[cut + 1 :], "    "
    return [f"{indent}# {line}" for line in [*lines, further + text]]
