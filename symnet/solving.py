"""What a solver needs beyond the gradients: products with the matrix of second derivatives that it uses."""

from __future__ import annotations

from dataclasses import replace

from symnet.derivation.curvature import curved_at, gauss_newton_product
from symnet.derivation.journal import Derived, Further
from symnet.derivation.second import hessian_product
from symnet.index.symbols import Role
from symnet.registry import solver


def product_for(name: str, derived: Derived, prediction: str = "") -> Further | None:
    """The product that the solver `name` multiplies by, over all parameters; None where it needs none, or is
    none. Raises DerivationError where the network is not such that there is one.
    """
    found = solver(name)
    if found is None or not found.product:
        return None
    trained = tuple(tensor for tensor in derived.wrt if tensor.role is Role.PARAMETER)
    derived = replace(derived, wrt=trained)
    if found.product == "hessian":
        return hessian_product(derived)
    return gauss_newton_product(derived, curved_at(derived, prediction))
