"""What the tests of the outbox stand on: a fake Gmail with an account, and a place to release from."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.gmail import FakeGmail
from tests.outbox.workplace import Workplace
from tests.smarthost import APP_PASSWORD, USER


@pytest.fixture
async def gmail() -> AsyncIterator[FakeGmail]:
    async with FakeGmail() as gmail:
        gmail.add_account(USER, app_password=APP_PASSWORD)
        yield gmail


@pytest.fixture
def place(gmail: FakeGmail, tmp_path: Path) -> Workplace:
    return Workplace(gmail, tmp_path / "config")
