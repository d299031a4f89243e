"""The keys of the inbox: this table makes the sheet that `?` shows, and keys.js reads there what a key does."""

from typing import Final, NamedTuple


class Key(NamedTuple):
    """A key as the browser names it, and the act in keys.js that it stands for; without one the browser does it."""

    name: str
    act: str = ""

    @property
    def text(self) -> str:
        """What is written on the key, with Shift where a capital needs it."""
        return f"Shift {self.name.lower()}" if len(self.name) == 1 and self.name.isupper() else self.name


class Line(NamedTuple):
    """Keys that belong together, and what they do."""

    keys: tuple[Key, ...]
    does: str


KEYS: Final[dict[str, tuple[Line, ...]]] = {
    "The list": (
        Line((Key("j", "next"), Key("k", "previous")), "next, previous message"),
        Line((Key("Enter"),), "open the message"),
        Line((Key("u", "back"),), "back to the list"),
        Line((Key("x", "select"),), "select it, or let go of it"),
        Line((Key("X", "range"),), "select all from the last one to here"),
    ),
    "What is selected, or the message": (
        Line((Key("#", "deed"),), "delete"),
        Line((Key("r", "deed"),), "release, after a look at what would change"),
        Line((Key("s", "mark"),), "mark as read or unread"),
        Line((Key("p", "deed"),), "pin, or let go of it"),
        Line((Key("t", "deed"),), "tag"),
        Line((Key("e", "deed"),), "export"),
    ),
    "The message": (
        Line((Key("c", "quick"),), "copy its code"),
        Line((Key("l", "quick"),), "open its link in a tab"),
        Line((Key("m", "deed"),), "release it to me instead"),
        Line(tuple(Key(str(number), "view") for number in range(1, 7)), "its views, from left to right"),
        Line((Key("o", "deed"),), "open its HTML in a tab"),
    ),
    "Everywhere": (
        Line((Key("/", "search"),), "search"),
        Line((Key("z", "undo"),), "take the newest deletion back"),
        Line((Key("?", "sheet"),), "these keys"),
        Line((Key("Esc"),), "close, leave the search, or select nothing"),
    ),
}
"""Every key, by what it is about."""
