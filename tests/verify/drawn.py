"""A network that was drawn, before every judge: the reader of specifications, the derivation, complex steps and
differences, the evaluation of every line, and the generated module in a process of its own.
"""

from __future__ import annotations

import math
import tempfile
from collections.abc import Sequence
from pathlib import Path

from network_layers import Table
from networks import toml

from symnet.derivation.journal import Derived
from symnet.pipeline import Derivation, Network
from symnet.verify import verify
from symnet.verify.points import extent_at, work

AFFORDABLE = 10_000_000
"""How many innermost evaluations the complex steps of a drawn network may take where all sizes are 4."""


def derivation_of(document: Table) -> Derivation:
    """The derivation of the network that the text of the document states."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "drawn.toml"
        path.write_text(toml(document))
        return Network.from_toml(path).derive()


def affordable(derived: Derived) -> bool:
    """Whether plain loops can judge it in a second or so."""
    program = derived.primal
    sizes = {size.name: 4 for size in program.sizes}
    elements = sum(math.prod(int(extent_at(n, sizes)) for n in a.of.shape) for a in derived.adjoints)
    return elements * work(program, sizes) <= AFFORDABLE


def judge(derivation: Derivation, forms: Sequence[str] = ()) -> None:
    """Certifies the derivation and its module, and writes its documents; raises AssertionError with what is
    wrong.
    """
    certificate = verify(
        derivation.derived,
        points=1,
        module_source=derivation.generate(),
        prediction=derivation.prediction,
    )
    assert certificate.passed, str(certificate)
    assert any(finding.check == "module" for finding in certificate.findings)
    for form in forms:
        assert derivation.document(form)
