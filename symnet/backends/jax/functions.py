"""The functions of numbers as JAX has them, each with `{x}` where its argument goes."""

from __future__ import annotations

SIGNS = {"add": "+", "subtract": "-", "multiply": "*", "divide": "/", "power": "**"}
COMPARISONS = {"less": "<", "less_equal": "<=", "equal": "=="}
FUNCTIONS = {
    "absolute": "jnp.abs({x})",
    "signum": "jnp.sign({x})",
    "sign": "jnp.where({x} >= 0.0, 1.0, -1.0)",
    "inverse": "jnp.reciprocal({x})",
    "decay": "jnp.exp(-jnp.abs({x}))",
    "rise": "jnp.exp(jnp.minimum({x}, 0.0))",
    "sech": "jnp.reciprocal(jnp.cosh({x}))",
    "sigmoid": "jax.nn.sigmoid({x})",
    "softplus": "jax.nn.softplus({x})",
    "erf": "jax.scipy.special.erf({x})",
    "erfc": "jax.scipy.special.erfc({x})",
    "normal_cdf": "jax.scipy.special.ndtr({x})",
    "normal_pdf": "normal_pdf({x})",
    "bell": "bell({x})",
}
"""Those that are called otherwise than in the language; all others are functions of jax.numpy."""


def applied(function: str, argument: str) -> str:
    """A function of one number, at the text of its argument."""
    return FUNCTIONS.get(function, f"jnp.{function}({{x}})").format(x=argument)
