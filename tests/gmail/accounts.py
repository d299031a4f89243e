"""The accounts that a fake Gmail knows, and what it answers to a password or a token."""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field

from tests.gmail import replies
from tests.gmail.knobs import Knobs
from tests.gmail.triggers import USERS, trigger

DAY = 86_400.0


@dataclass(slots=True)
class Account:
    """A Google account; every value may change at any time."""

    address: str
    app_password: str = field(default="", repr=False)
    normal_password: str = field(default="", repr=False)
    token: str = field(default="", repr=False)
    two_step: bool = True
    """2-Step Verification: without it there are no app passwords."""
    challenged: bool = False
    """Google wants a sign-in in a browser first."""
    old_challenge: bool = False
    """It says so in the form of 2014 to 2020, a folded URL."""
    revoked: bool = False
    """The app password was revoked."""
    temporary: bool = False
    """Google cannot authenticate at the moment."""
    aliases: tuple[str, ...] = ()
    """Verified send-as addresses."""
    default_alias: str = ""
    """The send-as address that replaces a foreign From; empty means the account's own."""
    daily_limit: int = 0
    """Messages a day; 0 means the fake Gmail's."""
    sent: deque[float] = field(default_factory=deque, repr=False)
    """When messages were accepted, by the clock; a test may fill it."""

    @property
    def default_from(self) -> str:
        """The address that a foreign From becomes."""
        return self.default_alias or self.address

    @property
    def identities(self) -> tuple[str, ...]:
        """The addresses that a From may carry."""
        return (self.address, *self.aliases, *((self.default_alias,) if self.default_alias else ()))

    def sent_within(self, seconds: float, now: float) -> int:
        """How many messages were accepted lately."""
        while self.sent and self.sent[0] <= now - DAY:
            self.sent.popleft()
        return sum(moment > now - seconds for moment in self.sent)


class Accounts:
    """The accounts by address, and their logins."""

    def __init__(self, knobs: Knobs) -> None:
        self._knobs = knobs
        self._accounts: dict[str, Account] = {}
        self._logins: dict[str, deque[tuple[float, bool]]] = {}

    def add_account(
        self,
        address: str,
        *,
        app_password: str = "",
        normal_password: str = "",
        token: str = "",
        two_step: bool = True,
        challenged: bool = False,
        old_challenge: bool = False,
        revoked: bool = False,
        temporary: bool = False,
        aliases: tuple[str, ...] = (),
        default_alias: str = "",
        daily_limit: int = 0,
    ) -> Account:
        """Make an account; its app password may be given in groups of four."""
        account = Account(
            address=address,
            app_password="".join(app_password.split()),
            normal_password=normal_password,
            token=token,
            two_step=two_step,
            challenged=challenged,
            old_challenge=old_challenge,
            revoked=revoked,
            temporary=temporary,
            aliases=aliases,
            default_alias=default_alias,
            daily_limit=daily_limit,
        )
        self._accounts[plain_address(address)] = account
        return account

    def __getitem__(self, address: str) -> Account:
        return self._accounts[plain_address(address)]

    def __iter__(self) -> Iterator[Account]:
        return iter(self._accounts.values())

    def __len__(self) -> int:
        return len(self._accounts)

    def find(self, address: str, *, tagged: bool = False) -> Account | None:
        """The account of an address: case, dots and googlemail.com do not matter; a +tag only if `tagged`."""
        return self._accounts.get(plain_address(address, tagged=tagged))

    def log_in(self, user: str, *, password: str = "", token: str = "", now: float) -> tuple[str, Account | None]:
        """The reply to credentials, and the account when they are right."""
        account = self.find(user)
        if account is None and (prepared := trigger(USERS, user)):
            return prepared, None
        logins = self._logins.setdefault(plain_address(user), deque())
        while logins and logins[0][0] <= now - self._knobs.login_window:
            logins.popleft()
        right = sum(was_right for _, was_right in logins)
        if right >= self._knobs.logins or len(logins) - right >= self._knobs.failed_logins:
            return (replies.MANY_LOGINS_LONG if self._knobs.long_many_logins else replies.MANY_LOGINS), None
        reply = self._judge(account, password, token)
        logins.append((now, reply == replies.ACCEPTED_AUTH))
        return reply, account if reply == replies.ACCEPTED_AUTH else None

    def _judge(self, account: Account | None, password: str, token: str) -> str:
        if account is None:
            return replies.BAD_CREDENTIALS
        if account.temporary:
            return replies.AUTH_TEMPORARY
        if account.challenged or account.old_challenge:
            return replies.WEB_LOGIN_2014 if account.old_challenge else replies.WEB_LOGIN
        if token:
            return replies.ACCEPTED_AUTH if token == account.token else replies.BAD_CREDENTIALS
        given = "".join(password.split()) if self._knobs.smtp_accepts_spaces else password
        if account.two_step and not account.revoked and account.app_password and given == account.app_password:
            return replies.ACCEPTED_AUTH
        if account.two_step and account.normal_password and password == account.normal_password:
            return replies.SECOND_FACTOR
        return replies.BAD_CREDENTIALS


def plain_address(address: str, *, tagged: bool = False) -> str:
    """An address as Gmail compares it: `Ada.L@googlemail.com` is `adal@gmail.com`, and so is `adal+x@…` if `tagged`."""
    local, _, domain = address.strip().lower().rpartition("@")
    domain = "gmail.com" if domain == "googlemail.com" else domain
    if tagged:
        local = local.partition("+")[0]
    if domain == "gmail.com":
        local = local.replace(".", "")
    return f"{local}@{domain}"
