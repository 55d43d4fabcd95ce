r"""Show a figure in a notebook with its alternative text, the data behind it and both as files.

The output holds the picture and, as its plain text, the alternative text. So the text is stored in
the notebook, nbval compares it, and terminals and screen readers get it. The output's metadata
hold the text as ``alt``, where nbconvert looks for it, the data as ``csv`` and what a script needs
to make the figure move as ``live``; :class:`AlternativeText` brings all three into the page.

Pictures are drawn in lines (SVG): sharp, a fifth of the size, to be edited by others. Where single
real patients could be read off the lines, the picture is made of pixels (PNG).
"""

import base64
import io
import json
import re
from dataclasses import dataclass
from hashlib import sha256

import matplotlib as mpl
import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.figure import Figure

from rairlib.errors import RairlibError

DOTS_PER_INCH = 200
# Larger than a point, so that the text is as large as that of the page.
SHOWN_PIXELS_PER_INCH = 110
SVG, PNG = "image/svg+xml", "image/png"
# Text stays text, in the font that the layout was made for or, on most other machines, one of
# the same widths.
FONTS = "text{font-family:'DejaVu Sans',Verdana,sans-serif}"
FAMILY = re.compile(r" font-family: [^;\"]*;?")
# A hundredth of a point is not seen, and makes the file differ between machines.
TAG, LONG = re.compile(r"<[^>]*>"), re.compile(r"\d+\.\d{3,}")
BREAK = re.compile(r"\s*\n\s*")


@dataclass(frozen=True, slots=True, repr=False)
class ShownFigure:
    """A figure with its alternative text, as Jupyter displays it.

    Attributes
    ----------
    figure : Figure
        What is drawn.
    alt : str
        What it shows, as a statement.
    data : DataFrame or None
        The numbers that are drawn.
    vector : bool
        Whether it is drawn in lines.
    live : dict or None
        What a script of the page needs to make it move: ``kind``, and what that kind takes.
    """

    figure: Figure
    alt: str
    data: pd.DataFrame | None = None
    vector: bool = True
    live: dict | None = None

    def __repr__(self) -> str:
        return self.alt

    def _repr_mimebundle_(self, include=None, exclude=None) -> tuple[dict, dict]:
        """Return data and metadata for Jupyter."""
        kind, picture = (SVG, _lines(self.figure)) if self.vector else (PNG, _pixels(self.figure))
        about = {
            "alt": self.alt,
            "width": round(self.figure.get_figwidth() * SHOWN_PIXELS_PER_INCH),
        }
        if self.data is not None:
            about["csv"] = _table(self.data)
        if self.live is not None:
            moves = _axes(self.figure) | self.live
            about["live"] = json.dumps(moves, separators=(",", ":"))
        return {kind: picture, "text/plain": self.alt}, {kind: about}


def _lines(figure: Figure) -> str:
    file, how = io.StringIO(), {"svg.fonttype": "none", "svg.hashsalt": "rairlib"}
    # Without date and software's version the same figure gives the same text.
    with mpl.rc_context(how):
        names = dict.fromkeys(("Date", "Creator", "Format", "Type"))
        figure.savefig(file, format="svg", facecolor="white", metadata=names)
    picture = FAMILY.sub("", file.getvalue()).replace("</style>", f"{FONTS}</style>")
    picture = TAG.sub(lambda tag: LONG.sub(_rounded, tag[0]), picture)
    return BREAK.sub(" ", picture).strip()


def _rounded(number: re.Match) -> str:
    return f"{float(number[0]):.2f}"


def _pixels(figure: Figure) -> str:
    file, how = io.BytesIO(), {"dpi": DOTS_PER_INCH, "metadata": {"Software": None}}
    figure.savefig(file, format="png", facecolor="white", **how)
    return base64.b64encode(file.getvalue()).decode("ascii")


def _table(data: pd.DataFrame) -> str:
    one_line = data.replace(r"\s+", " ", regex=True)
    return one_line.to_csv(index=False, float_format="%.6g", lineterminator="\n")


def _axes(figure: Figure) -> dict:
    """Return where the axes stand, as shares of the figure, and which values they span."""
    ax = figure.axes[0]
    place = [round(float(share), 4) for share in ax.get_position().bounds]
    spans = {"x": ax.get_xlim(), "y": ax.get_ylim()}
    return {"place": place} | {name: list(map(float, ends)) for name, ends in spans.items()}


def show(
    figure: Figure,
    alt: str,
    data: pd.DataFrame | None = None,
    *,
    vector: bool = True,
    live: dict | None = None,
) -> ShownFigure:
    """Turn a figure into notebook output with alternative text; use it as a cell's last line.

    Parameters
    ----------
    figure : Figure
        A figure that is drawn; it is closed, so that the notebook does not show it twice.
    alt : str
        Its finding, as one or more sentences.
    data : DataFrame, optional
        The numbers that are drawn, for readers to download; never rows of real patients.
    vector : bool
        Whether to draw in lines; False where single real patients could be read off them.
    live : dict, optional
        What a script of the page needs to make the figure move.

    Returns
    -------
    ShownFigure
        The output.

    Raises
    ------
    RairlibError
        If the alternative text is empty.
    """
    if not alt.strip():
        raise RairlibError("a figure needs an alternative text that states its finding")
    plt.close(figure)
    return ShownFigure(figure, " ".join(alt.split()), data, vector, live)


class AlternativeText:
    """Plugin of myst-nb (entry point group ``myst_nb.mime_renderers``): figures of this package.

    It gives a picture its alternative text, two links below it, to the picture and to its data as
    files, and the data for a script that makes it move. It leaves all else to myst-nb.
    """

    mime_priority_overrides = ()

    @staticmethod
    def handle_mime(renderer, data, inline: bool) -> list | None:
        """Render a picture that carries an alternative text.

        Parameters
        ----------
        renderer : myst_nb.core.render.NbElementRenderer
            Renders the picture itself.
        data : myst_nb.core.render.MimeData
            One representation of one output.
        inline : bool
            Whether it stands in running text.

        Returns
        -------
        list of docutils nodes or None
            None if the output is not such a picture.
        """
        about = data.output_metadata.get(data.mime_type, {})
        if "alt" not in about or not data.mime_type.startswith("image/"):
            return None
        nodes = renderer.render_image_inline(data) if inline else renderer.render_image(data)
        for node in nodes:
            node["alt"] = about["alt"]
        if not inline and renderer.renderer.sphinx_env:
            nodes.append(_files(renderer, data, about.get("csv")))
        if "live" in about:
            nodes.append(_live(about["live"]))
        return nodes


def _files(renderer, data, csv: str | None):
    """Return a line with links to the picture and its data, as files named after the page."""
    from docutils import nodes
    from sphinx.addnodes import download_reference

    line, page = nodes.container(classes=["figure-files"]), renderer.renderer.sphinx_env.docname
    svg = data.content if data.mime_type == SVG else None
    for words, text in (("Figure as SVG", svg), ("Data as CSV", csv)):
        if text is not None:
            content = text.encode()
            part = page.removeprefix("book/").replace("/", "-")
            name = f"{part}-{sha256(content).hexdigest()[:8]}.{words[-3:].lower()}"
            address = renderer.write_file([name], content, overwrite=False, exists_ok=True)
            line += download_reference(words, words, reftarget=address)
    return line


def _live(live: str):
    """Return the data of a figure that moves, as an element that a script finds."""
    from docutils import nodes

    text = live.replace("<", "\\u003c")
    script = f'<script type="application/json" class="live-data">{text}</script>'
    return nodes.raw("", script, format="html")
