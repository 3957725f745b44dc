"""What a solver needs beyond the gradients: products with the matrix of second derivatives that it uses."""

from __future__ import annotations

from dataclasses import replace

from symnet.derivation.curvature import gauss_newton_product
from symnet.derivation.journal import Derived, Further
from symnet.derivation.second import hessian_product
from symnet.equations.program import reads
from symnet.errors import DerivationError
from symnet.index.symbols import Role
from symnet.registry import solver


def solved_by(name: str, derived: Derived, prediction: str = "") -> Derived:
    """`derived` with the product that the solver `name` needs, in place of another that it had.

    Raises DerivationError where the network is not such that there is one.
    """
    product = _product(name, derived, prediction)
    if product is None:
        return derived
    others = tuple(further for further in derived.further if further.name != product.name)
    return replace(derived, further=(*others, product))


def _product(name: str, derived: Derived, prediction: str) -> Further | None:
    found = solver(name)
    if found is None or not found.product:
        return None
    trained = tuple(tensor for tensor in derived.wrt if tensor.role is Role.PARAMETER)
    derived = replace(derived, wrt=trained)
    if found.product == "hessian":
        return hessian_product(derived)
    return gauss_newton_product(derived, curved_at(derived, prediction))


def curved_at(derived: Derived, prediction: str = "") -> str:
    """The tensor that the loss is curved in, for a Gauss-Newton matrix: the one that the equations of the
    loss read and that the parameters lead to; where no equation says that it is of the loss, the
    prediction.

    Raises DerivationError where there are several.
    """
    program = derived.primal
    on_the_way = program.sources(derived.loss.name)
    own = {e.tensor.name for e in program.equations if e.origin == "loss" and e.tensor.name in on_the_way}
    if not own:
        return prediction
    trained = {tensor.name for tensor in derived.wrt if tensor.role is Role.PARAMETER}
    read = {name for e in program.equations if e.tensor.name in own for name in reads(e.rhs)} - own
    found = [
        equation.tensor.name
        for equation in program.equations
        if equation.tensor.name in read and program.sources(equation.tensor.name) & trained
    ]
    if len(found) != 1:
        several = ", ".join(found) if found else "none"
        raise DerivationError(
            f"the loss is curved in several tensors ({several})",
            expected="a network with one loss of one tensor, or the solver newton_cg",
        )
    return found[0]
