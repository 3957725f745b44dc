"""Batch normalization: each feature gets mean 0 and variance 1 over the batch, and over all places of images.

In training the mean and the variance are the batch's, and running ones follow them; a trained network uses
the running ones.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from symnet.index.symbols import Tensor
from symnet.layers.layer import Sample, Stated, number
from symnet.layers.norms import WORDS, Normalization
from symnet.messages import say
from symnet.sizes import Sizes

RUNNING = "mu_run: state[C]\nv_run: state[C] = 1\n"
FOLLOW = (
    "mu_run_next[c] = (1 - momentum)*mu_run[c] + momentum*mu[c]\n"
    "v_run_next[c] = (1 - momentum)*v_run[c] + momentum*v[c]*N/maximum(N - 1, 1)\n"
)


@dataclass(frozen=True, slots=True)
class BatchNorm(Normalization):
    """Normalization over all axes but the last. Ioffe and Szegedy (2015), arXiv:1502.03167.

    `momentum` is the share of the batch in the running mean and variance; the running variance is that of
    the population, with N - 1.
    """

    FORMULA: ClassVar[str] = (
        "mu[c] = sum(X[n,c], n)/N\nv[c] = sum((X[n,c] - mu[c])**2, n)/N\n"
        "Xhat[n,c] = (X[n,c] - mu[c])/sqrt(v[c] + eps)\nA[n,c] = gamma[c]*Xhat[n,c] + beta[c]"
    )
    WORDS: ClassVar[str] = (
        "Each feature gets mean 0 and variance 1 over the batch, and is scaled and shifted."
    )

    momentum: float = 0.1

    def __post_init__(self) -> None:
        super(BatchNorm, self).__post_init__()
        number("momentum", self.momentum, 0, 1)

    def stated(self, *x: Tensor, known: Sizes) -> Stated:
        """The three lines and the running statistics; for a trained network, one line over these."""
        head = f"X: input[N, C]\n{self.parameters('C')}{RUNNING}"
        running = self.scaled("(X[n,c] - mu_run[c])/sqrt(v_run[c] + eps)", "c")
        text = (
            f"{head}mu[c] = sum(X[n,c], n)/N\nv[c] = sum((X[n,c] - mu[c])**2, n)/N\n{FOLLOW}"
            f"{self.normalized('n,c', '(X[n,c] - mu[c])/sqrt(v[c] + eps)', 'c')}"
        )
        return Stated(
            text,
            settings={"eps": self.eps, "momentum": self.momentum},
            words={
                **WORDS,
                "mu_run_next": say("The running mean follows that of the batch."),
                "v_run_next": say("The running variance follows that of the batch."),
            },
            inference=f"{head}A[n,c] = {running}",
        )


LAYER = BatchNorm
SAMPLES = (Sample(BatchNorm(), ("N", 3)), Sample(BatchNorm(), ("N", 2, 3, 2)))
