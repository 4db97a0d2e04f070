"""Training replaced by a pause, for tests of what goes on around it."""

from __future__ import annotations

import pytest
import toys

from structopt_widgets.study import plan, running


@pytest.fixture
def no_training(monkeypatch: pytest.MonkeyPatch) -> None:
    """A structure's score is a formula of its size; no time passes."""
    monkeypatch.setattr(toys, "PAUSE", 0.0)
    monkeypatch.setattr(plan, "check_fit", lambda *_: None)
    monkeypatch.setattr(running, "train_together", toys.pause)
