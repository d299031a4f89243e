import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

pytestmark = [pytest.mark.quality, pytest.mark.timeout(300)]


def complaints(*arguments: str) -> str:
    """What the tool says about the whole tree; empty when it is content."""
    run = subprocess.run(
        [sys.executable, "-m", *arguments], cwd=ROOT, capture_output=True, text=True, stdin=subprocess.DEVNULL
    )
    return run.stdout + run.stderr if run.returncode else ""


def test_ruff_finds_nothing() -> None:
    assert complaints("ruff", "check", ".") == ""


def test_every_file_is_formatted() -> None:
    assert complaints("ruff", "format", "--check", ".") == ""


def test_every_type_is_right() -> None:
    assert complaints("mypy") == ""
