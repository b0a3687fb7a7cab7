"""The icon sets that ``mini`` learns from, all permissively licensed, and which of their icons are taken."""

import re
from dataclasses import dataclass

LICENCES = ("Apache-2.0", "MIT", "ISC", "CC0-1.0", "CC-BY-3.0", "CC-BY-4.0", "CC-BY-SA-4.0")
_NONE = re.compile(r"(?!)")


@dataclass(frozen=True)
class IconSet:
    """How to read a set: as emoji or by names, which names are left out, which parts of a name are only its style."""

    emoji: bool = False
    left_out: re.Pattern[str] = _NONE
    style: re.Pattern[str] = _NONE


_NUMBERS = r"-\d+(?=-|$)"
_SYMBOLS = r"(^|-)(arrow|align|brand|logo|letter|number|circle|square|box|hexagon|octagon|text|off)s?(-|$)"
_UI = re.compile(_SYMBOLS)

EMOJI = IconSet(emoji=True)
SETS: dict[str, IconSet] = {
    "noto": EMOJI,
    "noto-v1": EMOJI,
    "twemoji": EMOJI,
    "emojione": EMOJI,
    "emojione-v1": EMOJI,
    "fluent-emoji-flat": EMOJI,
    "fluent-emoji-high-contrast": EMOJI,
    "fxemoji": EMOJI,
    "streamline-emojis": EMOJI,
    "game-icons": IconSet(style=re.compile(_NUMBERS)),
    "healthicons": IconSet(left_out=re.compile(r"24px|negative|outline"), style=re.compile(_NUMBERS)),
    "icon-park": IconSet(left_out=_UI, style=re.compile(rf"{_NUMBERS}|-(one|two|three|four)$")),
    "streamline-color": IconSet(left_out=_UI, style=re.compile(rf"{_NUMBERS}|-flat$")),
    "streamline-flex-color": IconSet(left_out=_UI, style=re.compile(rf"{_NUMBERS}|-flat$")),
    "streamline-plump-color": IconSet(left_out=_UI, style=re.compile(rf"{_NUMBERS}|-flat$")),
    "streamline-ultimate-color": IconSet(left_out=_UI, style=re.compile(_NUMBERS)),
    "streamline-freehand-color": IconSet(left_out=_UI, style=re.compile(_NUMBERS)),
    "streamline-kameleon-color": IconSet(left_out=_UI, style=re.compile(rf"{_NUMBERS}|-duo$")),
    "streamline-stickies-color": IconSet(left_out=_UI, style=re.compile(rf"{_NUMBERS}|-duo$")),
    "flat-color-icons": IconSet(left_out=_UI),
    "medical-icon": IconSet(left_out=re.compile(r"^i-")),
    "guidance": IconSet(),
    "temaki": IconSet(style=re.compile(_NUMBERS)),
    "ph": IconSet(left_out=re.compile(rf"thin|light$|bold|fill$|{_SYMBOLS}"), style=re.compile(r"-duotone$")),
    "mdi": IconSet(left_out=re.compile(rf"outline|{_SYMBOLS}"), style=re.compile(r"-variant$")),
    "tabler": IconSet(left_out=_UI, style=re.compile(rf"{_NUMBERS}|-filled$")),
    "fa6-solid": IconSet(left_out=_UI),
    "lucide": IconSet(left_out=_UI, style=re.compile(_NUMBERS)),
    "lucide-lab": IconSet(left_out=_UI, style=re.compile(_NUMBERS)),
}
