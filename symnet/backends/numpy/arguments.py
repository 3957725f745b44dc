"""The data that a generated method takes: which arrays, how they are checked, and which sizes are read off
them.
"""

from __future__ import annotations

from collections.abc import Sequence

from symnet.backends.numpy.expressions import Expressions
from symnet.index.symbols import Size, Tensor
from symnet.lowering.schedule import Schedule


class Arguments:
    """The arguments of one method."""

    def __init__(self, plan: Schedule, text_of: Expressions, data: Sequence[Tensor]) -> None:
        self.plan = plan
        self.text_of = text_of
        self.data = tuple(data)
        self.names = [self.name(tensor) for tensor in self.data]

    def name(self, tensor: Tensor) -> str:
        return self.text_of.buffer(self.plan.of_tensor[tensor.name])

    @property
    def signature(self) -> str:
        return ", ".join(["self", *self.names])

    @property
    def floats(self) -> list[tuple[str, str]]:
        """The arrays whose entries must be finite, each with the name that an error gives it."""
        return list(self.floats_of.values())

    @property
    def floats_of(self) -> dict[Tensor, tuple[str, str]]:
        """The same by the tensors that they are of."""
        return {t: (t.name, name) for t, name in zip(self.data, self.names, strict=True) if not t.integer}

    @property
    def words(self) -> str:
        return ", ".join(f"{tensor.name} {self.text_of.shape_words(tensor.shape)}" for tensor in self.data)

    def checks(self) -> list[str]:
        """The lines that make arrays of the arguments, compare their shapes, and read the sizes off them."""
        with self.text_of.place("workspace"):
            lines = [self.conversion(tensor) for tensor in self.data]
            lines += [f"{self.text_of.symbol(size)} = {self.origin(size)}" for size in self.text_of.of_data]
            extents = [extent for tensor in self.data for extent in tensor.shape]
            needed = [size for size in self.text_of.free if any(extent.has(size) for extent in extents)]
            lines += [f"{self.text_of.symbol(size)} = {self.text_of.kept(size)}" for size in needed]
            return lines + self.comparison()

    def conversion(self, tensor: Tensor) -> str:
        name = self.name(tensor)
        if tensor.integer:
            return f'{name} = np.ascontiguousarray({name}).astype(np.intp, casting="same_kind", copy=False)'
        return f"{name} = np.{'ascontiguousarray' if tensor.rank else 'asarray'}({name}, self.dtype)"

    def comparison(self) -> list[str]:
        ranked = [tensor for tensor in self.data if tensor.rank]
        tests = [f"{self.name(t)}.shape != {self.text_of.shape(t.shape)}" for t in ranked]
        if not tests:
            return []
        given = [self.comparand(tensor) for tensor in ranked]
        if len(given) == 1:
            return [f"if {tests[0]}:", f"    raise shape_error({given[0]})"]
        lines = [f"        {comparand}," for comparand in given]
        return [f"if {' or '.join(tests)}:", "    raise shape_error(", *lines, "    )"]

    def comparand(self, tensor: Tensor) -> str:
        """What an error says of one array."""
        words, shape = self.text_of.shape_words(tensor.shape), self.text_of.shape(tensor.shape)
        return f'("{tensor.name}", "{words}", {shape}, {self.name(tensor)}.shape)'

    def origin(self, size: Size) -> str:
        """Where a size of the data is read."""
        tensor = next(tensor for tensor in self.data if size in tensor.shape)
        axis, name = tensor.shape.index(size), self.name(tensor)
        return (
            f"{name}.shape[{axis}]" if axis == 0 else f"{name}.shape[{axis}] if {name}.ndim > {axis} else 0"
        )

    def batch(self) -> tuple[str, tuple[bool, ...]]:
        """The number of samples, and of each array whether its first axis is theirs; empty where the first
        axis is of a known size.
        """
        first = next((t for t in self.data if t.rank and t.shape[0] in self.text_of.of_data), None)
        if first is None:
            return "", ()
        samples = first.shape[0]
        with self.text_of.place("workspace"):
            return self.text_of.symbol(samples), tuple(
                bool(tensor.rank) and tensor.shape[0] == samples for tensor in self.data
            )

    def fields(self) -> list[str]:
        """What `fit` takes as each of its arrays: the name, the shape of a sample, whether it holds whole
        numbers.
        """
        return [
            f'Field("{tensor.name}", {self.sample(tensor) if of_samples else None}, {tensor.integer})'
            for tensor, of_samples in zip(self.data, self.batch()[1], strict=True)
        ]

    def sample(self, tensor: Tensor) -> str:
        """The shape of one sample, with None where the data say it."""
        told = set(self.text_of.of_data)
        sizes = ["None" if e.atoms(Size) & told else self.text_of.size(e) for e in tensor.shape[1:]]
        return f"({sizes[0]},)" if len(sizes) == 1 else f"({', '.join(sizes)})"
