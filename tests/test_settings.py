"""Flags before environment before file before default, and errors that say what to write."""

import re
from dataclasses import fields
from pathlib import Path

import pytest

from mailsluice.cli import main
from mailsluice.errors import SettingsError
from mailsluice.mailbox import MAILBOX_RULES
from mailsluice.options import Endpoint, parse_age, parse_endpoint, parse_size, show_size
from mailsluice.settings import Settings, load_settings, option_of


def write_config(text: str, folder: Path) -> Path:
    path = folder / "config" / "mailsluice" / "config.toml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def test_the_defaults_are_the_ports_that_everybody_knows() -> None:
    settings = load_settings({}, {})
    assert str(settings.smtp) == "127.0.0.1:1025"
    assert str(settings.listen) == "127.0.0.1:8025"


def test_a_flag_beats_the_environment_which_beats_the_file(private_folders: Path) -> None:
    write_config('smtp = "127.0.0.1:1"\nlisten = "127.0.0.1:1"\ndurability = "full"', private_folders)
    environment = {"MAILSLUICE_SMTP": "127.0.0.1:2", "MAILSLUICE_LISTEN": "127.0.0.1:2"}
    settings = load_settings({"smtp": "127.0.0.1:3", "listen": None}, environment)
    assert (settings.smtp.port, settings.listen.port, settings.durability) == (3, 2, "full")


def test_the_file_takes_numbers_switches_and_lists(private_folders: Path) -> None:
    write_config('max-message-size = 1000\nquiet = true\nallowed_host = ["Mail.test"]', private_folders)
    settings = load_settings({}, {})
    assert (settings.max_message_size, settings.quiet, settings.allowed_host) == (1000, True, ("mail.test",))


def test_a_list_in_the_environment_is_separated_by_commas() -> None:
    assert load_settings({}, {"MAILSLUICE_ALLOWED_HOST": "a.test, b.test"}).allowed_host == ("a.test", "b.test")


def test_a_file_in_the_working_directory_is_never_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("config.toml", "mailsluice.toml", ".mailsluice.toml"):
        (tmp_path / name).write_text('smtp = "0.0.0.0:25"')
    assert load_settings({}, {}).smtp.port == 1025


@pytest.mark.parametrize(
    ("text", "fragment"),
    [
        ("smpt = 'x'", "'smpt'"),
        ("smtp = 'x'", "smtp in"),
        ("smtp = [", "TOML"),
        ("config = 'x'", "'config'"),
        ("quiet = 'perhaps'", "true or false"),
        ("allowed_host = ['http://x/']", "host name"),
        ("smtp = 1.5", "text or a number"),
    ],
)
def test_a_mistake_in_the_file_is_named_with_the_file(text: str, fragment: str, private_folders: Path) -> None:
    path = write_config(text, private_folders)
    with pytest.raises(SettingsError) as caught:
        load_settings({}, {})
    assert fragment in str(caught.value)
    assert str(path) in str(caught.value)


def test_a_named_file_that_is_missing_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="not a file"):
        load_settings({"config": str(tmp_path / "none.toml")}, {})


@pytest.mark.parametrize(
    ("flags", "environment"),
    [
        ({"mailbox_rule": ("*@a.test=a", "shop")}, {}),
        ({}, {"MAILSLUICE_MAILBOX_RULE": "*@a.test=a, shop,*@b.test=b"}),
    ],
)
def test_of_several_values_the_one_that_will_not_do_is_named(
    flags: dict[str, tuple[str, ...]], environment: dict[str, str]
) -> None:
    with pytest.raises(SettingsError, match=r"(?i)mailbox.rule: 'shop' will not do; write"):
        load_settings(flags, environment)


def test_help_and_error_of_mailbox_rules_give_the_same_examples() -> None:
    (rule,) = (option_of(setting) for setting in fields(Settings) if setting.name == "mailbox_rule")
    assert MAILBOX_RULES in rule.help
    with pytest.raises(SettingsError, match=re.escape(MAILBOX_RULES)):
        load_settings({"mailbox_rule": ("shop",)}, {})


@pytest.mark.parametrize("arguments", [["--max", "-1"], ["--max=-1"], ["-m", "-1"], ["-m-1"]])
def test_a_value_that_begins_with_a_dash_is_told_with_its_option(
    arguments: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["mailsluice", *arguments])
    with pytest.raises(SystemExit, match="2"):
        main()
    assert capsys.readouterr().err == "mailsluice: --max: '-1' will not do; write a whole number; 0 is unlimited\n"


def test_a_bad_variable_is_named() -> None:
    with pytest.raises(SettingsError, match="MAILSLUICE_SMTP: 'nowhere'"):
        load_settings({}, {"MAILSLUICE_SMTP": "nowhere"})


@pytest.mark.parametrize(
    ("text", "endpoint"),
    [
        ("[::1]:1025", Endpoint("::1", 1025)),
        ("localhost:0", Endpoint("localhost", 0)),
        (":25", Endpoint("", 25)),
        ("2025", Endpoint("127.0.0.1", 2025)),
        ("unix:/run/mail.sock", Endpoint(path=Path("/run/mail.sock"))),
    ],
)
def test_an_endpoint_is_read_and_written(text: str, endpoint: Endpoint) -> None:
    assert parse_endpoint(text) == endpoint
    assert parse_endpoint(str(endpoint)) == endpoint


@pytest.mark.parametrize("text", ["", "x", "::1:25", "h:99999", "h:-1", "unix:relative", "h:２５"])
def test_what_is_no_endpoint_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"write|brackets"):
        parse_endpoint(text)


@pytest.mark.parametrize(("text", "size"), [("50MiB", 50 << 20), ("1k", 1024), ("7", 7), ("2 GB", 2 << 30)])
def test_a_size_is_read_with_its_unit(text: str, size: int) -> None:
    assert parse_size(text) == size
    assert parse_size(show_size(size)) == size


def test_what_is_kept_is_limited_unless_it_is_said_otherwise(private_folders: Path) -> None:
    settings = load_settings({}, {})
    assert (settings.max_messages, settings.max_age, settings.max_bytes) == (10_000, 0, 2 << 30)
    write_config('max_messages = 0\nmax_age = "7d"\nmax-bytes = "0"\nmailbox_max = ["Shop=5"]', private_folders)
    settings = load_settings({"max_bytes": "3G"}, {"MAILSLUICE_MAILBOX_MAX": "a=1, b=2"})
    assert (settings.max_messages, settings.max_age, settings.max_bytes) == (0, 7 * 86_400, 3 << 30)
    assert settings.mailbox_max == (("a", 1), ("b", 2))


@pytest.mark.parametrize(
    ("text", "seconds"), [("90s", 90), ("30m", 1800), ("12 H", 43_200), ("4w", 4 * 604_800), ("0", 0), ("0d", 0)]
)
def test_an_age_is_a_number_with_a_unit(text: str, seconds: int) -> None:
    assert parse_age(text) == seconds


@pytest.mark.parametrize("text", ["", "7", "d", "1y", "-1d", "1.5h"])
def test_an_age_that_cannot_be_read_says_what_to_write(text: str) -> None:
    with pytest.raises(ValueError, match="7d"):
        parse_age(text)


def test_rules_for_mailboxes_and_tags_are_read_and_refused_at_the_start() -> None:
    rules = {"mailbox_rule": ("domain:*.example.com=sub",), "tag_rule": ("from:ada OR header:x-app=cron=jobs",)}
    settings = load_settings(rules, {})
    assert [str(one) for one in (*settings.mailbox_rule, *settings.tag_rule)] == [
        "domain:*.example.com=sub",
        "from:ada OR header:x-app=cron=jobs",
    ]
    with pytest.raises(SettingsError, match=r"--tag-rule: .* will not do; a rule cannot ask for is:"):
        load_settings({"tag_rule": ("is:unread=x",)}, {})
