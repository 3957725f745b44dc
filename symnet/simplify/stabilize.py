"""Formulas made safe for floating point: the same values, without overflow, without 0 * infinity.

A sum of exponentials is shifted by its largest term, which changes no quotient and adds the shift to a
logarithm:

before:  S[n] = Sum(exp(Z[n,k]), k);  P[n,k] = exp(Z[n,k])/S[n];  L = Sum(log(S[n]), n)
after:   M[n] = Z[n, argmax(Z[n,k], k)];  E[n,k] = exp(Z[n,k] - M[n]);  T[n] = Sum(E[n,k], k)
         P[n,k] = E[n,k]/T[n];  L = Sum(M[n] + log(T[n]), n)

The logarithm of a value that the forward pass has squashed goes back to what was squashed: with A =
sigmoid(Z), log(A) is -softplus(-Z) and log(1 - A) is -softplus(Z). This pass comes after the chain rule, so
that the shift is never differentiated.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial

from sympy import Add, Expr, Function, Indexed, Mul, Sum, exp, log

from symnet.equations.program import Equation, Program, elements, reads
from symnet.index.calculus import free_indices, is_negative, match, substitute
from symnet.index.forms import renamed
from symnet.index.functions import log1p, sigmoid, softplus
from symnet.index.recall import Answer, Recall
from symnet.index.reductions import argmax, binders_of, total
from symnet.index.symbols import Scalar, Tensor, name_of
from symnet.messages import say
from symnet.simplify.complements import without_cancellation
from symnet.simplify.limits import hold
from symnet.simplify.named_sums import suffix_of, unused
from symnet.simplify.rewrite import Rewrite
from symnet.simplify.safe_forms import safe_forms


def stabilize(program: Program) -> tuple[Program, tuple[Rewrite, ...]]:
    """The program made safe for floating point, and the rewrites that did it."""
    taken = set(program.tensors) | {size.name for size in program.sizes}
    shifts: dict[str, Shift] = {}
    for equation in program.equations:
        if _is_sum_of_exponentials(equation.rhs):
            shifts[equation.tensor.name] = _shift(equation, taken)
    equations: list[Equation] = []
    rewrites: list[Rewrite] = []
    circular = program.is_circular
    safely = _Safe(program, shifts)
    for equation in program.equations:
        safe: tuple[Equation, ...]
        if equation.tensor.name in shifts:
            safe = shifts[equation.tensor.name]
            rewrites.append(
                Rewrite("shift", equation, safe, say("No exponential overflows when the largest is 1."))
            )
        else:
            rhs, reason = safely.formula_of(equation)
            safe = (equation if rhs == equation.rhs else replace(equation, rhs=rhs),)
            if circular and safe != (equation,):
                safe = _slopes_named(safe[0], program, taken)
            safe = (*safe[:-1], *_summands_named(safe[-1], taken))
            if safe != (equation,):
                rewrites.append(Rewrite("rewrite", equation, safe, reason))
        equations.extend(safe)
    tensors = {name: tensor for name, tensor in program.tensors.items() if name not in shifts}
    tensors |= {equation.tensor.name: equation.tensor for equation in equations}
    return replace(program, tensors=tensors, equations=tuple(equations)), tuple(rewrites)


def _is_sum_of_exponentials(rhs: Expr) -> bool:
    return isinstance(rhs, Sum) and len(rhs.limits) == 1 and isinstance(rhs.function, exp)


def _shift(equation: Equation, taken: set[str]) -> tuple[Equation, Equation, Equation]:
    """The maximum, the shifted exponentials and their sum, in place of a sum of exponentials."""
    binder = binders_of(equation.rhs)[0]
    exponent = equation.rhs.function.args[0]
    suffix = suffix_of(equation.tensor.name)
    names = []
    for letter in "MET":
        names.append(unused(letter + suffix, taken))
        taken.add(names[-1])
    shape, indices = equation.tensor.shape, equation.indices
    largest = Tensor(names[0], shape)
    shifted = Tensor(names[1], (*shape, binder[1]))
    sum_of_shifted = Tensor(names[2], shape)
    at = (*indices, binder[0])

    def stated(tensor: Tensor, where: tuple[Expr, ...], rhs: Expr, words: str) -> Equation:
        return replace(equation, tensor=tensor, indices=where, rhs=rhs, words=words)

    return (
        stated(
            largest,
            indices,
            substitute(exponent, {binder[0]: argmax(exponent, binder)}),
            say("The largest exponent."),
        ),
        stated(shifted, at, exp(exponent - largest[indices]), say("No exponential is larger than 1.")),
        stated(
            sum_of_shifted,
            indices,
            total(shifted[at], [binder]),
            say("At least 1, since the largest term is."),
        ),
    )


Shift = tuple[Equation, Equation, Equation]


class _Safe:
    """Safe formulas for the equations of a program, found once for those that are equal up to names."""

    def __init__(self, program: Program, shifts: Mapping[str, Shift]) -> None:
        self.program = program
        self.shifts = shifts
        self.recall: Recall[tuple[Expr | None, str]] = Recall()

    def formula_of(self, equation: Equation) -> tuple[Expr, str]:
        """The right-hand side with sums of exponentials shifted and logarithms of squashed values expanded,
        and why.
        """
        (rhs, reason), names = self.recall(equation.said, self.answer, partial(_safe, equation.rhs))
        return equation.rhs if rhs is None else renamed(rhs, names), reason

    def answer(self, word: str, *names: str) -> object:
        """What is asked: the shifts of these tensors, with the tensors; the definition of one."""
        if word == "shifts":
            found = (name for name in names if name in self.shifts)
            return tuple((Scalar(name), *(e.said for e in self.shifts[name])) for name in found)
        (name,) = names
        equation = self.program.defining.get(name)
        return equation.said if equation is not None else self.program.tensors.get(name)


def _exact(rhs: Expr, ask: Answer) -> Expr:
    """`rhs` in formulas that neither cancel nor overflow."""

    def formula(element: Expr) -> Expr | None:
        found = _definition(element, ask) if isinstance(element, Indexed) else None
        return None if found is None or found.tensor.adjoint_of else _at_place(found, element)

    exact = without_cancellation(rhs, formula)
    held = hold(exact, formula)
    return safe_forms(without_cancellation(held, formula) if held != exact else exact)


def _safe(rhs: Expr, ask: Answer) -> tuple[Expr | None, str]:
    """`rhs` with sums of exponentials shifted and logarithms of squashed values expanded, and why; None where
    nothing has to change.
    """
    stated = rhs
    reason = ""
    if rhs.has(log):
        opened = _open_logarithms(rhs, ask)
        if opened != rhs:
            rhs, reason = (
                _signs_out(opened),
                say("The logarithm of a squashed value is taken before squashing: it cannot become log 0."),
            )
    for known, *shift in ask("shifts", *reads(rhs)):
        largest, shifted, sum_of_shifted = (Equation(*said) for said in shift)
        places = [element for element in rhs.atoms(Indexed, Scalar) if name_of(element) == known.name]
        rhs = rhs.xreplace({place: exp(_at(largest, place)) * _at(sum_of_shifted, place) for place in places})
        rhs = _name_exponentials(_merge_exponentials(_expand_logarithms(rhs)), shifted)
        reason = say("A shift by the largest exponent cancels in quotients and adds to a logarithm.")
    exact = _exact(rhs, ask)
    if exact != rhs:
        rhs, reason = exact, reason or say("The same value, in a form that keeps its digits far from zero.")
    return None if rhs == stated else rhs, reason


def _summands_named(equation: Equation, taken: set[str]) -> tuple[Equation, ...]:
    """`equation` behind those of the terms that it sums, where something large cancels within each term:
    summed one by one, the large parts would cancel in the totals, and the small ones be lost.
    """
    if not equation.rhs.has(log, log1p):
        return (equation,)
    found: list[Equation] = []
    named: dict[Expr, Expr] = {}
    for node in sorted(equation.rhs.atoms(Sum), key=str):
        terms = Add.make_args(node.function)
        if not any(isinstance(term, log | log1p) for term in terms) or not any(map(is_negative, terms)):
            continue
        binders = binders_of(node)
        if free_indices(node) or {index for index, _ in binders} != free_indices(node.function):
            continue
        name = unused("G" + suffix_of(equation.tensor.name), taken)
        taken.add(name)
        tensor = Tensor(name, tuple(size for _, size in binders))
        indices = tuple(index for index, _ in binders)
        words = say("The terms of the sum.")
        found.append(replace(equation, tensor=tensor, indices=indices, rhs=node.function, words=words))
        named[node] = total(tensor[indices], binders)
    return (*found, replace(equation, rhs=equation.rhs.xreplace(named)) if named else equation)


def _slopes_named(equation: Equation, program: Program, taken: set[str]) -> tuple[Equation, ...]:
    """`equation`, of a recurrence, behind those of the factors in it that the recurrence does not change:
    these are computed for all turns at once.
    """
    name = equation.tensor.name
    if name not in program.sources(*reads(equation.rhs)):
        return (equation,)
    found: list[Equation] = []
    named: dict[Expr, Expr] = {}
    for node in sorted(equation.rhs.atoms(Mul), key=str):
        still = [part for part in node.args if elements(part) and name not in program.sources(*reads(part))]
        fixed = Mul(*still)
        if fixed == node or not fixed.has(Function) or not free_indices(fixed) <= set(equation.indices):
            continue
        new = unused("D" + suffix_of(name), taken)
        taken.add(new)
        binders = [binder for binder in equation.binders if binder[0] in free_indices(fixed)]
        tensor = Tensor(new, tuple(size for _, size in binders))
        indices = tuple(index for index, _ in binders)
        words = say("The factors that no turn changes.")
        found.append(replace(equation, tensor=tensor, indices=indices, rhs=fixed, words=words))
        named[node] = Mul(tensor[indices], *(part for part in node.args if part not in still))
    return (*found, replace(equation, rhs=equation.rhs.xreplace(named)) if named else equation)


def _at(equation: Equation, place: Expr) -> Expr:
    """The element of `equation`'s tensor at the indices of `place`."""
    return equation.tensor[tuple(place.indices) if isinstance(place, Indexed) else ()]


def _expand_logarithms(expr: Expr) -> Expr:
    """log(e^m * s) as m + log(s), everywhere in `expr`."""
    found = {}
    for node in expr.atoms(log):
        powers = [factor.args[0] for factor in Mul.make_args(node.args[0]) if isinstance(factor, exp)]
        rest = [factor for factor in Mul.make_args(node.args[0]) if not isinstance(factor, exp)]
        if powers:
            found[node] = Add(*powers, log(Mul(*rest)) if rest else 0)
    return expr.xreplace(found)


def _merge_exponentials(expr: Expr) -> Expr:
    """e^a * e^b as e^(a + b), everywhere in `expr`."""
    found = {}
    for node in expr.atoms(Mul):
        powers = [factor.args[0] for factor in node.args if isinstance(factor, exp)]
        if len(powers) > 1:
            found[node] = Mul(
                exp(Add(*powers)), *(factor for factor in node.args if not isinstance(factor, exp))
            )
    return expr.xreplace(found)


def _name_exponentials(expr: Expr, shifted: Equation) -> Expr:
    """`expr` with the shifted exponentials called by their name."""
    named = {}
    for node in expr.atoms(exp):
        at = match(shifted.rhs, node, shifted.indices)
        if at is not None:
            named[node] = shifted.tensor[at]
    return expr.xreplace(named)


def _open_logarithms(expr: Expr, ask: Answer) -> Expr:
    """`expr` with log(A) and log(1 - A) written in what A squashes, for every A defined as a sigmoid or as a
    share (softmax).
    """
    found = {}
    for node in expr.atoms(log):
        value, complement = node.args[0], 1 - node.args[0]
        if isinstance(value, Indexed):
            found[node] = _log_of(_formula(value, ask), node)
        elif isinstance(complement, Indexed):
            formula = _formula(complement, ask)
            if isinstance(formula, sigmoid):
                found[node] = -softplus(formula.args[0])
    return expr.xreplace(found)


def _signs_out(expr: Expr) -> Expr:
    """`expr` with the sign of a sum whose terms are all negative in front of it."""
    found = {}
    for node in expr.atoms(Sum):
        terms = Add.make_args(node.function)
        if all(map(is_negative, terms)):
            found[node] = -node.func(-node.function, *node.limits)
    return expr.xreplace(found)


def _log_of(formula: Expr | None, otherwise: Expr) -> Expr:
    if isinstance(formula, sigmoid):
        return -softplus(-formula.args[0])
    if isinstance(formula, Mul) and any(isinstance(factor, exp) for factor in formula.args):
        return Add(
            *(factor.args[0] if isinstance(factor, exp) else log(factor) for factor in formula.args)
        ).replace(
            lambda e: isinstance(e, log) and e.args[0].is_Pow, lambda e: e.args[0].exp * log(e.args[0].base)
        )
    return otherwise


def _formula(element: Expr, ask: Answer) -> Expr | None:
    """The right-hand side that defines `element`, at its indices."""
    found = _definition(element, ask)
    return None if found is None else _at_place(found, element)


def _definition(element: Expr, ask: Answer) -> Equation | None:
    """The equation that defines the tensor of `element`."""
    said = ask("definition", name_of(element))
    return Equation(*said) if isinstance(said, tuple) else None


def _at_place(equation: Equation, element: Expr) -> Expr:
    return substitute(equation.rhs, dict(zip(equation.indices, element.indices, strict=True)))
