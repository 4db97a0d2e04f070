"""A notebook as a page that runs no code and asks the network for nothing."""

from __future__ import annotations

import jinja2
import nbformat
from nbconvert import HTMLExporter

# nbconvert's own page, without what it loads from a CDN for notebooks that need it, and with pictures
# in the page itself: as an encoded image, a picture would lose its title and description.
TEMPLATE = """{% extends "lab/index.html.j2" %}
{% block data_svg scoped %}{{ output.data["image/svg+xml"] }}{% endblock %}
{% block html_head_js %}{% endblock %}
{% block html_head_js_mathjax %}{% endblock %}
{% block html_head_js_mermaidjs %}{% endblock %}"""


def export_page(notebook: nbformat.NotebookNode) -> str:
    """The HTML of a notebook with its outputs."""
    exporter = HTMLExporter(
        extra_loaders=[jinja2.DictLoader({"offline.html.j2": TEMPLATE})], template_file="offline.html.j2"
    )
    return exporter.from_notebook_node(notebook)[0]
