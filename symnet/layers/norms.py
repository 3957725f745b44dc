"""What normalizations share: the mean and the variance over some axes, and the same with scale and shift.

mu = mean of X,   v = mean of (X - mu)^2,   Xhat = (X - mu)/sqrt(v + eps),   A = gamma Xhat + beta
"""

from __future__ import annotations

from dataclasses import dataclass

from symnet.layers.layer import Layer, flag, number
from symnet.messages import say

WORDS = {
    "mu": say("The mean."),
    "v": say("The variance: the mean of the squared distance to the mean."),
    "Xhat": say("What is left has mean 0 and variance 1."),
    "A": say("What is normalized is scaled and shifted."),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Normalization(Layer):
    """A normalization: `eps` is added to the variance; with `affine`, gamma and beta scale and shift the
    result.
    """

    eps: float = 1e-5
    affine: bool = True

    def __post_init__(self) -> None:
        super(Normalization, self).__post_init__()
        number("eps", self.eps, 0, 1)
        flag("affine", self.affine)

    def parameters(self, axis: str) -> str:
        """Declarations of gamma and beta."""
        return f"gamma: parameter[{axis}]\nbeta: parameter[{axis}]\n" * self.affine

    def normalized(self, at: str, value: str, index: str) -> str:
        """The equations of the output at the indices `at`: the normalized value, scaled and shifted."""
        if not self.affine:
            return f"A[{at}] = {value}"
        return f"Xhat[{at}] = {value}\nA[{at}] = {self.scaled(f'Xhat[{at}]', index)}"

    def scaled(self, value: str, index: str) -> str:
        """Gamma times the value, plus beta."""
        return f"gamma[{index}]*{value} + beta[{index}]" if self.affine else value
