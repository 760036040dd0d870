"""The little that all displays share: elements that escape what they hold, sizes, ages, plain tables."""

from __future__ import annotations

import html
import re
import time
from collections.abc import Iterable, Sequence

_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")

# The front end's own colours and fonts, so that it looks native in light and in dark. The name is doubled
# where the front end has a rule for tables of its own.
STYLE = """
.aip{font-family:var(--jp-ui-font-family,sans-serif);font-size:var(--jp-ui-font-size1,13px);
color:var(--jp-ui-font-color1,inherit);line-height:1.5;max-width:60em}
.aip.aip-wide{max-width:none}
.aip.aip table{border-collapse:collapse;table-layout:auto;margin:4px 0;font-size:inherit}
.aip.aip th,.aip.aip td{text-align:left;vertical-align:top;padding:2px 16px 2px 0;border:none;background:none}
.aip.aip th{color:var(--jp-ui-font-color2,inherit);font-weight:600;white-space:nowrap}
.aip.aip thead th{border-bottom:1px solid var(--jp-border-color2,#8886)}
.aip .aip-title{font-size:1.1em;font-weight:600}
.aip .aip-dim{color:var(--jp-ui-font-color2,inherit)}
.aip .aip-tag{border:1px solid var(--jp-border-color2,#8886);border-radius:8px;padding:0 6px;margin-right:4px}
.aip .aip-ok{color:var(--jp-success-color1,#2e7d32)}
.aip .aip-bad{color:var(--jp-error-color1,#c62828)}
.aip.aip code{font-family:var(--jp-code-font-family,monospace);font-size:0.95em;color:inherit;background:none}
.aip.aip a[href]{color:var(--jp-content-link-color,#1976d2)}
#main .aip a[data-commandlinker-command]{color:var(--jp-content-link-color,#1976d2);cursor:pointer}
""".replace("\n", "")


class Html(str):
    """Text that is HTML already; every other text is escaped when it enters an element."""

    __slots__ = ()


Child = str | None


def element(name: str, *children: Child, **attributes: str) -> Html:
    """One element. Children and attributes are escaped, `class_` and `data_x` spelled as Python allows."""
    spelled = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{html.escape(value)}"' for key, value in attributes.items()
    )
    return Html(f"<{name}{spelled}>{join(children)}</{name}>")


def join(children: Iterable[Child]) -> Html:
    """The children one after the other, escaped where they are not HTML."""
    return Html("".join(_escaped(child) for child in children if child is not None))


def _escaped(child: str) -> str:
    return child if isinstance(child, Html) else html.escape(plain(child))


def plain(text: str) -> str:
    """The text without what could move a terminal's cursor or turn its direction."""
    return _UNPRINTABLE.sub("\ufffd", text)


def frame(*children: Child, wide: bool = False) -> str:
    """The outermost element of a display; a wide one takes all the room that there is."""
    return element("div", element("style", Html(STYLE)), *children, class_="aip aip-wide" if wide else "aip")


def html_table(headers: Sequence[str], rows: Iterable[Sequence[str]]) -> Html:
    """A table with a row of headers."""
    head = element("tr", *(element("th", header) for header in headers))
    body = [element("tr", *(element("td", cell) for cell in row)) for row in rows]
    return element("table", element("thead", head), element("tbody", *body))


def html_facts(facts: Iterable[tuple[str, str]]) -> Html:
    """A table of names and values."""
    rows = (element("tr", element("th", name), element("td", value)) for name, value in facts if value)
    return element("table", element("tbody", *rows))


def tags_html(tags: dict[str, str]) -> Html:
    """Tags as small labels."""
    return join(element("span", label, class_="aip-tag") for label in tag_labels(tags))


def tag_labels(tags: dict[str, str]) -> list[str]:
    """`K` or `K=V` for each tag."""
    return [f"{key}={value}" if value else key for key, value in sorted(tags.items())]


def dim(text: str) -> Html:
    """Text of less weight."""
    return element("span", text, class_="aip-dim")


def code(text: str) -> Html:
    """Something to type."""
    return element("code", text)


def text_table(headers: Sequence[str], rows: Iterable[Sequence[str]], width: int = 48) -> str:
    """Aligned columns for a terminal; longer cells are cut."""
    lines = [[cut(cell, width) for cell in row] for row in (headers, *rows)]
    widths = [max(len(row[column]) for row in lines) for column in range(len(headers))]
    padded = ("  ".join(cell.ljust(size) for cell, size in zip(row, widths, strict=True)) for row in lines)
    return "\n".join(line.rstrip() for line in padded)


def text_facts(facts: Iterable[tuple[str, str]]) -> str:
    """Aligned names and values for a terminal."""
    shown = [(plain(name), plain(value)) for name, value in facts if value]
    widest = max((len(name) for name, _ in shown), default=0)
    return "\n".join(f"{name.ljust(widest)}  {value}" for name, value in shown)


def cut(text: str, width: int) -> str:
    """The text in at most so many printable characters."""
    text = plain(text)
    return text if len(text) <= width else text[: width - 1] + "…"


def size_text(size: int) -> str:
    """Bytes in powers of 1,000, as disks and downloads are told: 12 B, 3.4 kB, 1.2 GB."""
    number = float(size)
    for unit in ("B", "kB", "MB", "GB"):
        if number < 999.5:
            return f"{number:.0f} {unit}" if unit == "B" or number >= 99.5 else f"{number:.1f} {unit}"
        number /= 1000
    return f"{number:.1f} TB"


def age_text(then_ms: int, now_ms: int | None = None) -> str:
    """How long ago, as a person would say it; the date after a month."""
    seconds = ((time.time() * 1000 if now_ms is None else now_ms) - then_ms) / 1000
    if seconds < 60:
        return "just now"
    for limit, unit, name in ((3600, 60, "min"), (86400, 3600, "h"), (30 * 86400, 86400, "d")):
        if seconds < limit:
            return f"{int(seconds // unit)} {name} ago"
    return time.strftime("%Y-%m-%d", time.localtime(then_ms / 1000))


def age_html(then_ms: int) -> Html:
    """The age, with the exact time where the mouse rests on it."""
    return element("span", age_text(then_ms), title=_exact(then_ms))


def until_text(then_ms: int, now_ms: int | None = None) -> str:
    """For how long yet, as a person would say it: `in 29 days`, or `expired`."""
    seconds = (then_ms - (time.time() * 1000 if now_ms is None else now_ms)) / 1000
    if seconds <= 0:
        return "expired"
    for unit, name in ((86400, "day"), (3600, "hour"), (60, "minute")):
        if seconds >= unit:
            count = round(seconds / unit)
            return f"in {count} {name}{'' if count == 1 else 's'}"
    return "in less than a minute"


def until_html(then_ms: int) -> Html:
    """The time left, with the exact time where the mouse rests on it."""
    text = until_text(then_ms)
    kind = {"class_": "aip-bad"} if text == "expired" else {}
    return element("span", text, title=_exact(then_ms), **kind)


def _exact(then_ms: int) -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(then_ms / 1000))


def digest_text(digest: str) -> str:
    """The first characters of a digest, enough to compare by eye."""
    return digest[:12]
