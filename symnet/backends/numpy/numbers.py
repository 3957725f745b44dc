"""A step number by number, as lines of Python: the form that the smallest networks are trained in."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from symnet.backends.numpy.expressions import INFIX, Expressions
from symnet.backends.numpy.statements import comment
from symnet.backends.numpy.storage import Storage
from symnet.equations.text import equation_text
from symnet.index.symbols import Role, Size, Tensor
from symnet.lowering import costs
from symnet.lowering.instructions import (
    Assign,
    Buffer,
    Constant,
    Line,
    NumberOp,
    NumberRead,
    Scalar,
    View,
    views_of,
)
from symnet.lowering.numbers import ZERO
from symnet.lowering.schedule import Schedule
from symnet.lowering.unroll import Places, Unrolled

COMPARISONS = {"less": "<", "less_equal": "<=", "equal": "==", "unequal": "!="}
OF_MATH = frozenset(
    ("acos", "acosh", "asin", "asinh", "atan", "atanh", "cos", "cosh", "erf", "erfc", "exp", "expm1")
    + ("log", "log1p", "pow", "sin", "sinh", "sqrt", "tan", "tanh")
)
"""What the module takes from Python's own `math`."""
FORMS = {
    "absolute": "abs({0})",
    "decay": "exp(-abs({0}))",
    "inverse": "(1.0 / {0})",
    "maximum": "max({0}, {1})",
    "minimum": "min({0}, {1})",
    "power": "pow({0}, {1})",
    "sech": "(1.0 / cosh(min(abs({0}), 709.0)))",
    "sign": "(1.0 if {0} >= 0.0 else -1.0)",
    "signum": "float(({0} > 0.0) - ({0} < 0.0))",
    **{name: f"{name}({{0}})" for name in OF_MATH - {"pow"}},
}
OF_NAMES = {
    "decay": "(exp(-{0}) if {0} > 0.0 else exp({0}))",
    "maximum": "({1} if {0} <= {1} else {0})",
    "minimum": "({1} if {0} >= {1} else {0})",
}
"""The same where the arguments are names: a choice costs less than a call."""
SIGNS = {"add": "+", "subtract": "-"}
LEVEL = {"add": 0, "subtract": 0, "negative": 1, "multiply": 1, "divide": 1}
WIDTH = 112


@dataclass(frozen=True, slots=True)
class Place:
    """Where a run of the numbers lies outside the step."""

    attribute: str
    buffers: tuple[Buffer, ...]
    results: tuple[Scalar, ...]
    shape: str  # of an array whose axes are not one
    number: bool  # no array


class NoSuchFormError(Exception):
    """A function that Python's own numbers do not have."""


class NumberSteps:
    """The methods of a step number by number."""

    def __init__(self, plan: Schedule, unrolled: Unrolled, text_of: Expressions, storage: Storage) -> None:
        self.plan = plan
        self.unrolled = unrolled
        self.text_of = text_of
        self.equations = {equation.tensor.name: equation for equation in plan.program.equations}
        self.places = list(_used(_places(plan, unrolled, text_of, storage), unrolled))
        arrays = (*plan.predict, *plan.loss, *plan.backward, *plan.update)
        once = (*unrolled.before, *unrolled.after)
        self.most = costs.most_samples(once, unrolled.body, arrays)

    def values(self, forced: bool = False) -> dict[str, object]:
        """What the template needs; empty where the form does not pay, unless it is `forced`."""
        if not self.places or (not self.most and not forced):
            return {}
        try:
            with self.text_of.place("workspace"):
                body = list(self.body())
        except NoSuchFormError:
            return {}
        names = [self.text_of.buffer(self.plan.of_tensor[tensor.name]) for tensor, _ in self.unrolled.data]
        return {
            "numbers": body,
            "most_samples": self.most,
            "samples": f"list(zip({', '.join(f'{name}.tolist()' for name in names)}))",
            "read_numbers": self.read(),
            "write_numbers": list(self.write()),
            "of_math": sorted(
                name for name in OF_MATH if any(f"{name}(" in line.partition("#")[0] for line in body)
            ),
        }

    def read(self) -> str:
        runs = [
            place.attribute
            if place.number
            else f"{place.attribute}{'.ravel()' if place.shape else ''}.tolist()"
            for place in self.places
        ]
        if len(runs) == 1 and not self.places[0].number:
            return runs[0]
        starred = [run if p.number else f"*{run}" for run, p in zip(runs, self.places, strict=True)]
        return f"[{', '.join(starred)}]"

    def write(self) -> Iterator[str]:
        start = 0
        for place in self.places:
            end = start + len(place.buffers)
            run = "numbers" if len(self.places) == 1 else f"numbers[{start}:{end}]"
            if place.number:
                yield f"{place.attribute} = numbers[{start}]"
            elif place.shape:
                yield f"{place.attribute}[...] = np.reshape({run}, {place.shape})"
            else:
                yield f"{place.attribute}[...] = {run}"
            start = end

    def body(self) -> Iterator[str]:
        """The step, from the `numbers` before it and the `samples` to the loss and the numbers after it."""
        unrolled = self.unrolled
        yield from _tuple([self.name(b) for place in self.places for b in place.buffers], "", " = numbers")
        lines = (*unrolled.before, *unrolled.body, *unrolled.after)
        results = [value for place in self.places for value in place.results]
        values = [line.instruction.value for line in lines if isinstance(line.instruction, Assign)]
        values += [unrolled.loss, *results]
        read = {view.buffer.name for value in values for view in views_of(value)}
        for tensor in unrolled.settings:
            if tensor.name in read:
                name = self.text_of.buffer(self.plan.of_tensor[tensor.name])
                yield f"{self.text_of.local.of(('setting', tensor.name), tensor.name)} = {name}"
        if any(_sizes(value, unrolled.samples) for value in values):
            yield f"{self.text_of.symbol(unrolled.samples)} = len(samples)"
        yield from self.block(unrolled.before, "")
        yield from self.starts()
        patterns = [_pattern(self, tensor, elements) for tensor, elements in unrolled.data]
        inner = ", ".join(patterns) if len(patterns) > 1 else f"({patterns[0]},)"
        yield f"for {inner} in samples:"
        yield from (
            self.block(unrolled.body, "    ")
            if unrolled.body
            else ["    pass  # the data make no difference"]
        )
        yield from self.block(unrolled.after, "")
        yield from _tuple(
            [self.text(value) for value in results], f"return {self.text(unrolled.loss)}, [", "]"
        )

    def starts(self) -> Iterator[str]:
        """What is added up, before the first sample."""
        zeros = [buffer for buffer, start in self.unrolled.sums if start == ZERO]
        for k in range(0, len(zeros), 10):
            yield " = ".join([*map(self.name, zeros[k : k + 10]), "0.0"])
        others = [(buffer, start) for buffer, start in self.unrolled.sums if start != ZERO]
        for k in range(0, len(others), 3):
            some = others[k : k + 3]  # from four on, Python makes a tuple of them
            names = ", ".join(self.name(buffer) for buffer, _ in some)
            yield f"{names} = {', '.join(self.text(start) for _, start in some)}"

    def block(self, lines: Iterable[Line], indent: str) -> Iterator[str]:
        current = ""
        for line in lines:
            if line.tensor and line.tensor != current:
                current = line.tensor
                equation = self.equations[current]
                label = self.plan.labels.get(current, "")
                first, *more = comment(equation_text(equation), indent)
                yield first + (f"  ({label})" if label and not more else "")
                yield from more
            assign = line.instruction
            assert isinstance(assign, Assign), "an unrolled step is made of assignments"
            target, value = self.name(assign.out), assign.value
            sign = SIGNS.get(value.function) if isinstance(value, NumberOp) else None
            if isinstance(value, NumberOp) and sign and value.args[0] == _read(assign.out):
                rest = value.args[1] if len(value.args) == 2 else NumberOp("add", value.args[1:])
                yield from _broken(f"{indent}{target} {sign}= ", self.text(rest), indent)
            else:
                yield from _broken(f"{indent}{target} = ", _bare(value, self.text(value)), indent)

    def name(self, buffer: Buffer) -> str:
        return self.text_of.local.of(buffer, buffer.name)

    # --- numbers

    def text(self, value: Scalar, level: int = -1) -> str:
        """A number as an operand of an operation of this level: in brackets where its own is not higher."""
        if isinstance(value, NumberRead):
            buffer = value.view.buffer
            key = ("setting", buffer.name)
            return self.text_of.local.found.get(key) or self.name(buffer)
        if isinstance(value, Constant):
            number = value.value
            if number.is_number:
                text = repr(float(number))
                return f"({text})" if text.startswith("-") and level >= 0 else text
            text = self.text_of.size(number)
            return text if number.is_Symbol else f"({text})"
        assert isinstance(value, NumberOp), "a step number by number has no arrays"
        function, args = value.function, value.args
        if function in LEVEL:
            own = LEVEL[function]
            if function == "negative":
                text = f"-{self.text(args[0], 1)}"
            else:
                first = self.text(args[0], own - 1)
                rest = [
                    self.text(a, own if function in ("subtract", "divide") else own - 1) for a in args[1:]
                ]
                text = f" {INFIX[function]} ".join([first, *rest])
            return f"({text})" if own <= level else text
        if function in COMPARISONS:
            return f"(1.0 if {self.condition(value)} else 0.0)"
        if function == "where":
            return f"({self.text(args[1])} if {self.condition(args[0])} else {self.text(args[2])})"
        plain = all(isinstance(argument, NumberRead | Constant) for argument in args)
        form = OF_NAMES.get(function) if plain else None
        form = form or FORMS.get(function)
        if form is None:
            raise NoSuchFormError(function)
        return form.format(
            *(self.text(a, 2 if function in ("inverse", "signum", "sign") else -1) for a in args)
        )

    def condition(self, value: Scalar) -> str:
        if isinstance(value, NumberOp) and value.function in COMPARISONS:
            left, right = (self.text(argument, 2) for argument in value.args)
            return f"{left} {COMPARISONS[value.function]} {right}"
        return self.text(value)


def _read(buffer: Buffer) -> Scalar:
    return NumberRead(View(buffer))


def _sizes(value: Scalar, samples: Size) -> bool:
    """Whether the number of samples stands in a number."""
    if isinstance(value, Constant):
        return bool(value.value.has(samples))
    return isinstance(value, NumberOp) and any(_sizes(argument, samples) for argument in value.args)


def _pattern(steps: NumberSteps, tensor: Tensor, elements: Mapping[Places, Buffer]) -> str:
    """One sample's elements as they come out of nested lists."""
    depth = tensor.rank - 1

    def nested(found: Sequence[tuple[Places, Buffer]], axis: int) -> str:
        if axis > depth:
            return steps.name(found[0][1])
        groups: dict[int | None, list[tuple[Places, Buffer]]] = {}
        for places, buffer in found:
            groups.setdefault(places[axis], []).append((places, buffer))
        parts = [nested(group, axis + 1) for group in groups.values()]
        return f"({', '.join(parts)}{',' if len(parts) == 1 else ''})"

    return nested(list(elements.items()), 1)


def _places(plan: Schedule, unrolled: Unrolled, text_of: Expressions, storage: Storage) -> Iterator[Place]:
    """Where the numbers lie: the vectors first, then what lies in none."""
    given = {
        tensor.name: (buffers, results)
        for (tensor, buffers), results in zip(unrolled.given, unrolled.results, strict=True)
    }
    for stack in plan.stacks:
        for vector, members in zip(stack.vectors, stack.parts, strict=True):
            if vector.role in (Role.PARAMETER, Role.STATE):
                runs = [given.pop(member.name) for member in members]
                buffers, results = (tuple(one for run in runs for one in run[k]) for k in (0, 1))
                yield Place(storage.of(vector), buffers, results, "", number=False)  # type: ignore[arg-type]
    tensors = plan.program.tensors
    for name, (buffers, results) in given.items():
        tensor = tensors[name]
        shape = "" if tensor.rank == 1 else text_of.shape(tensor.shape)
        is_number = not tensor.rank and tensor.role is Role.STATE
        yield Place(storage.of(tensor), buffers, results, shape, is_number)


def _used(places: Iterable[Place], unrolled: Unrolled) -> Iterator[Place]:
    """Without what a step neither reads nor changes."""
    lines = (*unrolled.before, *unrolled.body, *unrolled.after)
    values = [line.instruction.value for line in lines if isinstance(line.instruction, Assign)]
    values += [unrolled.loss, *(value for run in unrolled.results for value in run)]
    for place in places:
        own = set(place.buffers)
        kept = tuple(map(_read, place.buffers)) == place.results
        if not kept or any(
            view.buffer in own for value in values[: len(lines) + 1] for view in views_of(value)
        ):
            yield place


def _bare(value: Scalar, text: str) -> str:
    """A choice that is all of a number needs no brackets."""
    is_choice = isinstance(value, NumberOp) and value.function in ("where", *COMPARISONS, *OF_NAMES)
    return text[1:-1] if is_choice and text.startswith("(") else text


def _tuple(texts: Sequence[str], before: str, after: str) -> Iterator[str]:
    """Texts with commas between them, in several lines where they are many."""
    whole = before + ", ".join(texts) + ("," if len(texts) == 1 and not before else "") + after
    if len(whole) <= WIDTH:
        yield whole
        return
    opening, closing = ("(", ")") if not before else ("", "")
    yield before + opening
    yield from (f"    {line}" for line in _filled([f"{text}," for text in texts]))
    yield closing + after


def _broken(before: str, text: str, indent: str) -> Iterator[str]:
    """An assignment, in brackets and several lines where it is long."""
    if len(before + text) <= WIDTH:
        yield before + text
        return
    yield f"{before}("
    yield from (f"{indent}    {line}" for line in _filled(text.split(" ")))
    yield f"{indent})"


def _filled(words: Iterable[str]) -> Iterator[str]:
    line = ""
    for word in words:
        if line and len(line) + len(word) >= WIDTH - 12:
            yield line
            line = word
        else:
            line = f"{line} {word}".strip()
    if line:
        yield line
