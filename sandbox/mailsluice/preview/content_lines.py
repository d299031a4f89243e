"""The lines that calendars and contacts are made of: `NAME;PARAMETER=value:value` (RFC 5545 3.1, RFC 6350 3.2)."""

import quopri
import re
from collections.abc import Iterator
from typing import Final

import msgspec

from mailsluice.message.charsets import decode

MAX_TEXT: Final = 2000
_MAX_BYTES: Final = 2 << 20
_MAX_LINES: Final = 20_000
_MAX_PARAMETERS: Final = 50
_FOLD: Final = re.compile(r"\n[ \t]")
_NAME: Final = re.compile(r"\s*(?:([A-Za-z0-9-]{1,60})\.)?([A-Za-z0-9-]{1,60})(?=[;:])")
_PARAMETER: Final = re.compile(r';\s*([A-Za-z0-9-]{1,60})(?:=((?:"[^"]*"|[^";:,]*)(?:,(?:"[^"]*"|[^";:,]*))*))?')
_ESCAPE: Final = re.compile(r"\\(.)", re.DOTALL)
_CARET: Final = re.compile(r"\^([n^'])")


class Line(msgspec.Struct, frozen=True):
    """One property: names in upper case; a parameter's values together, separated by commas."""

    name: str
    parameters: dict[str, str]
    value: str
    group: str = ""

    def parameter(self, name: str) -> str:
        """The parameter's value, "" without one."""
        return self.parameters.get(name, "")

    @property
    def text(self) -> str:
        """The value as a person reads it, at most `MAX_TEXT` characters."""
        return readable(self.value)

    @property
    def fields(self) -> list[str]:
        """The fields of a structured value such as a name or an address."""
        fields = re.split(r"(?<!\\);", self.value[: 4 * MAX_TEXT])
        return [readable(field) for field in fields[:20]]


def read_lines(content: bytes, *, charset: str = "") -> list[Line]:
    """The properties of a calendar or of contacts in order; what is no property is left out."""
    kept = content[:_MAX_BYTES]
    # A long last line may have been cut within a character.
    text = decode(kept, charset=charset)[0] if len(kept) == len(content) else decode(kept[:-4], charset=charset)[0]
    found: list[Line] = []
    for line in _logical(text.removeprefix("\ufeff")):
        if (read := _line(line)) is not None:
            found.append(read)
        if len(found) >= _MAX_LINES:
            break
    return found


def readable(value: str) -> str:
    """A value without escapes or control characters, cut at `MAX_TEXT` with an ellipsis."""
    value = value[: 2 * MAX_TEXT]
    if "\\" in value:
        value = _ESCAPE.sub(lambda match: "\n" if match[1] in "nN" else match[1], value)
    value = "".join(c for c in value.replace("\r\n", "\n") if c.isprintable() or c in "\n\t").strip()
    return value if len(value) <= MAX_TEXT else value[: MAX_TEXT - 1] + "…"


def _logical(text: str) -> Iterator[str]:
    """Lines unfolded; quoted-printable ones of vCard 2.1 end in `=` where they go on."""
    quoted: list[str] = []
    for line in _FOLD.sub("", text.replace("\r\n", "\n").replace("\r", "\n")).split("\n"):
        if line.endswith("=") and (quoted or "QUOTED-PRINTABLE" in line[:200].upper()):
            quoted.append(line[:-1])
        elif quoted:
            yield "".join((*quoted, line))
            quoted = []
        elif line:
            yield line
    if quoted:
        yield "".join(quoted)


def _line(line: str) -> Line | None:
    start = _NAME.match(line)
    if start is None:
        return None
    parameters: dict[str, str] = {}
    position = start.end()
    for _ in range(_MAX_PARAMETERS):
        found = _PARAMETER.match(line, position)
        if found is None:
            break
        name, value = found[1].upper(), found[2]
        if value is None:
            # vCard 2.1 writes `TEL;WORK;VOICE:` for what is `TEL;TYPE=WORK,VOICE:` elsewhere.
            name, value = ("ENCODING", name) if name in ("BASE64", "QUOTED-PRINTABLE") else ("TYPE", name)
        value = _CARET.sub(lambda match: {"n": "\n", "'": '"'}.get(match[1], "^"), value.replace('"', ""))
        parameters[name] = f"{parameters[name]},{value}" if name in parameters else value
        position = found.end()
    colon = line.find(":", position)
    if colon < 0:
        return None
    value = line[colon + 1 :]
    if parameters.get("ENCODING", "").upper() == "QUOTED-PRINTABLE":
        octets = quopri.decodestring(value.encode("utf-8", "replace"))
        value = decode(octets, charset=parameters.get("CHARSET", "utf-8"))[0]
    return Line(start[2].upper(), parameters, value, start[1] or "")
