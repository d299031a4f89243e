"""Every colour of app.css that text can have is legible on every ground it can have, in both themes.

What is text and what is ground is read from the sheet itself (WCAG 2.2, success criteria 1.4.3 and 1.4.11).
"""

import math
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Final, NamedTuple

import pytest

import mailsluice_web

SHEET: Final = Path(mailsluice_web.__file__).parent / "static" / "app.css"
THEMES: Final = ("light", "dark")
TOKEN: Final = re.compile(r"--([a-z-]+): light-dark\(oklch\(([^)]*)\), oklch\(([^)]*)\)\);")
VARIABLE: Final = re.compile(r"var\(--([a-z-]+)\)$")
MIX: Final = re.compile(r"color-mix\(in oklch, var\(--([a-z-]+)\) (\d+)%, var\(--([a-z-]+)\)\)$")
TINT: Final = re.compile(
    r"color-mix\(in oklab, oklch\((\d+)% var\(--chroma, 0\) var\(--hue, 0\)\) (\d+)%, var\(--canvas\)\)"
)
HUE: Final = re.compile(r"--hue: (\d+)")
CHROMA: Final = re.compile(r"--chroma: ([\d.]+)")
STATE: Final = re.compile(r"&(:|\.|\[)(?!.*::)(?!:)")
ON_FILL: Final = "var(--canvas)"
KEPT: Final = ("color", "block-size")


class Colour(NamedTuple):
    """OKLCH: lightness 0 to 1, chroma, hue in degrees."""

    lightness: float
    chroma: float
    hue: float

    @property
    def oklab(self) -> tuple[float, float, float]:
        """Lightness and the two axes of colour."""
        angle = math.radians(self.hue)
        return self.lightness, self.chroma * math.cos(angle), self.chroma * math.sin(angle)

    @property
    def luminance(self) -> float:
        """Relative luminance, by way of linear sRGB (https://bottosson.github.io/posts/oklab/)."""
        lightness, a, b = self.oklab
        long = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3
        medium = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3
        short = (lightness - 0.0894841775 * a - 1.2914855480 * b) ** 3
        red = 4.0767416621 * long - 3.3077115913 * medium + 0.2309699292 * short
        green = -1.2684380046 * long + 2.6097574011 * medium - 0.3413193965 * short
        blue = -0.0041960863 * long - 0.7034186147 * medium + 1.7076147010 * short
        return sum(
            weight * min(1.0, max(0.0, channel)) for weight, channel in ((0.2126, red), (0.7152, green), (0.0722, blue))
        )

    def mixed(self, other: "Colour", share: float) -> "Colour":
        """So much of this one, the rest of the other, as `color-mix(in oklab, …)` does it."""
        lightness, a, b = (share * mine + (1 - share) * its for mine, its in zip(self.oklab, other.oklab, strict=True))
        return Colour(lightness, math.hypot(a, b), math.degrees(math.atan2(b, a)))


class Block(NamedTuple):
    """What stands between two braces, without the blocks within."""

    selector: str
    declarations: dict[str, str]


@cache
def sheet() -> str:
    return re.sub(r"/\*.*?\*/", "", SHEET.read_text(encoding="utf-8"), flags=re.DOTALL)


def blocks() -> Iterator[Block]:
    """Every block of the sheet, inner ones first; a state of another one, such as `&:hover`, keeps its colour."""
    stack = [Block("", {})]
    for text, end in re.findall(r"([^{};]*)([{};])", sheet()):
        if end == "{":
            kept = KEPT if STATE.match(text.strip()) else ()
            stack.append(Block(text.strip(), {name: stack[-1].declarations.get(name, "") for name in kept}))
            continue
        name, _, value = text.strip().partition(":")
        if value:
            stack[-1].declarations[name.strip()] = value.strip()
        if end == "}":
            yield stack.pop()


@cache
def tokens(theme: str) -> dict[str, Colour]:
    side = 2 if theme == "light" else 3
    return {match[1]: read_colour(match[side]) for match in TOKEN.finditer(sheet())}


def read_colour(text: str) -> Colour:
    lightness, chroma, hue = text.split()
    return Colour(float(lightness.removesuffix("%")) / 100, float(chroma), float(hue))


def resolve(value: str, theme: str) -> Colour | None:
    """A token or a mix of two, if it is one."""
    colours = tokens(theme)
    if found := VARIABLE.match(value):
        return colours.get(found[1])
    if found := MIX.match(value):
        return colours[found[1]].mixed(colours[found[3]], int(found[2]) / 100)
    return None


def ground_of(block: Block) -> str:
    return block.declarations.get("background") or block.declarations.get("background-color", "")


def is_shape(block: Block) -> bool:
    """Whether it is a thing on which no text stands: a dot, a bar, a switch."""
    if block.declarations.get("color"):
        return False
    return bool(block.declarations.get("block-size")) or block.selector.endswith(("::before", "::after"))


def is_colour(value: str) -> bool:
    return resolve(value, "light") is not None


def texts() -> set[str]:
    """What text is coloured with, but for that on a fill."""
    return {block.declarations["color"] for block in blocks() if is_colour(block.declarations.get("color", ""))} - {
        ON_FILL
    }


def grounds() -> set[str]:
    """What text stands on, but for fills, which have a colour of text for themselves."""
    plain = [block for block in blocks() if block.declarations.get("color") != ON_FILL and not is_shape(block)]
    return {ground_of(block) for block in plain if is_colour(ground_of(block))}


def pairs() -> set[tuple[str, str]]:
    """Colours and grounds that are named together."""
    both = {(block.declarations.get("color", ""), ground_of(block)) for block in blocks()}
    return {(text, ground) for text, ground in both if is_colour(text) and is_colour(ground)}


def contrast(one: Colour, other: Colour) -> float:
    dark, light = sorted((one.luminance, other.luminance))
    return (light + 0.05) / (dark + 0.05)


def measure(text: str, ground: str, theme: str) -> float:
    one, other = resolve(text, theme), resolve(ground, theme)
    assert one
    assert other
    return contrast(one, other)


def test_black_on_white_is_twenty_one_to_one() -> None:
    assert contrast(Colour(0, 0, 0), Colour(1, 0, 0)) == pytest.approx(21, abs=0.01)


def test_the_sheet_is_read() -> None:
    named = {f"var(--{name})" for name in ("ink", "ink-soft", "accent", "good", "warn", "bad")}
    assert named <= texts()
    assert {f"var(--{name})" for name in ("canvas", "surface", "selected", "caution")} <= grounds()
    assert {("var(--canvas)", "var(--accent)"), ("var(--warn)", "var(--caution)")} <= pairs()


@pytest.mark.parametrize("theme", THEMES)
def test_every_text_is_legible_on_every_ground(theme: str) -> None:
    found = {(text, ground): measure(text, ground, theme) for text in texts() for ground in grounds()}
    assert {pair: ratio for pair, ratio in found.items() if ratio < 4.5} == {}


@pytest.mark.parametrize("theme", THEMES)
def test_what_names_both_is_legible(theme: str) -> None:
    found = {(text, ground): measure(text, ground, theme) for text, ground in pairs()}
    assert {pair: ratio for pair, ratio in found.items() if ratio < 4.5} == {}


@pytest.mark.parametrize("theme", THEMES)
def test_every_tag_is_legible(theme: str) -> None:
    tint, chroma = TINT.search(sheet()), CHROMA.search(sheet())
    assert tint
    assert chroma
    hues = [float(hue) for hue in HUE.findall(sheet())]
    assert len(hues) == 12
    colours = tokens(theme)
    for hue in hues:
        ground = Colour(int(tint[1]) / 100, float(chroma[1]), hue).mixed(colours["canvas"], int(tint[2]) / 100)
        assert contrast(colours["ink"], ground) >= 4.5, hue
        assert contrast(colours["ink-soft"], ground) >= 4.5, hue


@pytest.mark.parametrize("theme", THEMES)
def test_where_the_focus_is_can_be_seen_on_every_ground(theme: str) -> None:
    assert {ground for ground in grounds() if measure("var(--accent)", ground, theme) < 3} == set()


@pytest.mark.parametrize("theme", THEMES)
def test_where_a_field_begins_and_ends_can_be_seen(theme: str) -> None:
    borders = [
        block.declarations["border"].partition(" solid ")[2]
        for block in blocks()
        if block.selector.startswith("input:not(") and "border" in block.declarations
    ]
    assert borders
    for border in borders:
        assert measure(border, "var(--canvas)", theme) >= 3, border


def test_no_text_is_paled() -> None:
    """A paled colour is none of those that are measured; what is paled in passing is."""
    paled = {
        block.selector
        for block in blocks()
        if "color" in block.declarations and float(block.declarations.get("opacity", 1)) not in (0, 1)
    }
    assert paled == set()
