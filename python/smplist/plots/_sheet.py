# SPDX-License-Identifier: MIT
"""A sheet of paper, measured in points from the top left, on which every picture is drawn; its bytes are always the same."""

from __future__ import annotations

import io
import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from typing import IO, Any

import matplotlib
from matplotlib.artist import Artist
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.lines import Line2D
from matplotlib.patches import Polygon, Rectangle
from matplotlib.textpath import text_to_path
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from smplist.plots._styles import FAINT, HATCHES, INK, LINE, PAPER, Style

DPI = 144
MARGIN = 24.0
# what pictures have other than matplotlib's own defaults
_RC: dict[Any, Any] = {
    "font.family": ["DejaVu Sans", "sans-serif"],
    "font.sans-serif": ["DejaVu Sans"],
    "text.parse_math": False,
    "text.hinting": "none",
    "hatch.linewidth": 0.8,
    "image.composite_image": False,
    "savefig.facecolor": PAPER,
    "svg.fonttype": "none",
    "svg.hashsalt": "smplist",
}


@contextmanager
def settings() -> Iterator[None]:
    """The settings in which a picture is made and drawn, whatever the user's are; those come back afterwards."""
    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(_RC)
        yield


class Picture(Figure):
    """A matplotlib figure that looks the same, to the byte, whatever the user's matplotlibrc says and whenever it is saved."""

    def draw(self, renderer: Any) -> None:
        """As every figure, with the settings of the pictures."""
        with settings():
            super().draw(renderer)

    def savefig(self, fname: str | os.PathLike[str] | IO[Any], **options: Any) -> None:
        """As every figure's; without a date."""
        form = options.get("format") or os.path.splitext(str(fname))[1][1:].lower()
        dates = {"svg": {"Date": None}, "pdf": {"CreationDate": None}}
        options["metadata"] = {**dates.get(form, {}), **(options.get("metadata") or {})}
        with settings():
            super().savefig(fname, **options)

    def to_bytes(self, form: str, dpi: float | None = None) -> bytes:
        """The picture as `png`, `svg` or `pdf`: the same bytes for the same data and version of matplotlib."""
        out = io.BytesIO()
        self.savefig(out, format=form, **({} if dpi is None else {"dpi": dpi}))
        return out.getvalue()

    def _repr_png_(self) -> bytes:
        """As a notebook keeps it: 256 colours, which nobody sees, are a third of the bytes."""
        whole = Image.open(io.BytesIO(self.to_bytes("png")))
        made_by = PngInfo()
        made_by.add_text("Software", whole.info["Software"])
        out = io.BytesIO()
        whole.convert("RGB").quantize(256).save(out, format="png", optimize=True, pnginfo=made_by)
        return out.getvalue()


def width(text: str, size: float, bold: bool = False) -> float:
    """How wide a text is, in points: the sum of its signs, so that nothing is made narrower by kerning."""
    return sum(_advance(sign, bold) for sign in text) * size


@lru_cache(maxsize=20_000)
def _advance(sign: str, bold: bool) -> float:
    """How wide a sign is at a size of one point."""
    return float(text_to_path.get_text_width_height_descent(sign, _font(100.0, bold), False)[0]) / 100


@lru_cache(maxsize=100)
def _font(size: float, bold: bool) -> FontProperties:
    with settings():
        return FontProperties(family=_RC["font.family"], size=size, weight="bold" if bold else "normal")


def fit(text: str, room: float, size: float, bold: bool = False) -> str:
    """The text, or as much of its beginning as there is room for, and an ellipsis; nothing if not even three signs fit."""
    if width(text, size, bold) <= room:
        return text
    low, high = 0, len(text) - 1
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if width(text[:middle].rstrip() + "…", size, bold) <= room else (low, middle - 1)
    return text[:low].rstrip() + "…" if low >= 3 else ""


def wrap(text: str, room: float, size: float, most: int = 4) -> list[str]:
    """The text in lines that fit, broken at blanks; what is too long even so ends with an ellipsis."""
    lines: list[str] = []
    for word in text.split(" "):
        if lines and width(f"{lines[-1]} {word}", size) <= room:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    if len(lines) > most:
        lines = [*lines[: most - 1], " ".join(lines[most - 1 :])]
    return [fit(line, room, size) for line in lines]


class Sheet:
    """One picture in the making."""

    def __init__(self, across: float, down: float, title: str, subtitle: Sequence[str] = ()) -> None:
        self.across, self.down = across, down
        self.figure = Picture(figsize=(across / 72, down / 72), dpi=DPI, facecolor=PAPER)
        FigureCanvasAgg(self.figure)
        self.axes = self.figure.add_axes((0, 0, 1, 1))
        self.axes.set_xlim(0, across)
        self.axes.set_ylim(down, 0)
        self.axes.set_axis_off()
        self.axes.set_autoscale_on(False)
        self.text(MARGIN, 30, fit(title, across - 2 * MARGIN, 15, True), 15, bold=True)
        for i, line in enumerate(subtitle):
            self.text(MARGIN, 47 + 12 * i, fit(line, across - 2 * MARGIN, 9), 9, color=FAINT)
        self.top = 47 + 12 * len(subtitle) + 4

    def text(self, x: float, y: float, text: str, size: float = 8, *, color: str = INK, bold: bool = False,
             at: str = "left") -> None:  # fmt: skip
        """A line of text; `y` is its base line, `at` where `x` is: left, center or right."""
        if text:
            font = _font(size, bold)
            self.axes.text(x, y, text, color=color, ha=at, va="baseline", parse_math=False, fontproperties=font)

    def box(self, x: float, y: float, across: float, down: float, style: Style, *, edge: str | None = None,
            line: float = 0.6, dashed: bool = False) -> None:  # fmt: skip
        """A rectangle from its top left corner."""
        if style.hatch:
            self._patch(x, y, across, down, facecolor=style.color, edgecolor=style.dark, hatch=HATCHES[style.hatch], linewidth=0)
        else:
            self._patch(x, y, across, down, facecolor=style.color, linewidth=0)
        if edge:
            how = (0, (3, 2)) if dashed else "solid"
            self._patch(x, y, across, down, facecolor="none", edgecolor=edge, linewidth=line, linestyle=how)

    def _patch(self, x: float, y: float, across: float, down: float, **look: Any) -> None:
        self._add(Rectangle((x, y), across, down, **look))

    def veil(self, x: float, y: float, across: float, down: float, alpha: float = 0.8) -> None:
        """White that lets some of what is under it through."""
        self._patch(x, y, across, down, facecolor=PAPER, alpha=alpha, linewidth=0)

    def _add(self, artist: Artist) -> None:
        artist.set_clip_on(False)
        artist.set_zorder(2)  # as drawn: what comes later is above; texts are above all
        self.axes.add_artist(artist)
        artist.set_clip_path(None)

    def line(self, xs: Sequence[float], ys: Sequence[float], color: str = LINE, thick: float = 0.6) -> None:
        """A line through points; it is broken at NaN."""
        self._add(Line2D(xs, ys, color=color, linewidth=thick, solid_capstyle="butt", solid_joinstyle="miter"))

    def arrow(self, x: float, y: float, down: float, color: str = FAINT) -> None:
        """An arrow downwards."""
        self.line((x, x), (y, y + down - 4), color, 1.2)
        head = ((x - 3.5, y + down - 5), (x + 3.5, y + down - 5), (x, y + down))
        self._add(Polygon(head, facecolor=color, linewidth=0))

    def image(self, x: float, y: float, across: float, down: float, pixels: Any) -> None:
        """An array of height x width x 3 bytes; its first row is at the top."""
        extent = (x, x + across, y + down, y)
        self.axes.imshow(pixels, extent=extent, interpolation="none", aspect="auto", origin="upper", clip_on=False)
        self.axes.set_xlim(0, self.across)
        self.axes.set_ylim(self.down, 0)

    def legend(self, x: float, y: float, across: float, title: str, rows: Iterable[tuple[Style, str, str]],
               right: str = "") -> float:  # fmt: skip
        """Swatches with words and a number at the right; returns where it ends."""
        self.text(x, y + 9, fit(title, across - width(right, 7.5) - 6, 9, True), 9, bold=True)
        self.text(x + across, y + 9, right, 7.5, color=FAINT, at="right")
        y += 16
        for style, words, number in rows:
            self.box(x, y, 14, 10, style, edge="#8A8A8A", line=0.4)
            self.text(x + 20, y + 8.4, fit(words, across - 26 - width(number, 7.5), 8), 8)
            self.text(x + across, y + 8.4, number, 7.5, color=FAINT, at="right")
            y += 15
        return y
