"""Every text colour of app.css is legible on every ground, in both themes (WCAG 2.2, success criterion 1.4.3)."""

import math
import re
from pathlib import Path
from typing import NamedTuple

import pytest

import mailsluice_web

SHEET = Path(mailsluice_web.__file__).parent / "static" / "app.css"
TOKEN = re.compile(r"--([a-z-]+): light-dark\(oklch\(([^)]*)\), oklch\(([^)]*)\)\);")
GROUNDS = ("canvas", "surface", "selected", "caution")
TEXTS = ("ink", "ink-soft", "accent", "good", "warn", "bad")
FILLED = ("accent", "bad")


class Colour(NamedTuple):
    """OKLCH: lightness 0 to 1, chroma, hue in degrees."""

    lightness: float
    chroma: float
    hue: float

    @property
    def luminance(self) -> float:
        """Relative luminance, by way of linear sRGB (https://bottosson.github.io/posts/oklab/)."""
        a = self.chroma * math.cos(math.radians(self.hue))
        b = self.chroma * math.sin(math.radians(self.hue))
        long = (self.lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3
        medium = (self.lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3
        short = (self.lightness - 0.0894841775 * a - 1.2914855480 * b) ** 3
        red = 4.0767416621 * long - 3.3077115913 * medium + 0.2309699292 * short
        green = -1.2684380046 * long + 2.6097574011 * medium - 0.3413193965 * short
        blue = -0.0041960863 * long - 0.7034186147 * medium + 1.7076147010 * short
        return sum(
            weight * min(1.0, max(0.0, channel)) for weight, channel in ((0.2126, red), (0.7152, green), (0.0722, blue))
        )


def read_colour(text: str) -> Colour:
    lightness, chroma, hue = text.split()
    return Colour(float(lightness.removesuffix("%")) / 100, float(chroma), float(hue))


def tokens(theme: str) -> dict[str, Colour]:
    side = 2 if theme == "light" else 3
    return {match[1]: read_colour(match[side]) for match in TOKEN.finditer(SHEET.read_text(encoding="utf-8"))}


def contrast(one: Colour, other: Colour) -> float:
    dark, light = sorted((one.luminance, other.luminance))
    return (light + 0.05) / (dark + 0.05)


def test_black_on_white_is_twenty_one_to_one() -> None:
    assert contrast(Colour(0, 0, 0), Colour(1, 0, 0)) == pytest.approx(21, abs=0.01)


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("ground", GROUNDS)
@pytest.mark.parametrize("text", TEXTS)
def test_text_is_legible(theme: str, ground: str, text: str) -> None:
    colours = tokens(theme)
    assert contrast(colours[text], colours[ground]) >= 4.5


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("fill", FILLED)
def test_the_label_of_a_filled_button_is_legible(theme: str, fill: str) -> None:
    colours = tokens(theme)
    assert contrast(colours["canvas"], colours[fill]) >= 4.5
