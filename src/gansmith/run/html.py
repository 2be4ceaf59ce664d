"""Pieces of HTML that the pages are made of: text, pictures inside the page, tables, charts."""

from __future__ import annotations

import base64
import html
from collections.abc import Iterable, Mapping, Sequence

from gansmith.health import Diagnosis

__all__ = ["bars", "charts", "diagnosis_line", "figure", "table", "text"]

GROUND = "background:none;"
"""A drawing brings its own ground, light or dark."""

WIDE, WIDE_ROW = "width:auto;max-width:max(100%,760px);", "grid-column:1/-1;overflow-x:auto;"
MARKS = {"well": "✓", "watch": "!", "sick": "✗"}


def text(words: object) -> str:
    """Words as HTML, whatever is in them."""
    return html.escape(str(words))


PLAYED = {
    "wav": "audio/wav",
    "mp3": "audio/mpeg",
    "ogg": "audio/ogg",
    "mp4": "video/mp4",
    "webm": "video/webm",
}
"""What is played, by the ending of its file."""


def player(recording: bytes, alt: str, caption: str, media: str) -> str:
    """A sound or a film that the page itself holds and plays when asked to, and a line below it.

    Args:
        recording: The file.
        alt: What it is, for those who can't play it.
        caption: The line below it.
        media: One of the values of `PLAYED`.
    """
    uri = f"data:{media};base64,{base64.b64encode(recording).decode()}"
    tag = media.partition("/")[0]
    playing = f'<{tag} controls preload="metadata" src="{uri}" aria-label="{text(alt)}"></{tag}>'
    return f"<figure>{playing}<figcaption>{text(caption)}</figcaption></figure>"


def passage(words: str, caption: str) -> str:
    """A text as it is, and a line below it."""
    rules = f"{WIDE_ROW}text-align:left"
    return f"<figure{_style(rules)}><pre>{text(words)}</pre><figcaption>{text(caption)}</figcaption></figure>"


def figure(picture: bytes, alt: str, caption: str, kind: str = "png", wide: bool = False) -> str:
    """A picture that the page itself holds, and a line below it.

    Args:
        picture: The picture's file. An SVG file is held as a picture too, not as part of the page: then nothing in it
            can run or change the page, whoever wrote it.
        alt: What it is, for those who don't see it.
        caption: The line below it.
        kind: What kind of file it is: `png`, `svg`, `gif` or `webp`.
        wide: Whether it has a row of its own, in its own size; on a narrow screen it is scrolled sideways.
    """
    drawing = kind == "svg"
    uri = f"data:image/{'svg+xml' if drawing else kind};base64,{base64.b64encode(picture).decode()}"
    look = (GROUND if drawing else "") + (WIDE if wide else "")
    image = f'<img{_style(look)} src="{uri}" alt="{text(alt)}">'
    return f"<figure{_style(WIDE_ROW if wide else '')}>{image}<figcaption>{text(caption)}</figcaption></figure>"


def _style(rules: str) -> str:
    return f' style="{rules}"' if rules else ""


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table; its cells are HTML, its header is text."""
    head = "".join(f"<th>{text(cell)}</th>" for cell in header)
    body = "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in rows)
    return f"<table><tr>{head}</tr>{body}</table>"


def charts(drawn: Iterable[tuple[str, str]]) -> str:
    """Charts beside each other, each a title and an SVG; those without an SVG are left out."""
    cards = "".join(f"<figure><figcaption>{text(title)}</figcaption>{svg}</figure>" for title, svg in drawn if svg)
    return f'<div class="charts">{cards}</div>' if cards else ""


def bars(shares: Mapping[str, float | None], order: Iterable[str]) -> str:
    """Shares by name as bars, whole at 100% and above; those that are None have neither bar nor number."""
    rows = [
        f'<tr><td>{text(name)}</td><td><div class="bar" style="width:{min(shares[name] or 0.0, 1.0):.0%}"></div></td>'
        f"<td>{'' if shares[name] is None else f'{shares[name]:.0%}'}</td></tr>"
        for name in order
    ]
    return f'<table class="bars">{"".join(rows)}</table>'


def diagnosis_line(found: Diagnosis) -> str:
    """What the doctor says, in a paragraph."""
    began = f", since about {found.since:,} samples" if found.since else ""
    since = f" ({found.confidence:.0%} sure{began})" if found.level != "well" else ""
    head = f"<b>{MARKS[found.level]}</b> <strong>{text(found.name)}</strong>"
    return f'<p class="{found.level}">{head}{since}: {text(found.meaning)}</p>'
