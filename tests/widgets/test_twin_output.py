"""The output that holds the twin: shown with the explorer, drawn anew at rest, gone when the explorer is."""

from __future__ import annotations

import asyncio
import gc
import json
import threading
import weakref
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import ipywidgets
import keras
import pytest
from IPython.core.events import EventManager, available_events
from IPython.core.formatters import DisplayFormatter
from keras import layers as kl

import structopt_widgets as sw
from structopt_widgets.widgets import twin_output

VIEW = "application/vnd.jupyter.widget-view+json"
SHORT = 0.01  # seconds that count as rest here


@pytest.fixture
def space() -> sw.StructureSpace:
    return sw.StructureSpace.from_keras(
        keras.Sequential([keras.Input((4,)), kl.Dense(8, "relu", name="a"), kl.Dense(2)], name="small")
    )


class Kernel:
    """What of a kernel's shell the twin meets, and every output that was published."""

    def __init__(self) -> None:
        self.kernel = object()
        self.events = EventManager(self, available_events)
        self.outputs: list[SimpleNamespace] = []

    def publish(self, data: dict[str, Any], **options: Any) -> None:
        assert options.pop("raw")
        self.outputs.append(SimpleNamespace(data=data, thread=threading.get_ident(), **options))

    @property
    def updates(self) -> list[SimpleNamespace]:
        return [each for each in self.outputs if getattr(each, "update", False)]


@pytest.fixture
def kernel(monkeypatch: pytest.MonkeyPatch) -> Kernel:
    kernel = Kernel()
    monkeypatch.setattr(twin_output, "get_ipython", lambda: kernel)
    monkeypatch.setattr(twin_output, "display", kernel.publish)
    monkeypatch.setattr(twin_output, "AT_REST", SHORT)
    monkeypatch.delenv("VSCODE_PID", raising=False)
    return kernel


def show(explorer: sw.Explorer) -> None:
    """As IPython shows the last expression of a cell, and as ``display(explorer)`` does."""
    assert DisplayFormatter().format(explorer) == ({}, {})


def in_loop(steps: Coroutine[Any, Any, None]) -> None:
    # In a thread of its own: browser tests leave a running loop behind in this one.
    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, steps).result()


async def until(kernel: Kernel, n_updates: int) -> None:
    """Wait for updates, and then long enough for one too many to come."""
    while len(kernel.updates) < n_updates:
        await asyncio.sleep(SHORT)
    await asyncio.sleep(20 * SHORT)
    assert len(kernel.updates) == n_updates


def live() -> set[str]:
    gc.collect()
    return set(ipywidgets.widgets.widget._instances)


def a_trial() -> sw.Trial:
    written = Path(__file__).parent.parent / "study" / "written" / "second" / "trial.json"
    return sw.Trial.from_json(written.read_text())


def test_an_explorer_is_shown_with_its_twin_after_it(space: sw.StructureSpace, kernel: Kernel) -> None:
    explorer = sw.explore(space)
    show(explorer)
    own, twin = kernel.outputs
    assert own.data[VIEW]["model_id"] == explorer.model_id
    # A page that knows no widgets shows this, and the twin below it once.
    assert own.data["text/html"] == "<div></div>"
    assert VIEW not in twin.data
    assert "sw-twin" in twin.data["text/html"]
    assert twin.data["text/plain"] == "small: the model as it came; 0 trials"
    assert twin.display_id
    explorer.close()


def test_many_changes_are_one_update_at_rest(space: sw.StructureSpace, kernel: Kernel) -> None:
    explorer = sw.explore(space)

    async def steps() -> None:
        show(explorer)
        for width in (7, 6, 5, 4):
            explorer.controls["a"].width.value = width
        assert kernel.updates == []
        await until(kernel, 1)
        explorer.validation.batch_size.value = 64
        await until(kernel, 2)

    in_loop(steps())
    first, second = kernel.updates
    assert first.display_id == second.display_id == kernel.outputs[1].display_id
    assert first.data["text/plain"].startswith("small: a 8→4")
    assert "a batch of 32" in first.data["text/html"]
    assert "a batch of 64" in second.data["text/html"]
    explorer.close()


def test_what_never_rests_is_drawn_all_the_same(
    space: sw.StructureSpace, kernel: Kernel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(twin_output, "AT_REST", 3600.0)
    monkeypatch.setattr(twin_output, "AT_LATEST", SHORT)
    explorer = sw.explore(space)

    async def steps() -> None:
        show(explorer)
        explorer.controls["a"].width.value = 3
        await until(kernel, 1)

    in_loop(steps())
    explorer.close()


def test_a_trial_of_another_thread_is_drawn_in_the_kernels(space: sw.StructureSpace, kernel: Kernel) -> None:
    explorer = sw.explore(space)
    threads: list[int] = []

    async def steps() -> None:
        threads.append(threading.get_ident())
        show(explorer)
        thread = threading.Thread(target=lambda: explorer.add(a_trial()))
        thread.start()
        await asyncio.to_thread(thread.join)
        await until(kernel, 1)

    in_loop(steps())
    (update,) = kernel.updates
    assert [update.thread] == threads
    assert update.data["text/plain"].endswith("1 trial")
    explorer.close()


def test_the_end_of_a_cell_is_rest(space: sw.StructureSpace, kernel: Kernel) -> None:
    explorer = sw.explore(space)

    async def steps() -> None:
        show(explorer)
        kernel.events.trigger("post_run_cell", None)
        assert kernel.updates == [], "nothing has changed"
        explorer.structure = space.scaled(0.5)
        kernel.events.trigger("post_run_cell", None)
        assert len(kernel.updates) == 1
        await until(kernel, 1)  # and not once more at rest

    in_loop(steps())
    explorer.close()


def test_shown_by_a_thread_it_follows_cells(space: sw.StructureSpace, kernel: Kernel) -> None:
    explorer = sw.explore(space)
    show(explorer)  # outside of any loop
    explorer.structure = space.scaled(0.5)
    kernel.events.trigger("post_run_cell", None)
    assert len(kernel.updates) == 1
    explorer.close()


def test_shown_twice_it_is_drawn_once(space: sw.StructureSpace, kernel: Kernel) -> None:
    explorer = sw.explore(space)
    show(explorer)
    show(explorer)
    assert len({each.display_id for each in kernel.outputs[1::2]}) == 1
    explorer.structure = space.scaled(0.5)
    kernel.events.trigger("post_run_cell", None)
    assert len(kernel.updates) == 1
    explorer.close()


def test_a_page_that_is_loaded_gets_the_twin_of_now(
    space: sw.StructureSpace, kernel: Kernel, monkeypatch: pytest.MonkeyPatch
) -> None:
    explorer = sw.explore(space)
    show(explorer)
    explorer.structure = space.scaled(0.5)
    kernel.events.trigger("post_run_cell", None)
    widgets = ipywidgets.widgets.widget._instances.values()
    (page,) = [each for each in widgets if isinstance(each, twin_output.TwinPage) and each.shown == explorer.model_id]
    sent: list[Any] = []
    monkeypatch.setattr(page, "send", sent.append)
    page._handle_custom_msg({"page": "loaded"}, [])
    assert sent == [kernel.updates[-1].data]
    assert page.mark in sent[0]["text/html"]
    assert page.shown == explorer.model_id
    explorer.close()


def alive(html: str) -> Any:
    """What the twin has to be alive by."""
    return json.loads(html.partition('class="sw-alive">')[2].partition("</script>")[0])


def test_a_page_that_has_the_twin_is_told_to_enliven_it(
    space: sw.StructureSpace, kernel: Kernel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JPY_SESSION_NAME", "a notebook")
    explorer = sw.explore(space)
    show(explorer)
    widgets = ipywidgets.widgets.widget._instances.values()
    (page,) = [each for each in widgets if isinstance(each, twin_output.TwinPage) and each.shown == explorer.model_id]
    sent: list[Any] = []
    monkeypatch.setattr(page, "send", sent.append)
    html = kernel.outputs[1].data["text/html"]
    # The page has the instrument itself: only where its traits go is said.
    assert alive(html) == json.loads(page.place)
    assert page.instrument == explorer.instrument.model_id
    assert 'data-drawn="1"' in html
    page._handle_custom_msg({"page": "loaded", "drawn": 1}, [])
    page._handle_custom_msg({"page": "loaded", "drawn": 7}, [])
    assert sent == [{"enliven": True}, kernel.outputs[1].data]
    explorer.close()


def test_where_no_page_is_the_kernel_makes_the_twin_alive(kernel: Kernel, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("JPY_SESSION_NAME", raising=False)
    evil = keras.Sequential([keras.Input((4,)), kl.Dense(8, name="a<b"), kl.Dense(2)], name="x<script>")
    explorer = sw.explore(evil)
    explorer.structure = explorer.space.scaled(0.5)
    show(explorer)
    html = kernel.outputs[1].data["text/html"]
    traits = alive(html)
    assert traits["standing"] == explorer.instrument.standing
    assert traits["model"] == explorer.instrument.model
    assert traits["work"]["alone"]
    assert "x<script>" not in html
    explorer.close()


@pytest.mark.slow
def test_closing_leaves_nothing(space: sw.StructureSpace, kernel: Kernel) -> None:
    before, study = live(), sw.Study()
    explorer = sw.explore(space, study=study)

    async def steps() -> None:
        show(explorer)
        explorer.controls["a"].width.value = 3
        await asyncio.sleep(0)  # the timer runs
        explorer.close()
        await until(kernel, 1)

    in_loop(steps())
    emptied = kernel.updates[-1].data["text/html"]
    assert "table" not in emptied
    assert kernel.events.callbacks["post_run_cell"] == []
    explorer.structure = space.baseline
    explorer.add(a_trial())
    explorer.close()
    assert len(kernel.updates) == 1
    assert live() - before == set()
    show(explorer)
    assert VIEW not in kernel.outputs[-1].data


@pytest.mark.usefixtures("kernel")
@pytest.mark.slow
def test_a_closed_explorer_that_was_shown_is_nobodys(space: sw.StructureSpace) -> None:
    def shown() -> list[weakref.ref[Any]]:
        explorer = sw.explore(space)
        show(explorer)
        explorer.close()
        return [weakref.ref(explorer), weakref.ref(explorer.exploration)]

    gone = shown()
    gc.collect()
    assert [each() for each in gone] == [None, None]


@pytest.mark.slow
def test_without_a_kernel_nothing_is_made(
    space: sw.StructureSpace, kernel: Kernel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(twin_output, "get_ipython", lambda: None)
    explorer = sw.explore(space)
    before = live()
    show(explorer)
    explorer.structure = space.scaled(0.5)
    assert live() == before
    (own,) = kernel.outputs
    assert "text/html" not in own.data
    explorer.close()


def test_where_styles_cannot_hide_it_the_twin_is_what_the_explorer_falls_back_to(
    space: sw.StructureSpace, kernel: Kernel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VSCODE_PID", "1")
    explorer = sw.explore(space)
    show(explorer)
    (own,) = kernel.outputs
    assert VIEW in own.data
    assert "<table" in own.data["text/html"]
    explorer.close()


def test_inside_of_a_box_an_explorer_is_the_boxs(space: sw.StructureSpace, kernel: Kernel) -> None:
    explorer = sw.explore(space)
    data, _ = DisplayFormatter().format(ipywidgets.VBox([explorer]))
    assert VIEW in data
    assert kernel.outputs == []
    explorer.close()
