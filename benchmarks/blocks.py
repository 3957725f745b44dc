"""Seconds to derive stacks of transformer blocks (attention, residual sums, layer norm, feed-forward), by the
number of blocks; to write their module; and, for one block, to typeset its page.

Each figure is the first derivation in a process that has imported symnet and nothing more. Exit status: 0
where the claims hold (one block derived, typeset and generated takes less than three seconds; deriving 24
blocks costs at most 3.6 times what 8 blocks cost, so that it grows linearly, and less than two seconds), 1
where one does not.
"""

from importlib import import_module

from measure import Contestant, Progress, arguments, fresh_turns, program, table, verdict, versions

BLOCKS = (1, 8, 24)
SECONDS = 3.0  # for one block, derived, typeset and generated, less than
MANY_SECONDS = 2.0  # for 24 blocks, derived, less than
GROWTH = 3.6  # of 24 blocks by 8 blocks, at most: three times, and a fifth for what noise adds
STAGES = ("derives", "and writes its module", "and typesets its page")


class Blocks:
    """A stack of `count` transformer blocks, up to the stage of that number."""

    def __init__(self, count: int, stage: int) -> None:
        self.count, self.stage, self.symnet = count, stage, import_module("symnet")
        import_module("symnet.pipeline")  # what `symnet` imports on first use is imported before
        self.block = import_module("symnet.layers.transformer_block").TransformerBlock

    def run(self, times: int) -> None:
        """Derive, and write what the stage asks for."""
        for _ in range(times):
            network = self.symnet.Network(
                inputs={"X": ("N", "T", 16)},
                targets={"Y": ("N", "T", 16)},
                layers=[self.block(32, heads=4) for _ in range(self.count)],
                loss="mse",
            )
            derivation = network.derive()
            assert all(gradient is not None for gradient in derivation.gradients.values())
            if self.stage > 0:
                assert "class Trainer" in derivation.generate("numpy")
            if self.stage > 1:
                assert "<math" in derivation.document("html")


def main() -> int:
    """Measure, print the table, say whether the claims hold."""
    rounds = arguments(__doc__, rounds=3).parse_args().rounds
    asked = [(n, stage) for n in BLOCKS for stage in range(3 if n == 1 else 2)]
    contestants = [Contestant(f"{n} {stage}", "blocks", "Blocks", (n, stage)) for n, stage in asked]
    timings = fresh_turns(contestants, rounds, Progress("blocks", rounds * len(contestants)))
    found = {timing.name: timing for timing in timings}
    rows = [
        [
            str(n),
            *(f"{found[f'{n} {stage}'].median:.2f}" if (n, stage) in asked else "" for stage in range(3)),
        ]
        for n in BLOCKS
    ]
    growth, whole = found["24 0"].ratio(found["8 0"]), found["1 2"].median
    many = found["24 0"].median
    print(versions("symnet", "sympy"))
    print(f"Transformer blocks of width 16, 4 heads; seconds of CPU, the median of {rounds} rounds.\n")
    print(table(["blocks", *STAGES], rows), end="\n\n")
    return verdict(
        [
            (f"one block, all three, takes less than {SECONDS:g} s: {whole:.2f} s", whole < SECONDS),
            (f"24 blocks cost at most {GROWTH} times what 8 blocks cost: {growth:.2f}", growth <= GROWTH),
            (f"24 blocks are derived in less than {MANY_SECONDS:g} s: {many:.2f} s", many < MANY_SECONDS),
        ]
    )


if __name__ == "__main__":
    program(main)
