"""Where a message's bytes gather while they arrive: in memory, or in a file once there are many."""

import tempfile
from pathlib import Path
from typing import IO, Final

from mailsluice.capture import Spool
from mailsluice.smtp.limits import BodyMemory

_SPOOL_ABOVE: Final = 1536 << 10  # a file and its way back cost more than a copy in memory, up to here


class BodyWriter:
    """Collects the pieces of one message; `size` counts their bytes.

    Small bodies stay in memory while all bodies together leave room. `content` takes the whole; `close` lets go of
    memory and of a file that nobody took.
    """

    __slots__ = ("_file", "_memory", "_pieces", "_taken", "size")

    def __init__(self, memory: BodyMemory) -> None:
        self.size = 0
        self._memory = memory
        self._taken = 0
        self._pieces: list[bytes] = []
        self._file: IO[bytes] | None = None

    def write(self, piece: bytes) -> None:
        """Take the next piece; raises OSError when the disk does not."""
        self.size += len(piece)
        if self._file is None:
            if self.size <= _SPOOL_ABOVE and self._memory.take(len(piece)):
                self._taken += len(piece)
                self._pieces.append(piece)
                return
            # Beside the database, not in /tmp, which is often memory.
            self._file = tempfile.NamedTemporaryFile(dir=self._memory.folder, buffering=0, delete=False)  # noqa: SIM115
            for held in self._pieces:
                _write_all(self._file, held)
            self._free_memory()
        _write_all(self._file, piece)

    def content(self) -> bytes | Spool:
        """The whole body; a file belongs to the caller from now on."""
        if self._file is None:
            return self._pieces[0] if len(self._pieces) == 1 else b"".join(self._pieces)
        self._file.close()
        file, self._file = self._file, None
        return Spool(Path(file.name), self.size)

    def close(self) -> None:
        """Let go of memory and file; harmless when repeated."""
        self._free_memory()
        if self._file is not None:
            self._file.close()
            Path(self._file.name).unlink(missing_ok=True)
            self._file = None

    def _free_memory(self) -> None:
        self._pieces.clear()
        self._memory.give(self._taken)
        self._taken = 0


def _write_all(file: IO[bytes], piece: bytes) -> None:
    written = file.write(piece)
    while written < len(piece):  # a disk that fills up takes a part without an error, and fails only then
        written += file.write(memoryview(piece)[written:])
