"""profiles.toml in the user's configuration folder: readable and editable by hand, never a secret in it.

[profiles.work]
preset = "gmail"
user = "ada@gmail.com"
allow = ["@example.com", "*@*.example.org"]
default = true
"""

import re
import threading
import tomllib
from pathlib import Path
from typing import Any, Final

import msgspec
import platformdirs

from mailsluice.errors import Refusal
from mailsluice.relay.private import alone_in, read_private, write_private
from mailsluice.relay.profile import Profile, bound_to, check_profile, draft_profile

_MOST_BYTES: Final = 1 << 20
_WRITTEN: Final = ("preset", "host", "port", "user")  # always; other fields where they differ from their default
_FIELDS: Final = frozenset(field.name for field in msgspec.structs.fields(Profile))
_SECRET: Final = re.compile(r"pass(word|wd)?$|secret")
_HEADING: Final = "# Profiles of Mailsluice, to be edited by hand if you like. No password belongs here.\n\n"


def configuration_folder() -> Path:
    """Where profiles, the key and the sealed passwords live, for every database and instance of this user."""
    return platformdirs.user_config_path("mailsluice")


class Profiles:
    """The profiles of one configuration folder; read anew whenever the file has changed on disk.

    A broken file is one Refusal that names the line. Every method may wait for a disk.
    """

    def __init__(self, folder: Path) -> None:
        self.path = folder / "profiles.toml"
        self._lock = threading.Lock()
        self._seen: tuple[int, ...] | None = None
        self._profiles: tuple[Profile, ...] = ()

    def list(self) -> list[Profile]:
        """Every profile, in the order of the file."""
        with self._lock:
            signature = self._signature()
            if signature is None or signature != self._seen:
                self._seen = None
                self._profiles = tuple(_read(self._text(), self.path))
                self._seen = signature
            return [*self._profiles]

    def get(self, name: str) -> Profile | None:
        """The profile of this name."""
        return next((one for one in self.list() if one.name == name), None)

    def default(self) -> Profile | None:
        """The enabled profile that is marked as default, else the only enabled one."""
        enabled = [one for one in self.list() if one.enabled]
        marked = [one for one in enabled if one.default]
        return marked[0] if marked else enabled[0] if len(enabled) == 1 else None

    def save(self, profile: Profile, *, old_name: str = "", by_hand: bool = False) -> Profile:
        """Add the profile, or replace the one called `old_name` (the same name, or the one before a renaming).

        `by_hand` says that whoever saves could edit the file as well (the command line). Otherwise passwords that come
        from outside (`password_command`, environment) do not follow a profile to another server, port or user.
        Returns the profile as it was saved.
        """
        with alone_in(self.path.parent):
            others = [one for one in self.list() if one.name != old_name]
            old = self.get(old_name) if old_name else None
            if old_name and old is None:
                raise Refusal(f"There is no profile called {old_name} any more.", field="name")
            if any(one.variable == profile.variable for one in others):
                raise Refusal("There is a profile of this name, or one too much like it.", field="name")
            saved = check_profile(profile if by_hand else bound_to(profile, old=old))
            draft_profile(base=saved, by_hand=True)  # what will be said when the file is read is said now
            write_private(self.path, _written(self._text(), saved, old_name).encode())
            self._seen = None
            return saved

    def remove(self, name: str) -> None:
        """Take the profile out of the file; one that is not there is fine."""
        with alone_in(self.path.parent):
            if self.get(name):
                write_private(self.path, _removed(self._text(), name).encode())
                self._seen = None

    def _signature(self) -> tuple[int, ...] | None:
        try:
            facts = self.path.stat()
        except OSError:
            return None
        return (facts.st_mtime_ns, facts.st_size, facts.st_ino)

    def _text(self) -> str:
        try:
            return (read_private(self.path, most=_MOST_BYTES) or b"").decode("utf-8-sig")
        except OSError as error:
            raise Refusal(f"{self.path} cannot be read: {error.strerror}.") from None
        except UnicodeDecodeError as error:
            line = error.object.count(b"\n", 0, error.start) + 1
            raise Refusal(f"{self.path}, line {line}: this is not UTF-8.") from None


def _read(text: str, path: Path) -> list[Profile]:
    try:
        tables = tomllib.loads(text).get("profiles", {})
    except tomllib.TOMLDecodeError as error:
        found = re.search(r" \(at (?:line ([0-9]+), column [0-9]+|end of document)\)", str(error))
        line = int(found[1]) if found and found[1] else text.count("\n") + 1
        reason = str(error)[: found.start()] if found else str(error)
        raise Refusal(f"{path}, line {line}: {reason}.") from None
    except RecursionError:
        raise Refusal(f"{path}: brackets are nested too deeply.") from None
    if not isinstance(tables, dict):
        raise Refusal(f"{path}, line {_line_of(text, 'profiles')}: write a profile as a table, [profiles.NAME].")
    return [_profile(name, table, text, path) for name, table in tables.items()]


def _profile(name: str, table: Any, text: str, path: Path) -> Profile:
    try:
        if not isinstance(table, dict):
            raise Refusal("write a profile as a table, [profiles.NAME]")
        secret = next((key for key in table if key not in _FIELDS and _SECRET.search(key)), "")
        if secret:
            raise Refusal(
                "no password belongs here: enter it with `mailsluice profile edit` or on the page", field=secret
            )
        raw = msgspec.convert({"host": "", "port": 0, **table, "name": name}, Profile)
        return draft_profile(base=raw, by_hand=True)
    except msgspec.ValidationError as error:
        found = re.search(r"\$\.(\w+)|field `(\w+)`", str(error))
        key = (found[1] or found[2]) if found else ""
        raise Refusal(f"{path}, line {_line_of(text, name, key)}: {_plainly(str(error), key)}.") from None
    except Refusal as refusal:
        line = _line_of(text, name, refusal.field)
        reason = refusal.reason.rstrip(".")
        raise Refusal(f"{path}, line {line}: {reason}.", field=refusal.field, link=refusal.link) from None


def _plainly(reason: str, key: str) -> str:
    if "unknown field" in reason:
        return f"there is no setting {key}"
    return f"{key}: {reason.partition(' - at ')[0]}".replace("`", "").removeprefix(": ")


def _line_of(text: str, name: str, key: str = "") -> int:
    """Where the table, or a key in it, stands; the table's line if the key is not written there."""
    header = re.compile(rf"\s*(?:\[\s*profiles\s*\.\s*)?[\"']?{re.escape(name)}[\"']?\s*[\]=.]")
    lines = text.splitlines()
    start = next((number for number, line in enumerate(lines) if header.match(line)), 0)
    for number, line in enumerate(lines[start + 1 :], start + 1):
        if line.lstrip().startswith("["):
            break
        if key and re.match(rf"\s*[\"']?{re.escape(key)}[\"']?\s*=", line):
            return number + 1
    return start + 1


def _written(text: str, profile: Profile, old_name: str) -> str:
    import tomlkit  # only writing needs it

    document = tomlkit.parse(text or _HEADING)
    tables: Any = document.setdefault("profiles", tomlkit.table(is_super_table=True))
    table: Any = tables.pop(old_name) if old_name and old_name != profile.name else tables.get(profile.name)
    if table is None:
        table = tomlkit.table()
    for field in msgspec.structs.fields(Profile):
        if field.name != "name":
            _put(table, field.name, getattr(profile, field.name), default=field.default)
    if profile.default:
        for other in tables.values():
            other.pop("default", None)
        table["default"] = True
    tables[profile.name] = table
    return tomlkit.dumps(document)


def _put(table: Any, key: str, value: Any, *, default: Any) -> None:
    """Write a field that is not as it stands there already, so that comments beside the others survive."""
    value = [*value] if isinstance(value, tuple) else value
    default = [*default] if isinstance(default, tuple) else default
    if key in table and table[key] == value:
        return
    if key not in _WRITTEN and value == default:
        table.pop(key, None)
    else:
        table[key] = value


def _removed(text: str, name: str) -> str:
    import tomlkit

    document = tomlkit.parse(text)
    tables: Any = document["profiles"]
    tables.pop(name, None)
    return tomlkit.dumps(document)
