"""The time zone of whoever reads, as the browser tells it in a cookie: a day begins and ends where the reader is."""

from datetime import tzinfo
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

from starlette.requests import Request

from mailsluice_web.api.dates import LOCAL

COOKIE: Final = "mailsluice-zone"
_LONGEST: Final = 64


def zone_of(request: Request) -> str:
    """The name of the reader's zone, such as `Europe/Berlin`; empty if it is not told, or not known here."""
    name = request.cookies.get(COOKIE, "")
    return name if name and zone_named(name) is not LOCAL else ""


@lru_cache(256)
def zone_named(name: str) -> tzinfo:
    """The zone of this name, else the server's."""
    if not 0 < len(name) <= _LONGEST:
        return LOCAL
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):  # no such file, no name of a file, a folder
        return LOCAL
