"""A rule of automatic release: which new mail goes to whom, how much of it, and until when."""

import msgspec


class Rule(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Mail captured by SMTP after `created` that matches `query` is released through `profile` to `recipients`.

    At most `per_hour` and `per_day` messages; hitting one turns the rule off. It ends at `ends`. Times are microseconds
    UTC. `route` is the profile's binding when the rule was made: the rule does not follow it to another server or
    account. `note` says in one sentence why it is off, or why it did not release the last match that it held back;
    `released` counts what it has queued, `held` the matches that it has held back.
    """

    id: str
    query: str
    profile: str
    route: tuple[str, int, str, str, str]
    recipients: tuple[str, ...]
    per_hour: int = 10
    per_day: int = 50
    created: int
    ends: int
    is_on: bool = True
    note: str = ""
    released: int = 0
    held: int = 0
