import re
import shutil
import subprocess
import sys
import tomllib
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from mailsluice.cli import cli
from mailsluice.settings import Settings, default_text, environment_name, load_settings, option_of

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
PAGES = ("README.md", ".github/CHANGELOG.md", ".github/CONTRIBUTING.md")
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
CONSTRAINTS = (ROOT / ".ci" / "constraints.txt").read_text(encoding="utf-8").splitlines()
PINS = [Requirement(line) for line in CONSTRAINTS if not line.startswith("#")]


def command(name: str) -> str:
    """The code block that `.ci/run` finds under this name."""
    block = re.search(rf"<!-- command: {name} -->\n```sh\n(.*?)```\n<!-- /command -->", README, re.DOTALL)
    assert block, name
    return block[1]


def settings_table() -> list[str]:
    """The README's table as the settings themselves tell it."""
    rows = ["| flag | environment | TOML key | default | meaning |", "|---|---|---|---|---|"]
    for setting in fields(Settings):
        option = option_of(setting)
        flag = ", ".join(f"`{name}`" for name in (option.short, f"{option.flag} {option.metavar}".strip()) if name)
        key = f"`{setting.name}`" if option.in_file else ""
        default = option.shown_default or f"`{default_text(setting)}`"
        cells = (flag, f"`{environment_name(setting)}`", key, default, option.help)
        rows.append(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |")
    return rows


def anchors(page: str) -> set[str]:
    """The names that GitHub gives to a page's headings."""
    text = re.sub(r"```.*?```", "", (ROOT / page).read_text(encoding="utf-8"), flags=re.DOTALL)
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading).strip().lower().replace(" ", "-") for heading in headings}


def relative_links() -> list[tuple[str, str]]:
    found = []
    for page in PAGES:
        links = re.findall(r"\]\(([^)\s]+)\)", (ROOT / page).read_text(encoding="utf-8"))
        found += [(page, link) for link in links if not re.match(r"[a-z]+:", link)]
    return found


def test_the_table_of_settings_says_what_the_program_says() -> None:
    table = re.search(r"<!-- settings -->\n(.*?)\n?<!-- /settings -->", README, re.DOTALL)
    assert table
    assert table[1].splitlines() == settings_table()


@pytest.mark.parametrize("setting", fields(Settings), ids=lambda setting: setting.name)
def test_the_help_shows_flag_meaning_environment_and_default(setting: Any) -> None:
    shown = re.sub(r"\s", "", CliRunner().invoke(cli, ["--help"]).output)  # however the lines are wrapped
    option = option_of(setting)
    settled = f"[{environment_name(setting)}; default: {default_text(setting)}]"
    for text in (option.short, option.flag, option.metavar, f"{option.help} {settled}"):
        assert re.sub(r"\s", "", text) in shown


def test_the_help_has_no_flag_that_the_table_lacks() -> None:
    shown = re.findall(r"^\s+(?:-\w, )?(--[a-z-]+)", CliRunner().invoke(cli, ["--help"]).output, re.MULTILINE)
    assert set(shown) - {"--help", "--version"} == {option_of(setting).flag for setting in fields(Settings)}


def test_the_example_of_a_configuration_file_loads(tmp_path: Path) -> None:
    block = re.search(r"```toml\n(.*?)```", README, re.DOTALL)
    assert block
    file = tmp_path / "config.toml"
    file.write_text(block[1], encoding="utf-8")
    settings = load_settings({"config": str(file)}, {})
    assert (str(settings.listen), settings.durability) == ("127.0.0.1:9025", "full")


@pytest.mark.skipif(sys.platform == "win32" or not shutil.which("bash"), reason="needs bash and awk")
@pytest.mark.parametrize("name", ["start", "test"])
def test_ci_runs_the_command_that_the_readme_shows(name: str) -> None:
    run = subprocess.run(["bash", ".ci/run", "--show", name], cwd=ROOT, capture_output=True, text=True, check=True)
    assert run.stdout == command(name)


@pytest.mark.parametrize(("name", "what", "program"), [("start", ".", "mailsluice"), ("test", "'.[test]'", "pytest")])
def test_a_command_sets_up_with_pins_and_then_runs(name: str, what: str, program: str) -> None:
    assert command(name).strip().split(" && ") == [
        "python3 -m venv .venv",
        f".venv/bin/pip install -c .ci/constraints.txt -e {what}",
        f".venv/bin/{program}",
    ]


@pytest.mark.parametrize(("page", "link"), relative_links())
def test_a_link_leads_somewhere(page: str, link: str) -> None:
    path, _, anchor = link.partition("#")
    target = (ROOT / page).parent / path if path else ROOT / page
    assert target.is_file()
    assert not anchor or anchor in anchors(target.relative_to(ROOT).as_posix())


def test_every_dependency_is_pinned_within_its_bounds() -> None:
    pinned = {canonicalize_name(pin.name): str(pin.specifier).removeprefix("==") for pin in PINS}
    project = PROJECT["project"]
    wanted = project["dependencies"] + project["optional-dependencies"]["test"] + PROJECT["build-system"]["requires"]
    for requirement in map(Requirement, wanted):
        assert pinned[canonicalize_name(requirement.name)] in requirement.specifier


def test_each_pin_names_one_version_on_every_platform() -> None:
    assert all(re.fullmatch(r"==[0-9][0-9a-z.]*", str(pin.specifier)) for pin in PINS)
    assert not any(pin.url or pin.marker or pin.extras for pin in PINS)
    names = [pin.name.lower() for pin in PINS]
    assert names == sorted(set(names))
