"""Every setting: its default, flag, environment variable, TOML key and help, in one frozen dataclass."""

import tomllib
from collections.abc import Callable, Mapping
from dataclasses import Field, dataclass, field, fields
from pathlib import Path
from typing import Any, cast

import platformdirs

from mailsluice.errors import SettingsError
from mailsluice.mailbox import MAILBOX_RULES, MailboxRule, parse_mailbox_limit, parse_mailbox_rule
from mailsluice.options import (
    Durability,
    Endpoint,
    Option,
    parse_age,
    parse_count,
    parse_database,
    parse_durability,
    parse_endpoint,
    parse_host_name,
    parse_limit,
    parse_own_host,
    parse_size,
    parse_switch,
    show_size,
)
from mailsluice.tagging import TagRule, parse_tag_rule


def _setting(default: object, option: Option) -> Any:
    return field(default=default, metadata={"option": option})


def _bound(default: int, help: str, flag: str, *, is_size: bool = False, metavar: str = "") -> Any:
    metavar = metavar or ("SIZE" if is_size else "NUMBER")
    return _setting(default, Option(help, parse_size if is_size else parse_count, flag, metavar=metavar))


def _several(parse: Callable[[str], Any], help: str, flag: str, metavar: str) -> Any:
    option = Option(help, parse, flag, metavar=metavar, shown_default="none", repeatable=True)
    return _setting((), option)


def _file(help: str, flag: str, shown_default: str, *, in_file: bool = True) -> Any:
    return _setting("", Option(help, str, flag, metavar="FILE", shown_default=shown_default, in_file=in_file))


def _switch(help: str, flag: str) -> Any:
    return _setting(False, Option(help, parse_switch, flag, is_switch=True))


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What the user decided: flag before environment before TOML file before default."""

    smtp: Endpoint = _setting(
        Endpoint("127.0.0.1", 1025),
        Option("Where SMTP is accepted; port 0 takes a free one.", parse_endpoint, "--smtp", "-s", "HOST:PORT"),
    )
    listen: Endpoint = _setting(
        Endpoint("127.0.0.1", 8025),
        Option("Where the web inbox and the API are served.", parse_endpoint, "--listen", "-l", "HOST:PORT"),
    )
    database: str = _setting(
        "",
        Option(
            "Where captured mail is kept; `:memory:` is a private temporary file that is gone at exit.",
            parse_database,
            "--database",
            "-d",
            "PATH",
            shown_default="user data directory, one file per SMTP port",
        ),
    )
    durability: Durability = _setting(
        "normal",
        Option(
            "What acknowledged mail survives: `normal` the death of the program, `full` a power cut too (slower).",
            parse_durability,
            "--durability",
            metavar="normal|full",
        ),
    )
    max_message_size: int = _setting(
        50 << 20,
        Option("The largest message accepted.", parse_size, "--max-message-size", metavar="SIZE"),
    )
    max_messages: int = _setting(
        10_000,
        Option(
            "The most messages kept: beyond it the oldest go; 0 is unlimited.", parse_limit, "--max", "-m", "NUMBER"
        ),
    )
    max_age: int = _setting(
        0,
        Option(
            "How long messages are kept from their capture or import on, such as 12h or 7d; 0 is unlimited.",
            parse_age,
            "--max-age",
            metavar="TIME",
            shown_default="unlimited",
        ),
    )
    max_bytes: int = _bound(
        2 << 30,
        "The most bytes of messages kept: beyond it the oldest go; 0 is unlimited.",
        "--max-bytes",
        is_size=True,
    )
    mailbox_max: tuple[tuple[str, int], ...] = _several(
        parse_mailbox_limit,
        "The most messages kept in one mailbox; may be given several times.",
        "--mailbox-max",
        "NAME=NUMBER",
    )
    mailbox_rule: tuple[MailboxRule, ...] = _several(
        parse_mailbox_rule,
        f"Which messages come into which mailbox, such as {MAILBOX_RULES}: an AUTH user decides first, then the first "
        "that fits; may be given several times.",
        "--mailbox-rule",
        "PATTERN=NAME",
    )
    mailbox_by_tag: bool = _switch(
        "Let the +tag of a recipient's address decide the mailbox where neither AUTH user nor rule does.",
        "--mailbox-by-tag",
    )
    tag_rule: tuple[TagRule, ...] = _several(
        parse_tag_rule,
        "Which messages get which tag when they come, such as `subject:invoice=billing`; may be given several times.",
        "--tag-rule",
        "SEARCH=TAG",
    )
    no_plus_tags: bool = _switch("Give messages no tag for the +tag of their recipients' addresses.", "--no-plus-tags")
    allowed_host: tuple[str, ...] = _several(
        parse_host_name,
        "A further host name by which browsers may reach the web port; may be given several times.",
        "--allowed-host",
        "NAME",
    )
    own_host: tuple[str, ...] = _several(
        parse_own_host,
        "A host of the app that you work on, such as `localhost:*`: HTML mail loads its images, styles and fonts at "
        "once; may be given several times.",
        "--own-host",
        "HOST[:PORT]",
    )
    mailpit_release: bool = _switch(
        "Let POST /api/v1/message/{id}/release send through the default profile: any program that reaches the web "
        "port may then mail that profile's allowed recipients.",
        "--mailpit-release",
    )
    smtp_tls_cert: str = _file(
        "A certificate (PEM, with its chain): SMTP then offers STARTTLS.", "--smtp-tls-cert", "none"
    )
    smtp_tls_key: str = _file(
        "The certificate's private key (PEM), if it is in a file of its own.",
        "--smtp-tls-key",
        "in the certificate's file",
    )
    smtp_tls: bool = _switch("Begin every SMTP session with TLS (implicit TLS).", "--smtp-tls")
    smtp_require_starttls: bool = _switch("Refuse mail and AUTH before STARTTLS.", "--smtp-require-starttls")
    smtp_auth_file: str = _file(
        "Accept only the users and passwords of this file (htpasswd lines) when a client authenticates.",
        "--smtp-auth-file",
        "any user and password",
    )
    max_recipients: int = _bound(1000, "The most recipients that one message may have.", "--max-recipients")
    max_header_fields: int = _bound(
        10_000, "The most header fields of a message that are interpreted.", "--max-header-fields"
    )
    max_header_size: int = _bound(
        1 << 20, "The most of a message's header that is interpreted.", "--max-header-size", is_size=True
    )
    max_command_size: int = _bound(
        16 << 10, "The longest SMTP command line accepted.", "--max-command-size", is_size=True
    )
    max_commands: int = _bound(
        10_000, "The most commands that a session may send between two messages.", "--max-commands"
    )
    max_errors: int = _bound(50, "The most refusals before a session is closed.", "--max-errors")
    max_sessions: int = _bound(8000, "The most SMTP sessions at a time.", "--max-sessions")
    max_sessions_per_peer: int = _bound(
        6000, "The most SMTP sessions of one client address at a time.", "--max-sessions-per-peer"
    )
    max_body_memory: int = _bound(
        32 << 20,
        "The most memory for all messages on their way in; beyond it they go to files.",
        "--max-body-memory",
        is_size=True,
    )
    idle_timeout: int = _bound(300, "Seconds that a session may be silent.", "--idle-timeout", metavar="SECONDS")
    data_timeout: int = _bound(600, "Seconds that a message may take to arrive.", "--data-timeout", metavar="SECONDS")
    config: str = _file(
        "The TOML file with settings.", "--config", "config.toml in the user configuration directory", in_file=False
    )
    quiet: bool = _setting(
        False, Option("Print only warnings and errors.", parse_switch, "--quiet", "-q", is_switch=True)
    )
    verbose: bool = _setting(
        False, Option("Print each SMTP session and request too.", parse_switch, "--verbose", "-v", is_switch=True)
    )


def option_of(setting: "Field[Any]") -> Option:
    """How a field of Settings is written outside."""
    return cast(Option, setting.metadata["option"])


def environment_name(setting: "Field[Any]") -> str:
    """The environment variable of a field: `MAILSLUICE_` and the flag's name in capitals."""
    return f"MAILSLUICE_{setting.name.upper()}"


def default_text(setting: "Field[Any]") -> str:
    """The default of a field as the help and the README show it."""
    option = option_of(setting)
    if option.parse is parse_size:
        return show_size(int(str(setting.default)))
    return option.shown_default or ("false" if option.is_switch else str(setting.default))


def load_settings(flags: Mapping[str, Any], environment: Mapping[str, str]) -> Settings:
    """Settings from flags, environment and TOML file; raises SettingsError naming the culprit and what to write.

    `flags` maps field names to the texts given (a tuple for a repeatable one, a bool for a switch); None is not given.
    """
    known = {setting.name: setting for setting in fields(Settings)}
    given: dict[str, Any] = {}
    for name, setting in known.items():
        flag, variable = flags.get(name), environment_name(setting)
        if flag is not None and flag != ():
            given[name] = _read(setting, flag, source=option_of(setting).flag)
        elif environment.get(variable):
            given[name] = _read(setting, environment[variable], source=variable)
    path = _config_path(given.get("config", ""))
    for name, setting, value in _file_settings(path, known):
        given.setdefault(name, _read(setting, value, source=f"{name} in {path}"))
    return Settings(**given)


def _config_path(given: str) -> Path | None:
    if given:
        path = Path(given).expanduser()
        if not path.is_file():
            raise SettingsError(f"--config: {path} is not a file; name an existing TOML file or leave the flag out")
        return path
    path = platformdirs.user_config_path("mailsluice") / "config.toml"
    return path if path.is_file() else None


def _file_settings(path: Path | None, known: Mapping[str, "Field[Any]"]) -> list[tuple[str, "Field[Any]", object]]:
    if path is None:
        return []
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SettingsError(f"{path} cannot be read as TOML: {error}") from error
    found = []
    for key, value in table.items():
        setting = known.get(key.replace("-", "_"))
        if setting is None or not option_of(setting).in_file:
            names = ", ".join(name for name, one in known.items() if option_of(one).in_file)
            raise SettingsError(f"{path}: there is no setting {key!r}; there are {names}")
        found.append((setting.name, setting, value))
    return found


def _read(setting: "Field[Any]", value: object, *, source: str) -> object:
    if not option_of(setting).repeatable:
        return _read_one(setting, value, source=source)
    texts = value.split(",") if isinstance(value, str) else value
    if not isinstance(texts, list | tuple):
        raise SettingsError(f"{source}: {str(value)!r} will not do; write a list of texts")
    return tuple(_read_one(setting, text, source=source) for one in texts if (text := str(one).strip()))


def _read_one(setting: "Field[Any]", value: object, *, source: str) -> object:
    text = str(value).lower() if isinstance(value, bool) else str(value)
    try:
        if not isinstance(value, str | int):
            raise ValueError("write a text or a number")
        return option_of(setting).parse(text)
    except ValueError as error:
        raise SettingsError(f"{source}: {text!r} will not do; {error}") from error
