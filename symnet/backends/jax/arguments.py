"""The data that a generated method takes, checked as the NumPy module checks them."""

from __future__ import annotations

from collections.abc import Sequence

from symnet.backends.numpy.arguments import Arguments
from symnet.backends.numpy.expressions import Expressions
from symnet.equations.program import Program
from symnet.index.symbols import Size, Tensor


class DataArguments(Arguments):
    """The arguments of one method; whole numbers are 32 bits long, which is what JAX counts with."""

    def __init__(self, program: Program, text_of: Expressions, data: Sequence[Tensor]) -> None:
        self.text_of = text_of
        self.data = tuple(data)
        self.names = [self.name(tensor) for tensor in self.data]

    def name(self, tensor: Tensor) -> str:
        return self.text_of.local.of(tensor, tensor.name)

    @property
    def samples(self) -> Size | None:
        """The size of the first axis, if that is known from the data alone: the number of samples."""
        sizes = (t.shape[0] for t in self.data if t.rank and t.shape[0] in self.text_of.of_data)
        return next(sizes, None)

    def conversion(self, tensor: Tensor) -> str:
        name = self.name(tensor)
        if tensor.integer:
            return f'{name} = np.ascontiguousarray({name}).astype(np.int32, casting="same_kind", copy=False)'
        return super().conversion(tensor)
