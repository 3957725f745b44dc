"""And so on back: the chain rule."""

from __future__ import annotations

from symnet.documents.outline import Block, Section, Table, Text
from symnet.story.painted import BLAMED, KNOWN, painted
from symnet.story.runs import DEEP
from symnet.story.teller import Teller


def chapter(tell: Teller) -> Section:
    """A network of more layers, the blame on its way, and its equations layer by layer."""
    depth = len(DEEP)
    blocks: list[Block] = [
        tell.paragraph(
            "Then the layer before passes its blame on in the same way, to the layer before that. And so on "
            "back, to the first. This network has {depth} layers:",
            depth=str(depth),
        ),
        *(_stage(tell, layer) for layer in range(depth, 1, -1)),
        tell.paragraph(
            "Its derivation has {count} equations on the way back, but for each layer they are the same. The "
            "blame of what the layer said becomes the blame of its sum; from this come the gradients of its "
            "weights and of its bias, and the blame of the layer before:",
            count=str(len(tell.runs.deep.derived.adjoints)),
        ),
        _layers(tell),
        tell.paragraph(
            "Whoever knows one row of this table knows the whole network, however deep it is. This is the "
            "chain rule: the derivative of what follows, times the derivative of the step here. For networks "
            "it has a name of its own, back-propagation."
        ),
    ]
    return Section(tell.text("And if there are more layers?"), "back", tuple(blocks))


def _stage(tell: Teller, layer: int) -> Block:
    title = tell.say("Layer {layer} blames layer {before}.", layer=layer, before=layer - 1)
    colours = {f"layer {layer}": KNOWN, f"layer {layer - 1}": BLAMED}
    return tell.figure(painted(tell.runs.deep.derived.stated, title, colours), title)


def _layers(tell: Teller) -> Table:
    """A row for each layer, from the last to the first."""
    rows: list[tuple[Text, ...]] = []
    for layer in range(len(DEEP), 0, -1):
        wanted = [f"dZ{layer}", f"dW{layer}", f"db{layer}"] + [f"dA{layer - 1}"] * (layer > 1)
        cells: list[Text] = [(tell.deep.equation(name, "matrix").index,) for name in wanted]
        cells += [(tell.say("nobody: the inputs are given"),)] * (layer == 1)
        rows.append(((str(layer),), *cells))
    head = (
        tell.say("layer"),
        tell.say("its sum"),
        tell.say("its weights"),
        tell.say("its bias"),
        tell.say("whom it blames"),
    )
    return Table(head, tuple(rows))
