"""Nadam: Adam that looks ahead as Nesterov does, with a momentum that warms up."""

from symnet.registry import Formula

MEMBER = Formula(
    text=(
        "step_next = step + 1\n"
        "mu = beta1*(1 - 0.96**(step_next*momentum_decay)/2)\n"
        "mu_ahead = beta1*(1 - 0.96**((step_next + 1)*momentum_decay)/2)\n"
        "product_next = product*mu\n"
        "m_next[i] = beta1*m[i] + (1 - beta1)*g[i]\n"
        "s_next[i] = beta2*s[i] + (1 - beta2)*g[i]**2\n"
        "m_hat[i] = mu_ahead*m_next[i]/(1 - product_next*mu_ahead) + (1 - mu)*g[i]/(1 - product_next)\n"
        "s_hat[i] = s_next[i]/(1 - beta2**step_next)\n"
        "w_next[i] = w[i] - learning_rate*m_hat[i]/(sqrt(s_hat[i]) + epsilon)"
    ),
    words="A mean of recent gradients and of the one ahead, divided by their recent size.",
    settings={
        "learning_rate": 0.002,
        "beta1": 0.9,
        "beta2": 0.999,
        "epsilon": 1e-08,
        "momentum_decay": 0.004,
    },
    source="Dozat (2016), Incorporating Nesterov momentum into Adam",
    declarations="m: state[I]\ns: state[I]\nstep: state\nproduct: state = 1",
)
