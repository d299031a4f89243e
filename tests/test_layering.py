"""Imports point one way, down LAYERS; what is not named there is a leaf."""

import ast
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
LAYERS = (
    {"mailsluice.__main__"},
    {"mailsluice.cli"},
    {"mailsluice_web"},
    {"mailsluice.sandbox"},
    {"mailsluice.automatic"},
    {"mailsluice.releasing", "mailsluice.exchange"},
    {"mailsluice.smtp", "mailsluice.relay", "mailsluice.store"},
)
LEAF = len(LAYERS)
PURE = {"mailsluice.message", "mailsluice.gmail", "mailsluice.search", "mailsluice.samples"}
IMPURE = {"asyncio", "socket", "sqlite3", "ssl", "os", "pathlib", "io", "tempfile", "subprocess", "threading", "http"}
OWNERS = {
    "aiosmtpd": {"mailsluice.smtp"},
    "aiosmtplib": {"mailsluice.relay"},
    "PIL": {"mailsluice.preview"},
    "pypdfium2": {"mailsluice.preview"},
    "sqlite3": {"mailsluice.store"},
    "starlette": {"mailsluice_web", "mailsluice.cli"},
    "uvicorn": {"mailsluice_web", "mailsluice.cli"},
}


def imports() -> Iterator[tuple[str, str]]:
    """Each pair of importing module and imported name, imports inside functions included."""
    for root in ("sandbox", "web"):
        for file in (ROOT / root).rglob("*.py"):
            module = ".".join(file.relative_to(ROOT / root).with_suffix("").parts).removesuffix(".__init__")
            for node in ast.walk(ast.parse(file.read_bytes())):
                if isinstance(node, ast.Import):
                    yield from ((module, alias.name) for alias in node.names)
                elif isinstance(node, ast.ImportFrom):
                    assert node.level == 0, f"{module}: relative import"
                    yield from ((module, f"{node.module}.{alias.name}") for alias in node.names)


IMPORTS = sorted(set(imports()))


def package_of(name: str) -> str:
    first, *rest = name.split(".")
    return f"{first}.{rest[0]}" if first == "mailsluice" and rest else first


def layer_of(name: str) -> int:
    return next((depth for depth, packages in enumerate(LAYERS) if package_of(name) in packages), LEAF)


def test_imports_point_one_way() -> None:
    inside = [(module, name) for module, name in IMPORTS if package_of(name).partition(".")[0].startswith("mailsluice")]
    assert inside
    for module, name in inside:
        same_package = package_of(module) == package_of(name)
        downward = layer_of(module) < layer_of(name) or layer_of(module) == layer_of(name) == LEAF
        assert same_package or downward, f"{module} imports {name}"


def test_pure_modules_import_no_input_or_output() -> None:
    wrong = [pair for pair in IMPORTS if package_of(pair[0]) in PURE and pair[1].split(".")[0] in IMPURE]
    assert wrong == []


@pytest.mark.parametrize("library", OWNERS)
def test_a_library_is_known_to_its_owner_only(library: str) -> None:
    importers = {package_of(module) for module, name in IMPORTS if name.split(".")[0] == library}
    assert importers <= OWNERS[library]


def test_the_command_line_loads_no_server_before_it_serves() -> None:
    heavy = ["aiosmtpd", "asyncio", "jinja2", "mailsluice_web", "sqlite3", "starlette", "uvicorn"]
    code = f"import mailsluice.cli, sys; print(*sorted(sys.modules.keys() & {heavy!r}))"
    path = os.pathsep.join([str(ROOT / "sandbox"), str(ROOT / "web")])
    run = subprocess.run([sys.executable, "-c", code], env={**os.environ, "PYTHONPATH": path}, capture_output=True)
    assert (run.returncode, run.stdout.strip(), run.stderr) == (0, b"", b"")
