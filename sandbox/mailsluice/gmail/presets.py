"""The providers people use: where their smarthost is, what password it wants, what a day allows."""

from typing import Final, Literal

import msgspec

from mailsluice.gmail.verdict import APP_PASSWORDS


class Preset(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a provider; `daily_limit` 0 where no figure is known, `works` False if no password will do.

    `password` says which kind: "app" (made for one program), "plain" (as it is), "none" (a password does not help).
    """

    id: str
    title: str
    host: str = ""
    port: int = 587
    security: Literal["auto", "starttls", "tls"] = "auto"
    daily_limit: int = 0
    password: Literal["app", "plain", "none"] = "app"  # noqa: S105 (the kind of password, not one)
    app_password_url: str = ""
    works: bool = True
    note: str = ""


_ALL: Final = (
    Preset(
        id="gmail",
        title="Gmail",
        host="smtp.gmail.com",
        daily_limit=500,
        app_password_url=APP_PASSWORDS,
        note="Needs an app password of 16 letters, which needs 2-Step Verification; the normal password is refused.",
    ),
    Preset(
        id="workspace",
        title="Google Workspace",
        host="smtp.gmail.com",
        daily_limit=2000,
        app_password_url=APP_PASSWORDS,
        note="Needs an app password, if your administrator's 2-Step policy allows them; a trial may send 500 a day.",
    ),
    Preset(
        id="workspace-relay",
        title="Google Workspace relay",
        host="smtp-relay.gmail.com",
        daily_limit=10_000,
        app_password_url=APP_PASSWORDS,
        note="Your administrator switches this service on, by IP address, by sign-in or both; "
        "without sign-in leave the user empty.",
    ),
    Preset(
        id="yahoo",
        title="Yahoo Mail",
        host="smtp.mail.yahoo.com",
        port=465,
        note="Needs an app password, made in the security settings of your Yahoo account.",
    ),
    Preset(
        id="aol",
        title="AOL Mail",
        host="smtp.aol.com",
        port=465,
        note="Needs an app password, made in the security settings of your AOL account.",
    ),
    Preset(
        id="icloud",
        title="iCloud Mail",
        host="smtp.mail.me.com",
        note="Needs an app-specific password (and two-factor sign-in); its hyphens belong to it.",
    ),
    Preset(id="fastmail", title="Fastmail", host="smtp.fastmail.com", port=465, note="Needs an app password."),
    Preset(
        id="zoho",
        title="Zoho Mail",
        host="smtp.zoho.com",
        port=465,
        password="plain",  # noqa: S106
        note="Takes your password, or an app password if two-factor sign-in is on; "
        "accounts of other regions use smtp.zoho.eu, .in, .com.au or .jp.",
    ),
    Preset(
        id="outlook",
        title="Outlook.com, Hotmail, Live",
        host="smtp-mail.outlook.com",
        password="none",  # noqa: S106
        works=False,
        note="No password works here: Microsoft ended them, app passwords too, on 16 September 2024. It takes OAuth, "
        "which Mailsluice does not speak: send with another account.",
    ),
    Preset(
        id="microsoft365",
        title="Microsoft 365",
        host="smtp.office365.com",
        password="none",  # noqa: S106
        works=False,
        note="A password is refused unless your administrator has enabled SMTP AUTH for tenant and mailbox; Microsoft "
        "wants OAuth, which Mailsluice does not speak. If it is enabled for you, choose custom and type this host.",
    ),
    Preset(
        id="custom",
        title="Another server",
        password="plain",  # noqa: S106
        note="Any SMTP server with TLS; without TLS only on this computer.",
    ),
)
PRESETS: Final[dict[str, Preset]] = {preset.id: preset for preset in _ALL}
