"""What makes a list of equations a program; run on what was written and on what every pass makes of it.

- Every tensor is given or has one defining equation, under a name that stands for nothing else.
- Every index is bound: on the left of the equation, or by a sum. An index of the right side that no sum binds
  stands on the left too.
- An index that stands bare on an axis runs over that axis's size, unless a condition on the index (`where`,
  or a bracket as a factor) says that it may lie outside. Anything else at a place (2*i + k, t - 1, a gather)
  is free to lie outside, where every tensor is 0.
- A tensor is defined before it is read. Equations that read each other in a circle are a recurrence: along
  some axis, each reading in the circle of what is not defined yet goes a fixed number of steps back (or each
  one ahead, as in an adjoint).

Each expression is walked once.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import partial

from sympy import Expr, Indexed

from symnet.equations.program import Equation, Program, reads
from symnet.equations.ranges import Evidence, Reading, disagree, element_text, fits, readings
from symnet.errors import EquationError, SymnetError, nearest
from symnet.index.forms import names_in
from symnet.index.recall import Answer, Recall, nothing_asked
from symnet.index.symbols import GIVEN_ROLES, Index, Scalar, Size, Tensor, indices_of, name_of


def check(program: Program, known: Program | None = None) -> None:
    """Raises EquationError, or ShapeError where sizes do not agree, if `program` is not one.

    What it has in common with a program `known` to be right is not looked at again.
    """
    _check_names(program)
    sizes = frozenset(size.name for size in program.sizes)
    right = _common(program, known) if known else frozenset()
    for equation in program.equations:
        try:
            _check_indices(equation, program.tensors, sizes)
            if equation.tensor.name in right:
                continue
            read = tuple(map(program.tensors.get, reads(equation.rhs)))
            stands = tuple(name in sizes for name in names_in(equation.rhs))
            check_equation = partial(_check_equation, equation, program.tensors, sizes)
            _checked((equation.said, read, stands), nothing_asked, check_equation)
        except SymnetError as error:
            raise error.at(at_equation(equation.tensor.name)) from None
    if program.is_circular:
        _check_order(program)


def _common(program: Program, known: Program) -> frozenset[str]:
    """What equations define that stand in both programs and mean the same there."""
    if not set(program.sizes).issuperset(known.sizes):
        return frozenset()
    same = {name for name, tensor in program.tensors.items() if known.tensors.get(name) is tensor}
    defining = known.defining
    return frozenset(
        e.tensor.name
        for e in program.equations
        if defining.get(e.tensor.name) is e and same.issuperset(reads(e.rhs))
    )


_checked: Recall[None] = Recall()
"""What has been checked: an equation that is equal to another up to names needs no look of its own."""


def at_equation(name: str) -> str:
    """The place of an error in the equation that defines the tensor `name`."""
    return f"the equation of {name}"


def _check_names(program: Program) -> None:
    sizes = {size.name for size in program.sizes}
    for name, tensor in program.tensors.items():
        if name != tensor.name:
            raise EquationError(f"{tensor.name} is listed as {name}")
        if name in sizes:
            raise EquationError(f"{name} is a size and a tensor", expected="another name for one of them")
    defined: set[str] = set()
    for equation in program.equations:
        tensor = equation.tensor
        if tensor.name in defined:
            raise EquationError(f"{tensor.name} is defined twice", expected="one equation for each tensor")
        if program.tensors.get(tensor.name) != tensor:
            raise EquationError(f"{tensor.name} is not among the program's tensors as its equation has it")
        if tensor.role in GIVEN_ROLES:
            raise EquationError(f"{tensor.name} is given as {tensor.role} and defined by an equation too")
        defined.add(tensor.name)
    for name, tensor in program.tensors.items():
        if tensor.role not in GIVEN_ROLES and name not in defined:
            raise EquationError(
                f"{name} is declared but defined by no equation",
                expected=f"{element_text(_some(tensor))} = ...",
            )


def _some(tensor: Tensor) -> Expr:
    return tensor[tuple(map(Index, "ijklmnpqrstuvw"[: tensor.rank]))]


def _check_indices(equation: Equation, tensors: Mapping[str, Tensor], sizes: frozenset[str]) -> None:
    """Raises EquationError where the indices on the left are not such, or are called like something else."""
    indices = equation.indices
    if len(indices) != equation.tensor.rank or len(set(indices)) < len(indices):
        raise EquationError("the left side must have one index for each axis, all distinct")
    for index in indices:
        if index.name in tensors or index.name in sizes:
            raise EquationError(
                f"{index.name} is an index here and the name of a tensor or size",
                expected="a name of its own",
            )


def _check_equation(
    equation: Equation, tensors: Mapping[str, Tensor], sizes: frozenset[str], _: Answer
) -> None:
    """Raises EquationError where something in the equation is not bound, or does not agree."""
    for reading in readings(equation.rhs, dict(equation.binders)):
        element = reading.element
        if isinstance(element, Indexed | Scalar):
            _check_element(reading, equation, tensors)
        elif isinstance(element, Index):
            if element not in reading.scope:
                raise _unbound(element, equation)
        elif not isinstance(element, Size) or element.name not in sizes:
            raise EquationError(
                f"{element} stands for nothing", expected="a tensor, an index, or a size of some tensor"
            )


def _unbound(index: Index, equation: Equation) -> EquationError:
    return EquationError(
        f"{index} is bound nowhere: neither by {element_text(equation.lhs)} nor by a sum around it",
        expected=f"{index} on both sides, or a sum over {index}",
    )


def _check_element(reading: Reading, equation: Equation, tensors: Mapping[str, Tensor]) -> None:
    element = reading.element
    tensor = tensors.get(name_of(element))
    if tensor is None:
        raise EquationError(
            f"there is no tensor {name_of(element)}",
            expected="a tensor of the program",
            suggestion=nearest(name_of(element), tensors),
        )
    places = indices_of(element)
    if len(places) != tensor.rank:
        raise EquationError(
            f"{tensor.name} has {tensor.rank} axes, but {element_text(element)} {len(places)} indices"
        )
    for place, extent in zip(places, tensor.shape, strict=True):
        if not isinstance(place, Index) or place in reading.guarded:
            continue
        size = reading.scope.get(place)
        if size is None:
            raise _unbound(place, equation)
        if not fits(place, size, extent, equation):
            source = equation.lhs if place in equation.indices else f"the sum over {place}"
            raise disagree(Evidence(place, size, source), Evidence(place, extent, element), equation)


def _check_order(program: Program) -> None:
    found = [
        [r for r in readings(equation.rhs, dict(equation.binders)) if isinstance(r.element, Indexed | Scalar)]
        for equation in program.equations
    ]
    position = {equation.tensor.name: number for number, equation in enumerate(program.equations)}
    reads = [
        {position[name_of(r.element)] for r in elements if name_of(r.element) in position}
        for elements in found
    ]
    circle = _circles(reads)
    steps: dict[
        int, set[tuple[int, int]]
    ] = {}  # for each circle, the axis and direction that every reading ahead agrees to
    inner: list[tuple[int, Equation, Expr, int]] = []
    for reader, elements in enumerate(found):
        equation = program.equations[reader]
        for element in {r.element: None for r in elements}:
            target = position.get(name_of(element), -1)
            if target < 0 or circle[target] != circle[reader]:
                if target > reader:
                    raise _too_early(program, reader, target)
                continue
            inner.append((reader, equation, element, target))
            if target >= reader:
                moves = {
                    (axis, 1 if step > 0 else -1) for axis, step in _steps(equation, element).items() if step
                }
                steps[circle[reader]] = steps.get(circle[reader], moves) & moves
                if not steps[circle[reader]]:
                    raise _same_step(equation, element)
    for reader, equation, element, target in inner:
        moved = _steps(equation, element)
        if target < reader and not any(
            moved.get(axis, -way) * way >= 0 for axis, way in steps[circle[reader]]
        ):
            raise _same_step(equation, element)


def _steps(equation: Equation, element: Expr) -> dict[int, int]:
    """By how much each axis of `element` is away from the same axis of the equation's left side, where that
    is a fixed number.
    """
    found: dict[int, int] = {}
    for axis, (index, place) in enumerate(zip(equation.indices, indices_of(element), strict=False)):
        step = place - index
        if step.is_Integer:
            found[axis] = int(step)
    return found


def _too_early(program: Program, reader: int, target: int) -> EquationError:
    one, other = program.equations[reader].tensor.name, program.equations[target].tensor.name
    return EquationError(
        f"{one} reads {other}, which is defined only later",
        place=at_equation(one),
        expected=f"the equation of {other} before that of {one}",
    )


def _same_step(equation: Equation, element: Expr) -> EquationError:
    return EquationError(
        f"{element_text(equation.lhs)} depends on itself through {element_text(element)}",
        place=at_equation(equation.tensor.name),
        expected="a recurrence: such readings a fixed number of steps earlier on one axis, as in H[n,t-1,k]",
    )


def _circles(reads: list[set[int]]) -> list[int]:
    """For each equation a number that those it reads in a circle share (Tarjan's strongly connected
    components, without recursion).
    """
    order: dict[int, int] = {}
    low: dict[int, int] = {}
    circle = [-1] * len(reads)
    stack: list[int] = []
    for start in range(len(reads)):
        if start in order:
            continue
        work: list[tuple[int, Iterable[int]]] = [(start, iter(sorted(reads[start])))]
        order[start] = low[start] = len(order)
        stack.append(start)
        while work:
            node, targets = work[-1]
            target = next((t for t in targets if circle[t] < 0), None)
            if target is None:
                work.pop()
                if low[node] == order[node]:
                    while circle[node] < 0:
                        circle[stack.pop()] = node
                elif work:
                    low[work[-1][0]] = min(low[work[-1][0]], low[node])
            elif target in order:
                low[node] = min(low[node], order[target])
            else:
                order[target] = low[target] = len(order)
                stack.append(target)
                work.append((target, iter(sorted(reads[target]))))
    return circle
