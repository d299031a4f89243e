"""The few errors that say who must act; everything else is a bug and is not caught."""


class SettingsError(Exception):
    """The user must change a flag, a variable, a file or a port; one line, exit code 2."""


class StoreError(Exception):
    """The operator must act (disk full, read-only, damaged file); a client hears 452, a page 503."""


class Refusal(Exception):
    """Our own no, before anything is dialled: the reason in words for a form or one line of a terminal.

    `field` names the form field to mark, `link` is a page that helps; neither ever holds a secret.
    """

    def __init__(self, reason: str, *, field: str = "", link: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.field = field
        self.link = link
