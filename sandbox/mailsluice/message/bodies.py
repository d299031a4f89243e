"""Which parts a mail client would show as the body, and which it would list as attachments or inline files."""

from typing import NamedTuple

from mailsluice.message.mime import Part

_BODIES = ("text/plain", "text/html")
_ATTACHED = ("application/octet-stream", "message/rfc822")


class Bodies(NamedTuple):
    """The parts that make up the plain text and the HTML, in order."""

    text: list[Part]
    html: list[Part]

    @property
    def beside(self) -> list[Part]:
        """The plain texts for which no HTML stands as their alternative, where there is HTML: a list's footer, say."""
        offered = {above for part in self.html for above in _alternatives(part)}
        return [part for part in self.text if self.html and offered.isdisjoint(_alternatives(part))]

    @property
    def html_leads(self) -> bool:
        """Whether the letter itself is HTML only, and plain text what comes after it."""
        if not self.html or not self.text or self.text[0].start < self.html[0].start:
            return False
        return set(_alternatives(self.html[0])).isdisjoint(_alternatives(self.text[0]))


def arrange(leaves: list[Part]) -> Bodies:
    """Choose the body parts, and mark every other part as attachment, as inline file, or as neither.

    As Mailpit does: an attachment says so or is application/octet-stream; inline is what says so, and what says nothing
    and is no body.
    """
    bodies = Bodies([], [])
    if len(leaves) == 1 and leaves[0].number == "0":
        _arrange_single(leaves[0], bodies)
        return bodies
    chosen: dict[tuple[int, str], int] = {}
    named: list[Part] = []
    for part in leaves:
        kind, disposition = part.content_type, part.disposition
        if disposition == "attachment" or kind in _ATTACHED:
            part.is_attachment = True
        elif kind not in _BODIES:
            part.is_inline = not part.is_multipart
        elif part.given_name:
            named.append(part)
        else:
            part.is_inline = disposition == "inline"
            if _is_chosen(part, kind, chosen):
                bodies[_BODIES.index(kind)].append(part)
    for part in named:
        # A text file shown inline is the body only where there is no other.
        body = bodies[_BODIES.index(part.content_type)]
        part.is_inline = part.disposition == "inline" or bool(body)
        if not bodies.text and not bodies.html:
            body.append(part)
        else:
            part.is_inline = True
    if not bodies.text and not bodies.html:
        bodies.text.extend(part for part in leaves if part.is_multipart)
    return bodies


def _arrange_single(part: Part, bodies: Bodies) -> None:
    kind, disposition = part.content_type, part.disposition
    if kind in _BODIES or part.is_multipart:
        part.is_attachment = disposition == "attachment"
        if not part.is_attachment:
            bodies[kind == "text/html"].append(part)
    elif disposition == "inline" or (kind.startswith("text/") and not disposition):
        part.is_inline = True
    else:
        part.is_attachment = True


def _is_chosen(part: Part, kind: str, chosen: dict[tuple[int, str], int]) -> bool:
    """Whether a text part belongs to the branch that was chosen first in every alternative around it."""
    branches = [((id(above), kind), id(child)) for above, child in _alternatives(part).items()]
    if any(chosen.get(key, branch) != branch for key, branch in branches):
        return False
    chosen.update(branches)
    return True


def _alternatives(part: Part) -> dict[Part, Part]:
    """Each multipart/alternative around a part, with the branch in which it lies."""
    found: dict[Part, Part] = {}
    child, parent = part, part.parent
    while parent is not None:
        if parent.content_type == "multipart/alternative":
            found[parent] = child
        child, parent = parent, parent.parent
    return found
