"""`python -m tests.gmail`: a fake Gmail for other programs, until it is interrupted.

The first line that it prints is JSON: host, starttls_port, tls_port, ca_file, and the account to log in with.
With --folder, each accepted message is there as `0001.eml` (as received), `0001.sent.eml` (as it leaves) and
`0001.json` (its envelope), and everything that happens is a line in `log.jsonl`.
"""

import argparse
import asyncio
import json
import signal
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import get_args

from tests.gmail.fake import FakeGmail
from tests.gmail.knobs import STAGES, CertificateKind, Knobs
from tests.gmail.mailboxes import Delivered
from tests.gmail.rewrite import Submission

USER, APP_PASSWORD, NORMAL_PASSWORD = "ada@gmail.com", "abcdefghijklmnop", "correct horse battery"


class KeepingGmail(FakeGmail):
    """A FakeGmail that writes what it accepts and what happens into a folder."""

    folder: Path | None = None

    def accept(self, submission: Submission, *, sender: str, parameters: tuple[str, ...], reply: str) -> Delivered:
        message = super().accept(submission, sender=sender, parameters=parameters, reply=reply)
        if self.folder is not None:
            envelope = {name: value for name, value in asdict(message).items() if name not in ("raw", "rewritten")}
            stem = f"{len(self.delivered):04}"
            (self.folder / f"{stem}.eml").write_bytes(message.raw)
            (self.folder / f"{stem}.sent.eml").write_bytes(message.rewritten)
            (self.folder / f"{stem}.json").write_text(json.dumps(envelope))
        return message

    def record(self, session: str, kind: str, text: str) -> None:
        super().record(session, kind, text)
        if self.folder is not None:
            with (self.folder / "log.jsonl").open("a") as log:
                log.write(json.dumps(asdict(self.log[-1])) + "\n")


async def serve(options: argparse.Namespace) -> None:
    """Serve until SIGINT or SIGTERM."""
    knobs = Knobs(certificate=options.certificate, daily_limit=options.daily_limit, stall_at=options.stall_at)
    over = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        with suppress(NotImplementedError):  # Windows
            asyncio.get_running_loop().add_signal_handler(number, over.set)
    async with KeepingGmail(knobs) as gmail:
        gmail.folder = options.folder
        if gmail.folder is not None:
            gmail.folder.mkdir(parents=True, exist_ok=True)
        gmail.add_account(USER, app_password=APP_PASSWORD, normal_password=NORMAL_PASSWORD)
        for address in options.account:
            gmail.add_account(address, app_password=APP_PASSWORD, normal_password=NORMAL_PASSWORD)
        facts = {name: getattr(gmail, name) for name in ("host", "starttls_port", "tls_port", "ca_file")}
        print(json.dumps({**facts, "user": USER, "app_password": APP_PASSWORD}), flush=True)
        await over.wait()


def main() -> None:
    """Read the options and serve."""
    parser = argparse.ArgumentParser(prog="python -m tests.gmail", description="A fake Gmail on loopback.")
    parser.add_argument("--account", action="append", default=[], help="one more account, with the same passwords")
    parser.add_argument("--certificate", choices=get_args(CertificateKind), default="valid")
    parser.add_argument("--daily-limit", type=int, default=500)
    parser.add_argument("--stall-at", choices=("", *STAGES), default="")
    parser.add_argument("--folder", type=Path, help="where accepted messages and the log are written")
    asyncio.run(serve(parser.parse_args()))


if __name__ == "__main__":
    main()
