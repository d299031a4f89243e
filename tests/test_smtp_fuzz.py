"""Whole sessions made up by hypothesis, cut anywhere, against a simple model of the replies and the stored messages.

`MAILSLUICE_FUZZ_SECONDS=240 pytest tests/test_smtp_fuzz.py -s` goes on with new ones for so long.
"""

import asyncio
import itertools
import os
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from mailsluice.sandbox import Sandbox
from mailsluice.settings import Settings
from tests.smtp_client import SECONDS, connected, opened, raws, spool_files

FUZZ_SECONDS = float(os.environ.get("MAILSLUICE_FUZZ_SECONDS", "0"))
LIMIT, LINE_LIMIT, RECIPIENTS = 600, 200, 3
BEHIND = b"NOOP\r\n" * 100  # what follows the end of a session is never read

pytestmark = pytest.mark.timeout(FUZZ_SECONDS + 120)


class Over(Exception):
    """The session has ended."""


@dataclass
class Model:
    """What a session should do, as simply as it can be said; each method is a command that a client may send."""

    stream: bytes = b""
    codes: list[str] = field(default_factory=list)
    messages: list[bytes] = field(default_factory=list)
    greeted: bool = False
    sender: bool = False
    recipients: int = 0
    chunks: bytes | None = None

    def say(self, line: bytes, code: int) -> None:
        self.stream += line + b"\r\n"
        self.codes.append(str(code))

    def reset(self) -> None:
        self.sender, self.recipients, self.chunks = False, 0, None

    def hello(self, verb: str, name: str) -> None:
        self.say(f"{verb} {name}".encode(), 250 if name else 501)
        if name:
            self.greeted = True
            self.reset()

    def simple(self, line: bytes, code: int) -> None:
        self.say(line, code)

    def rset(self) -> None:
        self.say(b"RSET", 250)
        self.reset()

    def mail(self, argument: bytes, code: int) -> None:
        self.say(b"MAIL " + argument, 503 if self.sender else code)
        self.sender = self.sender or code == 250

    def rcpt(self, argument: bytes, code: int) -> None:
        if not self.sender or self.chunks is not None:
            code = 503
        elif code == 250 and self.recipients == RECIPIENTS:
            code = 452
        self.say(b"RCPT " + argument, code)
        self.recipients += code == 250

    def data(self, content: bytes) -> None:
        if not self.recipients or self.chunks is not None:
            self.say(b"DATA", 503)
            return
        self.say(b"DATA", 354)
        stuffed = (b"\r\n" + content + b"\r\n").replace(b"\r\n.", b"\r\n..")[2:]
        self.stream += stuffed + b".\r\n"
        self.take(content + b"\r\n")

    def bdat(self, content: bytes, last: bool) -> None:
        self.stream += b"BDAT %d%s\r\n" % (len(content), b" LAST" if last else b"") + content
        if len(content) > LIMIT:
            self.codes.append("552")
            self.stream += BEHIND
            raise Over
        if not self.recipients:
            self.codes.append("503")
            return
        self.chunks = (self.chunks or b"") + content
        if last or len(self.chunks) > LIMIT:
            self.take(self.chunks)
        else:
            self.codes.append("250")

    def take(self, message: bytes) -> None:
        if len(message) <= LIMIT:
            self.messages.append(message)
        self.codes.append("250" if len(message) <= LIMIT else "552")
        self.reset()

    def auth(self, argument: bytes, answers: list[bytes], codes: list[int]) -> None:
        """`codes` are the replies to the command and each of its answers once EHLO was said."""
        for line, code in zip([b"AUTH " + argument, *answers], codes, strict=True):
            refused = 503 if line.startswith(b"AUTH") else 500
            self.say(line, code if self.greeted else refused)

    def end(self, line: bytes, code: int) -> None:
        self.say(line, code)
        if code >= 400:
            self.stream += BEHIND
        raise Over


Action = Callable[[Model], None]


def does(method: Callable[..., None], *arguments: Any) -> Action:
    return lambda model: method(model, *arguments)


LINES = [
    (b"NOOP", 250),
    (b"noop x", 250),
    (b"VRFY a", 252),
    (b"HELP", 214),
    (b"EXPN a", 502),
    (b"STARTTLS", 454),
    (b"STARTTLS x", 501),
    (b"", 500),
    (b"XYZZY", 500),
    (b".", 500),
    (b"\0\xff\r\r", 500),
    (b"NOOP " + b"x" * LINE_LIMIT, 500),
    (b"x" * 5000, 500),
]
MAILS = [(b"FROM:<a@b>", 250), (b"FROM:<>", 250), (b"FROM:<a@b> SIZE=601", 552), (b"x", 501), (b"FROM:<", 553)]
RECIPIENT = [(b"TO:<c@d>", 250), (b"to:c@d NOTIFY=NEVER", 250), (b"TO:<>", 553), (b"<c@d>", 501)]
AUTHS = [
    (b"PLAIN AGFkYQBi", [], [235]),
    (b"PLAIN", [b"AGFkYQBi"], [334, 235]),
    (b"LOGIN", [b"YWRh", b"YWRh"], [334, 334, 235]),
    (b"LOGIN", [b"*"], [334, 501]),
    (b"PLAIN ???", [], [501]),
    (b"NTLM x", [], [504]),
    (b"XOAUTH2", [b"=="], [334, 501]),
]
WORDS = st.sampled_from(
    [b"\r\n", b"\n", b"\r", b".", b"..", b"a", b"QUIT\r\n", b"BDAT 5\r\n", b"\0", b"x" * 150, b"\xff"]
)
CONTENT = st.lists(WORDS, max_size=12).map(b"".join)
ACTIONS: st.SearchStrategy[Action] = st.one_of(
    st.tuples(st.sampled_from(["EHLO", "HELO", "ehlo"]), st.sampled_from(["x", "x", ""])).map(
        lambda one: does(Model.hello, *one)
    ),
    st.sampled_from(LINES).map(lambda one: does(Model.simple, *one)),
    st.just(does(Model.rset)),
    st.sampled_from([*MAILS[:1] * 4, *MAILS]).map(lambda one: does(Model.mail, *one)),
    st.sampled_from([*RECIPIENT[:1] * 4, *RECIPIENT]).map(lambda one: does(Model.rcpt, *one)),
    CONTENT.map(lambda content: does(Model.data, content)),
    st.tuples(CONTENT, st.booleans()).map(lambda one: does(Model.bdat, *one)),
    st.sampled_from(AUTHS).map(lambda one: does(Model.auth, *one)),
)
ENVELOPE: list[Action] = [does(Model.mail, *MAILS[0]), does(Model.rcpt, *RECIPIENT[0])]
GOOD = st.one_of(
    CONTENT.map(lambda content: [*ENVELOPE, does(Model.data, content)]),
    st.lists(CONTENT, min_size=1, max_size=3).map(
        lambda chunks: [*ENVELOPE, *(does(Model.bdat, one, False) for one in chunks), does(Model.bdat, b"", True)]
    ),
)
ENDS = st.sampled_from(
    [
        None,
        None,
        does(Model.end, b"QUIT", 221),
        does(Model.end, b"BDAT x", 501),
        does(Model.end, b"GET / HTTP/1.1", 554),
    ]
)
SESSIONS = st.builds(
    lambda parts, end: [*itertools.chain.from_iterable(parts), *([end] if end else [])],
    st.lists(st.one_of(ACTIONS.map(lambda one: [one]), GOOD), max_size=15),
    ENDS,
)
CUTS = st.lists(st.floats(0, 1), max_size=6)


def modelled(session: list[Action]) -> Model:
    model = Model()
    with suppress(Over):
        for action in session:
            action(model)
    return model


async def spoken(sandbox: Sandbox, stream: bytes, cuts: list[float]) -> list[str]:
    """Send a stream in pieces, close our half, and read the codes of all replies."""
    edges = [0, *sorted(int(cut * len(stream)) for cut in cuts), len(stream)]
    async with connected(sandbox) as client:
        for start, end in itertools.pairwise(edges):
            client.writer.write(stream[start:end])
            await client.writer.drain()
            await asyncio.sleep(0)
        client.writer.write_eof()
        answer = await asyncio.wait_for(client.reader.read(), SECONDS)
    return [code.decode() for code in re.findall(rb"^(\d\d\d) ", answer, re.M)]


async def hold(sandbox: Sandbox, model: Model, cuts: list[float], kept: float) -> None:
    """Say what the model says, and compare; with `kept` below 1 the stream ends early and only so much may happen."""
    stream = model.stream[: int(kept * len(model.stream))]
    codes = await spoken(sandbox, stream, cuts)
    messages = await raws(sandbox)
    await sandbox.delete(None)
    if kept == 1:
        assert codes == model.codes
        assert messages == model.messages
    else:
        assert codes == model.codes[: len(codes)]
        assert messages == model.messages[: len(messages)]
        assert len(messages) <= codes.count("250")
    assert spool_files(sandbox) == []


@contextmanager
def listening(folder: Path, settings: Settings) -> Iterator[Callable[..., None]]:
    """A sandbox with small bounds on a loop of its own; what it yields holds one session."""
    bounds = {"max_message_size": LIMIT, "max_command_size": LINE_LIMIT, "max_recipients": RECIPIENTS}
    with asyncio.Runner() as runner:
        opening = opened(folder, settings, max_body_memory=300, max_errors=10_000, **bounds)
        sandbox = runner.run(opening.__aenter__())
        try:
            yield lambda *arguments: runner.run(hold(sandbox, *arguments))
        finally:
            runner.run(opening.__aexit__(None, None, None))


def fuzz(run: Callable[..., None], *, examples: int, derandomize: bool) -> int:
    """Hold so many sessions; how many replies they heard."""
    replies = 0

    @hypothesis_settings(
        max_examples=examples,
        derandomize=derandomize,
        deadline=None,
        database=None,
        phases=(Phase.generate, Phase.shrink),
        suppress_health_check=list(HealthCheck),
    )
    @given(session=SESSIONS, cuts=CUTS, kept=st.one_of(st.just(1.0), st.just(1.0), st.floats(0, 1)))
    def check(session: list[Action], cuts: list[float], kept: float) -> None:
        nonlocal replies
        model = modelled(session)
        run(model, cuts, kept)
        replies += len(model.codes)

    check()
    return replies


def test_any_session_is_answered_as_the_model_says(tmp_path: Path, settings: Settings) -> None:
    with listening(tmp_path, settings) as run:
        fuzz(run, examples=1000, derandomize=True)


@pytest.mark.skipif(not FUZZ_SECONDS, reason="set MAILSLUICE_FUZZ_SECONDS to look for new sessions")
def test_sessions_that_nobody_has_thought_of_are_answered_as_the_model_says(tmp_path: Path, settings: Settings) -> None:
    until, sessions, replies = time.monotonic() + FUZZ_SECONDS, 0, 0
    with listening(tmp_path, settings) as run:
        while time.monotonic() < until:
            replies += fuzz(run, examples=500, derandomize=False)
            sessions += 500
    print(f"\n{sessions} sessions, {replies} replies")
