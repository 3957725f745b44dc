"""Names in the generated module: a user's name is data, and becomes an identifier that is no keyword and
clashes with nothing.
"""

from __future__ import annotations

import builtins
import keyword
from collections.abc import Iterable

OF_THE_TRAINER = """
dtype parameters initialize predict loss gradients step fit save load
_workspaces _workspace _predict _loss _backward _update _limit _scratch _state _restore _write
_workspaces _workspace _predict _loss _backward _update _limit _scratch _state
unrolled_up_to _step _as_numbers _keep _step_of_numbers _epochs_of_numbers
"""
OF_THE_METHODS = """
self w np argparse sys Path BadZipFile Trainer Workspace parts windows require_finite shape_error main
shape shapes seed path epochs batch_size validation callback order epoch history start dtype random count size
total chosen state found file temporary name array archive
Course Rows Field source_of course fields buffer checkpoint checked read_npz
numbers samples done step acos acosh asin asinh atan atanh cos cosh exp expm1 log log1p sin sinh sqrt tan tanh
erf erfc normal_cdf normal_pdf bell TAIL NEAR in_blocks decay_of_square polynomial tail
"""

TRAINER = frozenset(OF_THE_TRAINER.split())
"""What a Trainer has besides the user's tensors."""

LOCAL = frozenset(OF_THE_METHODS.split()) | frozenset(dir(builtins))
"""What a function of the generated module may call by a bare name."""


class Names:
    """A namespace: every key gets one identifier, and no two the same."""

    def __init__(self, taken: Iterable[str]) -> None:
        self.taken = set(taken)
        self.found: dict[object, str] = {}

    def of(self, key: object, wanted: str = "") -> str:
        """The identifier of `key`: `wanted` (the key itself, unless given), with underscores behind it as
        long as it is taken.
        """
        if key not in self.found:
            name = wanted or str(key)
            while name in self.taken or keyword.iskeyword(name) or keyword.issoftkeyword(name):
                name += "_"
            self.taken.add(name)
            self.found[key] = name
        return self.found[key]
