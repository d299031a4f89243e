"""A Maildir folder: one file a message in `new` or `cur`, with its flags in the name and its time as the file's.

cur/1784546553.M123456.4oRBnPtCXgAqZniRhzLNmS.mailsluice:2,S
"""

import os
import re
import stat
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from mailsluice.errors import Refusal
from mailsluice.exchange.eml import refuse_large
from mailsluice.exchange.mail import Limits, Mail, shown

_FOLDERS: Final = ("cur", "new")
_FLAGS: Final = "!2," if sys.platform == "win32" else ":2,"  # a file's name has no colon there
_NUMBER: Final = re.compile(r"\d{1,15}")
_NOT_IN_NAMES: Final = re.compile(r"[^0-9A-Za-z-]")
_SECOND: Final = 1_000_000
_LATEST: Final = 1 << 52  # a file's time may be any number


def is_maildir(folder: Path) -> bool:
    """Whether the folder has what makes it one."""
    return any((folder / name).is_dir() for name in _FOLDERS)


def write(folder: Path, mails: Iterable[Mail]) -> int:
    """Make a Maildir of these messages; how many. Refusal for a folder that has something in it already."""
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise Refusal(f"{folder} is not empty: name a new folder, nothing is overwritten.", field="target")
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for name in ("tmp", *_FOLDERS):
        (folder / name).mkdir(mode=0o700)
    number = 0
    for mail in mails:
        number += 1
        _write_one(folder, mail, number)
    return number


def _write_one(folder: Path, mail: Mail, number: int) -> None:
    seconds, rest = divmod(mail.received, _SECOND)
    stem = mail.name.rpartition("/")[2].removesuffix(".eml").rpartition("-")[2]
    unique = _NOT_IN_NAMES.sub("_", stem)[:64] or "message"
    flags = f"{'F' if mail.pinned else ''}{'S' if mail.seen else ''}"
    name = f"{seconds}.M{rest:06d}Q{number}.{unique}.mailsluice"
    draft = folder / "tmp" / name
    with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o600), "wb") as file:
        file.write(mail.raw)
    os.utime(draft, ns=(mail.received * 1000, mail.received * 1000))
    draft.rename(folder / "cur" / f"{name}{_FLAGS}{flags}" if flags else folder / "new" / name)


def read(folder: Path, limits: Limits) -> Iterator[Mail]:
    """The messages of `cur` and `new`, oldest first by name; Refusal for a link or anything else that is no file."""
    if not is_maildir(folder):
        raise Refusal(f"{folder} is no Maildir: it has no folder “cur” or “new”.", field="body")
    found = sorted(_files(folder), key=_order)
    if len(found) > limits.messages:
        raise Refusal(f"{folder} holds more than {limits.messages:,} messages, the most at once.", field="body")
    for path in found:
        yield _read_one(path, limits)


def _files(folder: Path) -> Iterator[Path]:
    for name in _FOLDERS:
        inner = folder / name
        if inner.is_symlink():
            raise Refusal(f"{shown(name)} is a link, and links are not followed.", field="body")
        if inner.is_dir():
            yield from (path for path in inner.iterdir() if not path.name.startswith("."))


def _order(path: Path) -> tuple[int, str]:
    number = _NUMBER.match(path.name)
    return int(number[0]) if number else 0, path.name


def _read_one(path: Path, limits: Limits) -> Mail:
    if not stat.S_ISREG(path.lstat().st_mode):
        raise Refusal(f"{shown(path.name)} is a link or no file at all; it is not followed.", field="body")
    # Between the look and here somebody may have put a link or a pipe in its place.
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    with open(os.open(path, flags), "rb") as file:
        facts = os.fstat(file.fileno())
        if not stat.S_ISREG(facts.st_mode):
            raise Refusal(f"{shown(path.name)} is no file.", field="body")
        refuse_large(facts.st_size, limits, name=path.name)
        raw = file.read(limits.message + 1)
    refuse_large(len(raw), limits, name=path.name)
    given = path.name.rpartition(_FLAGS)[2] if _FLAGS in path.name else ""
    received = max(0, min(facts.st_mtime_ns // 1000, _LATEST))
    return Mail(raw, path.name, received=received, seen="S" in given, pinned="F" in given)
