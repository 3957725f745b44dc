"""What belongs together on a page: the equation of a step, with the lines that lead to it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from symnet.documents.outline import (
    Block,
    Document,
    Section,
    Statement,
    Steps,
    Unfolding,
    anchored,
    statements,
)


@dataclass(frozen=True, slots=True)
class Card:
    """Blocks of one step, whose equation has the number `label`; without a number, blocks of none."""

    label: str
    blocks: tuple[Block, ...]

    @property
    def anchor(self) -> str:
        """The label as a part of an address."""
        return anchored(self.label)


def cards(blocks: Sequence[Block]) -> Iterator[Card]:
    """The blocks in order, those of one numbered equation together."""
    waiting: list[Block] = []
    for block in blocks:
        if isinstance(block, Statement) and block.label:
            before = [steps for steps in waiting if isinstance(steps, Steps) and steps.label == block.label]
            yield Card("", tuple(other for other in waiting if other not in before))
            yield Card(block.label, (*before, block))
            waiting = []
        else:
            waiting.append(block)
    yield Card("", tuple(waiting))


def walk(document: Document) -> tuple[Statement, ...]:
    """The numbered equations of a document, in order: the steps of a walk through it."""
    blocks = (block for section in document.sections for block in section.blocks)
    return tuple(statement for statement in statements(blocks) if statement.label)


def numbers(document: Document) -> frozenset[str]:
    """The numbers of all its equations, those that are unfolded on demand among them."""
    found = {statement.label for statement in walk(document)}
    for unfolding in unfoldings(document):
        pattern = unfolding.pattern
        labels = [statement.label for statement in statements((pattern.marked,))]
        found |= {pattern.filled(label, k) for label in labels for k in range(pattern.count)}
    return frozenset(found)


def unfoldings(document: Document) -> tuple[Unfolding, ...]:
    """What is unfolded on demand."""
    blocks = (block for section in document.sections for block in section.blocks)
    return tuple(block for block in blocks if isinstance(block, Unfolding))


def beside(document: Document, anchor: str, kind: type[Block]) -> tuple[Section | None, Block | None]:
    """The section of that anchor, and its first block of a kind: what stands beside all the others."""
    for section in document.sections:
        for block in section.blocks:
            if section.anchor == anchor and isinstance(block, kind):
                return section, block
    return None, None


def main(document: Document, *aside: Section | Block | None) -> tuple[Section, ...]:
    """The sections but for those, and without those blocks, which stand beside them."""
    return tuple(
        replace(section, blocks=tuple(block for block in section.blocks if block not in aside))
        for section in document.sections
        if section not in aside
    )
