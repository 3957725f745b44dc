"""Names in JavaScript that a user's tensor cannot have."""

from __future__ import annotations

from symnet.backends.javascript.functions import NAMES
from symnet.loops.names import Names

KEYWORDS = """
arguments async await break case catch class const continue debugger default delete do else enum eval export
extends false finally for from function get if implements import in instanceof interface let new null of
package private protected public return set static super switch this throw true try typeof undefined var
void while with yield constructor prototype Infinity NaN Math Number Array Object BigInt Map Float64Array
Int32Array Uint8Array
"""
OF_THE_MODULE = """
t w at size count random Random array nested copied taken Trainer memory workspace constants initialize
sizes draw forward infer to_loss backward update DATA INPUTS SIZES STATE shape data arrays one loss history
good epoch before epochs batchSize seed callback order total start some
"""
TAKEN = frozenset((KEYWORDS + OF_THE_MODULE).split()) | NAMES
"""What a function of the module calls by a bare name, or must not."""


def names() -> Names:
    """The namespace of the functions of a module."""
    return Names(TAKEN)
