"""`mailsluice readyz`: is the running instance ready? For health checks and scripts that start it."""

import http.client
import time
from typing import Final

import click

from mailsluice.cli.asking import connect
from mailsluice.settings import Settings

_PAUSE_SECONDS: Final = 0.05
_ANSWER_SECONDS: Final = 5.0


@click.command()
@click.option("--wait", is_flag=True, help="Wait until it is ready.")
@click.option("--timeout", type=float, default=30.0, show_default=True, help="Seconds to wait at most.")
@click.option("--url", default="", help="Its web address; else the instance of this user, or the configured one.")
@click.pass_obj
def readyz(settings: Settings, wait: bool, timeout: float, url: str) -> None:
    """Tell whether the running instance accepts mail; exit code 0 if so, 1 if not."""
    deadline = time.monotonic() + timeout
    while problem := _problem(url or _find(settings)):
        if not wait or time.monotonic() > deadline:
            raise click.ClickException(f"not ready: {problem}")
        time.sleep(_PAUSE_SECONDS)


def _find(settings: Settings) -> str:
    from mailsluice import instance

    running = instance.find()
    return running.url if running else f"http://{settings.listen}/"


def _problem(url: str) -> str:
    """Empty when `/readyz` answers 200, else what is wrong."""
    try:
        connection = connect(url, seconds=_ANSWER_SECONDS)
        connection.request("GET", "/readyz", headers={"Host": "localhost"})
        status = connection.getresponse().status
        connection.close()
    except (OSError, http.client.HTTPException) as error:
        return f"no answer from {url} ({error})"
    return "" if status == 200 else f"{url} answers {status}"
