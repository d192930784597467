"""The layout is the architecture diagram: every import points up one list, nothing goes in circles, heavy libraries wait."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

SOURCE = Path(__file__).parent.parent / "src"

ORDER = [
    "errors", "files", "expressions", "equations", "architecture", "validation", "engines", "glassbox", "storage", "training", "network",
    "estimators", "tables", "columns", "archives", "ensembles", "pipelines", "presets", "loading", "export", "cli", "__init__",
]  # fmt: skip
"""top first: a file imports only what stands above it, or its own package"""

MATHEMATICS_NEEDS = {
    "__future__", "abc", "collections", "dataclasses", "functools", "importlib", "inspect", "itertools", "jaxtyping", "math", "numbers",
    "numpy", "pellucid", "re", "typing",
}  # fmt: skip
INPUT_AND_OUTPUT = {
    "fromfile", "fromregex", "genfromtxt", "load", "loadtxt", "memmap", "save", "savetxt", "savez", "savez_compressed", "tofile",
}  # fmt: skip


def module_name(path: Path, root: Path) -> str:
    parts = path.relative_to(root).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def sources(root: Path = SOURCE) -> dict[str, str]:
    """The text of every module by its name."""
    return {module_name(path, root): path.read_text() for path in sorted(root.rglob("*.py"))}


def is_type_checking(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"


def nodes(tree: ast.AST):
    """All of a tree but what only type checkers read."""
    for child in ast.iter_child_nodes(tree):
        if is_type_checking(child):
            for other in child.orelse:
                yield other
                yield from nodes(other)
            continue
        yield child
        yield from nodes(child)


def imported(text: str, known: set[str]) -> set[str]:
    """The modules that a text imports, anywhere in it: those of the package by their full name, the others by their first."""
    found = set()
    for node in nodes(ast.parse(text)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            for alias in node.names:
                inner = f"{node.module}.{alias.name}"
                found.add(inner if inner in known else str(node.module))
    return {name if name in known else name.split(".")[0] for name in found}


def arrows(texts: dict[str, str]) -> dict[str, set[str]]:
    """Which modules of the package each of them imports."""
    known = set(texts)
    return {name: imported(text, known) & known - {name} for name, text in texts.items()}


def place(module: str) -> int:
    """How far down the list a module stands."""
    parts = module.split(".")
    return ORDER.index(parts[1] if len(parts) > 1 else "__init__")


def wrong_arrows(texts: dict[str, str]) -> list[str]:
    return [
        f"{source} -> {target}" for source, targets in arrows(texts).items() for target in sorted(targets) if place(target) > place(source)
    ]


def cycle(texts: dict[str, str]) -> list[str]:
    """The modules of some circle of imports, or nothing."""
    left = arrows(texts)
    while True:
        free = {name for name, targets in left.items() if not targets & set(left)}
        if not free:
            return sorted(left)
        left = {name: targets for name, targets in left.items() if name not in free}


def test_all_files_have_a_place_in_the_list():
    assert {name.split(".")[1] if "." in name else "__init__" for name in sources()} == set(ORDER)


def test_every_import_points_up_the_list():
    assert wrong_arrows(sources()) == []


def test_no_imports_go_in_a_circle():
    assert cycle(sources()) == []


@pytest.mark.parametrize("place_of_import", ["", "def f():\n    ", "class A:\n    def f(self):\n        "])
@pytest.mark.parametrize(
    "statement", ["from pellucid.network import Network", "import pellucid.network", "from pellucid import network as n"]
)
def test_a_planted_import_downwards_is_found(place_of_import, statement):
    texts = sources()
    texts["pellucid.equations.arrays"] += f"\n\n{place_of_import}{statement}\n"
    assert wrong_arrows(texts) == ["pellucid.equations.arrays -> pellucid.network"]
    assert "pellucid.equations.arrays" in cycle(texts)


def test_a_planted_import_of_the_table_of_contents_is_found():
    texts = {**sources(), "pellucid.errors": "import pellucid as pl"}
    assert wrong_arrows(texts) == ["pellucid.errors -> pellucid"]


def test_a_planted_circle_within_a_package_is_found():
    texts = sources()
    texts["pellucid.equations.arrays"] += "\nfrom pellucid.equations import activations\n"
    assert wrong_arrows(texts) == []
    assert {"pellucid.equations.arrays", "pellucid.equations.activations"} <= set(cycle(texts))


def test_imports_for_type_checkers_only_are_no_arrows():
    text = "if TYPE_CHECKING:\n    from pellucid.network import Network\nelse:\n    import pellucid.files\n"
    assert imported(text, {"pellucid.network", "pellucid.files"}) == {"pellucid.files"}


def outside_the_mathematics(text: str) -> set[str]:
    """What a text of the equations imports or calls that no pure function needs."""
    tree = ast.parse(text)
    found = imported(text, set()) - MATHEMATICS_NEEDS
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            name = node.func
            if isinstance(name, ast.Name) and name.id in {"open", "print", "input", "eval", "exec"}:
                found.add(name.id)
            if isinstance(name, ast.Attribute) and name.attr in INPUT_AND_OUTPUT:
                found.add(name.attr)
        if isinstance(node, ast.Global):
            found.add("global")
    return found


EQUATIONS = {name: text for name, text in sources().items() if name.startswith("pellucid.equations")}


@pytest.mark.parametrize("name", EQUATIONS)
def test_the_equations_neither_read_nor_write_nor_keep_state(name):
    assert outside_the_mathematics(EQUATIONS[name]) == set()


@pytest.mark.parametrize(
    ("planted", "found"),
    [
        ("import os", "os"),
        ("from pathlib import Path", "pathlib"),
        ("def f(x):\n    return np.load(x)", "load"),
        ("print(1)", "print"),
        ("def f():\n    global state", "global"),
    ],
)
def test_what_is_no_mathematics_is_found(planted, found):
    assert outside_the_mathematics(planted) == {found}


def loaded_after(statement: str) -> set[str]:
    """The first names of all modules that a new process holds after a statement."""
    code = f"{statement}\nimport sys\nprint(*{{name.split('.')[0] for name in sys.modules}})"
    return set(subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split())


HEAVY = {"sklearn", "skops", "pandas", "matplotlib", "typer", "pyarrow", "jax"}


def test_importing_the_library_and_using_a_network_leaves_heavy_libraries_alone():
    use = "import pellucid as pl\nnet = pl.Network([2, 1])\nnet.fit([[1, 2]], [1], epochs=1)\nstr(net.trace([[1, 2]], [1]))"
    assert not loaded_after("import pellucid") & {*HEAVY, "rich", "scipy", "safetensors"}
    assert not loaded_after(use) & HEAVY


def test_the_estimators_are_what_loads_scikit_learn():
    found = loaded_after("import pellucid\npellucid.MLPClassifier")
    assert "sklearn" in found
    assert not found & {"skops", "matplotlib", "typer"}
