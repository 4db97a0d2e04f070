"""Imports go downward only, and only the bridge and the training touch Keras."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "structopt_widgets"

FLOORS = {
    "graph": 0,
    "layer_rules": 1,
    "structure": 2,
    "metrics": 2,
    "keras_bridge": 3,
    "training": 4,
    "study": 5,
    "figures": 6,
    "advice": 6,
    "widgets": 8,
    "report": 9,
}
# Inside a function, so that nothing is imported before it is wanted: reading and building are the bridge's work.
DEFERRED_UPWARD = {("structure/door.py", "keras_bridge")}
# On floor 2 a structure measures itself; a metric knows nothing of structures.
SAME_FLOOR = {("structure", "metrics")}
# Attributes that Keras keeps to itself, which some part of the package has to know.
PRIVATE_TO_KERAS = {
    *("_flatten_layers", "_layers", "_functional", "_inputs_struct", "_outputs_struct", "_nodes_by_depth"),
    *("_run_through_graph", "_inbound_nodes", "_outbound_nodes", "_keras_history", "_keras_mask", "_lookup_layer"),
    *("_inverse_sqrt_key_dim", "_momentums", "_velocities", "_get_variable_index", "_all_reduce_sum_gradients"),
    *("_seed_generators", "_trainable_variables", "_non_trainable_variables", "_var_key", "_is_adapted"),
    "_keras_logits",
}
MAY_IMPORT_KERAS = {"keras_bridge", "training"}
# Files that need one another, with why; one of each has its import inside a function. No other circle may come.
CIRCLES = {
    # A structure is read back by the file that makes structures.
    frozenset(f"structure/{name}.py" for name in ("structure", "space", "serialization")),
    # A model inside a model is read as the outer one is.
    frozenset(
        f"keras_bridge/{name}.py"
        for name in ("reading/reader", "reading/described", "reading/own_functions", "kept_whole/kept_whole")
    ),
}

FILES = sorted(path for path in PACKAGE.rglob("*.py") if path.relative_to(PACKAGE).parts[0] in FLOORS)
each_file = pytest.mark.parametrize("path", FILES, ids=[str(path.relative_to(PACKAGE)) for path in FILES])


@cache
def imports(path: Path) -> list[tuple[str, bool]]:
    """Each imported module in full, and whether it is imported inside a function; not those for types only."""
    package = ["structopt_widgets", *path.relative_to(PACKAGE).parts[:-1]]

    def visit(node: ast.AST, deferred: bool) -> Iterator[tuple[str, bool]]:
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            children: list[ast.AST] = list(node.orelse)
        else:
            children = list(ast.iter_child_nodes(node))
        deferred = deferred or isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda))
        if isinstance(node, ast.Import):
            yield from ((alias.name, deferred) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            parents = package[: len(package) - node.level + 1] if node.level else []
            module = ".".join([*parents, *([node.module] if node.module else [])])
            # `from .. import graph` names a folder; `from ..graph import size` is in it already.
            yield from ((f"{module}.{alias.name}", deferred) for alias in node.names)
        for child in children:
            yield from visit(child, deferred)

    return list(visit(ast.parse(path.read_text(encoding="utf-8")), deferred=False))


def test_every_folder_has_a_floor() -> None:
    folders = {path.parent.name for path in PACKAGE.glob("*/__init__.py")}
    assert folders
    assert folders <= set(FLOORS)


def test_no_two_files_have_one_name() -> None:
    names = Counter(path.name for path in PACKAGE.rglob("*.py"))
    assert {name for name, count in names.items() if count > 1} == {"__init__.py"}


@each_file
def test_imports_go_downward_only(path: Path) -> None:
    home = path.relative_to(PACKAGE).parts[0]
    for module, deferred in imports(path):
        parts = module.split(".")
        if parts[0] != "structopt_widgets" or parts[1] == home:
            continue
        target = parts[1]
        if target == "__version__":
            continue
        assert target in FLOORS, f"{path.name} imports the package's own front, {module}"
        allowed = (
            FLOORS[target] < FLOORS[home]
            or (home, target) in SAME_FLOOR
            or (deferred and (path.relative_to(PACKAGE).as_posix(), target) in DEFERRED_UPWARD)
        )
        assert allowed, f"{home} (floor {FLOORS[home]}) imports {module} (floor {FLOORS[target]})"


@cache
def file_of(module: str) -> str | None:
    """The file of the package in which a name is: of the module itself, or of one that holds it."""
    parts = module.split(".")[1:]
    while parts:
        if (path := PACKAGE.joinpath(*parts).with_suffix(".py")).exists():
            return path.relative_to(PACKAGE).as_posix()
        parts.pop()
    return None


def test_files_import_one_another_in_the_named_circles_only() -> None:
    needs = {
        path.relative_to(PACKAGE).as_posix(): {
            file for module, _ in imports(path) if module.startswith("structopt_widgets.") and (file := file_of(module))
        }
        for path in FILES
    }

    def reached(start: str) -> set[str]:
        found, new = set(), needs[start]
        while new:
            found |= new
            new = {file for each in new for file in needs.get(each, ())} - found
        return found

    reach = {file: reached(file) for file in needs}
    circles = {frozenset(other for other in needs if other in reach[file] and file in reach[other]) for file in needs}
    assert circles - {frozenset()} == CIRCLES


def test_the_two_ways_of_training_together_do_not_know_one_another() -> None:
    rooms = [PACKAGE / "training" / "together" / name for name in ("stacked", "side_by_side")]
    for room, other in (rooms, rooms[::-1]):
        files = list(room.glob("*.py"))
        assert len(files) > 1
        crossing = f"structopt_widgets.training.together.{other.name}"
        assert [path.name for path in files for module, _ in imports(path) if module.startswith(crossing)] == []


@each_file
def test_only_the_bridge_and_the_training_import_keras(path: Path) -> None:
    home = path.relative_to(PACKAGE).parts[0]
    heavy = {module for module, _ in imports(path) if module.split(".")[0] in ("keras", "tensorflow", "tf_keras")}
    assert not heavy or home in MAY_IMPORT_KERAS


def test_the_deferred_imports_are_really_there() -> None:
    found = {
        (path.relative_to(PACKAGE).as_posix(), module.split(".")[1])
        for path in FILES
        for module, deferred in imports(path)
        if deferred and module.startswith("structopt_widgets.keras_bridge") and path.parent.name == "structure"
    }
    assert found == DEFERRED_UPWARD


def loaded_after(code: str, *arguments: str) -> set[str]:
    """The top-level modules that a fresh interpreter has loaded after ``code``."""
    script = f"{code}\nimport sys\nprint('loaded:', *{{name.split('.')[0] for name in sys.modules}})"
    run = subprocess.run([sys.executable, "-c", script, *arguments], capture_output=True, text=True, check=True)
    return set(run.stdout.split("loaded:")[1].split())


HEAVY = {"keras", "tensorflow", "ipywidgets", "plotly", "sympy", "optuna", "scipy", "psutil", "tqdm"}


def test_importing_the_package_loads_nothing_heavy() -> None:
    loaded = loaded_after("import structopt_widgets as sw; sw.__version__; dir(sw)")
    assert "structopt_widgets" in loaded
    assert not loaded & (HEAVY | {"pandas", "numpy"})


@pytest.mark.slow
def test_measuring_a_saved_structure_needs_no_keras(tmp_path: Path) -> None:
    from zoo import ZOO

    import structopt_widgets as sw

    structure = sw.StructureSpace.from_keras(ZOO["residual_cnn"].make()).baseline
    path = tmp_path / "structure.json"
    path.write_text(structure.to_json())
    code = (
        "import sys, pathlib, structopt_widgets as sw\n"
        "cost = sw.Structure.from_json(pathlib.Path(sys.argv[1]).read_text()).measure()\n"
        f"assert (cost.n_params, cost.flops) == ({structure.measure().n_params}, {structure.measure().flops})\n"
        "str(cost), cost.by_layer"
    )
    loaded = loaded_after(code, str(path))
    assert "pandas" in loaded
    assert not loaded & HEAVY


def test_the_inside_of_keras_is_touched_by_the_bridge_only() -> None:
    found = []
    for path in FILES:
        if path.relative_to(PACKAGE).parts[0] == "keras_bridge":
            continue
        tree = ast.parse(path.read_text(encoding="utf-8"))
        found += [f"{path.name}: {name}" for name, _ in imports(path) if name.startswith("keras.src")]
        for node in ast.walk(tree):
            # An object's own attribute may have the same name.
            of_keras = (
                isinstance(node, ast.Attribute) and node.attr in PRIVATE_TO_KERAS and ast.unparse(node.value) != "self"
            )
            found += [f"{path.name}:{node.lineno} {ast.unparse(node)}"] if of_keras else []
            named = isinstance(node, ast.Constant) and node.value in PRIVATE_TO_KERAS
            found += [f"{path.name}:{node.lineno} {ast.unparse(node)}"] if named else []
    assert found == []
