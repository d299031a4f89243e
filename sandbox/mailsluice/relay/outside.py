"""Passwords that come from outside: from a command, or from a file that the environment names."""

import asyncio
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

from mailsluice.errors import Refusal

_MOST_OUTPUT: Final = 4096


async def run_command(command: Sequence[str], *, environment: Mapping[str, str], seconds: float) -> str:
    """The first line that the command prints; a Refusal if it fails, prints too much or lasts too long.

    No shell; nothing to read for it; what it says on standard error is not shown, and Mailsluice's own variables are
    not handed on.
    """
    inherited = {name: value for name, value in environment.items() if not name.startswith("MAILSLUICE_")}
    try:
        process = await asyncio.create_subprocess_exec(
            *command,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            env=inherited,
            start_new_session=True,
        )
    except (OSError, ValueError):
        raise Refusal("The password command of this profile cannot be started; check it in profiles.toml.") from None
    try:
        async with asyncio.timeout(seconds):
            output = await _output(process)
            status = await process.wait()
    except TimeoutError:
        await _end(process)
        raise Refusal(f"The password command of this profile did not end within {seconds:g} seconds.") from None
    except BaseException:
        await _end(process)
        raise
    if status != 0:
        raise Refusal(f"The password command of this profile failed (exit status {status}); try it in a terminal.")
    return first_line(output, source="The password command of this profile")


def read_password_file(path: Path, *, variable: str) -> str:
    """The first line of the file that the variable names; a Refusal if that cannot be."""
    try:
        with path.open("rb") as file:
            content = file.read(_MOST_OUTPUT + 1)
    except (OSError, ValueError):
        raise Refusal(f"The file that {variable} names cannot be read.") from None
    if len(content) > _MOST_OUTPUT:
        raise Refusal(f"The file that {variable} names is too long for a password.")
    return first_line(content, source=f"The file that {variable} names")


def first_line(content: bytes, *, source: str) -> str:
    """The first line as text; a Refusal that names the source, never the content."""
    try:
        line = content.decode("utf-8-sig").partition("\n")[0].removesuffix("\r")
    except UnicodeDecodeError:
        raise Refusal(f"{source} gave something that is no text in UTF-8.") from None
    if not line.strip():
        raise Refusal(f"{source} gave no password.")
    return line


async def _output(process: asyncio.subprocess.Process) -> bytes:
    assert process.stdout
    output = b""
    while chunk := await process.stdout.read(_MOST_OUTPUT):
        output += chunk
        if len(output) > _MOST_OUTPUT:
            raise Refusal("The password command of this profile printed too much for a password.")
    return output


async def _end(process: asyncio.subprocess.Process) -> None:
    """Nothing of the command stays behind, its children neither; one that fled its group is not waited for."""
    with suppress(ProcessLookupError, PermissionError):
        if sys.platform == "win32":
            process.kill()
        else:
            os.killpg(process.pid, signal.SIGKILL)
    with suppress(TimeoutError):
        async with asyncio.timeout(1):
            await process.wait()
