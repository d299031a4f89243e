"""The presets against GMAIL.md section 8."""

import pytest

from mailsluice.gmail.presets import PRESETS


def test_gmail_comes_first_and_custom_last() -> None:
    assert list(PRESETS) == [
        "gmail",
        "workspace",
        "workspace-relay",
        "yahoo",
        "aol",
        "icloud",
        "fastmail",
        "zoho",
        "outlook",
        "microsoft365",
        "custom",
    ]


@pytest.mark.parametrize(
    ("id", "host", "port"),
    [
        ("gmail", "smtp.gmail.com", 587),
        ("workspace", "smtp.gmail.com", 587),
        ("workspace-relay", "smtp-relay.gmail.com", 587),
        ("yahoo", "smtp.mail.yahoo.com", 465),
        ("aol", "smtp.aol.com", 465),
        ("icloud", "smtp.mail.me.com", 587),
        ("fastmail", "smtp.fastmail.com", 465),
        ("zoho", "smtp.zoho.com", 465),
        ("outlook", "smtp-mail.outlook.com", 587),
        ("microsoft365", "smtp.office365.com", 587),
        ("custom", "", 587),
    ],
)
def test_a_preset_knows_its_server(id: str, host: str, port: int) -> None:
    assert (PRESETS[id].id, PRESETS[id].host, PRESETS[id].port) == (id, host, port)


@pytest.mark.parametrize(("id", "limit"), [("gmail", 500), ("workspace", 2000), ("workspace-relay", 10_000)])
def test_google_s_daily_limits_are_known(id: str, limit: int) -> None:
    assert PRESETS[id].daily_limit == limit


@pytest.mark.parametrize("id", ["outlook", "microsoft365"])
def test_microsoft_s_presets_say_that_no_password_works_and_why(id: str) -> None:
    assert not PRESETS[id].works
    assert PRESETS[id].password == "none"
    assert "OAuth" in PRESETS[id].note


@pytest.mark.parametrize("id", ["gmail", "workspace"])
def test_google_s_presets_link_to_the_page_that_makes_app_passwords(id: str) -> None:
    assert PRESETS[id].app_password_url == "https://myaccount.google.com/apppasswords"


@pytest.mark.parametrize("preset", PRESETS.values(), ids=lambda preset: preset.id)
def test_every_preset_has_a_title_and_a_note(preset: object) -> None:
    assert getattr(preset, "title", "")
    assert str(getattr(preset, "note", "")).endswith(".")
