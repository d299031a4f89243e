"""The servers under test, as child processes that never outlive the benchmark."""

import http.client
import json
import os
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

ROOT = Path(__file__).parents[2]
_START_SECONDS = 20
_SETTLE_SECONDS = 20


class Server:
    """A process that listens for SMTP on `port`; killed on leaving."""

    def __init__(self, name: str, *command: str, environment: dict[str, str] | None = None) -> None:
        self.name, self._command, self._environment = name, command, environment or {}
        self.port = 0
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            self._errors: IO[bytes] = stack.enter_context(tempfile.TemporaryFile())
            self._process = subprocess.Popen(
                [sys.executable, *self._command],
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=self._errors,
                env=os.environ | self._environment,
            )
            stack.callback(self._kill)
            self._greeted()
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    def _greeted(self) -> None:
        """Wait until it listens."""
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"{self.name} did not start: {self.complaints()}")
        self.port = int(line)

    def _kill(self) -> None:
        self._process.kill()
        self._process.communicate()

    def complaints(self) -> str:
        """What it wrote to stderr so far."""
        self._errors.seek(0)
        return self._errors.read().decode(errors="replace").strip()

    def cpu_seconds(self) -> float:
        """CPU used since its start, by user and kernel (proc(5): `utime` and `stime`)."""
        stat = Path(f"/proc/{self._process.pid}/stat").read_text(encoding="utf-8")
        fields = stat.rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def settle(self) -> float:
        """Wait until it does nothing any more (work may follow the acknowledgement); its CPU seconds then."""
        used, deadline = self.cpu_seconds(), time.monotonic() + _SETTLE_SECONDS
        while time.monotonic() < deadline:
            time.sleep(0.05)
            before, used = used, self.cpu_seconds()
            if used == before:
                break
        return used

    def peak_memory(self) -> float:
        """The most memory it ever held, in MB."""
        status = Path(f"/proc/{self._process.pid}/status").read_text(encoding="utf-8")
        return int(status.partition("VmHWM:")[2].split()[0]) / 1024

    def check(self, *, acknowledged: int) -> None:
        """Nothing to check: what it was sent is gone."""


class Stock(Server):
    """aiosmtpd as it is, with a handler that does nothing."""

    def __init__(self, loop: str) -> None:
        super().__init__(f"stock {loop}", "-m", "tests.bench.stock", loop)


class Mailsluice(Server):
    """The whole program with a database of its own in a folder."""

    def __init__(self, folder: Path, *flags: str, environment: dict[str, str] | None = None) -> None:
        self._data = Path(tempfile.mkdtemp(prefix="data-", dir=folder))
        home = {f"XDG_{kind}_HOME": str(self._data) for kind in ("DATA", "CONFIG", "STATE", "CACHE")}
        super().__init__(
            "mailsluice",
            *("-m", "mailsluice", "-q", "-s", "127.0.0.1:0", "-l", "127.0.0.1:0"),
            *("--database", str(self._data / "mail.db"), *flags),
            environment=home | (environment or {}),
        )
        self.configuration = self._data / "mailsluice"
        self._stored = 0

    def _greeted(self) -> None:
        """Read the runtime file: with -q the program says nothing."""
        deadline = time.monotonic() + _START_SECONDS
        while time.monotonic() < deadline and self._process.poll() is None:
            for file in self._data.glob("mailsluice/instances/*.json"):
                if content := file.read_bytes():
                    found = json.loads(content)
                    self.port, self._url = int(found["smtp"].rpartition(":")[2]), found["url"]
                    self._token = found["token"]
                    return
            time.sleep(0.02)
        raise RuntimeError(f"{self.name} did not start: {self.complaints()}")

    @property
    def url(self) -> str:
        """Where the inbox is."""
        return str(self._url)

    @property
    def web_port(self) -> int:
        """The port of the inbox."""
        return int(self._url.rpartition(":")[2].strip("/"))

    def get(self, path: str) -> bytes:
        """The body of a page."""
        return self._ask("GET", path)

    def post(self, path: str, content: Any) -> Any:
        """The JSON that answers JSON, with the key."""
        return json.loads(self._ask("POST", path, json.dumps(content).encode()))

    def _ask(self, method: str, path: str, body: bytes | None = None) -> bytes:
        headers = {"Authorization": f"Bearer {self._token}", "Content-Type": "application/json"} if body else {}
        connection = http.client.HTTPConnection("127.0.0.1", self.web_port, timeout=60)
        try:
            connection.request(method, path, body=body, headers=headers)
            response = connection.getresponse()
            answer = response.read()
            if response.status not in (200, 201):
                raise RuntimeError(f"{path}: {response.status} {answer[:500]!r}")
            return answer
        finally:
            connection.close()

    def api(self, path: str) -> Any:
        """JSON from below /api/v1/."""
        return json.loads(self.get(f"/api/v1/{path}"))

    def check(self, *, acknowledged: int) -> None:
        """Exactly what was acknowledged since the last check must be stored, and no fault reported."""
        before, self._stored = self._stored, int(self.api("info")["Messages"])
        if self._stored - before != acknowledged:
            raise RuntimeError(f"{acknowledged} messages acknowledged, {self._stored - before} stored")
        complaints = self.complaints()
        if " ERROR " in complaints or "Traceback" in complaints:
            raise RuntimeError(f"the program complained: {complaints[-2000:]}")
