"""Adadelta: the step is as large as recent steps, by the recent size of the gradient."""

from symnet.registry import Formula

MEMBER = Formula(
    text=(
        "s_next[i] = decay*s[i] + (1 - decay)*g[i]**2\n"
        "d[i] = sqrt(u[i] + epsilon)/sqrt(s_next[i] + epsilon)*g[i]\n"
        "u_next[i] = decay*u[i] + (1 - decay)*d[i]**2\n"
        "w_next[i] = w[i] - learning_rate*d[i]"
    ),
    words="The step has the units of the weight: recent steps over recent gradients.",
    settings={"learning_rate": 1.0, "decay": 0.9, "epsilon": 1e-06},
    source="Zeiler (2012), ADADELTA, arXiv:1212.5701",
    declarations="s: state[I]\nu: state[I]",
)
