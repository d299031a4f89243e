"""One process that draws: started, asked, and ended together with all that it may have started."""

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
from typing import Final

import msgspec

from mailsluice.preview.wire import MAX_ANSWER, SIZE, Answer, Job, Limits, job_header, read_answer

# Enough to start Python and load its libraries; passwords and tokens of this process stay here.
_PASSED: Final = (
    "PATH",
    "LD_LIBRARY_PATH",
    "DYLD_LIBRARY_PATH",
    "SYSTEMROOT",
    "WINDIR",
    "TEMP",
    "TMP",
    "LANG",
    "LC_ALL",
)
_PATIENCE: Final = 5.0


class Child:
    """A running child and how many jobs it has answered."""

    def __init__(self, running: asyncio.subprocess.Process) -> None:
        self._running = running
        self._killed = False
        self.answered = 0

    @classmethod
    async def start(cls, limits: Limits, command: tuple[str, ...]) -> "Child":
        """Start a child of this Python, or of another command in tests; OSError when that is impossible."""
        arguments = command or (sys.executable, "-P", "-m", "mailsluice.preview.child")
        return cls(
            await asyncio.create_subprocess_exec(
                *arguments,
                msgspec.json.encode(limits).decode(),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env=_environment(),
                start_new_session=True,
                creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
            )
        )

    @property
    def lives(self) -> bool:
        """Whether it has not ended, as far as is known."""
        return self._running.returncode is None

    async def ask(self, job: Job) -> Answer:
        """What it answers; an error of any kind means that it is of no more use."""
        to_child, from_child = self._running.stdin, self._running.stdout
        assert to_child is not None
        assert from_child is not None
        to_child.write(job_header(job))
        to_child.write(job.content)
        await to_child.drain()
        (size,) = SIZE.unpack(await from_child.readexactly(SIZE.size))
        if size > MAX_ANSWER:
            raise ValueError("longer than any answer")
        answer = read_answer(await from_child.readexactly(size))
        self.answered += 1
        return answer

    async def leave(self) -> None:
        """Let it end by itself, now that it has no work; kill it if it does not."""
        self._close()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._running.wait(), _PATIENCE)
            return
        await self.kill()

    async def kill(self) -> None:
        """End it at once, with all that it has started."""
        if self._killed:
            return
        self._killed = True
        self._close()
        with contextlib.suppress(ProcessLookupError, PermissionError):
            if sys.platform == "win32":
                self._running.kill()
            else:
                # Also when it has just died: what it started may live on in its group.
                os.killpg(self._running.pid, signal.SIGKILL)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._running.wait(), _PATIENCE)

    def _close(self) -> None:
        if self._running.stdin:
            self._running.stdin.close()


def _environment() -> dict[str, str]:
    passed = {name: os.environ[name] for name in _PASSED if name in os.environ}
    # The child finds the same packages, however this process came to know them.
    return {**passed, "PYTHONPATH": os.pathsep.join(entry for entry in sys.path if entry), "PYTHONIOENCODING": "utf-8"}
