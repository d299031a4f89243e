"""The few errors that say who must act; everything else is a bug and is not caught."""


class SettingsError(Exception):
    """The user must change a flag, a variable, a file or a port; one line, exit code 2."""


class StoreError(Exception):
    """The operator must act (disk full, read-only, damaged file); a client hears 452, a page 503."""
