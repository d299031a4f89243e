"""The form in which several messages are released: what stands in it, and what it has shown."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Final

import msgspec
from starlette.datastructures import FormData
from starlette.exceptions import HTTPException

from mailsluice.errors import Refusal
from mailsluice.release import Finding, Release
from mailsluice.releasing import Batch, Preflight, Wishes
from mailsluice_web.api.queries import is_id
from mailsluice_web.shown import TO_LOOK_AT, account, named, newlines

_LONGEST: Final = 100_000
_WHOM: Final = ("me", "captured", "typed")
_CHECKED: Final = "Checked what you chose: release it now?"
_NOTHING_GOES: Final = "None of these messages can be released as it is."


class Seen(msgspec.Struct, frozen=True):
    """What the form has shown: names for bytes and recipients of each message, and how many there is what to say of."""

    going: dict[str, tuple[str, str]] = {}
    codes: dict[str, int] = {}


class Typed(msgspec.Struct, frozen=True, kw_only=True):
    """What stands in the form; `asked` is a name for what the preflight that it shows was asked for."""

    ids: tuple[str, ...] = ()
    profile: str = ""
    whom: str = "me"
    to: str = ""
    keep_message_id: bool = False
    adds_reply_to: bool = False
    override: bool = False
    stamp: str = ""
    account: str = ""
    seen: Seen = Seen()
    asked: str = ""
    allow: str = ""
    is_standing: bool = False

    @property
    def wishes(self) -> Wishes:
        """The same in the words of Releasing; nobody is suggested, since nobody could look at so many suggestions."""
        return Wishes(
            profile=self.profile,
            to=(self.to,) if self.whom == "typed" else (),
            to_me=self.whom == "me",
            to_captured=self.whom == "captured",
            only_named=True,
            keep_message_id=self.keep_message_id,
            adds_reply_to=self.adds_reply_to,
            stamp=self.stamp,
        )

    @property
    def question(self) -> str:
        """A name for what is asked."""
        to = self.to if self.whom == "typed" else ""
        options = [self.keep_message_id, self.adds_reply_to, self.override]
        return named([self.profile, self.whom, to, *options, *self.ids])

    @property
    def is_shown(self) -> bool:
        """Whether what is asked is what the form shows the answer to."""
        return self.question == self.asked

    def is_queued(self, earlier: Sequence[Release]) -> bool:
        """Whether these releases are what the form shows: then it was sent before."""
        to = {release.message: named([one.address for one in release.recipients]) for release in earlier}
        through = {named([release.profile, *release.route, release.sender]) for release in earlier}
        shown = {message: recipients for message, (_, recipients) in self.seen.going.items()}
        return self.is_shown and bool(to) and to == shown and through == {self.account}


def read_form(form: FormData) -> Typed:
    """What was sent; 413 for what no form of ours sends."""
    texts = {name: str(value) for name, value in form.items()}
    if any(len(text) > _LONGEST for text in texts.values()):
        raise HTTPException(413, "A field of the form is far too long.")
    ids = dict.fromkeys(id for id in texts.get("ids", "").split(",") if is_id(id))
    return Typed(
        ids=tuple(ids),
        profile=texts.get("profile", ""),
        whom=_whom(texts),
        to=newlines(texts.get("to", "")),
        keep_message_id=texts.get("keep_message_id") == "1",
        adds_reply_to=texts.get("adds_reply_to") == "1",
        override=texts.get("override") == "1",
        stamp=texts.get("stamp", ""),
        account=texts.get("account", ""),
        seen=_read_seen(texts.get("seen", "")),
        asked=texts.get("asked", ""),
        allow=texts.get("allow", ""),
        is_standing=texts.get("standing") == "1",
    )


def _whom(texts: Mapping[str, str]) -> str:
    whom = texts.get("whom", "")
    return whom if whom in _WHOM else "me"


def _read_seen(text: str) -> Seen:
    try:
        return msgspec.json.decode(text, type=Seen)
    except msgspec.MsgspecError:
        return Seen()


def seen_of(found: Batch, going: Sequence[Preflight]) -> Seen:
    """What the form shows of these preflights."""
    codes = Counter(code for one in going for code in {it.code for it in one.findings if it.severity in TO_LOOK_AT})
    if over_quota(found, going):
        codes["over-quota"] = 1
    return Seen({one.message: (one.digest[:16], named([*one.recipients])) for one in going}, dict(codes))


def need_of(going: Sequence[Preflight]) -> int:
    """How many copies leave."""
    return sum(len(one.recipients) for one in going)


def over_quota(found: Batch, going: Sequence[Preflight]) -> Finding | None:
    """A warning where the day's limit has no room for all of them."""
    left, need = found.quota.left, need_of(going)
    if left is None or need <= left:
        return None
    return Finding(
        "over-quota",
        "warning",
        f"This needs {need:,} of the {found.quota.limit:,} recipients a day that this profile may mail, and {left:,} "
        "are left: what does not fit waits until there is room.",
        "Release fewer, or through another profile.",
    )


def refuse_unseen(found: Batch, typed: Typed) -> None:
    """Refuse what the user has not seen: a preflight for what was chosen since, or one that came out otherwise."""
    going = found.going(override=typed.override)
    if not typed.is_shown:
        raise Refusal(_CHECKED if going else _NOTHING_GOES)
    if changed := _changes(found, going, typed):
        raise Refusal(f"This is no longer what was shown here. {' '.join(changed)} Look again.")
    if not going:
        raise Refusal(_NOTHING_GOES)


def _changes(found: Batch, going: Sequence[Preflight], typed: Typed) -> list[str]:
    """What came out otherwise than it was shown."""
    if typed.account != account(found.profile):
        return ["The account or its server is another one now."]
    if typed.stamp != found.stamp:
        return ["More than an hour has passed since."]
    before, after = typed.seen, seen_of(found, going)
    missing = before.going.keys() - after.going.keys()
    both = before.going.keys() & after.going.keys()
    counts = (
        (len(missing & set(found.gone)), "was deleted.", "were deleted."),
        (len(missing - set(found.gone)), "cannot go any more.", "cannot go any more."),
        (len(after.going.keys() - before.going.keys()), "can go now.", "can go now."),
        (sum(before.going[id] != after.going[id] for id in both), "would go otherwise.", "would go otherwise."),
    )
    said = [f"1 message {one}" if count == 1 else f"{count:,} messages {many}" for count, one, many in counts if count]
    if not said and any(count > before.codes.get(code, 0) for code, count in after.codes.items()):
        said.append("There is something new to look at.")
    return said
