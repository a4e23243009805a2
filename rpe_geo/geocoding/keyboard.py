"""Slips of the fingers: which keys lie side by side, and what one slip makes of a little word."""

from __future__ import annotations

__all__ = ["KEYBOARD", "slips_of"]

KEYBOARD = {
    "a": "zqsw", "z": "aesx", "e": "zrdsw", "r": "etfd", "t": "ryfg", "y": "tugh", "u": "yihj", "i": "uojk", "o": "ipkl",
    "p": "olm", "q": "aswz", "s": "qdzexw", "d": "sferxc", "f": "dgrtcv", "g": "fhtyvb", "h": "gjyubn", "j": "hkuin",
    "k": "jliom", "l": "kmop", "m": "lpn", "w": "xqsae", "x": "wcsd", "c": "xvdf", "v": "cbfg", "b": "vngh", "n": "bhjm",
}  # fmt: skip
"""Letter → its neighbours on French and international keyboards."""


def slips_of(word: str) -> set[str]:
    """List what one slip of the fingers makes of a little word."""
    made = {word[:at] + letter + word[at:] for at, letter in enumerate(word)}  # doubled
    for at, letter in enumerate(word):
        made |= {word[:at] + near + word[at + 1 :] for near in KEYBOARD[letter]}
        made |= {word[:at] + near + word[at:] for near in KEYBOARD[letter]}
        made |= {word[: at + 1] + near + word[at + 1 :] for near in KEYBOARD[letter]}
        if len(word) > 2:
            made.add(word[:at] + word[at + 1 :])
        if at + 1 < len(word):
            made.add(word[:at] + word[at + 1] + letter + word[at + 2 :])
    return made
