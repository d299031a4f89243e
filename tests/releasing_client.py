"""Who releases through the real program: a profile for a fake Gmail, the program over a database, and its API."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from mailsluice import instance
from mailsluice.relay.profile import Profile
from mailsluice.relay.profiles import Profiles, configuration_folder
from tests.gmail import FakeGmail, Knobs, in_thread
from tests.program import Program
from tests.smarthost import APP_PASSWORD, USER

BOB: Final = "bob@example.com"
ENVIRONMENT: Final = {"MAILSLUICE_PROFILE_WORK_PASSWORD": APP_PASSWORD}
ENDED: Final = ("delivered", "partly", "refused", "failed", "unknown", "cancelled")


@contextmanager
def open_gmail(knobs: Knobs | None = None) -> Iterator[FakeGmail]:
    """A fake Gmail that knows Ada and lets her send as much as she likes; whoever it holds is let go at the end."""
    with in_thread(knobs or Knobs(daily_limit=100_000)) as gmail:
        gmail.add_account(USER, app_password=APP_PASSWORD)
        yield gmail


def write_profile(gmail: FakeGmail, **changes: Any) -> Profile:
    """Ada's profile `work` at this Gmail, in profiles.toml; its password comes from the environment."""
    standard: dict[str, Any] = {
        "name": "work",
        "host": "localhost",
        "port": gmail.starttls_port,
        "security": "starttls",
        "ca_file": gmail.ca_file,
        "user": USER,
        "allow": ("@example.com",),
        "pace": 0.0,
        "daily_limit": 100_000,
    }
    profiles = Profiles(configuration_folder())
    return profiles.save(Profile(**standard | changes), old_name="work" if profiles.get("work") else "", by_hand=True)


class ReleasingClient:
    """A program that asks the API of a running Mailsluice, with its token."""

    def __init__(self, program: Program) -> None:
        self.program = program
        token = next(one.token for one in instance.running() if one.pid == program.process.pid)
        self._headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}

    def request(self, method: str, path: str, body: Any = None) -> tuple[int, bytes]:
        """Status and body of a request below /api/sandbox/."""
        content = None if body is None else json.dumps(body).encode()
        return self.program.request(method, f"/api/sandbox/{path}", body=content, headers=self._headers)

    def ask(self, method: str, path: str, body: Any = None, *, status: int = 200) -> Any:
        """The JSON of an answer of this status."""
        found, answer = self.request(method, path, body)
        assert found == status, (method, path, found, answer[:2000])
        return json.loads(answer)

    def preflight(self, message: str, *, to: Any = BOB, **wishes: Any) -> Any:
        """What a release would do."""
        return self.ask("POST", "preflights", {"message": message, "to": to, **wishes})

    def preflight_raw(self, message: str, *, to: Any = BOB, **wishes: Any) -> bytes:
        """The bytes that would go."""
        status, raw = self.request("POST", "preflights?raw=1", {"message": message, "to": to, **wishes})
        assert status == 200, raw[:2000]
        return raw

    def release(self, *messages: str, to: Any = BOB, wait: int = 0, **wishes: Any) -> Any:
        """The records of releases that are queued, or settled if one waits."""
        path = f"releases?wait={wait}" if wait else "releases"
        return self.ask("POST", path, {"messages": messages, "to": to, **wishes}, status=201)["releases"]

    def refused(self, *messages: str, to: Any = BOB, **wishes: Any) -> Any:
        """Why nothing was released."""
        return self.ask("POST", "releases", {"messages": messages, "to": to, **wishes}, status=422)

    def record(self, id: str, *, wait: int = 0) -> Any:
        """A release as it is now, or once it is settled."""
        return self.ask("GET", f"releases/{id}?wait={wait}" if wait else f"releases/{id}")

    def retry(self, id: str) -> Any:
        """The user's word that it is to be sent again."""
        return self.ask("POST", f"releases/{id}/attempts", {})

    def settle(self, id: str) -> Any:
        """The user's word that it was sent."""
        return self.ask("POST", f"releases/{id}/settlement", {})


def begin(start: "Callable[..., Program]", database: Path | str) -> ReleasingClient:
    """The real program over a database, with Ada's password, and a client for it."""
    return ReleasingClient(start("-d", str(database), environment=ENVIRONMENT))


def recipients(record: Any) -> dict[str, tuple[str, int]]:
    """Of each recipient of a record the state and the code of the reply, 0 for none."""
    return {one["address"]: (one["state"], (one["reply"] or {"code": 0})["code"]) for one in record["recipients"]}
