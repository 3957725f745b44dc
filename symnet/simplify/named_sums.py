"""A sum under a nonlinear function gets a name, so that it is one symbol while the chain rule rewrites around
it.

before:  P[n,j] = exp(Z[n,j])/Sum(exp(Z[n,k]), k)
after:   S[n] = Sum(exp(Z[n,k]), k)
         P[n,j] = exp(Z[n,j])/S[n]

Equal sums get one name. A function of a sum and more (`tanh(Sum(...) + b[k])`) has its whole argument named,
as its pre-activation. Where log S is taken of a sum of exponentials, the share P[n,k] = exp(Z[n,k])/S[n] of
each, the softmax, is named too: it is what the derivative of log S consists of.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field, replace

from sympy import Add, Expr, Function, Indexed, Mul, S, Sum, exp, log

from symnet.equations.program import Equation, Program
from symnet.index.calculus import canonical, free_indices
from symnet.index.functions import Bracket, Elementary
from symnet.index.recall import up_to_names
from symnet.index.reductions import ArgMax, Binder, binders_of, total
from symnet.index.symbols import Index, Tensor
from symnet.messages import say
from symnet.simplify.rewrite import Rewrite


def name_sums(program: Program) -> tuple[Program, tuple[Rewrite, ...]]:
    """The program with every sum under a nonlinear function named, and the rewrites that were made."""
    naming = _Naming(taken=set(program.tensors) | {size.name for size in program.sizes})
    equations: list[Equation] = []
    rewrites: list[Rewrite] = []
    for equation in program.equations:
        if not equation.rhs.has(Sum):
            equations.append(equation)
            continue
        named = naming.equation(equation)
        equations.extend(named)
        if named[-1] != equation:
            rewrites.append(
                Rewrite(
                    "name", equation, named, say("A sum under a nonlinear function gets a name of its own.")
                )
            )
    repeated = _repeated(equations, naming.shares)
    rewrites = [replace(r, after=tuple(e for e in r.after if e.tensor not in repeated)) for r in rewrites]
    equations = [e for e in equations if e.tensor not in repeated]
    added = {e.tensor.name: e.tensor for e in equations}
    return replace(program, tensors={**program.tensors, **added}, equations=tuple(equations)), tuple(rewrites)


def _repeated(equations: list[Equation], shares: list[Tensor]) -> list[Tensor]:
    """Those of the tensors `shares` that the program defines anyway, under another name."""
    if not shares:
        return []
    own = {canonical(e.rhs, e.indices) for e in equations if e.tensor not in shares}
    return [e.tensor for e in equations if e.tensor in shares and canonical(e.rhs, e.indices) in own]


def suffix_of(name: str) -> str:
    """What ties a name to its layer: "1" of Z1, "_hidden" of Z_hidden."""
    head, underscore, tail = name.partition("_")
    if underscore:
        return underscore + tail
    return head[len(head.rstrip("0123456789")) :]


def unused(name: str, taken: Collection[str]) -> str:
    """`name`, or `name` with a number that makes it one that is not taken."""
    candidate, number = name, 2
    while candidate in taken:
        candidate, number = f"{name}_{number}", number + 1
    return candidate


@dataclass
class _Naming:
    """One walk over a program: the names given so far, by what they stand for."""

    taken: set[str]
    known: dict[Expr, Tensor] = field(default_factory=dict)
    added: list[Equation] = field(default_factory=list)
    shares: list[Tensor] = field(default_factory=list)

    def equation(self, equation: Equation) -> tuple[Equation, ...]:
        self.added = []
        self.current = equation
        rhs = self.visit(equation.rhs, equation.binders, nonlinear=False)
        # the same sum may stand before the place that named it
        rhs = self.visit(rhs, equation.binders, nonlinear=False)
        return (*self.added, equation if rhs == equation.rhs else replace(equation, rhs=rhs))

    def visit(self, node: Expr, scope: tuple[Binder, ...], nonlinear: bool) -> Expr:
        if not node.has(Sum) or isinstance(node, ArgMax):
            return node
        sign = node.as_coeff_Mul()[0] if isinstance(node, Mul) else S.One
        if sign.is_negative:
            return -self.visit(-node, scope, nonlinear)
        if isinstance(node, Sum) or _is_scaled_sum(node):
            value = self.visit_sum(node, scope)
            return self.name(value, scope) if nonlinear or self.is_known(value, scope) else value
        if isinstance(node, Elementary | Function) and not isinstance(node, Bracket) and len(node.args) == 1:
            before = len(self.added)
            argument = self.visit_argument(node.args[0], scope)
            if isinstance(node, log) and len(self.added) > before:
                self.name_share(self.added[-1])
            return node.func(argument)
        inside = nonlinear or not isinstance(node, Add | Mul)
        return node.func(*(self.visit(argument, scope, inside) for argument in node.args))

    def visit_sum(self, node: Expr, scope: tuple[Binder, ...]) -> Expr:
        """A sum, or a constant times a sum, with what stands inside it visited."""
        inner = next(factor for factor in Mul.make_args(node) if isinstance(factor, Sum))
        binders = binders_of(inner)
        body = self.visit(inner.function, scope + binders, nonlinear=False)
        return node.xreplace({inner: total(body, binders)})

    def visit_argument(self, argument: Expr, scope: tuple[Binder, ...]) -> Expr:
        """The argument of a function: named as a whole where more than a sum stands in it."""
        if isinstance(argument, Add) and sum(term.has(Indexed) for term in argument.args) > 1:
            return self.name(self.visit(argument, scope, nonlinear=False), scope, letter="Z")
        return self.visit(argument, scope, nonlinear=True)

    def name(self, value: Expr, scope: tuple[Binder, ...], letter: str = "S") -> Expr:
        """The element of the tensor that stands for `value`, defined now if it is new."""
        binders, key = _identity(value, scope)
        axes = tuple(index for index, _ in binders)
        if key not in self.known:
            words = (
                say("The sum gets a name.")
                if letter == "S"
                else say("The argument of the function gets a name.")
            )
            self.known[key] = self.define(letter, axes, tuple(size for _, size in binders), value, words)
        return self.known[key][axes]

    def is_known(self, value: Expr, scope: tuple[Binder, ...]) -> bool:
        return bool(self.known) and _identity(value, scope)[1] in self.known

    def define(
        self, letter: str, axes: tuple[Index, ...], shape: tuple[Expr, ...], value: Expr, words: str
    ) -> Tensor:
        tensor = Tensor(unused(letter + suffix_of(self.current.tensor.name), self.taken), shape)
        self.taken.add(tensor.name)
        self.added.append(Equation(tensor, axes, value, self.current.origin, words))
        return tensor

    def name_share(self, normaliser: Equation) -> None:
        """The softmax that belongs to the logarithm of a sum of exponentials."""
        value = normaliser.rhs
        if not isinstance(value, Sum) or not isinstance(value.function, exp) or len(value.limits) != 1:
            return
        binder = binders_of(value)[0]
        axes = (*normaliser.indices, binder[0])
        share = value.function / normaliser.lhs
        shape = (*normaliser.tensor.shape, binder[1])
        self.shares.append(
            self.define(
                "P", axes, shape, share, say("The share of each exponential in the sum: the softmax.")
            )
        )


@up_to_names
def _identity(value: Expr, scope: tuple[Binder, ...]) -> tuple[tuple[Binder, ...], Expr]:
    """The binders that `value` depends on, and the value up to the names of indices."""
    free = free_indices(value)
    binders = tuple(binder for binder in scope if binder[0] in free)
    return binders, canonical(value, (index for index, _ in binders))


def _is_scaled_sum(node: Expr) -> bool:
    """Whether `node` is a constant times one sum, such as a mean."""
    if not isinstance(node, Mul):
        return False
    return sum(factor.has(Indexed) for factor in node.args) == 1 and any(
        isinstance(factor, Sum) for factor in node.args
    )
