"""Products summed over axes: loops written out where the matrices are small, otherwise calls of one
function for matrices (which takes a BLAS where there is one), in a language that has such.

Each axis goes by a letter. An axis of a stack is an outer loop: both operands and the result have it, or one
operand stands still along it and has its rows or columns elsewhere.
In the loops that are written out the innermost one runs along a row of the result, wherever rows lie in
memory entry by entry: no sum has to be taken in another order for it to be done several numbers at a time.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from sympy import Expr, S

from symnet.loops.looks import Look, look
from symnet.loops.scope import Scope
from symnet.lowering.instructions import Kind, Product

SMALL = 64
"""A matrix on the right of no more entries than this is multiplied by loops that are written out."""


@dataclass(frozen=True, slots=True)
class Factor:
    """A view whose axes have letters; an axis that is spread has none."""

    seen: Look
    letters: str

    def stride(self, letter: str) -> Expr:
        """How far neighbours along an axis lie apart; 0 where there is no such axis."""
        pairs = zip(self.letters, self.seen.axes, strict=True)
        return sum((axis[1] for own, axis in pairs if own == letter and axis is not None), S.Zero)

    def at(self, indices: Mapping[str, Expr]) -> list[Expr]:
        return [indices.get(letter, S.Zero) for letter in self.letters]

    def sizes(self) -> dict[str, Expr]:
        pairs = zip(self.letters, self.seen.axes, strict=True)
        return {letter: axis[0] for letter, axis in pairs if axis is not None}


@dataclass(frozen=True, slots=True)
class Sum:
    """A product of two factors, summed over the letters that the result has not."""

    a: Factor
    b: Factor
    out: Factor
    sizes: Mapping[str, Expr]

    @property
    def summed(self) -> str:
        return "".join(letter for letter in self.sizes if letter not in self.out.letters)

    def own(self, one: Factor, other: Factor) -> str:
        """The letters of the result that only one factor has."""
        return "".join(x for x in self.out.letters if x in one.letters and x not in other.letters)


@dataclass(frozen=True, slots=True)
class Sink:
    """An array that a product is added to, `scale` times; it lies in memory as the product's result does."""

    target: Look
    scale: str


def lettered(product: Product) -> Sum:
    """The product with a letter for each axis."""
    a, b, out = map(look, (product.a, product.b, product.out))
    if product.form == "einsum":
        operands, result = product.subscripts.split("->")
        names = [*operands.split(","), result]
    elif product.form == "dot":
        names = ["ik"[2 - len(a.axes) :], "kj"[: len(b.axes)], ""]
        names[2] = names[0].replace("k", "") + names[1].replace("k", "")
    else:
        stack = "zyxwvu"[: max(len(a.axes), len(b.axes)) - 2]
        matrices = ((a, "ik"), (b, "kj"), (out, "ij"))
        names = [stack[len(stack) - len(seen.axes) + 2 :] + ends for seen, ends in matrices]
    factors = [Factor(seen, name) for seen, name in zip((a, b, out), names, strict=True)]
    sizes: dict[str, Expr] = {}
    for factor in factors:
        sizes = factor.sizes() | sizes
    return Sum(factors[0], factors[1], factors[2], sizes)


def write(scope: Scope, product: Product, note: Callable[[], str], onto: Sink | None = None) -> None:
    """The lines for a product; with a sink it is added to that, and its own result is scratch."""
    total = lettered(product)
    matrices = _as_matrices(scope, total) if scope.dialect.CALLS else None
    added = onto
    if matrices is None:
        added = _loops(scope, total, note(), onto)
    elif onto is None or not _call_onto(scope, matrices, note(), onto):
        _call(scope, matrices, note())
    else:
        added = None
    if added is not None:
        (index,) = scope.indices(["k"], [scope.size_of(total.out.seen.sizes)])
        where = scope.whole(index)
        target, scratch = (scope.array(seen.view.buffer) for seen in (added.target, total.out.seen))
        with scope.loops([(index, scope.size_of(total.out.seen.sizes))], braces=False, independent=True):
            scope.add(f"{target}[{where}] += {added.scale} * {scratch}[{where}];", note())


def _as_matrices(scope: Scope, total: Sum) -> Sum | None:
    """The product with its factors in order, where it is one of matrices large enough for a call."""
    kinds = {factor.seen.view.buffer.kind for factor in (total.a, total.b, total.out)}
    left, right = total.own(total.a, total.b)[-1:], total.own(total.b, total.a)[-1:]
    if kinds != {Kind.REAL} or not left or not right or len(total.summed) != 1:
        return None
    if any(scope.known(total.out.stride(letter)) == 0 for letter in (left, right)):
        return None
    inner = [scope.known(total.sizes[letter]) for letter in (total.summed, right)]
    other = scope.known(total.sizes[left])
    if all(size.is_Integer for size in inner) and inner[0] * inner[1] <= SMALL:
        return None
    if inner[1].is_Integer and other.is_Integer and inner[1] * other <= SMALL // 4:
        return None
    if scope.known(total.out.stride(right)) == 1 or scope.known(total.out.stride(left)) != 1:
        return total
    return Sum(total.b, total.a, total.out, total.sizes)


def _call(scope: Scope, total: Sum, note: str) -> None:
    a, b, out = total.a, total.b, total.out
    left, right, inner = total.own(a, b)[-1:], total.own(b, a)[-1:], total.summed
    stack = [letter for letter in out.letters if letter in total.sizes and letter not in left + right]
    indices = dict(zip(stack, scope.indices(stack, [total.sizes[x] for x in stack]), strict=True))
    with scope.loops([(indices[letter], total.sizes[letter]) for letter in stack], braces=False):
        sizes = ", ".join(scope.whole(total.sizes[letter]) for letter in (left, right, inner))
        operands = ", ".join(
            ", ".join([_address(scope, factor, indices), *(scope.whole(factor.stride(x)) for x in letters)])
            for factor, letters in ((a, left + inner), (b, inner + right), (out, left + right))
        )
        tests = [test for test in (scope.inside(a.seen), scope.inside(b.seen)) if test]
        call = f"symnet_matmul({sizes}, {operands});"
        if not tests:
            scope.add(call, note)
            return
        scope.add(f"if ({' && '.join(tests)})")
        scope.depth += 1
        scope.add(call, note)
        scope.depth -= 1
        scope.add("else")
        scope.depth += 1
        ranges = [total.sizes[left], total.sizes[right]]
        places = scope.indices("ij", ranges)
        with scope.loops(list(zip(places, ranges, strict=True)), braces=False):
            entry = {**indices, left: places[0], right: places[1]}
            scope.add(f"{scope.place(out.seen, out.at(entry))} = 0;")
        scope.depth -= 1


def _call_onto(scope: Scope, total: Sum, note: str, onto: Sink) -> bool:
    """The call that adds a product to an array, if there is but one product, of plain matrices; whether there
    is.
    """
    a, b, out = total.a, total.b, total.out
    left, right, inner = total.own(a, b), total.own(b, a), total.summed
    if len(out.letters) != 2 or scope.inside(a.seen) or scope.inside(b.seen):
        return False
    sizes = ", ".join(scope.whole(total.sizes[letter]) for letter in (left, right, inner))
    operands = ", ".join(
        ", ".join([_address(scope, factor, {}), *(scope.whole(factor.stride(x)) for x in letters)])
        for factor, letters in ((a, left + inner), (b, inner + right), (out, left + right))
    )
    target = scope.array(onto.target.view.buffer)
    scope.add(f"symnet_matmul_onto({sizes}, {operands}, {onto.scale}, {target});", note)
    return True


def _address(scope: Scope, factor: Factor, indices: Mapping[str, Expr]) -> str:
    name = scope.array(factor.seen.view.buffer)
    offset = scope.known(factor.seen.address(factor.at(indices)))
    return name if offset == 0 else f"{name} + {scope.whole(offset)}"


def _loops(scope: Scope, total: Sum, note: str, onto: Sink | None = None) -> Sink | None:
    """The product in loops that are written out; what is still to be added to, if anything."""
    a, b, out = total.a, total.b, total.out
    kept = [letter for letter in out.letters if letter in total.sizes]
    summed = list(total.summed)
    names = scope.indices([*kept, *summed], [total.sizes[x] for x in (*kept, *summed)])
    indices = dict(zip([*kept, *summed], names, strict=True))
    ranges = {letter: (indices[letter], total.sizes[letter]) for letter in indices}
    value = f"{scope.at(a.seen, a.at(indices))} * {scope.at(b.seen, b.at(indices))}"
    row = kept[-1] if kept else ""
    is_row = bool(row) and _runs(scope, total, row)
    seen = out.seen if is_row or onto is None else onto.target
    target = scope.place(seen, out.at(indices))
    if is_row:
        with scope.loops([ranges[letter] for letter in kept[:-1]]):
            with scope.loops([ranges[row]], braces=False):
                scope.add(f"{target} = 0;")
            with scope.loops([ranges[letter] for letter in (*summed, row)], braces=False, independent=True):
                scope.add(f"{target} += {value};", note)
        return onto
    with scope.loops([ranges[letter] for letter in kept]) if kept else scope.block(""):
        name = scope.fresh("sum")
        scope.active += (name,)
        if scope.dialect.CALLS and len(summed) == 1 and _is_long(scope, total, summed[0]):
            still = {letter: index for letter, index in indices.items() if letter in kept}
            starts = ", ".join(_address(scope, factor, still) for factor in (a, b))
            count = scope.whole(total.sizes[summed[0]])
            sum_ = scope.dialect.cast("real", f"symnet_inner({count}, {starts})")
            scope.add(f"{target} = {sum_};" if onto is None else f"{target} += {onto.scale} * {sum_};", note)
            return None
        scope.add(scope.dialect.variable("real", name, "0"))
        with scope.loops([ranges[letter] for letter in summed], braces=False):
            scope.add(f"{name} += {value};", note)
        scope.add(f"{target} = {name};" if onto is None else f"{target} += {onto.scale} * {name};")
    return None


def _runs(scope: Scope, total: Sum, letter: str) -> bool:
    """Whether everything lies entry by entry along a row of the result, or stands still."""
    strides = [scope.known(factor.stride(letter)) for factor in (total.a, total.b)]
    size = scope.known(total.sizes[letter])
    few = size.is_Integer and size < 4
    return (
        not few and scope.known(total.out.stride(letter)) == 1 and all(stride in (0, 1) for stride in strides)
    )


def _is_long(scope: Scope, total: Sum, letter: str) -> bool:
    """Whether the sum runs over two rows of memory, and not just a few entries."""
    size = scope.known(total.sizes[letter])
    plain = all(
        factor.seen.view.buffer.kind is Kind.REAL
        and factor.seen.view.zero is None
        and scope.known(factor.stride(letter)) == 1
        for factor in (total.a, total.b)
    )
    return plain and not (size.is_Integer and size <= 16)
