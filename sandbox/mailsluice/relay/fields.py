"""A profile's fields as people type and paste them: what can be understood is forgiven, the rest is explained."""

import ipaddress
import re
from collections.abc import Sequence
from typing import Final, Literal, NamedTuple

from mailsluice.errors import Refusal
from mailsluice.gmail.presets import PRESETS, Preset
from mailsluice.message.addresses import parse_addresses

TLS_PORTS: Final = (465, 2465)
LONGEST_PACE: Final = 3600.0
_STARTTLS_PORTS: Final = (25, 587, 2525, 2587)
_READING_PORTS: Final = {110: "POP", 143: "IMAP", 993: "IMAP", 995: "POP"}
_GOOGLE: Final = ("gmail", "workspace", "workspace-relay")
_GOOGLE_HOSTS: Final = {
    "smtp.google.com": "smtp.gmail.com",  # takes mail from other servers, not from programs
    "gmail.com": "smtp.gmail.com",
    "imap.gmail.com": "smtp.gmail.com",
    "pop.gmail.com": "smtp.gmail.com",
    "mail.google.com": "smtp.gmail.com",
}
_LABEL: Final = r"(?!-)[A-Za-z0-9_-]{1,63}(?<!-)"
_HOST: Final = re.compile(rf"{_LABEL}(?:\.{_LABEL})*")
_NAME: Final = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9 ._@+-]{0,62}[A-Za-z0-9])?")
_ADDRESS: Final = re.compile(r"[^\s@<>()\[\],;:\"\\]+@[^\s@<>()\[\],;:\"\\]*[^\s@<>()\[\],;:\"\\.]")
_PLACEHOLDER: Final = re.compile(r"\$\{|\$\(|\{\{|^\$\w+$|^%\w+%$")
_YES: Final = {"1", "true", "yes", "on"}
_NO: Final = {"", "0", "false", "no", "off"}
_MOST_ENTRIES: Final = 500

Security = Literal["auto", "starttls", "tls", "plain"]


class Place(NamedTuple):
    """Where the smarthost is, and the preset that this turned out to be."""

    host: str
    port: int
    security: Security
    preset: Preset


class Account(NamedTuple):
    """The user, and the name that stood before the address if somebody pasted both."""

    address: str
    name: str


def refused(field: str, reason: str, *, link: str = "") -> Refusal:
    """A Refusal of this field."""
    return Refusal(reason, field=field, link=link)


def read_preset(text: str) -> Preset:
    """The preset of this id."""
    preset = PRESETS.get(text.strip().lower() or "gmail")
    if preset is None:
        raise refused("preset", f"There is no such preset; choose one of {', '.join(PRESETS)}.")
    return preset


def read_name(text: str, *, preset: Preset) -> str:
    """The profile's name; without one it is called like its preset."""
    name = " ".join(_visible(text).split()) or preset.id
    check_name(name)
    return name


def check_name(name: str) -> None:
    """Raise a Refusal unless the name can stand in a file, a URL and a command line."""
    if not _NAME.fullmatch(name):
        raise refused("name", "A name has up to 64 letters from A to Z, digits, blanks, dots, hyphens or @ in it.")


def read_place(host: str, port: str | int, security: str, *, preset: Preset, keep_security: bool) -> Place:
    """Host, port and security from three fields that people fill as one: `smtps://smtp.gmail.com:465`, "SSL", "587"."""
    scheme, typed_host, typed_port = _split_host(host)
    wanted = security if keep_security and security else _read_security(f"{security} {scheme}")
    name = _GOOGLE_HOSTS.get(typed_host, typed_host) if preset.id in (*_GOOGLE, "custom") else typed_host
    name = name or preset.host
    number = _read_port(str(port).strip() or typed_port, wanted, preset)
    if not keep_security and wanted != "plain":
        # Two modes exist on the well-known ports, whatever the words were: TLS at once on 465, STARTTLS on 587.
        wanted = "auto" if number in (*TLS_PORTS, *_STARTTLS_PORTS) else wanted
    check_host(name)
    if preset.id == "custom" and name == PRESETS["gmail"].host:
        preset = PRESETS["gmail"]
    return Place(name, number, _security(wanted), preset)


def check_host(host: str) -> None:
    """Raise a Refusal unless this is a host's name or an IP address."""
    if not host:
        raise refused("host", "Enter the host of the mail server, such as smtp.example.com.")
    if "@" in host:
        raise refused("host", "This is an address; enter the host of the mail server, such as smtp.gmail.com.")
    if _is_ip(host) or (_HOST.fullmatch(host) and len(host) < 254 and not re.fullmatch(r"[0-9.]+", host)):
        return
    raise refused("host", "This is not the name of a host; enter one such as smtp.gmail.com, without https://.")


def is_on_this_computer(host: str) -> bool:
    """Whether the name or the IP address is the loopback one."""
    if _is_ip(host):
        return ipaddress.ip_address(host).is_loopback
    return host == "localhost" or host.endswith(".localhost")


def read_user(text: str, *, preset: Preset) -> Account:
    """The account's user name; `name`, `mailto:name@gmail.com` and `Name <name@gmail.com>` are understood for Gmail."""
    typed = _visible(text).strip()
    if _PLACEHOLDER.search(typed):
        raise refused("user", "This is the name of a variable that was not filled in; enter the address itself.")
    typed = typed.removeprefix("mailto:").strip("'\"` ")
    pasted = parse_addresses(typed) if "<" in typed else ()
    if pasted and is_address(pasted[0].address):
        return Account(pasted[0].address, pasted[0].name)
    if preset.id == "custom":
        return Account(_short(typed, "user"), "")
    bare = "".join(typed.split())
    if bare and "@" not in bare and preset.id == "gmail":
        bare += "@gmail.com"
    if bare and not is_address(bare):
        raise refused("user", "Enter the whole address of the account, with its domain, such as name@example.com.")
    return Account(_short(bare, "user"), "")


def read_sender(text: str) -> str:
    """The sender's address, or an empty text."""
    addresses = read_aliases(text, field="sender_address")
    if len(addresses) > 1:
        raise refused("sender_address", "A message has one sender; enter one address here.")
    return addresses[0] if addresses else ""


def read_aliases(texts: str | Sequence[str], *, field: str = "aliases") -> tuple[str, ...]:
    """Addresses, bare or with a name, apart by commas, semicolons or line ends."""
    found = []
    for text in _entries(texts, r"[,;\n]"):
        pasted = parse_addresses(text) if "<" in text else ()
        address = pasted[0].address if pasted else text
        if not is_address(address):
            raise refused(field, "This is no address; write it like name@example.com, several one on a line.")
        found.append(address)
    return tuple(dict.fromkeys(found))


def read_patterns(texts: str | Sequence[str]) -> tuple[str, ...]:
    """Allowed recipients: addresses, `@domain` (a bare domain is understood so) and globs."""
    found = []
    for text in _entries(texts, r"[,;\s]"):
        pattern = text.strip("<>").lower()
        if "@" not in pattern and "*" not in pattern and "?" not in pattern:
            pattern = f"@{pattern}"
        domain = pattern.rpartition("@")[2]
        if len(pattern) > 254 or not domain or ("." not in domain and "*" not in domain and domain != "localhost"):
            raise refused("allow", "Write recipients as name@example.com, @example.com or *@*.example.com.")
        found.append(pattern)
    return tuple(dict.fromkeys(found))


def read_ca_file(text: str) -> str:
    """The path of a CA file, or an empty text."""
    path = text.strip().strip("'\"")
    if path and (_visible(path) != path or not (path.startswith(("/", "~")) or re.match(r"[A-Za-z]:[\\/]|\\\\", path))):
        raise refused("ca_file", "Enter the whole path of the CA file, from the root of the disk.")
    return _short(path, "ca_file")


def read_words(text: str, *, field: str) -> str:
    """One line of text."""
    return _short(" ".join(_visible(text).split()), field)


def read_count(text: str | int) -> int:
    """A number of messages; an empty text is 0."""
    digits = re.sub(r"[\s,._']", "", str(text)) or "0"
    if not re.fullmatch(r"[0-9]{1,9}", digits):
        raise refused("daily_limit", "Enter a number of messages a day, or nothing for the limit of the preset.")
    return int(digits)


def read_seconds(text: str | float) -> float:
    """Seconds between messages; an empty text is 1."""
    digits = str(text).strip().removesuffix("s").strip().replace(",", ".") or "1"
    if not re.fullmatch(r"[0-9]{1,6}(?:\.[0-9]{0,6})?", digits) or float(digits) > LONGEST_PACE:
        raise refused("pace", "Enter the seconds between two messages, such as 1 or 2.5, at most 3600.")
    return float(digits)


def read_switch(text: str | bool, *, field: str) -> bool:
    """Yes or no."""
    word = str(text).strip().lower()
    if word not in _YES | _NO:
        raise refused(field, "Enter yes or no.")
    return word in _YES


def is_address(text: str) -> bool:
    """Whether this is one bare address that cannot be read in two ways."""
    return len(text) < 255 and text.isprintable() and bool(_ADDRESS.fullmatch(text))


def _split_host(text: str) -> tuple[str, str, str]:
    """Scheme, host and port of `smtp.gmail.com`, `http://smtp.gmail.com/`, `ssl://smtp.gmail.com:465`, `[::1]:25`."""
    typed = "".join(_visible(text).split()).strip("'\"`").lower()
    scheme, _, rest = typed.rpartition("://")
    rest = re.split(r"[/?#]", rest.rpartition("@")[2] if scheme else rest)[0]
    match = re.fullmatch(r"\[([^\]]*)\](?::([0-9]*))?|([^:]*)(?::([0-9]*))?", rest)
    if not match:
        return scheme, rest.strip("[]"), ""  # an IPv6 address without brackets, or nonsense
    host = (match[1] or match[3] or "").rstrip(".")
    if not host.isascii():
        try:
            host = host.encode("idna").decode()
        except UnicodeError:
            raise refused("host", "This is not the name of a host; enter one such as smtp.gmail.com.") from None
    return scheme, host, match[2] or match[4] or ""


def _read_port(text: str, security: str, preset: Preset) -> int:
    numbers = [int(digits) for digits in re.findall(r"[0-9]{1,6}", text)]
    if text and text != "0" and not numbers:
        raise refused("port", "A port is a number; for sending it is 587 or 465.")
    if not numbers or numbers == [0]:
        return 465 if security == "tls" else 587 if security == "starttls" else preset.port
    number = preset.port if len(numbers) > 1 and preset.port in numbers else numbers[0]
    if number in _READING_PORTS:
        raise refused("port", f"Port {number} is for reading mail ({_READING_PORTS[number]}); sending uses 587 or 465.")
    return number


def _read_security(text: str) -> str:
    words = set(re.findall(r"[a-z]+", text.lower().replace("start_tls", "starttls").replace("start tls", "starttls")))
    starttls, tls = "starttls" in words, bool(words & {"tls", "ssl", "smtps", "implicit"})
    if "auto" in words or (starttls and tls):
        return "auto"
    if starttls or tls:
        return "starttls" if starttls else "tls"
    if words & {"plain", "none", "off", "no", "unencrypted"}:
        return "plain"
    if words - {"http", "https", "smtp", "submission"}:
        raise refused("security", "Choose auto, starttls or tls; plain only for a server on this computer.")
    return "auto"


def _security(word: str) -> Security:
    match word:
        case "auto" | "starttls" | "tls" | "plain":
            return word
    raise refused("security", "Choose auto, starttls or tls; plain only for a server on this computer.")


def _is_ip(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return "%" not in host


def _entries(texts: str | Sequence[str], separators: str) -> list[str]:
    whole = texts if isinstance(texts, str) else "\n".join(texts)
    entries = [entry for part in re.split(separators, whole) if (entry := _visible(part).strip())]
    if len(entries) > _MOST_ENTRIES:
        raise refused("allow", f"There are more than {_MOST_ENTRIES} entries.")
    return entries


def _visible(text: str) -> str:
    """The text without what nobody sees (control and zero-width characters), every white space a blank."""
    return "".join(" " if letter.isspace() else letter for letter in text if letter.isspace() or letter.isprintable())


def _short(text: str, field: str) -> str:
    if len(text) > 1000:
        raise refused(field, "This is too long.")
    return text
