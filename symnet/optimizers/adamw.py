"""AdamW: Adam with a weight decay that the rates do not touch."""

from symnet.registry import Formula

MEMBER = Formula(
    text=(
        "step_next = step + 1\n"
        "m_next[i] = beta1*m[i] + (1 - beta1)*g[i]\n"
        "s_next[i] = beta2*s[i] + (1 - beta2)*g[i]**2\n"
        "m_hat[i] = m_next[i]/(1 - beta1**step_next)\n"
        "s_hat[i] = s_next[i]/(1 - beta2**step_next)\n"
        "w_next[i] = w[i] - learning_rate*(m_hat[i]/(sqrt(s_hat[i]) + epsilon) + weight_decay*w[i])"
    ),
    words="Adam, and every weight shrinks a little.",
    settings={"learning_rate": 0.001, "beta1": 0.9, "beta2": 0.999, "epsilon": 1e-08, "weight_decay": 0.01},
    source="Loshchilov and Hutter (2017), arXiv:1711.05101, algorithm 2",
    declarations="m: state[I]\ns: state[I]\nstep: state",
)
