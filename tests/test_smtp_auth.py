"""AUTH with a file of users, and secrets that never stand anywhere, however clumsily they were sent."""

import base64
import hashlib
import logging
from collections.abc import AsyncIterator
from pathlib import Path

import bcrypt
import msgspec
import pytest
from passlib.hash import apr_md5_crypt

from mailsluice.errors import SettingsError
from mailsluice.sandbox import Sandbox
from mailsluice.settings import Settings
from mailsluice.smtp.auth import Claim, Credentials
from tests.smtp_client import connected, deliver, keeping, only_receipt, opened

PASSWORD = "s3cret pass"
USERS = {
    "bcrypt": bcrypt.hashpw(PASSWORD.encode(), bcrypt.gensalt(4)).decode(),
    "apache": bcrypt.hashpw(PASSWORD.encode(), bcrypt.gensalt(4, b"2a")).decode().replace("$2a$", "$2y$"),
    "sha": "{SHA}" + base64.b64encode(hashlib.sha1(PASSWORD.encode()).digest()).decode(),
    "md5": apr_md5_crypt.hash(PASSWORD),
    "plain": PASSWORD,
    "jürgen": PASSWORD,
    "13letters": "abcdefghijklm",  # looks like a crypt(3) hash
    "2letters": "ab",
}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "users"
    path.write_text("# users\n\n" + "".join(f"{user}:{hash}\n" for user, hash in USERS.items()), encoding="utf-8")
    return path


@pytest.fixture
async def guarded(tmp_path: Path, settings: Settings, file: Path) -> AsyncIterator[Sandbox]:
    """A sandbox that accepts the users of the file only."""
    (tmp_path / "guarded").mkdir()
    async with opened(tmp_path / "guarded", settings, smtp_auth_file=str(file)) as sandbox:
        yield sandbox


def b64(text: str | bytes) -> str:
    return base64.b64encode(text.encode() if isinstance(text, str) else text).decode()


def plain(user: str | bytes, password: str | bytes) -> str:
    parts = (one.encode() if isinstance(one, str) else one for one in ("", user, password))
    return f"AUTH PLAIN {b64(bytes([0]).join(parts))}"


@pytest.mark.parametrize(
    ("user", "password"),
    [
        *((user, PASSWORD) for user in ("bcrypt", "apache", "sha", "md5", "plain", "jürgen")),
        ("13letters", "abcdefghijklm"),
        ("2letters", "ab"),
    ],
)
async def test_the_right_password_does(guarded: Sandbox, user: str, password: str) -> None:
    async with connected(guarded) as client:
        await client.say("EHLO app.example")
        assert (await client.say(plain(user, password))).startswith("235 2.7.0")
        await client.say("AUTH LOGIN")
        await client.say(b64(user))
        assert (await client.say(b64(password))).startswith("235 2.7.0")
        await deliver(client)
    assert (await only_receipt(guarded)).session.user == user


@pytest.mark.parametrize(
    ("user", "password"),
    [
        *((user, "wrong") for user in USERS),
        ("nobody", PASSWORD),
        ("", PASSWORD),
        ("plain", ""),
        ("PLAIN", PASSWORD),
        ("plain:x", PASSWORD),
        ("u" * 300, PASSWORD),
        ("bcrypt", "x" * 100),
        ("bcrypt", "x" * 5000),
        (b"\xff\xfe", PASSWORD),
        ("plain", b"\xff\xfe"),
        pytest.param("plain", USERS["bcrypt"], id="the stored hash itself"),
    ],
)
async def test_any_other_password_is_refused_and_mail_still_taken(
    guarded: Sandbox, user: str | bytes, password: str | bytes
) -> None:
    async with keeping(guarded) as kept, connected(guarded) as client:
        await client.say("EHLO app.example")
        reply = await client.say(plain(user, password))
        assert reply == "535 5.7.8 User name or password is not in the file of --smtp-auth-file"
        await deliver(client)
    assert kept[0].refusals == (reply,)
    assert kept[0].captured == 1
    assert (await only_receipt(guarded)).session.user == ""


@pytest.mark.parametrize("user", [b"a\0b", b"\0", b"nobody\r\nMAIL FROM:<x>", b"\xff\0"])
async def test_a_name_with_control_characters_harms_nothing(guarded: Sandbox, sandbox: Sandbox, user: bytes) -> None:
    login = [f"AUTH LOGIN {b64(user)}", b64(PASSWORD)]
    async with connected(guarded) as client:
        await client.say("EHLO app.example")
        assert (await client.say(login[0])).startswith("334 ")
        assert (await client.say(login[1])).startswith("535 5.7.8")
    async with connected(sandbox) as client:
        await client.say("EHLO app.example")
        await client.say(login[0])
        assert (await client.say(login[1])).startswith("235 ")
        await deliver(client)
    assert (await only_receipt(sandbox)).session.user == user.decode("utf-8", "replace")


@pytest.mark.parametrize(
    "command",
    ["AUTH CRAM-MD5", f"AUTH XOAUTH2 {b64('user=plain' + chr(1) + 'auth=Bearer t0ken' + chr(1) * 2)}", "AUTH XOAUTH2"],
)
async def test_a_mechanism_that_no_hash_can_check_is_refused_with_those_that_can(
    guarded: Sandbox, command: str
) -> None:
    async with connected(guarded) as client:
        await client.say("EHLO app.example")
        assert await client.say(command) == "504 5.5.4 This mechanism is not offered here, use one of: PLAIN, LOGIN"
        assert (await client.say(plain("plain", PASSWORD))).startswith("235 ")


SECRET = "c3VwZXItczNjcmV0LXdvcmQ="
CLUMSY = {
    "refused": ["AUTH PLAIN " + b64(f"\0ada\0{SECRET}")],
    "refused-login": ["AUTH LOGIN", b64("ada"), SECRET],
    "not-offered": ["AUTH CRAM-MD5", SECRET],
    "not-offered-pipelined-answers": ["AUTH NTLM " + SECRET, SECRET, SECRET],
    "no-mechanism": ["AUTH " + SECRET],
    "no-mechanism-spaces": ["AUTH   " + SECRET + "  " + SECRET],
    "tab": ["AUTH\tPLAIN " + SECRET],
    "tab-behind": ["AUTH PLAIN\t" + SECRET],
    "equals": ["AUTH=PLAIN " + SECRET],
    "nonsense-name": ["AUTH LOGIN ???", SECRET],
    "given-up": ["AUTH LOGIN", "*", SECRET],
    "twice": ["AUTH PLAIN " + b64("\0ada\0x"), SECRET],
    "in-two-words": ["AUTH LOGIN " + b64("ada") + " " + SECRET, SECRET],
    "too-long": ["AUTH PLAIN " + SECRET * 800, SECRET],
    "lower-case": ["auth plain " + SECRET, SECRET + " " + SECRET],
}


@pytest.mark.parametrize("pipelined", [False, True], ids=["in-turns", "pipelined"])
@pytest.mark.parametrize("hello", [True, False], ids=["ehlo", "no-ehlo"])
@pytest.mark.parametrize("lines", CLUMSY.values(), ids=CLUMSY)
async def test_a_secret_stands_nowhere(
    guarded: Sandbox, caplog: pytest.LogCaptureFixture, lines: list[str], hello: bool, pipelined: bool
) -> None:
    caplog.set_level(logging.DEBUG)
    secrets = {word for line in lines for word in line.split()[-1:] if len(word) > 10} | {SECRET}
    async with keeping(guarded) as kept, connected(guarded) as client:
        if hello:
            await client.say("EHLO app.example")
        if pipelined:
            await client.send("".join(f"{line}\r\n" for line in lines).encode(), len(lines))
        else:
            for line in lines:
                await client.say(line)
        assert (await client.say("NOOP")).startswith("250 ")
        await deliver(client)
    written = msgspec.json.encode(kept[0]) + msgspec.json.encode(await only_receipt(guarded))
    told = written.decode() + caplog.text + "".join(client.said)
    assert "C: NOOP" in told
    assert "****" in told
    assert not [secret for secret in secrets if secret in told]


async def test_a_secret_is_masked_in_the_story_of_a_good_session_too(sandbox: Sandbox) -> None:
    async with connected(sandbox) as client:
        await client.say("EHLO app.example")
        await client.send(f"AUTH PLAIN {b64('a' + chr(0) + 'b' + chr(0) + 'c')}\r\n{SECRET}\r\n".encode(), 2)
        await deliver(client)
    receipt = await only_receipt(sandbox)
    assert [line for line in receipt.transcript if line.startswith("C: ")][:3] == [
        "C: EHLO app.example",
        "C: AUTH PLAIN ****",
        "C: ****",
    ]


def test_a_claim_does_not_show_its_password() -> None:
    assert "hush" not in repr(Claim("ada", "hush"))


@pytest.mark.parametrize(
    "content", [None, b"", b"# none\n", b"no colon\n", b"a:b:c:d\n", b"\xff\xfe\0:x\n", b"ok:x\nbad\n"]
)
def test_a_file_that_will_not_do_is_one_line(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "users"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(SettingsError, match=r"^--smtp-auth-file: ") as caught:
        Credentials.load(str(path))
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_folder_is_no_file_of_users(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"^--smtp-auth-file: "):
        Credentials.load(str(tmp_path))


def test_lines_may_end_as_on_windows(tmp_path: Path) -> None:
    (tmp_path / "users").write_bytes(b"ada:x\r\n")
    assert Credentials.load(str(tmp_path / "users"))
