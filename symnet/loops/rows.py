"""Reductions along axes, and rows read and added up at places, as loops."""

from __future__ import annotations

from sympy import Expr, Integer

from symnet.index.symbols import Index
from symnet.loops.looks import Look, look
from symnet.loops.scope import Scope
from symnet.lowering.instructions import Kind, Reduce, ScatterAdd, Take


def reduce(scope: Scope, instruction: Reduce, note: str) -> None:
    """A sum or a maximum along axes."""
    a, out = look(instruction.a), look(instruction.out)
    indices = scope.indices((), a.sizes)
    ranges = list(zip(indices, a.sizes, strict=True))
    kept = [k for k in range(len(ranges)) if k not in instruction.along]
    target = scope.place(out, [indices[k] for k in kept])
    value = scope.at(a, indices)
    is_sum = instruction.kind == "sum"
    if not is_sum:
        first = scope.at(
            a, [Integer(0) if k in instruction.along else index for k, index in enumerate(indices)]
        )
    along = [ranges[k] for k in instruction.along]
    last = len(ranges) - 1
    if kept and kept[-1] == last and _strided(scope, a, last, 1):
        with scope.loops([ranges[k] for k in kept[:-1]]):
            with scope.loops([ranges[last]], braces=False):
                scope.add(f"{target} = {'0' if is_sum else first};")
            with scope.loops([*along, ranges[last]], braces=False):
                larger = scope.dialect.element("maximum", [value, target], "real")
                scope.add(f"{target} += {value};" if is_sum else f"{target} = {larger};", note)
        return
    with scope.loops([ranges[k] for k in kept]) if kept else scope.block(""):
        name = scope.fresh("value")
        scope.active += (name,)
        if (
            is_sum
            and scope.dialect.CALLS
            and instruction.along == (last,)
            and _strided(scope, a, last, 1)
            and a.view.buffer.kind is Kind.REAL
        ):
            start = scope.place(a, [Integer(0) if k == last else index for k, index in enumerate(indices)])
            scope.add(f"{target} = (real)symnet_total({scope.whole(a.sizes[last])}, &{start});", note)
            return
        scope.add(scope.dialect.variable("real", name, "0" if is_sum else first))
        larger = scope.dialect.element("maximum", [value, name], "real")
        with scope.loops(along, braces=False):
            scope.add(f"{name} += {value};" if is_sum else f"{name} = {larger};", note)
        scope.add(f"{target} = {name};")


def _strided(scope: Scope, seen: Look, axis: int, stride: int) -> bool:
    own = seen.axes[axis]
    return own is not None and seen.view.zero is None and scope.known(own[1]) == stride


def argmax(scope: Scope, instruction: Reduce, note: str) -> None:
    """The first place of the largest; what is no number counts as the largest."""
    a, out = look(instruction.a), look(instruction.out)
    indices = scope.indices((), a.sizes)
    ranges = list(zip(indices, a.sizes, strict=True))
    (along,) = instruction.along
    kept = [k for k in range(len(ranges)) if k != along]

    def at(place: Expr) -> str:
        return scope.at(a, [place if k == along else index for k, index in enumerate(indices)])

    with scope.loops([ranges[k] for k in kept]) if kept else scope.block(""):
        best = scope.fresh("best")
        scope.active += (best,)
        scope.add(scope.dialect.variable("place", best, "0"))
        with scope.loops([ranges[along]], braces=False):
            here, there = at(indices[along]), at(Index(best))
            scope.add(f"if ({here} > {there} || ({here} != {here} && {there} == {there}))")
            scope.depth += 1
            scope.add(f"{best} = {scope.whole(indices[along])};", note)
            scope.depth -= 1
        scope.add(f"{scope.place(out, [indices[k] for k in kept])} = {best};")


def take(scope: Scope, instruction: Take, note: str) -> None:
    """Rows at places; a place outside is the nearest inside."""
    a, index, out = look(instruction.a), look(instruction.index), look(instruction.out)
    along, rank = instruction.along, len(index.axes)
    indices = scope.indices((), out.sizes)
    ranges = list(zip(indices, out.sizes, strict=True))
    with scope.loops(ranges[: along + rank]) if along + rank else scope.block(""):
        extent = scope.whole(a.sizes[along])
        wanted = scope.at(index, indices[along : along + rank])
        place = scope.hold("place", "from", scope.dialect.clip(wanted, extent))
        with scope.loops(ranges[along + rank :], braces=False):
            where = [*indices[:along], Index(place), *indices[along + rank :]]
            scope.add(f"{scope.place(out, indices)} = {scope.at(a, where)};", note)


def scatter(scope: Scope, instruction: ScatterAdd, note: str) -> None:
    """Rows added up at places."""
    a, index, out = look(instruction.a), look(instruction.index), look(instruction.out)
    rank = len(index.axes)
    sizes = [*index.sizes, *out.sizes[1:]]
    indices = scope.indices((), sizes)
    ranges = list(zip(indices, sizes, strict=True))
    with scope.loops(ranges[:rank]):
        place = scope.hold("place", "from", scope.at(index, indices[:rank]))
        with scope.loops(ranges[rank:], braces=False):
            scope.add(f"{scope.place(out, [Index(place), *indices[rank:]])} += {scope.at(a, indices)};", note)
