"""Rprop: each weight has a step of its own, which grows while its gradient keeps its sign or shrinks."""

from symnet.registry import Formula

MEMBER = Formula(
    text=(
        "a[i] = g[i]*p[i]\n"
        "c[i] = where(a[i] > 0, grow, where(a[i] < 0, shrink, 1))\n"
        "r_next[i] = minimum(maximum(c[i]*r[i], smallest/learning_rate), largest/learning_rate)\n"
        "p_next[i] = where(a[i] < 0, 0, g[i])\n"
        "w_next[i] = w[i] - learning_rate*r_next[i]*signum(p_next[i])"
    ),
    words="Only the sign of the gradient counts, and whether it has changed.",
    settings={"learning_rate": 0.01, "grow": 1.2, "shrink": 0.5, "smallest": 1e-06, "largest": 50.0},
    source="Riedmiller and Braun (1993), A direct adaptive method for faster backpropagation learning",
    declarations="r: state[I] = 1\np: state[I]",
)
