"""plotly's figures in notebooks, each with a static picture beside it for where no code runs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

NAME = "structopt_widgets"


def keep_pictures() -> None:
    """From now on, whatever plotly shows in this notebook is saved with a static picture of itself.

    JupyterLab shows plotly's own figure. The picture is for pages that run no code: ``jupyter nbconvert --to html``,
    GitHub, a notebook that is not trusted; none of them needs a network for it. What :func:`plot_tradeoff` and the
    like draw is kept without asking; call this for figures of ``plotly.express``. Where a renderer was chosen
    (``plotly.io.renderers.default``, ``PLOTLY_RENDERER``), and outside of a notebook, nothing changes.

    >>> sw.keep_pictures()
    """
    import plotly.io as pio
    from plotly.io.base_renderers import MimetypeRenderer

    from .plotly_svg import draw_figure

    class StaticPicture(MimetypeRenderer):
        """A renderer of plotly that gives a picture."""

        def to_mimebundle(self, fig_dict: Mapping[str, Any]) -> dict[str, str]:
            return {"image/svg+xml": draw_figure(fig_dict).svg}

    if NAME not in pio.renderers:
        pio.renderers[NAME] = StaticPicture()
    if pio.renderers.default == "plotly_mimetype":  # plotly's own choice in a notebook
        pio.renderers.default = f"plotly_mimetype+{NAME}"
