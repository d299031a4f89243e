"""docker-compose.yml against the Compose specification and the Dockerfile reference, since no engine is at hand."""

import json
import re
import shlex
import subprocess
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
import yaml

from mailsluice.options import parse_endpoint
from mailsluice.settings import Settings, environment_name

ROOT = Path(__file__).parents[1]
TEXT = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
COMPOSE: dict[str, Any] = yaml.safe_load(TEXT)
SERVICE: dict[str, Any] = COMPOSE["services"]["mailsluice"]

DURATION = re.compile(r"(\d+(us|ms|s|m|h))+")
PORT = re.compile(r"(?P<address>[0-9.]+|\[[0-9a-f:]+\]):(?P<host>\d{1,5}):(?P<container>\d{1,5})(/(tcp|udp))?")
VOLUME = re.compile(r"(?P<name>[a-zA-Z0-9][a-zA-Z0-9_.-]*):(?P<path>/[^:]+)(:(ro|rw))?")
TOP_KEYS = {"name", "services", "networks", "volumes", "configs", "secrets", "include", "models"}
# Only the keys of the specification that this file has a use for, each with its type.
SERVICE_KEYS: dict[str, type | tuple[type, ...]] = {
    "image": str,
    "build": dict,
    "environment": dict,
    "ports": list,
    "volumes": list,
    "healthcheck": dict,
    "init": bool,
    "read_only": bool,
    "tmpfs": list,
    "cap_drop": list,
    "security_opt": list,
    "restart": str,
    "stop_grace_period": str,
}
INSTRUCTIONS = {"FROM", "RUN", "COPY", "ENV", "USER", "WORKDIR", "VOLUME", "EXPOSE", "STOPSIGNAL", "ENTRYPOINT", "CMD"}


def instructions() -> list[tuple[str, str]]:
    """The inline Dockerfile as pairs of instruction and arguments, continuation lines joined."""
    joined = re.sub(r"\\\n\s*", "", SERVICE["build"]["dockerfile_inline"])
    lines = [line for line in joined.splitlines() if line.strip() and not line.startswith("#")]
    return [(word, rest.strip()) for word, _, rest in (line.partition(" ") for line in lines)]


def arguments_of(instruction: str) -> list[str]:
    return [rest for word, rest in instructions() if word == instruction]


def environment() -> dict[str, str]:
    in_image = dict(pair.split("=", 1) for rest in arguments_of("ENV") for pair in shlex.split(rest))
    return {**in_image, **SERVICE["environment"]}


def copied() -> list[tuple[str, str]]:
    return [(source, rest.split()[-1]) for rest in arguments_of("COPY") for source in rest.split()[:-1]]


def mounts() -> dict[str, str]:
    found = [VOLUME.fullmatch(mount) for mount in SERVICE["volumes"]]
    return {mount["path"]: mount["name"] for mount in found if mount}


def test_the_top_level_has_known_keys_and_no_version() -> None:
    assert COMPOSE.keys() <= TOP_KEYS
    assert re.fullmatch(r"[a-z0-9][a-z0-9_-]*", COMPOSE["name"])
    assert all(re.fullmatch(r"[a-zA-Z0-9._-]+", name) for name in COMPOSE["services"])


def test_nothing_is_interpolated() -> None:
    assert "$" not in TEXT


@pytest.mark.parametrize("key", SERVICE)
def test_a_key_of_the_service_is_known_and_has_its_type(key: str) -> None:
    assert isinstance(SERVICE[key], SERVICE_KEYS[key])


def test_the_build_section_has_known_keys() -> None:
    assert SERVICE["build"].keys() == {"context", "dockerfile_inline"}  # `dockerfile` beside it would be an error
    assert (ROOT / SERVICE["build"]["context"]).resolve() == ROOT.resolve()


def test_lists_hold_distinct_texts() -> None:
    for key, value in SERVICE.items():
        if isinstance(value, list):
            assert all(isinstance(item, str) for item in value), key
            assert len(set(value)) == len(value), key


def test_environment_values_are_texts_and_name_real_settings() -> None:
    assert all(isinstance(value, str) for value in SERVICE["environment"].values())
    assert SERVICE["environment"].keys() <= {environment_name(setting) for setting in fields(Settings)}


def test_ports_are_published_on_the_loopback_address_only() -> None:
    published = [PORT.fullmatch(port) for port in SERVICE["ports"]]
    assert [port and port["address"] for port in published] == ["127.0.0.1", "127.0.0.1"]
    assert all(port and 0 < int(port["host"]) < 65536 for port in published)


def test_the_program_listens_on_every_interface_at_the_published_and_exposed_ports() -> None:
    endpoints = [parse_endpoint(environment()[f"MAILSLUICE_{name}"]) for name in ("SMTP", "LISTEN")]
    assert {endpoint.host for endpoint in endpoints} == {"0.0.0.0"}
    listening = [str(endpoint.port) for endpoint in endpoints]
    assert [port.rpartition(":")[2] for port in SERVICE["ports"]] == listening
    assert arguments_of("EXPOSE") == [" ".join(listening)]


def test_volumes_are_declared_and_used() -> None:
    assert sorted(mounts().values()) == sorted(COMPOSE["volumes"])
    assert len(mounts()) == len(SERVICE["volumes"])
    assert all(options is None or isinstance(options, dict) for options in COMPOSE["volumes"].values())


def test_data_and_configuration_lie_on_volumes() -> None:
    assert {environment()["XDG_DATA_HOME"], environment()["XDG_CONFIG_HOME"]} == set(mounts())


def test_the_image_creates_the_volumes_folders_for_its_user() -> None:
    # A named volume takes owner and mode of the folder that the image has at its path.
    user = arguments_of("USER")[0]
    commands = [shlex.split(command) for rest in arguments_of("RUN") for command in rest.split("&&")]
    created = next(command for command in commands if command[:2] == ["install", "--directory"])
    assert f"--owner={user}" in created
    assert set(mounts()) <= set(created)
    assert set(json.loads(arguments_of("VOLUME")[0])) == set(mounts())


def test_the_healthcheck_runs_without_a_shell_and_within_its_interval() -> None:
    check = SERVICE["healthcheck"]
    assert check.keys() <= {"test", "interval", "timeout", "retries", "start_period", "start_interval"}
    assert check["test"] == ["CMD", "mailsluice", "readyz"]
    assert isinstance(check["retries"], int)
    durations = [check["interval"], check["timeout"], check["start_period"], SERVICE["stop_grace_period"]]
    assert all(DURATION.fullmatch(duration) for duration in durations)
    assert int(check["timeout"].removesuffix("s")) < int(check["interval"].removesuffix("s"))


def test_the_container_can_do_nothing_but_serve() -> None:
    assert SERVICE["read_only"] is True
    assert SERVICE["cap_drop"] == ["ALL"]
    assert SERVICE["security_opt"] == ["no-new-privileges:true"]
    assert SERVICE["restart"] in {"no", "always", "on-failure", "unless-stopped"}
    assert SERVICE["tmpfs"] == ["/tmp"]


def test_the_dockerfile_has_known_instructions_and_begins_with_a_slim_base() -> None:
    words = [word for word, _ in instructions()]
    assert set(words) <= INSTRUCTIONS
    assert words[0] == "FROM"
    assert words.count("FROM") == 1
    assert re.fullmatch(r"python:3\.(1[1-9])-slim", arguments_of("FROM")[0])


def test_the_dockerfile_leaves_root_before_its_entry_point() -> None:
    words = [word for word, _ in instructions()]
    assert words.index("USER") < words.index("ENTRYPOINT")
    user = arguments_of("USER")
    assert len(user) == 1
    assert user[0] not in {"root", "0"}
    assert re.search(rf"useradd --system --uid [1-9]\d+ [^&]*\b{user[0]}\b", arguments_of("RUN")[0])
    assert all(word not in {"RUN", "COPY"} for word in words[words.index("USER") :])


@pytest.mark.parametrize("instruction", ["ENTRYPOINT", "VOLUME"])
def test_an_instruction_in_exec_form_is_a_json_list_of_texts(instruction: str) -> None:
    (rest,) = arguments_of(instruction)
    assert all(isinstance(word, str) for word in json.loads(rest))
    assert rest.startswith("[")


def test_the_entry_point_is_the_console_script() -> None:
    assert json.loads(arguments_of("ENTRYPOINT")[0]) == ["mailsluice"]
    assert 'mailsluice = "mailsluice.cli:main"' in (ROOT / "pyproject.toml").read_text(encoding="utf-8")


@pytest.mark.parametrize("source", [source for source, _ in copied()])
def test_a_copied_source_exists_and_is_not_ignored(source: str) -> None:
    assert (ROOT / source).exists()
    ignored = subprocess.run(["git", "check-ignore", "--quiet", source], cwd=ROOT, capture_output=True)
    assert ignored.returncode != 0  # 0: ignored; 1: not; 128: no repository here


def test_everything_the_build_needs_is_copied_where_it_looks_for_it() -> None:
    placed = {Path(target) / Path(source).name if target.endswith("/") else Path(target) for source, target in copied()}
    needed = {"pyproject.toml", "README.md", "LICENSE", "sandbox", "web", "constraints.txt"}
    assert placed == {Path("/src") / name for name in needed}
    assert all(rest.endswith("/") or len(rest.split()) == 2 for rest in arguments_of("COPY"))
