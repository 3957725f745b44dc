"""Index calculus: which indices are free, capture-avoiding substitution, fresh names, affine solving.

A bound index is a name without meaning of its own; every function here keeps an expression's value when bound
names change.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from sympy import Add, Expr, Function, Indexed, Mul, Pow, S, Sum
from sympy.concrete.expr_with_limits import ExprWithLimits

from symnet.index.reductions import Binder, binders_of, total
from symnet.index.symbols import Index

LETTERS = ["k", "l", "m", "p", "q", "r", "s", "u", "v", "w", "i", "j", "n"]
"""Names for bound indices that must be renamed, in order of preference: what a textbook would take next."""

COMPANIONS = {"n": "m", "t": "s", "i": "p", "d": "e"}
"""What a second index of the same kind is usually called."""


def free_indices(expr: Expr) -> frozenset[Index]:
    """The indices that `expr` depends on and does not bind."""
    if not expr.has(ExprWithLimits):
        return frozenset(expr.atoms(Index))
    if isinstance(expr, ExprWithLimits):
        return free_indices(expr.function) - {index for index, _ in binders_of(expr)}
    return frozenset().union(*map(free_indices, expr.args))


def bound_in(expr: Expr) -> tuple[Index, ...]:
    """The indices that `expr` binds, wherever in it."""
    return tuple(index for node in expr.atoms(ExprWithLimits) for index, _ in binders_of(node))


def fresh(avoid: Collection[str], like: str = "") -> Index:
    """An index whose name is not among `avoid`: `like` itself if it can be had, otherwise the next letter."""
    if like and like not in avoid:
        return Index(like)
    for letter in LETTERS:
        if letter not in avoid:
            return Index(letter)
    number = 1
    while f"i{number}" in avoid:
        number += 1
    return Index(f"i{number}")


def substitute(expr: Expr, values: Mapping[Index, Expr]) -> Expr:
    """`expr` with its free indices replaced; a bound index that would capture one of the new values is
    renamed first.
    """
    values = {old: new for old, new in values.items() if old != new}
    if not values or not expr.has(*values):
        return expr
    if not expr.has(ExprWithLimits):
        return expr.xreplace(values)
    if isinstance(expr, ExprWithLimits):
        return _substitute_under_binder(expr, values)
    return expr.func(*(substitute(argument, values) for argument in expr.args))


def _substitute_under_binder(expr: ExprWithLimits, values: Mapping[Index, Expr]) -> Expr:
    bound = [index for index, _ in binders_of(expr)]
    values = {old: new for old, new in values.items() if old not in bound}
    incoming = {symbol.name for new in values.values() for symbol in new.atoms(Index)}
    avoid = incoming | {symbol.name for symbol in expr.atoms(Index)}
    renamed: dict[Index, Expr] = {}
    for index in bound:
        if index.name in incoming:
            renamed[index] = fresh(avoid, "")
            avoid.add(renamed[index].name)
    function = substitute(substitute(expr.function, renamed), values)
    return expr.func(function, *[(renamed.get(limit[0], limit[0]), *limit[1:]) for limit in expr.limits])


def bound_apart(expr: Expr, avoid: Collection[str]) -> Expr:
    """`expr` with none of its bound indices called by a name in `avoid`."""
    if not expr.has(ExprWithLimits):
        return expr
    if not isinstance(expr, ExprWithLimits):
        return expr.func(*(bound_apart(argument, avoid) for argument in expr.args))
    function = bound_apart(expr.function, avoid)
    taken = {*avoid, *(symbol.name for symbol in function.atoms(Index))}
    renamed: dict[Index, Expr] = {}
    for index, _ in binders_of(expr):
        if index.name in avoid:
            renamed[index] = fresh(taken, COMPANIONS.get(index.name, ""))
            taken.add(renamed[index].name)
    return expr.func(
        substitute(function, renamed),
        *[(renamed.get(limit[0], limit[0]), *limit[1:]) for limit in expr.limits],
    )


def rename_apart(binders: Iterable[Binder], avoid: Iterable[str]) -> dict[Index, Expr]:
    """New names for those of `binders` whose names are taken by `avoid` or by an earlier binder."""
    taken = set(avoid)
    binders = tuple(binders)
    kept = {index.name for index, _ in binders if index.name not in taken}
    renamed: dict[Index, Expr] = {}
    for index, _ in binders:
        if index.name in taken:
            renamed[index] = fresh(taken | kept, COMPANIONS.get(index.name, ""))
        taken.add(str(renamed.get(index, index)))
    return renamed


def affine(expr: Expr, among: Collection[Index]) -> dict[Index, Expr] | None:
    """The coefficients of the indices `among` in `expr`, or None where it is not affine in them (a gather, a
    product).
    """
    coefficients: dict[Index, Expr] = {}
    for term in Add.make_args(expr):
        hit = [index for index in among if term.has(index)]
        if not hit:
            continue
        index = hit[0]
        coefficient = term / index
        if len(hit) > 1 or not coefficient.is_Integer:
            return None
        coefficients[index] = coefficients.get(index, S.Zero) + coefficient
    return coefficients


def factors(expr: Expr) -> dict[Expr, Expr]:
    """`expr` as a product: each base with its exponent; exp stays whole."""
    found: dict[Expr, Expr] = {}
    for factor in Mul.make_args(expr):
        base, exponent = (factor.base, factor.exp) if isinstance(factor, Pow) else (factor, S.One)
        found[base] = found.get(base, S.Zero) + exponent
    return found


def is_negative(term: Expr) -> bool:
    """Whether a term is written with a minus."""
    return bool(term.as_coeff_Mul()[0].is_negative)


def common_number(expr: Add) -> tuple[Expr, Expr]:
    """The number that all terms share, up to their signs, and what is left: 2*A - 2*Y is 2 and A - Y. 1 and
    `expr` itself where they share none, or where a term holds no element of a tensor.
    """
    shared, rest = expr.primitive()
    if not isinstance(rest, Add) or any(
        abs(term.as_coeff_Mul()[0]) != 1 or not term.has(Indexed) for term in rest.args
    ):
        return S.One, expr
    return shared, rest


def numbers_out(product: Expr) -> Expr:
    """A product with the numbers that all terms of a sum in it share in front: (2*A - 2*Y)*B is 2*(A - Y)*B.

    A sum by itself stays as it is.
    """
    if not isinstance(product, Mul):
        return product
    parts = [common_number(part) if isinstance(part, Add) else (S.One, part) for part in product.args]
    return Mul(*(number for number, _ in parts), *(part for _, part in parts))


def weight(expr: Expr) -> int:
    """How much there is to read: the leaves of `expr`, signs and indices not counted, a sum or function
    counting one more.
    """
    if isinstance(expr, Indexed) or not expr.args:
        return 0 if expr in (S.One, S.NegativeOne) else 1
    if isinstance(expr, ExprWithLimits):
        return 1 + weight(expr.function)
    return sum(map(weight, expr.args)) + isinstance(expr, Function)


def pull(expr: Expr) -> Expr:
    """A sum without what does not depend on its indices: factors come out, and an index that nothing depends
    on counts its range.

    Sum(2*X[n,i]*W[j], i) becomes 2*W[j]*Sum(X[n,i], i).
    """
    if isinstance(expr, Add | Mul):
        return expr.func(*map(pull, expr.args))
    if not isinstance(expr, Sum):
        return expr
    binders = binders_of(expr)
    body = pull(expr.function)
    if isinstance(body, Sum):
        binders, body = binders + binders_of(body), body.function
    outside: list[Expr] = []
    inside: list[Expr] = []
    used = free_indices(body)
    kept = [binder for binder in binders if binder[0] in used]
    bound = {index for index, _ in kept}
    for factor in Mul.make_args(body):
        (inside if free_indices(factor) & bound else outside).append(factor)
    outside.extend(size for index, size in binders if index not in used)
    return Mul(*outside, total(Mul(*inside), kept))


def canonical(expr: Expr, axes: Iterable[Index]) -> Expr:
    """`expr` with its free indices `axes` and its bound ones named by position: equal results mean equal up
    to names.
    """
    named = substitute(expr, {axis: Index(f"_{position}") for position, axis in enumerate(axes)})
    return _canonical_bound(named, 0)


def _canonical_bound(expr: Expr, depth: int) -> Expr:
    if not expr.has(ExprWithLimits):
        return expr
    if isinstance(expr, ExprWithLimits):
        names = {index: Index(f"_b{depth + k}") for k, (index, _) in enumerate(binders_of(expr))}
        function = _canonical_bound(substitute(expr.function, names), depth + len(names))
        return expr.func(function, *[(names[limit[0]], *limit[1:]) for limit in expr.limits])
    return expr.func(*(_canonical_bound(argument, depth) for argument in expr.args))


def match(pattern: Expr, node: Expr, indices: tuple[Index, ...]) -> tuple[Expr, ...] | None:
    """The values of `indices` at which `pattern` is `node`, or None where there are none."""
    bound = _unify(pattern, node, frozenset(indices), {})
    return (
        tuple(bound[index] for index in indices) if bound is not None and len(bound) == len(indices) else None
    )


def _unify(
    pattern: Expr, node: Expr, free: frozenset[Index], bound: dict[Index, Expr]
) -> dict[Index, Expr] | None:
    """The values of the indices `free` that make `pattern` equal to `node`."""
    if pattern in free:
        if bound.setdefault(pattern, node) != node:
            return None
        return bound
    if not pattern.has(*free):
        return bound if pattern == node else None
    if pattern.func != node.func or len(pattern.args) != len(node.args) or not pattern.args:
        return None
    for inner, other in zip(pattern.args, node.args, strict=True):
        if _unify(inner, other, free, bound) is None:
            return None
    return bound
