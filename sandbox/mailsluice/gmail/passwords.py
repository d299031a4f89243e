"""App passwords as people paste them: four groups of four with blanks of every kind, in quotes, or not one at all."""

import re
import unicodedata
from typing import Final

from mailsluice.errors import Refusal
from mailsluice.gmail.presets import PRESETS, Preset

_GOOGLE: Final = ("gmail", "workspace", "workspace-relay")
_SIXTEEN_LETTERS: Final = re.compile(r"[A-Za-z]{16}")
_PLACEHOLDER: Final = re.compile(r"\$\{?\w+\}?|\$\(.*\)|%\w+%|\{\{.*\}\}", re.DOTALL)
_QUOTES: Final = ("''", '""', "``", "“”", "‘’", "„“", "«»")
_LONGEST: Final = 1024


def normalize_app_password(text: str, *, preset: Preset | str) -> str:
    """The password as it is sent, or a Refusal that says what was pasted instead (never the text itself).

    Of an app password all white space goes, no-break and zero-width included, and quotes around it; of a plain one only
    the line end. `preset` is a preset or its id; an id that is not known counts as custom.
    """
    preset = PRESETS.get(preset, PRESETS["custom"]) if isinstance(preset, str) else preset
    if not preset.works:
        raise Refusal(preset.note, field="preset")
    password = _bare(text) if preset.password == "app" else text.strip("\r\n")  # noqa: S105 (the kind)
    if not password:
        raise Refusal("Enter the password.", field="password", link=preset.app_password_url)
    if _PLACEHOLDER.fullmatch(password):
        raise Refusal(
            "This is the name of a variable that was not filled in; enter the password itself.", field="password"
        )
    if preset.id in _GOOGLE and not _SIXTEEN_LETTERS.fullmatch(password):
        raise Refusal(
            "This looks like your normal Google password, or a part of an app password: Google takes only an app "
            "password, which has 16 letters. Make one and paste all of it.",
            field="password",
            link=preset.app_password_url,
        )
    if len(password) > _LONGEST or any(unicodedata.category(letter) in ("Cc", "Cs") for letter in password):
        raise Refusal("This is no password: it is too long, or has control characters in it.", field="password")
    return password


def _bare(text: str) -> str:
    password = "".join(letter for letter in text if not letter.isspace() and unicodedata.category(letter) != "Cf")
    if len(password) > 1 and password[0] + password[-1] in _QUOTES:
        return password[1:-1]
    return password
