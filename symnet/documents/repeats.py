"""Layers that repeat are said once: with ℓ for the number of the layer, as a textbook has it.

What is general is not written by itself: it is what a document prints for one layer, with ℓ in place of the
layer's number, ℓ−1 in place of the one before, and so on. It stands for a run of layers only where what is
printed for every one of them comes out of it letter by letter (`patterns.py`). So layers are compared as they
are printed, and nothing has to be known of what they are: a run may be of layers, of blocks of layers, or of
layers of two kinds that take turns.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from operator import is_not
from typing import Any

from symnet.documents import typeset as t
from symnet.documents.context import Context
from symnet.documents.names import name_parts
from symnet.documents.outline import (
    Block,
    Document,
    Fold,
    Paragraph,
    Section,
    Statement,
    Table,
    Text,
    Unfolding,
)
from symnet.documents.patterns import (
    FORMULA,
    LABEL,
    MARK,
    NUMBER,
    WORDS,
    Form,
    Forms,
    Pattern,
    changed,
    continues,
    pattern,
)
from symnet.documents.typeset import ELL, Node, row

LEAST = 3
"""So many layers are a run."""
TURNS = 6
"""So many kinds of layers may take turns."""
DOTS = t.Name("…", "upright", r"\dots")
REFERENCE = re.compile(rf"(?<=\(){MARK.pattern}[a-z]?(?=\))")
"""The number of an equation in a sentence: (7) or (7a)."""


def folded(document: Document, context: Context) -> Document:
    """The document with what repeats from layer to layer said once; itself where nothing does."""
    forms = Forms()
    told: list[Section] = []
    for found in _runs([_without_numbers(section) for section in document.sections], forms):
        if isinstance(found, Run):
            told += _sections(found, context)
        else:
            section = document.sections[found]
            told.append(_within(section, context, forms) if section.level == 1 else section)
    return replace(document, sections=tuple(told))


def general(document: Document) -> Document:
    """The document without what is to be unfolded."""
    sections = [
        replace(section, blocks=tuple(block for block in section.blocks if not isinstance(block, Unfolding)))
        for section in document.sections
    ]
    return replace(document, sections=tuple(sections))


@dataclass(frozen=True, slots=True)
class Run:
    """Several layers of which one and the same is said, up to numbers."""

    pattern: Pattern  # of all that is said of a layer: a tuple of blocks, sections or rows
    first: int  # the number of the first layer
    step: int  # how much more it is in the next

    def layers(self) -> Node:
        """ℓ = 2, …, 49."""
        shown = [self.first, self.first + (self.pattern.count - 1) * self.step]
        if abs(self.step) != 1:
            shown.insert(1, self.first + self.step)
        parts: list[Node] = [t.Number(str(number)) for number in shown]
        parts.insert(-1, DOTS)
        return row(ELL, t.EQUALS, t.joined(parts, t.COMMA))

    def general(self) -> tuple[Any, ...]:
        """What is said of all the layers: numbers of layers by ℓ, numbers of equations as a list of them."""
        return changed(self.pattern.marked, self._letters)

    def _letters(self, text: str, place: str) -> str:
        if not MARK.search(text):
            return text
        if place == LABEL:
            return self._listed(text)
        if place == WORDS:
            text = REFERENCE.sub(lambda found: self._listed(found[0]), text)
        return MARK.sub(self._letter, text)

    def _listed(self, text: str) -> str:
        """A text with a mark in it, for the first layers and the last: 3, 5, …, 97."""
        last = self.pattern.count - 1
        known = [self.pattern.filled(text, k) for k in (0, 1, last)]
        return ", ".join([*known[:2], *(["…"] if last > 2 else []), known[2]])

    def _letter(self, found: re.Match[str]) -> str:
        """ℓ+1 for a number that is greater by 1 than the layer's; in brackets behind a word."""
        first, step = self.pattern.marks[found[0]]
        if step != self.step:
            return self._listed(found[0])
        apart = first - self.first
        letter = ELL.text + (f"{'+' if apart > 0 else '−'}{abs(apart)}" if apart else "")
        behind_word = found.string[: found.start()][-1:].isalpha()
        return f"({letter})" if apart and behind_word else letter

    def unfolding(self, context: Context, blocks: tuple[Block, ...]) -> Unfolding:
        """Each layer by itself; `blocks` have the marks of the pattern."""
        number = next(mark for mark, grown in self.pattern.marks.items() if grown == (self.first, self.step))
        title = context.text("The same for {layer}", layer=row(ELL, t.EQUALS, t.Number(number)))
        told = context.text("Every layer by itself: {layers}", layers=self.layers())
        return Unfolding(told, replace(self.pattern, marked=Fold(title, blocks)))


def _within(section: Section, context: Context, forms: Forms) -> Section:
    """A section with its blocks and tables folded."""
    told: list[Block] = []
    for found in _runs([_without_numbers(block) for block in section.blocks], forms):
        if isinstance(found, Run):
            lead = Paragraph(context.text("For {layers}:", layers=found.layers()))
            told += [lead, *found.general(), found.unfolding(context, found.pattern.marked)]
        else:
            block = section.blocks[found]
            told += _table(block, context, forms) if isinstance(block, Table) else [block]
    return replace(section, blocks=tuple(told)) if tuple(told) != section.blocks else section


def _without_numbers(item: Any) -> Any:
    """A block or a section of level 2 without the numbers of a worked example, which are another's in every
    layer.
    """
    if isinstance(item, Statement):
        return replace(item, numbers=None) if item.numbers is not None else item
    if isinstance(item, Fold) or (isinstance(item, Section) and item.level == 2):
        blocks = tuple([_without_numbers(block) for block in item.blocks])
        return replace(item, blocks=blocks) if any(map(is_not, blocks, item.blocks)) else item
    return item


def _sections(run: Run, context: Context) -> Iterator[Section]:
    """The sections of a run: each is general, and has behind it those that it stands for."""
    lead = Paragraph(context.text("For {layers}:", layers=run.layers()))
    for marked, section in zip(run.pattern.marked, run.general(), strict=True):
        yield replace(section, blocks=(lead, *section.blocks, run.unfolding(context, marked.blocks)))


def _table(table: Table, context: Context, forms: Forms) -> Iterator[Block]:
    """A table with its rows folded, and behind it the rows that were."""
    rows: list[tuple[Text, ...]] = []
    behind: list[Block] = []
    for found in _runs(table.rows, forms):
        if isinstance(found, Run):
            lead = context.text("For {layers}:", layers=found.layers())
            rows += [(lead, *((),) * (len(table.head) - 1)), *found.general()]
            behind.append(found.unfolding(context, (replace(table, rows=found.pattern.marked),)))
        else:
            rows.append(table.rows[found])
    yield replace(table, rows=tuple(rows))
    yield from behind


ALONE = Form(-1)
"""The form of what is about no layer with a number: nothing continues it."""


@dataclass(frozen=True, slots=True)
class _Group:
    """Items side by side that are about one layer; `layer` is what a tensor's name says of it."""

    layer: str
    items: tuple[int, ...]
    form: Form  # of the layer's name and the items


def _runs(items: Sequence[Any], forms: Forms) -> Iterator[int | Run]:
    """The runs among the items, and the places of those that are in none."""
    groups = list(_groups(items, forms))
    start = 0
    while start < len(groups):
        turns, count = max(
            ((turns, _length(groups, start, turns)) for turns in range(1, TURNS + 1)),
            key=lambda found: (found[0] * found[1], -found[0]) if found[1] >= LEAST else (0, 0),
        )
        run = _run(items, groups[start : start + turns], groups[start + turns : start + 2 * turns], count)
        if run is None:
            yield from groups[start].items
            start += 1
        else:
            yield run
            start += turns * count


def _groups(items: Sequence[Any], forms: Forms) -> Iterator[_Group]:
    """The items by the layers that they are about; what is about none goes with what follows."""
    found: list[tuple[str, int]] = []
    layer = ""
    for place in reversed(range(len(items))):
        tensor = owner(items[place])
        layer = layer if tensor is None else name_parts(tensor)[1]
        found.append((layer, place))
    for layer, places in groupby(reversed(found), key=lambda pair: pair[0]):
        chosen = tuple(place for _, place in places)
        said = (layer, tuple(items[place] for place in chosen))
        yield _Group(layer, chosen, forms.of(said) if NUMBER.search(layer) else ALONE)


def owner(item: Any) -> str | None:
    """The name of the tensor that a block, a section of level 2 or a row is about; None where it is about
    none.
    """
    if isinstance(item, Statement):
        return item.blames or item.of
    if isinstance(item, Fold) or (isinstance(item, Section) and item.level == 2):
        return next((name for block in item.blocks if (name := owner(block)) is not None), None)
    if isinstance(item, tuple) and item:
        return next(iter(reversed(list(_named(item[0])))), None)
    return None


def _named(thing: Any) -> Iterator[str]:
    """The names of the tensors in a formula, in their order."""
    if isinstance(thing, tuple):
        for part in thing:
            yield from _named(part)
    elif isinstance(thing, t.Name | t.Script | t.Accent) and thing.of:
        yield thing.of
    else:
        for field in getattr(thing, "__dataclass_fields__", ()):
            yield from _named(getattr(thing, field))


def _length(groups: Sequence[_Group], start: int, turns: int) -> int:
    """How often the groups from `start` on, so many at a time, repeat evenly."""
    forms: list[list[Form]] = [[group.form] for group in groups[start : start + turns]]
    if len(forms) < turns or [ALONE] in forms:
        return 0
    count = 1
    while True:
        following = groups[start + count * turns : start + (count + 1) * turns]
        if len(following) < turns or not all(
            continues(before, group.form) for before, group in zip(forms, following, strict=True)
        ):
            return count
        for before, group in zip(forms, following, strict=True):
            before.append(group.form)
        count += 1


def _run(items: Sequence[Any], first: Sequence[_Group], second: Sequence[_Group], count: int) -> Run | None:
    """The run that begins with two groups of groups; None where it is too short, or where layers have no
    number, or where numbers in formulas grow that are not those of layers.
    """
    if count < LEAST:
        return None
    own, following = (map(int, NUMBER.findall(groups[0].layer)) for groups in (first, second))
    number, step = next(((a, b - a) for a, b in zip(own, following, strict=True) if a != b), (0, 0))
    grown = [
        (b - a, place)
        for one, other in zip(first, second, strict=True)
        for a, b, place in zip(one.form.numbers, other.form.numbers, one.form.places, strict=True)
    ]
    if not step or any(by not in (0, step) for by, place in grown if place == FORMULA):
        return None
    thing = tuple((group.layer, tuple(items[place] for place in group.items)) for group in first)
    before, after = ([n for group in groups for n in group.form.numbers] for groups in (first, second))
    found = pattern(thing, before, after, count)
    return Run(replace(found, marked=tuple(item for _, said in found.marked for item in said)), number, step)
