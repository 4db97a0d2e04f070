"""Large models in a real JupyterLab: they open folded, sliders answer to the keyboard, and the search finds."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest
from playwright.sync_api import Browser, Page, expect

from .conftest import Lab, wait_idle

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(300)]

READ = """
import keras
import structopt_widgets as sw

model = keras.applications.{name}(weights=None)
explorer = sw.explore(model)
explorer
"""
MEASURE = """
import json
print("measured", json.dumps([explorer.structure.measure().n_params, dict(explorer.structure.widths)["{group}"]]))
"""
N_PARAMS = ".sw-live-panel [data-metric=n_params]"

# Group, what the search finds it by, its block, and a block that can be left out.
MODELS = {
    "MobileNetV2": ("block_3_expand", "block 3 expansion", "block 3", "block 2"),
    "ResNet50": ("conv2_block1_0_conv", "stage 2 residual", "stage 2 block 1", "stage 2 block 2"),
}


@pytest.fixture(params=list(MODELS))
def opened(request: pytest.FixtureRequest, lab: Lab, browser: Browser) -> Iterator[tuple[str, Page]]:
    """A small notebook that explores the model, run to its end."""
    name: str = request.param
    cells = [nbformat.v4.new_code_cell(source.strip()) for source in (READ.format(name=name), MEASURE)]
    cells[1].source = MEASURE.format(group=MODELS[name][0]).strip()
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3"}}
    nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata=kernel), lab.folder / f"{name}.ipynb")
    page = browser.new_page(viewport={"width": 1300, "height": 1400})
    page.goto(lab.url(f"{name}.ipynb"))
    wait_idle(page)
    page.locator(".jp-Notebook .jp-CodeCell").first.locator(".cm-content").click()
    page.keyboard.press("Shift+Enter")
    page.wait_for_selector(N_PARAMS, timeout=120_000)
    wait_idle(page)
    yield name, page
    page.close()


def measured(page: Page) -> list[int]:
    """Parameters and the group's width, as Python has them."""
    cell = page.locator(".jp-Notebook .jp-CodeCell").nth(1)
    cell.locator(".cm-content").click()
    page.keyboard.press("Control+Enter")
    wait_idle(page)
    output = cell.locator(".jp-OutputArea-output", has_text="measured")
    return json.loads(output.inner_text(timeout=20_000).split(maxsplit=1)[1])


def test_a_large_model_is_explored_by_keyboard(opened: tuple[str, Page], tmp_path: Path) -> None:
    name, page = opened
    _, title, block, optional = MODELS[name]
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    heads = page.locator(".sw-section")
    assert heads.count() > 10
    expect(page.locator(".sw-section[aria-expanded=true]")).to_have_count(1)

    # A block opens by keyboard.
    head = page.get_by_role("button", name=block, exact=True)
    head.focus()
    page.keyboard.press("Enter")
    expect(head).to_have_attribute("aria-expanded", "true")
    expect(head).to_be_focused()

    # The search finds the title; the other blocks go.
    page.get_by_label("find", exact=True).fill(title)
    slider = page.get_by_label(f"width of {title}", exact=True)
    expect(slider).to_be_visible()
    expect(page.locator(".sw-rows .sw-width")).to_have_count(1)

    # Its slider moves by keyboard, and every number is what Python measures.
    before = int(page.locator(N_PARAMS).get_attribute("data-value") or 0)
    slider.focus()
    for _ in range(3):
        page.keyboard.press("ArrowLeft")
    expect(page.locator(N_PARAMS)).not_to_have_attribute("data-value", str(before))
    page.wait_for_timeout(1000)  # the kernel hears of the last position when it has answered for the first
    n_params, width = measured(page)
    assert n_params < before
    expect(page.locator(N_PARAMS)).to_have_attribute("data-value", str(n_params))
    number = page.get_by_label(f"width of {title}, as a number")
    expect(number).to_have_value(str(width))

    # Multiples of 16: nothing moves until a key is pressed; then each press goes to the next one.
    page.get_by_label("steps of widths").select_option("multiples of 16")
    wait_idle(page)
    expect(number).to_have_value(str(width))
    slider.focus()
    for steps_down in range(2):
        page.keyboard.press("ArrowLeft")
        expect(number).to_have_value(str((width // 16 - steps_down) * 16))
    page.keyboard.press("ArrowRight")
    page.wait_for_timeout(1000)
    assert measured(page)[1] == width // 16 * 16

    page.get_by_label("find", exact=True).fill("")
    expect(heads).not_to_have_count(1)
    # A block is left out and put back by keyboard.
    with_block = page.locator(N_PARAMS).get_attribute("data-value")
    keep = page.get_by_label(f"keep {optional}", exact=True)
    keep.focus()
    page.keyboard.press("Space")
    expect(page.locator(N_PARAMS)).not_to_have_attribute("data-value", str(with_block))
    page.wait_for_timeout(1000)
    expect(page.locator(N_PARAMS)).to_have_attribute("data-value", str(measured(page)[0]))
    keep.focus()
    page.keyboard.press("Space")
    expect(page.locator(N_PARAMS)).to_have_attribute("data-value", str(with_block))

    pictures = Path(os.environ.get("STRUCTOPT_SCREENSHOTS", str(tmp_path)))
    for pixels in (1300, 800):
        page.set_viewport_size({"width": pixels, "height": 1700})
        page.wait_for_timeout(500)
        explorer = page.locator(".jp-OutputArea-output", has=page.locator(".sw-instrument"))
        explorer.screenshot(path=str(pictures / f"{name}-{pixels}.png"))
        # Nothing sticks out of the notebook, which would scroll sideways.
        wide = page.locator(".jp-Notebook").evaluate("(node) => node.scrollWidth - node.clientWidth")
        assert wide <= 0
    assert errors == []
