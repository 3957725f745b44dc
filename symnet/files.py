"""Files are written whole or not at all: to a temporary name first, then moved into place."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from symnet.errors import SymnetError


def write_atomically(path: str | Path, content: str | bytes) -> Path:
    """Writes `content` to `path`, making its folder. Raises SymnetError where that is not allowed; then
    nothing is changed.
    """
    path = Path(path)
    data = content.encode() if isinstance(content, str) else content
    temporary = ""
    try:
        if path.is_dir():
            raise SymnetError("this is a folder", place=str(path), expected="the name of a file to write")
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        with os.fdopen(handle, "wb") as stream:
            stream.write(data)
        umask = os.umask(0)
        os.umask(umask)
        Path(temporary).chmod(0o666 & ~umask)
        Path(temporary).replace(path)
    except OSError as error:
        if temporary:
            Path(temporary).unlink(missing_ok=True)
        reason = error.strerror or str(error)
        raise SymnetError(
            f"cannot be written: {reason}", place=str(path), expected="a place where you may write"
        ) from None
    return path
