"""Whole-array expressions as Python: what is written on the page as a formula is one expression of JAX.

There are no buffers and no order of instructions here, as there are for a module that plans its own memory:
JAX's compiler does that. Every node of `lowering/nodes.py` has its text; axes meet by name.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

from sympy import Expr

from symnet.backends.jax.functions import COMPARISONS, SIGNS, applied
from symnet.backends.jax.text import (
    ATOM,
    COMPARISON,
    MATRIX,
    POWER,
    PRODUCT,
    SIGN,
    SUM,
    Text,
    aligned,
    infix,
    number,
    sequence,
    subscripts,
    transposed,
)
from symnet.backends.numpy.expressions import SizePrinter
from symnet.backends.numpy.names import Names
from symnet.index.symbols import Index, Size, Tensor
from symnet.lowering.extents import Extents
from symnet.lowering.instructions import Kind
from symnet.lowering.nodes import (
    Affine,
    ArrayExpr,
    Axes,
    Axis,
    Contract,
    Diagonal,
    Elementwise,
    Extreme,
    Fold,
    Gather,
    Iota,
    Number,
    Read,
    Scatter,
    SizeValue,
    Window,
)

ALL = "slice(None)"
LEVELS = {"add": SUM, "subtract": SUM, "multiply": PRODUCT, "divide": PRODUCT, "power": POWER}


@dataclass
class Expressions:
    """The names of one module, and the text of its expressions. All values are attributes of `w`."""

    extents: Extents
    known: Mapping[Size, Expr]  # sizes that are numbers
    values: Names  # of the attributes of `w`
    local: Names
    kind: Kind = Kind.REAL  # of the numbers that are asked for
    ranges: dict[Index, Expr] = field(default_factory=dict)  # of the loops around

    # --- names and numbers

    def of(self, tensor: Tensor) -> str:
        return f"w.{self.values.of(tensor.name)}"

    def symbol(self, symbol: Expr) -> str:
        if isinstance(symbol, Index):
            return self.local.of(symbol, symbol.name)
        return f"w.{self.values.of(symbol, symbol.name)}"

    def size(self, expr: Expr) -> str:
        """A size, or any number made of sizes and of the indices of loops."""
        value = expr.xreplace(dict(self.known)).expand() if expr.atoms(Size) else expr
        if value.is_infinite:
            return "jnp.inf" if value.is_positive else "-jnp.inf"
        if value.is_number and not value.is_Rational:
            return repr(float(value))
        return str(SizePrinter(self.symbol).doprint(value))

    def shape(self, shape: Sequence[Expr]) -> str:
        return sequence(self.size(size) for size in shape)

    @contextmanager
    def among(self, kind: Kind) -> Iterator[None]:
        """A stretch in which numbers of another kind are asked for."""
        before, self.kind = self.kind, kind
        yield
        self.kind = before

    # --- equations

    def filling(self, expr: ArrayExpr, axes: Axes, tensor: Tensor) -> str:
        """`expr` as an array over all of `axes`, of the kind that the tensor is."""
        kind = Kind.PLACE if tensor.integer else Kind.REAL
        with self.among(kind):
            value = aligned(self.expression(expr, axes), axes)
        value = self.of_kind(value, kind)
        if len(value.axes) == len(axes):
            return value.text
        shape = self.shape([axis.size for axis in axes])
        if not value.axes:
            return f"jnp.full({shape}, {value.text}, {'int' if tensor.integer else 'w.dtype'})"
        return f"jnp.broadcast_to({value.text}, {shape})"

    def of_kind(self, value: Text, kind: Kind) -> Text:
        """Truth values and whole numbers as real numbers where such are wanted."""
        if kind is value.kind or (kind is Kind.MASK and not value.axes):
            return value
        name = {Kind.REAL: "w.dtype", Kind.PLACE: "int", Kind.MASK: "bool"}[kind]
        return Text(f"jnp.asarray({value.text}, {name})", value.axes, kind=kind)

    # --- expressions

    def expression(self, expr: ArrayExpr, order: Axes = ()) -> Text:
        """The text of `expr`, its axes in this order as far as that is for the asking."""
        if isinstance(expr, Number):
            return self.number(expr.value)
        if isinstance(expr, SizeValue):
            return self.size_value(expr.value)
        if isinstance(expr, Iota):
            dtype = ", dtype=w.dtype" if self.kind is Kind.REAL else ""
            return Text(f"jnp.arange({self.size(expr.axis.size)}{dtype})", expr.axes, kind=self.kind)
        if isinstance(expr, Read):
            return self.read(expr)
        if isinstance(expr, Diagonal):  # XLA sees to what is zero
            brackets = (Elementwise("equal", (Iota(one), Iota(other))) for one, other in expr.pairs)
            expr = Elementwise("multiply", (*brackets, expr.body))
        if isinstance(expr, Elementwise):
            return self.elementwise(expr, order)
        with self.among(Kind.REAL):
            if isinstance(expr, Contract):
                return self.contraction(expr, order)
            if isinstance(expr, Extreme):
                found = self.extreme(expr)
            elif isinstance(expr, Window):
                found = self.window(expr)
            elif isinstance(expr, Gather):
                found = self.gather(expr)
            elif isinstance(expr, Fold):
                found = self.fold(expr)
            else:
                found = self.scatter(expr)
        return self.of_kind(found, self.kind) if self.kind is Kind.REAL else found

    def number(self, value: Expr) -> Text:
        text = self.size(value)
        if value.is_Integer and self.kind is Kind.REAL:
            text += ".0"
        return number(text, self.kind)

    def size_value(self, value: Expr) -> Text:
        found = number(self.size(value), Kind.PLACE)
        if self.kind is Kind.REAL and value.atoms(Index):
            return self.of_kind(found, Kind.REAL)
        return replace(found, kind=self.kind)  # a number of Python's takes on the kind of what it meets

    def read(self, expr: Read) -> Text:
        """A tensor, or a slice of it; zeros where it is cut outside its range."""
        name, kind = self.of(expr.tensor), Kind.PLACE if expr.tensor.integer else Kind.REAL
        text = name
        if any(not isinstance(place, Axis) for place in expr.places):
            pairs = list(zip(expr.places, expr.tensor.shape, strict=True))
            inside = all(isinstance(place, Axis) or self.inside(place, extent) for place, extent in pairs)
            whole = ":" if inside else ALL
            places = [whole if isinstance(place, Axis) else self.size(place) for place in expr.places]
            while places[-1] == whole:
                places.pop()
            text = f"{name}[{', '.join(places)}]" if inside else f"at({name}, {', '.join(places)})"
        found = Text(text, expr.axes, kind=kind)
        return self.of_kind(found, Kind.REAL) if self.kind is Kind.REAL else found

    def inside(self, place: Expr, extent: Expr) -> bool:
        """Whether a position is surely one of an axis of this extent."""
        if isinstance(place, Index):
            return self.ranges[place] == extent
        test = self.extents.not_negative
        return not place.atoms(Index) and test(place) and test(extent - 1 - place)

    # --- functions of numbers

    def elementwise(self, expr: Elementwise, order: Axes) -> Text:
        axes = tuple(axis for axis in order if axis in expr.axes)
        axes += tuple(axis for axis in expr.axes if axis not in axes)
        function = expr.function
        if function == "where":
            return self.choice(expr, axes)
        args = [aligned(self.expression(argument, axes), axes) for argument in expr.args]
        if function in COMPARISONS:
            sides = [arg.at_least(SUM) for arg in args]
            return Text(f" {COMPARISONS[function]} ".join(sides), axes, COMPARISON, Kind.MASK)
        masks = [arg.kind is Kind.MASK for arg in args]
        if all(masks) and function == "multiply":
            return Text(infix("*", args, PRODUCT), axes, PRODUCT, Kind.MASK)
        if any(masks) and not (function == "multiply" and not all(masks)):
            args = [self.of_kind(arg, self.kind) for arg in args]
        if function == "power":
            sides = [args[0].at_least(ATOM), self.exponent(expr.args[1], args[1])]
            return Text(" ** ".join(sides), axes, POWER, self.kind)
        if function in SIGNS:
            level = LEVELS[function]
            sign = "//" if function == "divide" and self.kind is Kind.PLACE else SIGNS[function]
            return Text(infix(sign, args, level), axes, level, self.kind)
        if function == "negative":
            return Text(f"-{args[0].at_least(SIGN)}", axes, SIGN, self.kind)
        if len(args) > 1:
            return Text(f"jnp.{function}({', '.join(arg.text for arg in args)})", axes, kind=self.kind)
        return Text(applied(function, args[0].at_least(SUM)), axes, kind=self.kind)

    def exponent(self, expr: ArrayExpr, text: Text) -> str:
        """An exponent: a whole number stays one."""
        if isinstance(expr, Number) and expr.value.is_Integer:
            return str(expr.value)
        return text.at_least(ATOM)

    def choice(self, expr: Elementwise, axes: Axes) -> Text:
        """where(condition, yes, no)"""
        test, yes, no = (aligned(self.expression(argument, axes), axes) for argument in expr.args)
        condition = test.text if test.kind is Kind.MASK else f"{test.at_least(SUM)} != 0.0"
        branches = (self.of_kind(branch, self.kind).text for branch in (yes, no))
        return Text(f"jnp.where({condition}, {', '.join(branches)})", axes, kind=self.kind)

    # --- sums

    def contraction(self, expr: Contract, order: Axes) -> Text:
        """The sum of a product: of one array, of matrices, or by its subscripts."""
        operands = [self.of_kind(self.expression(operand), Kind.REAL) for operand in expr.operands]
        result = tuple(axis for axis in order if axis in expr.axes)
        result += tuple(axis for axis in expr.axes if axis not in result)
        if len(operands) == 1:
            return self.total(operands[0], expr.over)
        if not result and all(set(operand.axes) == set(expr.over) for operand in operands):
            same = [aligned(operand, operands[0].axes) for operand in operands]
            square = len(same) == 2 and same[0] == same[1]
            return Text(
                f"jnp.sum({same[0].atom} ** 2)" if square else f"jnp.sum({infix('*', same, PRODUCT)})"
            )
        if len(operands) == 2 and len(expr.over) == 1 and self.is_matrix_product(operands, expr.over[0]):
            return self.matrix_product(operands, expr.over[0], result)
        spelled = subscripts([operand.axes for operand in operands], result)
        return Text(f'jnp.einsum("{spelled}", {", ".join(operand.text for operand in operands)})', result)

    def total(self, value: Text, over: Axes) -> Text:
        """The sum of one array along axes."""
        kept = tuple(axis for axis in value.axes if axis not in over)
        if not kept:
            return Text(f"jnp.sum({value.text})")
        along = [str(k) for k, axis in enumerate(value.axes) if axis in over]
        axis = along[0] if len(along) == 1 else sequence(along)
        return Text(f"jnp.sum({value.text}, axis={axis})", kept)

    def is_matrix_product(self, operands: Sequence[Text], over: Axis) -> bool:
        one, other = (set(operand.axes) for operand in operands)
        return one & other == {over} and len(one) <= 2 and len(other) <= 2

    def matrix_product(self, operands: Sequence[Text], over: Axis, result: Axes) -> Text:
        """A product of matrices or vectors, such that the result has its axes in order."""
        left, right = operands if not result or result[0] in operands[0].axes else operands[::-1]
        before = tuple(axis for axis in left.axes if axis != over)
        behind = tuple(axis for axis in right.axes if axis != over)
        rows = transposed(left, [left.axes.index(axis) for axis in (*before, over)])
        columns = transposed(right, [right.axes.index(axis) for axis in (over, *behind)])
        text = f"{rows.at_least(POWER)} @ {columns.at_least(POWER)}"
        return Text(text, before + behind, MATRIX)

    def extreme(self, expr: Extreme) -> Text:
        body = self.expression(expr.body)
        axes = tuple(axis for axis in body.axes if axis != expr.over)
        kind = Kind.PLACE if expr.kind == "argmax" else body.kind
        return Text(f"jnp.{expr.kind}({body.text}, axis={body.axes.index(expr.over)})", axes, kind=kind)

    # --- at places

    def window(self, expr: Window) -> Text:
        """Elements at places that move evenly; what stands at one position is cut out first."""
        own = tuple(Axis(Index(f"_{k}"), extent) for k, extent in enumerate(expr.tensor.shape))
        pairs = zip(own, expr.places, strict=True)
        places = tuple(axis if isinstance(place, Affine) else place for axis, place in pairs)
        with self.among(Kind.PLACE):
            source = self.read(Read(expr.tensor, places)).text
        moving = [place.value for place in expr.places if isinstance(place, Affine)]
        shape = self.shape([axis.size for axis in expr.axes])
        kind = Kind.PLACE if expr.tensor.integer else Kind.REAL
        return Text(f"windows({source}, {shape}, {self.places(expr.axes, moving)})", expr.axes, kind=kind)

    def places(self, axes: Axes, places: Sequence[Expr]) -> str:
        """A function from the indices of axes to places."""
        names = ", ".join(self.symbol(axis.index) for axis in axes)
        return f"lambda {names}: {sequence(map(self.size, places))}"

    def fold(self, expr: Fold) -> Text:
        """A body added at places that move evenly, the adjoint of a window."""
        kept = tuple(axis for axis in expr.axes if axis not in expr.targets)
        axes = expr.over + kept
        body = aligned(self.of_kind(self.expression(expr.body, axes), Kind.REAL), axes)
        extents, shape = (self.shape([axis.size for axis in these]) for these in (axes, expr.axes))
        places = self.places(axes, [*(place.value for place in expr.places), *(a.index for a in kept)])
        return Text(f"fold(jnp.broadcast_to({body.text}, {extents}), {shape}, {places})", expr.axes)

    def gather(self, expr: Gather) -> Text:
        """The elements at computed places: of whole rows, where only one place is computed."""
        extents = expr.tensor.shape
        plain = [
            isinstance(place, Iota) and self.extents.same(place.axis.size, extent)
            for place, extent in zip(expr.places, extents, strict=True)
        ]
        own = [place.axes[0] for place, whole in zip(expr.places, plain, strict=True) if whole]
        computed = [place for place, whole in zip(expr.places, plain, strict=True) if not whole]
        axes, name = expr.axes, self.of(expr.tensor)
        with self.among(Kind.PLACE):
            if len(computed) == 1 and not set(own) & set(computed[0].axes) and len(set(own)) == len(own):
                index = self.expression(computed[0])
                texts = [ALL if whole else index.text for whole in plain]
                axes = tuple(
                    axis
                    for place, whole in zip(expr.places, plain, strict=True)
                    for axis in (place.axes if whole else index.axes)
                )
                while texts[-1] == ALL:
                    texts.pop()
            else:
                texts = [aligned(self.expression(place, axes), axes).text for place in expr.places]
        kind = Kind.PLACE if expr.tensor.integer else Kind.REAL
        return Text(f"at({name}, {', '.join(texts)})", axes, kind=kind)

    def scatter(self, expr: Scatter) -> Text:
        """A body added up at computed places: whole rows, where the places are the same along them."""
        kept = tuple(axis for axis in expr.axes if axis not in expr.targets)
        moving = {axis for place in expr.places for axis in place.axes}
        single = not moving & set(kept)
        axes = expr.over + kept
        body = aligned(self.of_kind(self.expression(expr.body, axes), Kind.REAL), axes)
        with self.among(Kind.PLACE):
            if single:
                places = [aligned(self.expression(p, expr.over), expr.over).text for p in expr.places]
            else:
                every = [*expr.places, *(Iota(axis) for axis in kept)]
                places = [aligned(self.expression(place, axes), axes).text for place in every]
        shape = self.shape([axis.size for axis in expr.axes])
        full = self.shape([axis.size for axis in axes])
        spread = body.text if len(body.axes) == len(axes) else f"jnp.broadcast_to({body.text}, {full})"
        return Text(f"scatter({spread}, {shape}, {', '.join(places)})", expr.axes)
