"""What many tests stand on: private folders, a sandbox in this process, the real program in another."""

import os
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from mailsluice.options import Endpoint
from mailsluice.sandbox import Sandbox, open_sandbox
from mailsluice.settings import Settings
from mailsluice.sockets import bound
from mailsluice.store import Store, open_store
from tests.api_client import Mailbox, opened
from tests.gmail import FakeGmail
from tests.outgoing import Desk, add_profile, open_desk
from tests.program import Program
from tests.release_pages import Pages, open_pages
from tests.unlocked import accounts

LOOPBACK = Endpoint("127.0.0.1", 0)
LONG = 40


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """Packed files hold the time, and a test keeps its name from run to run."""
    return argname if isinstance(val, bytes) and len(val) > LONG else None


@pytest.fixture(autouse=True)
def private_folders(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """No test reads or writes the folders or settings of whoever runs it."""
    home = tmp_path_factory.mktemp("home")
    for name in [name for name in os.environ if name.startswith("MAILSLUICE_")]:
        if not name.startswith(("MAILSLUICE_TEST_", "MAILSLUICE_REQUIRE_")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.null.Keyring")
    monkeypatch.delenv("DBUS_SESSION_BUS_ADDRESS", raising=False)
    for variable, folder in (("DATA", "data"), ("CONFIG", "config"), ("STATE", "state"), ("CACHE", "cache")):
        monkeypatch.setenv(f"XDG_{variable}_HOME", str(home / folder))
    return home


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    """An open store in a file of its own."""
    async with open_store(tmp_path / "mail.db") as store:
        yield store


@pytest.fixture
def settings() -> Settings:
    """Ports that are free, everything else as a user has it."""
    return Settings(smtp=LOOPBACK, listen=LOOPBACK)


@pytest.fixture
def environment() -> dict[str, str]:
    """The variables in which the sandbox looks for passwords; a test may put some in."""
    return {}


@pytest.fixture
async def sandbox(tmp_path: Path, settings: Settings, environment: dict[str, str]) -> AsyncIterator[Sandbox]:
    """A sandbox that captures, in this process and on this loop."""
    with bound(settings.smtp, flag="--smtp") as sockets:
        async with open_sandbox(
            settings,
            database=str(tmp_path / "mail.db"),
            smtp_sockets=sockets,
            accounts=accounts(tmp_path / "configuration", environment),
        ) as sandbox:
            yield sandbox


@pytest.fixture
async def gmail() -> AsyncIterator[FakeGmail]:
    """A smarthost that says and does what Gmail does; nobody has an account yet."""
    async with FakeGmail() as gmail:
        yield gmail


@pytest.fixture
async def mailbox(sandbox: Sandbox) -> AsyncIterator[Mailbox]:
    """The API over captured mail, with a client."""
    async with opened(sandbox) as mailbox:
        yield mailbox


@pytest.fixture
async def desk(sandbox: Sandbox, gmail: FakeGmail) -> AsyncIterator[Desk]:
    """Our own API for releases, with a profile at the fake Gmail."""
    await add_profile(sandbox, gmail)
    async with open_desk(sandbox) as desk:
        yield desk


@pytest.fixture
async def pages(sandbox: Sandbox) -> AsyncIterator[Pages]:
    """The pages of releases, unlocked."""
    async with open_pages(sandbox) as pages:
        yield pages


@pytest.fixture
def start() -> Iterator["Program.Starter"]:
    """Start the real program with flags; whatever still runs at the end is killed."""
    with ExitStack() as stack:
        yield lambda *flags, **keywords: stack.enter_context(Program(*flags, **keywords))
