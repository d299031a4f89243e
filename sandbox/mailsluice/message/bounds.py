"""How much of a header is interpreted, of a message or of any part in it."""

from typing import Final

import msgspec


class Bounds(msgspec.Struct, frozen=True):
    """At most so many fields of a header, and so many bytes of it; the rest is kept but not interpreted."""

    fields: int = 10_000
    size: int = 1 << 20


DEFAULT: Final = Bounds()
