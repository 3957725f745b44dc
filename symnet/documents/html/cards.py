"""What belongs together on a page: the equation of a step, with the lines that lead to it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from symnet.documents.outline import Block, Document, Figure, Fold, Measured, Section, Statement, Steps


@dataclass(frozen=True, slots=True)
class Card:
    """Blocks of one step, whose equation has the number `label`; without a number, blocks of none."""

    label: str
    blocks: tuple[Block, ...]


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


def every(blocks: Sequence[Block]) -> Iterator[Block]:
    """The blocks in order, with those inside of others."""
    for block in blocks:
        yield block
        if isinstance(block, Fold | Measured):
            yield from every(block.blocks)


def statements(document: Document) -> tuple[Statement, ...]:
    """The numbered equations of a document, in order: the steps of a walk through it."""
    found = (block for section in document.sections for block in every(section.blocks))
    return tuple(block for block in found if isinstance(block, Statement) and block.label)


def with_block(document: Document, kind: type[Block]) -> tuple[Section | None, Block | None]:
    """The first section that has a block of a kind, and the block."""
    for section in document.sections:
        for block in section.blocks:
            if isinstance(block, kind):
                return section, block
    return None, None


def without(document: Document, figure: Block | None) -> tuple[Section, ...]:
    """The sections without that figure, which stands beside them all."""
    return tuple(
        Section(s.title, s.anchor, tuple(b for b in s.blocks if b is not figure), s.level)
        if isinstance(figure, Figure) and figure in s.blocks
        else s
        for s in document.sections
    )
