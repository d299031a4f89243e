"""References in CSS: `url(…)` and `@import "…"`."""

import re
from collections.abc import Callable

_REFERENCE = re.compile(
    r"""url\(\s*+(?:"([^"\n]*+)"|'([^'\n]*+)'|([^()"'\s]*+))\s*+\)|@import\s++(?:"([^"\n]*+)"|'([^'\n]*+)')""",
    re.IGNORECASE,
)


def rewrite_css(css: str, *, reference: Callable[[str], str]) -> str:
    """The style sheet with each reference replaced by what `reference` makes of it."""
    if "url(" not in (lowered := css.lower()) and "@import" not in lowered:
        return css
    return _REFERENCE.sub(lambda match: _rewritten(match, reference), css)


def _rewritten(match: re.Match[str], reference: Callable[[str], str]) -> str:
    target = next((group for group in match.groups() if group is not None), "").strip()
    replaced = reference(target)
    if replaced == target:
        return match[0]
    safe = replaced.replace("\\", "%5C").replace('"', "%22").replace("\n", "").replace("<", "%3C")
    return f'@import "{safe}"' if match[0][0] == "@" else f'url("{safe}")'
