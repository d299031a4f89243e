"""Stock aiosmtpd that throws every message away: what the program is compared with. Prints its port."""

import argparse
import asyncio
import logging
import socket

import uvloop
from aiosmtpd.smtp import SMTP, Envelope, Session

BACKLOG = 1024


class Discard:
    """Accepts whatever comes."""

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        return "250 2.0.0 Ok"


async def serve() -> None:
    """Serve until killed."""
    loop = asyncio.get_running_loop()
    # Without the protocol number asyncio leaves Nagle's algorithm on: 40 ms a connection that are not aiosmtpd's fault.
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listening.bind(("127.0.0.1", 0))
    # A host name that is given saves a look-up of its own for each connection.
    server = await loop.create_server(
        lambda: SMTP(Discard(), hostname="localhost", enable_SMTPUTF8=True, loop=loop), sock=listening, backlog=BACKLOG
    )
    print(listening.getsockname()[1], flush=True)
    await server.serve_forever()


def main() -> None:
    """Read which event loop to use, and serve."""
    parser = argparse.ArgumentParser()
    parser.add_argument("loop", choices=("asyncio", "uvloop"))
    chosen = parser.parse_args().loop
    logging.basicConfig(level=logging.WARNING)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop if chosen == "uvloop" else None) as runner:
        runner.run(serve())


if __name__ == "__main__":
    main()
