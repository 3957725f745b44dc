"""The learning rate falls by a factor after every so many steps."""

from symnet.registry import Formula

MEMBER = Formula(
    text=(
        "rate = learning_rate*level\n"
        "turn = (spent + 1 >= every)\n"
        "spent_next = (1 - turn)*(spent + 1)\n"
        "level_next = where(turn > 0, factor*level, level)"
    ),
    words="The learning rate stays for some steps, then falls by a factor.",
    settings={"every": 1000.0, "factor": 0.1},
    declarations="level: state = 1\nspent: state",
)
