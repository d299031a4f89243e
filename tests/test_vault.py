"""The vault: what it holds, for whom, and what an attacker gets (nothing)."""

import asyncio
import base64
import copy
import os
import pickle
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailsluice.errors import Refusal
from mailsluice.relay.profile import Profile, draft_profile
from mailsluice.relay.sealing import binding_of, seal, unseal
from mailsluice.relay.secret import Secret
from mailsluice.relay.system_keyring import trusted_backend
from mailsluice.relay.vault import NONE, PASSWORD_COMMAND, SEALED_FILE, SYSTEM_KEYRING, Vault

PASSWORD = "abcdefghijklmnop"
GMAIL = draft_profile(name="my work", user="ada@gmail.com")
OWN = Profile(name="own", preset="custom", host="mail.example.com", port=2525, user="ada@example.com")
CHANGES = [
    {"host": "evil.example"},
    {"port": 2526},
    {"security": "tls"},
    {"ca_file": "/tmp/evil.pem"},
    {"user": "eve@example.com"},
]


class FakeBackend:
    """A keyring in memory; `gate` makes it wait, `error` makes it fail."""

    def __init__(self) -> None:
        self.entries: dict[tuple[str, str], str] = {}
        self.gate: threading.Event | None = None
        self.error: Exception | None = None

    def get_password(self, service: str, username: str) -> str | None:
        self._answer()
        return self.entries.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self._answer()
        self.entries[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        del self.entries[service, username]

    def _answer(self) -> None:
        if self.gate:
            self.gate.wait()
        if self.error:
            raise self.error


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "config"


@pytest.fixture
def vault(folder: Path) -> Vault:
    return Vault(folder, {}, keyring=lambda: None)


@pytest.fixture
def backend() -> Iterator[FakeBackend]:
    backend = FakeBackend()
    yield backend
    if backend.gate:
        backend.gate.set()


def changed(profile: Profile, **change: object) -> Profile:
    return msgspec.structs.replace(profile, **change)


async def test_a_password_is_kept_and_given_for_its_profile(vault: Vault, folder: Path) -> None:
    assert await vault.holder(GMAIL) == NONE
    assert await vault.get(GMAIL) is None
    assert await vault.keep(GMAIL, Secret(PASSWORD)) == SEALED_FILE
    again = Vault(folder, {}, keyring=lambda: None)
    assert await again.get(GMAIL) == Secret(PASSWORD)
    assert await again.holder(GMAIL) == SEALED_FILE


async def test_a_password_is_forgotten(vault: Vault, folder: Path) -> None:
    await vault.keep(GMAIL, Secret(PASSWORD))
    await vault.keep(OWN, Secret("other"))
    await vault.forget(GMAIL)
    await vault.forget(GMAIL)
    assert await vault.get(GMAIL) is None
    assert await vault.get(OWN) == Secret("other")
    assert "my work" not in (folder / "secrets.json").read_text()


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: next(iter(change)))
@pytest.mark.parametrize("has_keyring", [False, True])
async def test_a_redirected_profile_gets_nothing(
    folder: Path, backend: FakeBackend, has_keyring: bool, change: dict[str, object]
) -> None:
    vault = Vault(folder, {}, keyring=lambda: backend if has_keyring else None)
    assert await vault.keep(OWN, Secret("hunter2")) == (SYSTEM_KEYRING if has_keyring else SEALED_FILE)
    evil = changed(OWN, **change)
    assert await vault.get(evil) is None
    assert await vault.holder(evil) == NONE
    assert await vault.get(OWN) == Secret("hunter2")


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: next(iter(change)))
async def test_the_seal_itself_holds_against_a_redirection_not_only_the_record(
    vault: Vault, folder: Path, change: dict[str, object]
) -> None:
    await vault.keep(OWN, Secret("hunter2"))
    evil = changed(OWN, **change)
    path = folder / "secrets.json"
    await vault.keep(changed(evil, name="bait"), Secret("bait"))
    records = msgspec.json.decode(path.read_bytes())
    records["own"]["fits"] = records["bait"]["fits"]  # as if the attacker could write here
    path.write_bytes(msgspec.json.encode(records))
    assert await vault.get(evil) is None


async def test_auto_and_what_it_means_are_one_security(vault: Vault) -> None:
    await vault.keep(OWN, Secret("hunter2"))
    assert await vault.get(changed(OWN, security="starttls")) == Secret("hunter2")


async def test_a_renamed_profile_keeps_its_password_and_a_redirected_one_loses_it(vault: Vault) -> None:
    await vault.keep(OWN, Secret("hunter2"))
    renamed = changed(OWN, name="new")
    await vault.rename("own", renamed)
    assert await vault.get(renamed) == Secret("hunter2")
    assert await vault.get(OWN) is None
    evil = changed(renamed, name="evil", host="evil.example")
    await vault.rename("new", evil)
    assert await vault.get(evil) is None
    assert await vault.get(renamed) is None


@pytest.mark.skipif(os.name != "posix", reason="modes of POSIX")
async def test_files_are_for_the_user_alone(vault: Vault, folder: Path) -> None:
    folder.mkdir(mode=0o755)
    await vault.keep(GMAIL, Secret(PASSWORD))
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {path.name: stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {
        "key": 0o600,
        "lock": 0o600,
        "secrets.json": 0o600,
    }
    (folder / "key").chmod(0o644)
    assert await vault.get(GMAIL) == Secret(PASSWORD)
    assert stat.S_IMODE((folder / "key").stat().st_mode) == 0o600


async def test_the_password_stands_in_no_file(vault: Vault, folder: Path) -> None:
    password = "p/s+w ö&d=?%x y!"
    await vault.keep(OWN, Secret(password))
    plain = password.encode()
    forms = [plain, base64.b64encode(plain), quote(password).encode(), base64.b64encode(b"\0ada@example.com\0" + plain)]
    for path in folder.rglob("*"):
        assert not [form for form in forms if form in path.read_bytes()], path


@pytest.mark.parametrize("content", [b"", b"short", b"!", base64.b64encode(bytes(32))])
async def test_without_its_key_a_password_is_gone_and_a_new_one_can_be_kept(
    vault: Vault, folder: Path, content: bytes
) -> None:
    await vault.keep(GMAIL, Secret(PASSWORD))
    (folder / "key").write_bytes(content)
    assert await vault.get(GMAIL) is None
    (folder / "key").unlink()
    assert await vault.get(GMAIL) is None
    await vault.keep(GMAIL, Secret(PASSWORD))
    assert await vault.get(GMAIL) == Secret(PASSWORD)


@pytest.mark.parametrize("content", [b"{", b"[]", b'{"my work": 3}', b"\xff"])
async def test_a_damaged_file_is_a_refusal(vault: Vault, folder: Path, content: bytes) -> None:
    folder.mkdir()
    (folder / "secrets.json").write_bytes(content)
    with pytest.raises(Refusal, match="damaged"):
        await vault.get(GMAIL)


async def test_many_keep_passwords_at_once_and_none_is_lost(folder: Path) -> None:
    profiles = [changed(OWN, name=f"own {number}") for number in range(8)]
    vaults = [Vault(folder, {}, keyring=lambda: None) for _ in profiles]
    await asyncio.gather(
        *(vault.keep(one, Secret(one.name)) for vault, one in zip(vaults, profiles, strict=True)),
    )
    for one in profiles:
        assert await vaults[0].get(one) == Secret(one.name)


async def test_the_keyring_holds_what_it_can(folder: Path, backend: FakeBackend) -> None:
    vault = Vault(folder, {}, keyring=lambda: backend)
    assert await vault.keep(GMAIL, Secret(PASSWORD)) == SYSTEM_KEYRING
    assert await vault.holder(GMAIL) == SYSTEM_KEYRING
    assert not (folder / "key").exists()
    assert await vault.get(GMAIL) == Secret(PASSWORD)
    await vault.forget(GMAIL)
    assert backend.entries == {}
    assert await vault.get(GMAIL) is None


async def test_an_entry_that_somebody_else_wrote_is_not_used(folder: Path, backend: FakeBackend) -> None:
    vault = Vault(folder, {}, keyring=lambda: backend)
    await vault.keep(GMAIL, Secret(PASSWORD))
    for entry in ("", "x", "[]", '"x"', '{"password": "x"}', '{"binding": "x", "password": "x"}'):
        backend.entries = dict.fromkeys(backend.entries, entry)
        assert await vault.get(GMAIL) is None


async def test_a_keyring_that_fails_is_replaced_by_the_sealed_file(folder: Path, backend: FakeBackend) -> None:
    vault = Vault(folder, {}, keyring=lambda: backend)
    await vault.keep(GMAIL, Secret(PASSWORD))
    backend.error = OSError("D-Bus is gone")
    with pytest.raises(Refusal, match="unlock it"):
        await vault.get(GMAIL)
    assert await vault.keep(GMAIL, Secret(PASSWORD)) == SEALED_FILE
    assert await vault.get(GMAIL) == Secret(PASSWORD)
    assert backend.entries == {}


async def test_a_keyring_that_hangs_is_not_waited_for_and_keeps_nothing_late(
    folder: Path, backend: FakeBackend
) -> None:
    backend.gate = threading.Event()
    vault = Vault(folder, {}, keyring=lambda: backend, keyring_seconds=0.05)
    assert await vault.keep(GMAIL, Secret(PASSWORD)) == SEALED_FILE
    assert await vault.keep(GMAIL, Secret(PASSWORD)) == SEALED_FILE
    waiting = [thread for thread in threading.enumerate() if thread.name == "keyring"]
    assert len(waiting) == 1
    assert waiting[0].daemon
    backend.gate.set()
    await asyncio.to_thread(waiting[0].join)
    assert backend.entries == {}
    assert await vault.get(GMAIL) == Secret(PASSWORD)


def test_only_named_back_ends_are_trusted_and_none_without_a_session() -> None:
    assert trusted_backend({"PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring"}) is None
    if sys.platform == "linux":
        assert trusted_backend({}) is None


def test_neither_keyring_nor_cryptography_is_imported_before_a_password_is_kept() -> None:
    code = (
        "import asyncio, pathlib, sys\n"
        "from mailsluice.relay.profile import draft_profile\n"
        "from mailsluice.relay.vault import Vault\n"
        "vault = Vault(pathlib.Path('nowhere'), {'MAILSLUICE_PROFILE_GMAIL_PASSWORD': 'abcdefghijklmnop'})\n"
        "assert asyncio.run(vault.get(draft_profile(user='ada')))\n"
        "assert asyncio.run(vault.get(draft_profile(user='ada', name='other'))) is None\n"
        "print(*sorted(sys.modules.keys() & {'keyring', 'cryptography', 'secretstorage', 'tomlkit', 'aiosmtplib'}))"
    )
    path = str(Path(__file__).parents[1] / "sandbox")
    run = subprocess.run([sys.executable, "-c", code], env={**os.environ, "PYTHONPATH": path}, capture_output=True)
    assert (run.returncode, run.stdout.strip(), run.stderr) == (0, b"", b"")


async def test_the_environment_gives_a_password(folder: Path) -> None:
    vault = Vault(folder, {"MAILSLUICE_PROFILE_MY_WORK_PASSWORD": "abcd efgh ijkl mnop "}, keyring=lambda: None)
    assert await vault.get(GMAIL) == Secret(PASSWORD)
    assert await vault.holder(GMAIL) == "environment variable MAILSLUICE_PROFILE_MY_WORK_PASSWORD"
    assert not folder.exists()


async def test_the_environment_names_a_file_with_the_password(folder: Path, tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_text(f"{PASSWORD}\n")
    variable = "MAILSLUICE_PROFILE_MY_WORK_PASSWORD_FILE"
    vault = Vault(folder, {variable: str(file)}, keyring=lambda: None)
    assert await vault.get(GMAIL) == Secret(PASSWORD)
    assert await vault.holder(GMAIL) == f"environment variable {variable}"
    for content in (b"", b"x" * 5000, b"\xff"):
        file.write_bytes(content)
        with pytest.raises(Refusal, match=variable):
            await vault.get(GMAIL)
    file.unlink()
    with pytest.raises(Refusal, match="cannot be read"):
        await vault.get(GMAIL)


async def test_a_normal_google_password_in_the_environment_is_refused_and_not_repeated(folder: Path) -> None:
    vault = Vault(folder, {"MAILSLUICE_PROFILE_MY_WORK_PASSWORD": "Tr0ub4dor&3"}, keyring=lambda: None)
    with pytest.raises(Refusal, match="MAILSLUICE_PROFILE_MY_WORK_PASSWORD: This looks like") as caught:
        await vault.get(GMAIL)
    assert "Tr0ub4dor" not in str(caught.value)


async def test_the_environment_s_password_does_not_follow_a_redirected_profile(folder: Path) -> None:
    vault = Vault(folder, {"MAILSLUICE_PROFILE_MY_WORK_PASSWORD": PASSWORD}, keyring=lambda: None)
    evil = draft_profile(base=GMAIL, host="evil.example")
    assert await vault.get(evil) is None
    assert await vault.holder(evil) == NONE


def with_command(*command: str) -> Profile:
    return changed(OWN, password_command=command)


def python(code: str) -> Profile:
    return with_command(sys.executable, "-c", code)


async def test_a_command_gives_the_password_in_its_first_line(folder: Path) -> None:
    vault = Vault(folder, dict(os.environ))
    profile = python("print('hunter2'); print('user: ada')")
    assert await vault.holder(profile) == PASSWORD_COMMAND
    assert await vault.get(profile) == Secret("hunter2")


async def test_a_command_is_run_without_a_shell_and_without_our_variables(folder: Path) -> None:
    vault = Vault(folder, {**os.environ, "MAILSLUICE_PROFILE_X_PASSWORD": "secret"})
    arguments = with_command(sys.executable, "-c", "import sys; print(sys.argv[1])", "$HOME; echo *")
    assert await vault.get(arguments) == Secret("$HOME; echo *")
    asked = python("import os, sys; print(os.environ.get('MAILSLUICE_PROFILE_X_PASSWORD'), repr(sys.stdin.read()))")
    assert await vault.get(asked) == Secret("None ''")


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("import sys; print('x'); sys.exit('hunter2')", "exit status 1"),
        ("print('x' * 5000)", "too much"),
        ("while True: print('x' * 5000)", "too much"),
        ("pass", "no password"),
        ("import sys; sys.stdout.buffer.write(bytes([255]))", "UTF-8"),
    ],
)
async def test_a_command_that_fails_is_a_refusal_that_repeats_nothing(
    folder: Path, capfd: pytest.CaptureFixture[str], code: str, reason: str
) -> None:
    with pytest.raises(Refusal, match=reason) as caught:
        await Vault(folder, dict(os.environ)).get(python(code))
    assert "hunter2" not in str(caught.value)
    assert capfd.readouterr().err == ""


async def test_a_command_that_is_not_there_is_a_refusal(folder: Path) -> None:
    with pytest.raises(Refusal, match="cannot be started"):
        await Vault(folder, dict(os.environ)).get(with_command("/nowhere/pass"))


@pytest.mark.skipif(os.name != "posix", reason="process groups")
async def test_a_command_that_does_not_end_is_killed_with_its_children(folder: Path, tmp_path: Path) -> None:
    alive = tmp_path / "alive"
    os.mkfifo(alive)
    reader = os.open(alive, os.O_RDONLY | os.O_NONBLOCK)
    code = (
        "import os, signal, subprocess, sys\n"
        f"held = os.open({str(alive)!r}, os.O_WRONLY)\n"
        "subprocess.Popen([sys.executable, '-c', 'import signal; signal.pause()'], pass_fds=[held])\n"
        "os.write(held, b'x')\n"
        "signal.pause()"
    )
    with pytest.raises(Refusal, match="did not end within 2 seconds"):
        await Vault(folder, dict(os.environ), command_seconds=2).get(python(code))
    os.set_blocking(reader, True)
    with open(reader, "rb") as pipe:
        assert pipe.read() == b"x"  # ends only when nobody holds the other end any more


def test_a_secret_does_not_show_itself() -> None:
    secret = Secret(PASSWORD)
    assert f"{secret} {secret!r} {[secret]}" == "**** **** [****]"
    assert secret.reveal() == PASSWORD
    for careless in (msgspec.json.encode, pickle.dumps, copy.deepcopy, vars, hash):
        with pytest.raises(TypeError):
            careless(secret)
    assert secret == Secret(PASSWORD)
    assert secret != Secret("x")
    assert secret != PASSWORD


@settings(deadline=None)  # the first call loads cryptography
@given(st.text(st.characters(exclude_categories=["Cs"])), st.text(), st.integers(1, 65535), st.text())
def test_what_is_sealed_opens_with_the_same_key_and_binding_only(text: str, host: str, port: int, user: str) -> None:
    profile = Profile(name="x", host=host, port=port, user=user)
    key, binding = os.urandom(32), binding_of(profile)
    sealed = seal(key, text, binding=binding)
    assert unseal(key, sealed, binding=binding) == text
    assert unseal(os.urandom(32), sealed, binding=binding) is None
    assert unseal(key, sealed, binding=binding_of(changed(profile, host=host + "x"))) is None
    assert unseal(key, sealed[:-1], binding=binding) is None
    assert unseal(key, b"", binding=binding) is None


@given(st.text(), st.text(), st.text(), st.text())
def test_no_two_places_have_one_binding(host: str, user: str, other_host: str, other_user: str) -> None:
    one = Profile(name="x", host=host, port=587, user=user)
    other = Profile(name="x", host=other_host, port=587, user=other_user)
    assert (binding_of(one) == binding_of(other)) is ((host, user) == (other_host, other_user))
