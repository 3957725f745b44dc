"""Products with matrices J^T C J that stand for the Hessian where it has directions of negative curvature:
the Gauss-Newton matrix and the empirical Fisher matrix.

J leads from the parameters to some tensors on the way to the loss, C is the curvature of the loss there. None
of the three needs a rule of its own:

- J^T u is the derivative of Sum(z*u) by the parameters (`pulled`);
- J v is the derivative of the slope Sum(v * J^T u) by u (`pushed`): u goes away, since it stands there once;
- C times the tangents is a Hessian product of what leads from z to the loss (`middle`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence, Set
from dataclasses import replace

from sympy import Add, Expr, Mul, S, Sum

from symnet.derivation.backward import Naming
from symnet.derivation.derive import derive
from symnet.derivation.journal import Derived, Further, Middle, Named
from symnet.derivation.second import computed, directions, hessian_product, inner, names_of, tangent
from symnet.equations.program import Equation, Program, reads
from symnet.errors import DerivationError, nearest
from symnet.index.calculus import fresh, is_negative, substitute
from symnet.index.reductions import binders_of, total
from symnet.index.symbols import GIVEN_ROLES, Index, Role, Tensor
from symnet.messages import say
from symnet.simplify.named_sums import unused


def gauss_newton_product(derived: Derived, at: str) -> Further:
    """The Gauss-Newton matrix times a direction: the loss is curved as a function of the tensor `at`, while
    what `at` is computed by counts as flat. With J = d at/dW and C = d2L/d at2 it is J^T C J v.

    A parameter that stands in the loss itself (a penalty) has its curvature there, too. Source: Martens, New
    insights and perspectives on the natural gradient method, JMLR 21 (2020), section 8. Raises
    DerivationError where the loss is not computed from `at`.
    """
    tail = _from(derived, at)
    direct = [t.name for t in derived.wrt if t.name in tail.sources(derived.loss.name)]
    head = derive(tail, derived.loss.name, [at, *direct])
    product = hessian_product(head, _own(direct))
    middle = Middle(derived.live, product.directions, product.results, product.parts[0].live, head)
    place = Named(derived.live.tensors[at])
    words = say("the Gauss-Newton matrix, for the curvature in {place}, times a direction", place=place)
    return _through(derived, middle, words, product.parts)


def curved_at(derived: Derived, prediction: str) -> str:
    """Where the loss is curved, for a Gauss-Newton matrix: the tensor that parameters lead to and that the
    equations of the loss read (where no equation says that it is of the loss, the `prediction`), or what it
    is a function of where the two are matched.

    Raises DerivationError where there are several.
    """
    program = derived.primal
    way = program.sources(derived.loss.name)
    own = {e.tensor.name for e in program.equations if e.origin == "loss" and e.tensor.name in way}
    if not own:
        return matched(derived, prediction)
    trained = {tensor.name for tensor in derived.wrt if tensor.role is Role.PARAMETER}
    read = {name for e in program.equations if e.tensor.name in own for name in reads(e.rhs)} - own
    found = [name for name in program.defining if name in read and program.sources(name) & trained]
    if len(found) != 1:
        raise DerivationError(
            f"the loss is curved in several tensors ({', '.join(found) or 'none'})",
            expected="one of them, by name; as a solver, newton_cg",
        )
    return matched(derived, found[0])


def matched(derived: Derived, prediction: str) -> str:
    """Where the loss is curved for `prediction`: there, or before the function that it is matched with.

    The two are matched where the adjoint of the prediction was put into that of what it is a function of and
    something cancelled, such as (A - Y)/N behind a sigmoid. Raises DerivationError where the loss is not
    computed from the prediction.
    """
    _from(derived, prediction)
    at = prediction
    with_adjoint = {adjoint.of.name: adjoint.equation.tensor.name for adjoint in derived.adjoints}
    while with_adjoint[at] not in derived.live.defining:
        before = [name for name in reads(derived.primal.defining[at].rhs) if name in with_adjoint]
        inner = [name for name in before if name in derived.primal.defining]
        if len(inner) != 1:
            return at
        at = inner[0]
    return at


def fisher_product(derived: Derived, sample: Expr) -> Further:
    """The empirical Fisher matrix times a direction: with l[n] the share of one sample in the loss
    L = c*Sum(l[n], n), and g[n] its gradient, it is c*Sum(g[n]*(g[n].v), n). `sample` is the size of n.

    Source: Kunstner, Balles and Hennig, Limitations of the empirical Fisher approximation (2019), equation 3.
    Raises DerivationError where the loss is no such sum.
    """
    share, head = _by_sample(derived, sample)
    tensor, taken = share.tensor, frozenset(names_of(derived.live) | {share.tensor.name})
    along = Tensor(unused(f"v{tensor.name}", taken), tensor.shape, Role.DIRECTION, tangent_of=tensor.name)
    curved = tangent(tensor, taken)
    weight = head.gradients[tensor.name].equation
    words = say("Every sample counts by its weight in the loss.")
    weighed = Equation(curved, weight.indices, weight.rhs * along[weight.indices], "loss", words)
    before = derived.live.extended([share])
    after = before.extended([weighed], [along])
    middle = Middle(before, {tensor.name: along}, {tensor.name: curved}, after, head, curved=False)
    return _through(derived, middle, say("the empirical Fisher matrix times a direction"))


def _own(names: Sequence[str]) -> Naming:
    """Names for tangents; those of the parameters `names` are shares of others that have the usual name."""

    def naming(tensor: Tensor, taken: Set[str]) -> Tensor:
        if tensor.name in names:
            return Tensor(unused(f"own_{tensor.name}", taken), tensor.shape)
        return tangent(tensor, taken)

    return naming


def _through(derived: Derived, middle: Middle, words: str, parts: tuple[Derived, ...] = ()) -> Further:
    """J^T C J times a direction, for the C of `middle`, which came about as `parts` say."""
    live = middle.before
    along = directions(derived)
    back = {name: replace(t, role=Role.DIRECTION) for name, t in middle.results.items()}
    taken = names_of(live) | names_of(middle.after) | {tensor.name for tensor in along.values()}
    blame, slope = Tensor(unused("blame", taken), ()), Tensor(unused("slope", taken), ())
    z = {name: _element(live.tensors[name]) for name in back}
    program = live.extended(
        [Equation(blame, (), inner((u, z[name]) for name, u in back.items()))], back.values()
    )
    pulled = derive(program, blame.name, list(along), naming=tangent)
    gradients = {name: adjoint.equation for name, adjoint in pulled.gradients.items()}
    pairs = [(along[name], equation) for name, equation in gradients.items()]
    program = pulled.live.extended([Equation(slope, (), inner(pairs))], along.values())
    moved = {back[name].name: tensor for name, tensor in middle.directions.items() if name not in along}

    def naming(tensor: Tensor, taken: Set[str]) -> Tensor:
        return (
            replace(moved[tensor.name], role=Role.INTERMEDIATE)
            if tensor.name in moved
            else tangent(tensor, taken)
        )

    pushed = derive(program, slope.name, list(moved), naming=naming, flat=True)
    results = {name: equation.tensor for name, equation in gradients.items()}
    programs = (_needed(pushed.live, moved.values()), middle.after, _needed(pulled.live, results.values()))
    equations = computed(derived, *programs, results=results.values())
    return Further("product", words, along, results, equations, (pushed, *parts, pulled), middle)


def _needed(program: Program, results: Iterable[Tensor]) -> Program:
    """The equations of `program` that lead to the results."""
    return program.without(program.defining.keys() - program.sources(*(tensor.name for tensor in results)))


def _element(tensor: Tensor) -> Equation:
    """Any element of a tensor, as an equation's left-hand side."""
    return Equation(tensor, tuple(map(Index, "ijklmnpq"[: tensor.rank])), S.Zero)


def _from(derived: Derived, at: str) -> Program:
    """What leads from the tensor `at` to the loss, `at` itself being given."""
    program = derived.primal
    way = (program.sources(derived.loss.name) & program.defining.keys()) - {derived.loss.name}
    if at not in way:
        raise DerivationError(
            f"the loss is not computed from {at}",
            expected="a tensor on the way to the loss",
            suggestion=nearest(at, way),
        )
    given = replace(program.tensors[at], role=Role.INPUT)
    cut = replace(program.without([at]), tensors={**program.tensors, at: given})
    kept = set(cut.sources(derived.loss.name))
    # and what has a name for its derivatives' sake: a softmax beside its logarithm
    for equation in cut.equations:
        read = set(reads(equation.rhs))
        if read <= kept and read & (cut.defining.keys() | {at}):
            kept.add(equation.tensor.name)
    return cut.without(cut.defining.keys() - kept)


def _by_sample(derived: Derived, sample: Expr) -> tuple[Equation, Derived]:
    """The equation of the samples' shares l in the loss, and the loss as a function of them.

    before:  L = -Sum(Y[n,k]*log(P[n,k]), k, n)/N + Sum(W[i,j]**2, i, j)
    after:   l[n] = -Sum(Y[n,k]*log(P[n,k]), k), and L = Sum(l[n], n)/N + Sum(W[i,j]**2, i, j)
    """
    loss = derived.primal.defining[derived.loss.name]
    index = fresh([i.name for i in loss.rhs.atoms(Index) - {Index("n")}], "n")
    scales: set[Expr] = set()
    shares: list[Expr] = []
    others: list[Expr] = []
    for term in Add.make_args(loss.rhs):
        found = _summand(term, sample, index)
        if found is not None:
            scales.add(found[0])
            shares.append(found[1])
        else:
            others.append(term)
    read = {name for term in others for name in reads(term)}
    if len(scales) != 1 or any(derived.live.tensors[name].role is not Role.PARAMETER for name in read):
        raise DerivationError(f"the loss is no sum over the {sample} samples", expected="L = c*Sum(l[n], n)")
    tensor = Tensor(unused("l", names_of(derived.live)), (sample,), Role.INPUT)
    whole = scales.pop() * total(tensor[index], [(index, sample)]) + Add(*others)
    given = derived.live.of_role(*GIVEN_ROLES)  # all of them: c may be made of any of their sizes
    tensors = {t.name: t for t in (*given, tensor, loss.tensor)}
    program = Program(tensors, (replace(loss, rhs=whole),), derived.live.values)
    head = derive(program, loss.tensor.name, [tensor.name])
    words = say("The share of each sample in the loss.")
    return Equation(replace(tensor, role=Role.INTERMEDIATE), (index,), Add(*shares), loss.origin, words), head


def _summand(term: Expr, sample: Expr, index: Index) -> tuple[Expr, Expr] | None:
    """A term c*Sum(f[n], n) of a loss: c, without its sign, and f at `index`; None where it is none."""
    sums = [factor for factor in Mul.make_args(term) if isinstance(factor, Sum)]
    own = [i for i, size in (binders_of(sums[0]) if len(sums) == 1 else ()) if size == sample]
    if not own:
        return None
    scale = term / sums[0]
    sign = S.NegativeOne if is_negative(scale) else S.One
    inside = tuple(binder for binder in binders_of(sums[0]) if binder[0] != own[0])
    return sign * scale, sign * total(substitute(sums[0].function, {own[0]: index}), inside)
