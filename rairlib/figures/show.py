r"""Show a figure in a notebook together with its alternative text.

The output holds the picture (``image/png``) and, as its plain text, the alternative text. So the
text is stored in the notebook, nbval compares it, and terminals and screen readers get it. It also
stands in the output's metadata as ``alt``, where nbconvert looks for it; myst-nb 1.4 does
not, which :class:`AlternativeText` makes up for.
"""

import base64
import io
from dataclasses import dataclass

import matplotlib.pyplot as plt
from matplotlib.figure import Figure

from rairlib.errors import RairlibError

DOTS_PER_INCH = 200
# Shown smaller than it is stored, so that it is sharp on dense screens.
SHOWN_PIXELS_PER_INCH = 110


@dataclass(frozen=True, slots=True, repr=False)
class ShownFigure:
    """A figure with its alternative text, as Jupyter displays it.

    Attributes
    ----------
    figure : Figure
        What is drawn.
    alt : str
        What it shows, as a statement.
    """

    figure: Figure
    alt: str

    def __repr__(self) -> str:
        return self.alt

    def _repr_mimebundle_(self, include=None, exclude=None) -> tuple[dict, dict]:
        """Return data and metadata for Jupyter."""
        file, width = io.BytesIO(), round(self.figure.get_figwidth() * SHOWN_PIXELS_PER_INCH)
        # Without the software's version the same figure gives the same bytes.
        how = {"format": "png", "dpi": DOTS_PER_INCH, "metadata": {"Software": None}}
        self.figure.savefig(file, facecolor="white", **how)
        picture = base64.b64encode(file.getvalue()).decode("ascii")
        metadata = {"image/png": {"alt": self.alt, "width": width}}
        return {"image/png": picture, "text/plain": self.alt}, metadata


def show(figure: Figure, alt: str) -> ShownFigure:
    """Turn a figure into notebook output with alternative text; use it as a cell's last line.

    Parameters
    ----------
    figure : Figure
        A figure that is drawn; it is closed, so that the notebook does not show it twice.
    alt : str
        Its finding, as one or more sentences.

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
    return ShownFigure(figure, " ".join(alt.split()))


class AlternativeText:
    """Plugin of myst-nb (entry point group ``myst_nb.mime_renderers``): keeps ``alt`` of a picture.

    It takes the attribute from the metadata of the output and leaves all else to myst-nb.
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
        alt = data.output_metadata.get(data.mime_type, {}).get("alt")
        if alt is None or not data.mime_type.startswith("image/"):
            return None
        nodes = renderer.render_image_inline(data) if inline else renderer.render_image(data)
        for node in nodes:
            node["alt"] = alt
        return nodes
