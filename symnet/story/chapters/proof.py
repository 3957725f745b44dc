"""The certificate."""

from __future__ import annotations

from symnet.documents.outline import Block, Section
from symnet.story.teller import Teller


def chapter(tell: Teller) -> Section:
    """What was checked, against what."""
    assert all(certificate.passed for certificate in tell.runs.certificates)
    blocks: list[Block] = [
        tell.paragraph(
            "A network can learn with a wrong derivative, only worse. So it is not enough that it learns. "
            "Every derivation of this story is compared with numbers that it did not produce: slopes that "
            "are measured as we measured ours, every printed step before and after, and the code itself. "
            "This is what was found for the network that learned XOR; the others passed as well."
        ),
        *tell.xor.blocks("certificate"),
        tell.paragraph(
            "This is where the story ends, and where every network begins: any that you can write down is "
            "derived, printed and checked in the same way."
        ),
    ]
    return Section(tell.text("Why should we believe it?"), "proof", tuple(blocks))
