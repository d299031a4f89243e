"""A password that does not show itself."""

import hmac
from typing import NoReturn


class Secret:
    """Wraps a password so that no log, error or repr shows it; `reveal` is for the place that sends it."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """The password itself."""
        return self._text

    def __repr__(self) -> str:
        return "****"

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Secret):
            return NotImplemented
        return hmac.compare_digest(
            self._text.encode(errors="surrogatepass"), other._text.encode(errors="surrogatepass")
        )

    __hash__ = None  # type: ignore[assignment]  # a hash would tell whether two passwords are one

    def __reduce__(self) -> NoReturn:
        raise TypeError("a password is not pickled")
