"""How a test finds and runs a client that may be absent."""

import importlib
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any, NoReturn

import pytest

from tests.e2e.clients.letter import Errand

SCRIPTS = Path(__file__).parent
_ENOUGH = 100
"""Seconds; a first `go run` builds TLS."""


def program_named(name: str) -> str:
    """The path of an executable, or a skipped test."""
    return shutil.which(name, path=f"{os.environ.get('PATH', os.defpath)}:/usr/sbin") or absent(name)


def module_named(name: str) -> Any:
    """A Python module, or a skipped test."""
    try:
        return importlib.import_module(name)
    except ImportError:
        absent(name)


def absent(client: str, hint: str = "") -> NoReturn:
    """Skip the test; fail it where MAILSLUICE_REQUIRE_CLIENTS names the client."""
    reason = f"{client} is not installed{hint}"
    if client in os.environ.get("MAILSLUICE_REQUIRE_CLIENTS", "").split():
        pytest.fail(reason)
    pytest.skip(reason)


def run(*command: str, input: str | bytes = "", environment: dict[str, str] | None = None) -> str:
    """Run a client to its end and return all that it printed; the test fails with that if the client did."""
    done = subprocess.run(
        command,
        input=input.encode() if isinstance(input, str) else input,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env=os.environ | (environment or {}),
        timeout=_ENOUGH,
        check=False,
    )
    printed = done.stdout.decode(errors="replace")
    assert done.returncode == 0, printed
    return printed


def run_script(*command: str, errand: Errand, environment: dict[str, str] | None = None) -> None:
    """Run a script of this folder, its last word, with the errand as its input; it has nothing to say."""
    *interpreter, script = command
    printed = run(*interpreter, str(SCRIPTS / script), input=errand.as_json(), environment=environment)
    assert not printed, printed


def runs(*command: str) -> bool:
    """Whether a command succeeds: asks an interpreter for a library."""
    return subprocess.run(command, capture_output=True, timeout=_ENOUGH, check=False).returncode == 0
