"""Draw networks and judge them for a given time: `make fuzz FUZZ_SECONDS=600`.

Every round draws some networks from a seed of its own, the next one. Where a network is not certified, or its
documents cannot be written, a smaller one of the same fault is searched for; its specification is printed and
kept, to be replayed by `symnet verify`, and the seed replays the search.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from hypothesis import HealthCheck, Phase, given, seed, settings
from network_layers import Table
from networks import networks, toml
from verify.drawn import affordable, derivation_of, judge

FORMS = ("html", "latex", "markdown")
EACH_ROUND = 20
KEPT = Path(".hypothesis")


class Round:
    """The networks that one seed draws."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.counts: Counter[str] = Counter()
        self.path = KEPT / f"drawn-{number}.toml"

    def keep(self, document: Table, error: Exception) -> None:
        """Keeps what failed; the last time, that is the smallest."""
        if not self.path.exists():
            print(
                f"seed {self.number}: {error}\nA smaller network of this fault is searched for.", flush=True
            )
        self.path.parent.mkdir(exist_ok=True)
        self.path.write_text(toml(document))

    def run(self) -> None:
        """Judges all of them; raises what the smallest one that fails raises."""

        @seed(self.number)
        @settings(
            max_examples=EACH_ROUND,
            database=None,
            deadline=None,
            derandomize=False,
            phases=[Phase.generate, Phase.shrink],
            suppress_health_check=list(HealthCheck),
        )
        @given(networks())
        def each(document: Table) -> None:
            try:
                derivation = derivation_of(document)
                if not affordable(derivation.derived):
                    self.counts["too large"] += 1
                    return
                judge(derivation, FORMS)
            except Exception as error:
                self.keep(document, error)
                raise
            self.counts["certified"] += 1
            self.counts.update(f"layer {layer['kind']}" for layer in document["layers"])

        each()


def main() -> int:
    """Rounds until the time is over or one fails."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=300)
    parser.add_argument("--seed", type=int, default=None)
    options = parser.parse_args()
    first = random.randrange(10**6) if options.seed is None else options.seed
    end, counts, number = time.monotonic() + options.seconds, Counter[str](), first
    while time.monotonic() < end:
        current = Round(number)
        current.path.unlink(missing_ok=True)
        try:
            current.run()
        except Exception as error:
            print(f"{current.path.read_text()}\n{error}\n\nseed {number}; kept as {current.path}")
            return 1
        counts += current.counts
        number += 1
        print(f"seed {number - 1}: {counts['certified']} networks certified", flush=True)
    print(f"seeds {first} to {number - 1}: {dict(counts.most_common())}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
