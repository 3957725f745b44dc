"""A generated module as a module: loaded from a file, as any other would be."""

from __future__ import annotations

import importlib.util
import tempfile
from pathlib import Path
from types import ModuleType


def load(source: str) -> ModuleType:
    """The module whose text `generate` wrote."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "trainer.py"
        path.write_text(source, encoding="utf-8")
        spec = importlib.util.spec_from_file_location("trainer", path)
        assert spec is not None, "a file that ends in .py is a module"
        assert spec.loader is not None, "and can be loaded"
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
    return module
