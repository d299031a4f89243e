"""How settings are written outside, as texts, and read."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, cast

Durability = Literal["normal", "full"]


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where a listener listens: host and port, or the path of a Unix socket. An empty host means every interface."""

    host: str = ""
    port: int = 0
    path: Path | None = None

    def __str__(self) -> str:
        if self.path:
            return f"unix:{self.path}"
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


@dataclass(frozen=True, slots=True)
class Option:
    """How one setting is written outside: `parse` turns text into the value or raises ValueError with what to write."""

    help: str
    parse: Callable[[str], Any]
    flag: str
    short: str = ""
    metavar: str = ""
    shown_default: str = ""
    in_file: bool = True
    repeatable: bool = False
    is_switch: bool = False


def parse_endpoint(text: str) -> Endpoint:
    """Read `HOST:PORT`, `[IPV6]:PORT`, `:PORT` (every interface), `PORT` (loopback) or `unix:/PATH`."""
    if text.startswith("unix:"):
        path = text.removeprefix("unix:")
        if not path.startswith("/"):
            raise ValueError("write unix:/absolute/path")
        return Endpoint(path=Path(path))
    host, _, port = text.rpartition(":") if ":" in text else ("127.0.0.1", "", text)
    if host.startswith("[") and host.endswith("]"):
        host = host[1:-1]
    elif ":" in host:
        raise ValueError("put an IPv6 address in brackets, as in [::1]:1025")
    if not re.fullmatch(r"[0-9]{1,5}", port) or int(port) > 65535:
        raise ValueError("write HOST:PORT with a port from 0 to 65535, or unix:/path")
    return Endpoint(host=host, port=int(port))


def parse_size(text: str) -> int:
    """Read a number of bytes, with an optional unit of 1024: `50MiB`, `512k`."""
    match = re.fullmatch(r"([0-9]{1,15})\s*(?:([kmg])(?:i?b)?|b)?", text.strip().lower())
    if not match:
        raise ValueError("write a number of bytes, such as 52428800 or 50MiB")
    factors = {"k": 1 << 10, "m": 1 << 20, "g": 1 << 30}
    return int(match[1]) * factors.get(match[2], 1)


def show_size(size: int) -> str:
    """Write a number of bytes as `parse_size` reads it, in the largest exact unit."""
    for unit, factor in (("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)):
        if size and size % factor == 0:
            return f"{size // factor}{unit}"
    return str(size)


def parse_count(text: str) -> int:
    """Read a whole number from 1."""
    if not re.fullmatch(r"[1-9][0-9]{0,8}", text):
        raise ValueError("write a whole number from 1")
    return int(text)


def parse_limit(text: str) -> int:
    """Read a whole number; 0 is unlimited."""
    if not re.fullmatch(r"[0-9]{1,9}", text):
        raise ValueError("write a whole number; 0 is unlimited")
    return int(text)


def parse_age(text: str) -> int:
    """Read a span of time, `90s`, `30m`, `12h`, `7d` or `4w`, in seconds; 0 is unlimited."""
    match = re.fullmatch(r"([0-9]{1,6})\s*([smhdw])|0", text.strip().lower())
    if not match:
        raise ValueError("write a number and a unit, such as 12h, 7d or 4w; 0 is unlimited")
    return int(match[1] or 0) * {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}.get(match[2], 0)


def parse_switch(text: str) -> bool:
    """Read true or false in the usual spellings; an empty text is false."""
    if text.lower() in {"1", "true", "yes", "on"}:
        return True
    if text.lower() in {"0", "false", "no", "off", ""}:
        return False
    raise ValueError("write true or false")


def parse_durability(text: str) -> Durability:
    """Read `normal` or `full`."""
    if text not in {"normal", "full"}:
        raise ValueError("write normal or full")
    return cast(Durability, text)


def parse_database(text: str) -> str:
    """Read a path, or `:memory:`."""
    if not text:
        raise ValueError("write a file's path, or :memory:")
    return text


def parse_own_host(text: str) -> str:
    """Read a host name, perhaps with a leading `*.`, and a port, or `*` for every port; lower case from now on."""
    if not re.fullmatch(r"(\*\.)?[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*(:(\*|[0-9]{1,5}))?", text):
        raise ValueError("write a host name, with a port or * where it has one, such as localhost:* or *.app.test")
    return text.lower()


def parse_host_name(text: str) -> str:
    """Read a host name, perhaps with a leading dot or `*.`; lower case from now on."""
    if not re.fullmatch(r"(\*?\.)?[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*", text):
        raise ValueError("write a host name without scheme or port, such as mail.example.test")
    return text.lower()
