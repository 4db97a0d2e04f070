"""What does not fit into memory: a failed trial with a reason, and the sweep goes on."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import psutil
import pytest
from toys import BUDGET, toy_space, toy_sweep

import structopt_widgets as sw
from structopt_widgets.study import memory_limits as memory
from structopt_widgets.study import running
from structopt_widgets.study.claims import SWEEP, Claims
from structopt_widgets.study.memory_limits import free_bytes, why_too_large
from structopt_widgets.study.workers import Worker


@pytest.mark.usefixtures("no_training")
def test_what_cannot_fit_fails_without_being_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    sizes = [toy_space().baseline.with_width("a", width).measure().training_bytes for width in (4, 8)]
    monkeypatch.setattr(memory, "free_bytes", lambda: sum(sizes) // 2)
    study = sw.Study()
    table = toy_sweep(study, 2, 2, sampler="grid", choose={"widths": (4, 8)}, groups=["a"])
    assert table["state"].tolist() == ["complete", "failed"]
    assert table["reason"][1].startswith("MemoryError: training it takes at least ")
    assert " free" in table["reason"][1]


def test_one_sample_is_the_least_and_a_batch_is_not_to_blame_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    structure = toy_space().baseline
    one, batch = (structure.measure(batch_size=size).training_bytes for size in (1, BUDGET.batch_size))
    assert one < batch
    monkeypatch.setattr(memory, "free_bytes", lambda: (one + batch) // 2)
    assert why_too_large(structure, BUDGET) is None
    assert why_too_large(structure, BUDGET, deaths=1) is None
    assert "2 processes ended while they trained it" in str(why_too_large(structure, BUDGET, deaths=2))
    # Beside this much memory it is not the structure that ends processes.
    monkeypatch.setattr(memory, "free_bytes", lambda: 5 * batch)
    assert why_too_large(structure, BUDGET, deaths=10) is None


@pytest.mark.usefixtures("no_training")
def test_what_ended_two_processes_is_not_tried_a_third_time(monkeypatch: pytest.MonkeyPatch) -> None:
    structure = toy_space().baseline.with_width("a", 8)
    monkeypatch.setattr(memory, "free_bytes", lambda: 2 * structure.measure(batch_size=64).training_bytes)
    study = sw.Study()
    options = {"sampler": "grid", "choose": {"widths": (8,)}, "groups": ["a"]}

    def interrupted(*_: Any, **__: Any) -> list[sw.Trial]:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(running, "train_together", interrupted)
        with pytest.raises(KeyboardInterrupt):
            toy_sweep(study, 1, 1, **options)
    sweep = study.optuna.trials[0].user_attrs[SWEEP]
    for deaths in (0, 1):
        with Worker(study.storage, study.study_id) as worker:
            claims = Claims(study.storage, study.study_id, study.shelf, sweep, worker)
            orphans = claims.take_over()
            assert [each.deaths for each in orphans] == [deaths]
            assert len(claims.claim(orphans, 1)) == 1
        # Here it ends, without having given up what it claimed.
    table = toy_sweep(study, 1, 1, **options)
    assert table["state"].tolist() == ["failed"]
    assert table["reason"].str.contains("2 processes ended").all()


def test_the_limits_of_containers_count(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    inner = tmp_path / "new" / "outer" / "inner"
    inner.mkdir(parents=True)
    for folder, most, now, cache in ((inner, "max", 50, 5), (inner.parent, "1000", 400, 100)):
        (folder / "memory.max").write_text(f"{most}\n")
        (folder / "memory.current").write_text(f"{now}\n")
        (folder / "memory.stat").write_text(f"anon 1\ninactive_file {cache}\n")
    old = tmp_path / "old"
    old.mkdir()
    (old / "memory.limit_in_bytes").write_text("5000\n")
    (old / "memory.usage_in_bytes").write_text("100\n")
    (old / "memory.stat").write_text("total_inactive_file 0\n")
    roots = zip((tmp_path / "new", old), memory.GROUPS, strict=True)
    monkeypatch.setattr(memory, "GROUPS", [(str(root), *names) for root, (_, *names) in roots])
    processes = tmp_path / "cgroup"
    # Version 1 says which controller it is of; a container often sees its own group as the root.
    processes.write_text("3:cpu,memory:/docker/abc\n0::/outer/inner\n")
    assert sorted(memory._left_in_groups(str(processes))) == [1000 - 400 + 100, 5000 - 100]
    assert not list(memory._left_in_groups(str(tmp_path / "none")))
    assert 0 < free_bytes() <= psutil.virtual_memory().total
