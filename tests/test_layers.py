"""Imports go down only, pages → cnnviz/ui → cnnviz/figures → the core, and never round or across concepts."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
CACHES = {"cache_data", "cache_resource"}
CACHE_PACKAGE = "cnnviz/ui/cache/"

# What each layer must not import. A name includes everything inside it.
FORBIDDEN = {
    "core": {"streamlit", "plotly", "cnnviz.ui", "cnnviz.figures", "pages", "app"},
    "figures": {"streamlit", "cnnviz.ui", "pages", "app"},
    "shell": {"streamlit", "cnnviz.ui", "pages", "app"},
    "ui": {"pages", "app"},
    "pages": {"torch", "torchvision", "captum", "pages", "app"},
}


def layer(path):
    """The layer of a file, given relative to the root."""
    parts = Path(path).parts
    if parts[0] != "cnnviz":
        return "pages"
    if parts[1:] == ("__main__.py",):
        return "shell"
    return parts[1] if parts[1] in ("ui", "figures") else "core"


def product_files(root):
    files = [*root.glob("cnnviz/**/*.py"), *root.glob("cnnviz/**/*.pyi")]
    files += [*root.glob("pages/**/*.py"), *root.glob("app.py")]
    return sorted(path.relative_to(root).as_posix() for path in files)


def package_of(path):
    return list(Path(path).parent.parts)


def imported_names(tree, path):
    """Every dotted name that a file imports, relative ones resolved, `from a import b` as a.b."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            package = package_of(path)[: len(package_of(path)) - node.level + 1] if node.level else []
            base = ".".join([*package, *([node.module] if node.module else [])])
            yield from (f"{base}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Call) and called_name(node) in ("import_module", "__import__"):
            yield from (
                a.value for a in node.args if isinstance(a, ast.Constant) and isinstance(a.value, str)
            )


def called_name(call):
    return getattr(call.func, "attr", getattr(call.func, "id", None))


def caches_used(tree):
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and node.attr in CACHES:
            yield node.attr
        elif isinstance(node, ast.ImportFrom):
            yield from (alias.name for alias in node.names if alias.name in CACHES)


def is_in(name, packages):
    return any(name == package or name.startswith(f"{package}.") for package in packages)


def violations(root):
    """One sentence for each import or cache in the wrong layer."""
    found = []
    for path in product_files(root):
        tree = ast.parse((root / path).read_text(encoding="utf-8"))
        banned = FORBIDDEN[layer(path)]
        found += [f"{path} imports {name}" for name in imported_names(tree, path) if is_in(name, banned)]
        if not path.startswith(CACHE_PACKAGE):
            found += [f"{path} uses {cache}" for cache in caches_used(tree)]
    return found


def test_imports_go_down_only_and_caches_live_in_one_place():
    assert violations(ROOT) == []


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("cnnviz/__init__.py", "core"),
        ("cnnviz/__init__.pyi", "core"),
        ("cnnviz/device.py", "core"),
        ("cnnviz/__main__.py", "shell"),
        ("cnnviz/ops/geometry.py", "core"),
        ("cnnviz/nets/shared.py", "core"),
        ("cnnviz/data/images.py", "core"),
        ("cnnviz/analysis/layers/activations.py", "core"),
        ("cnnviz/figures/theme.py", "figures"),
        ("cnnviz/ui/cache/__init__.py", "ui"),
        ("cnnviz/ui/cache/maps.py", "ui"),
        ("pages/home.py", "pages"),
        ("app.py", "pages"),
    ],
)
def test_every_layer_is_checked(path, expected):
    assert path in product_files(ROOT)
    assert layer(path) == expected


@pytest.mark.parametrize(
    ("path", "source", "expected"),
    [
        ("cnnviz/ops/a.py", "import streamlit as st", "imports streamlit"),
        ("cnnviz/data/a.py", "from plotly.io import show", "imports plotly.io.show"),
        ("cnnviz/nets/a.py", "from cnnviz.figures.theme import X", "imports cnnviz.figures.theme.X"),
        ("cnnviz/nets/a.py", "from cnnviz import ui", "imports cnnviz.ui"),
        ("cnnviz/analysis/a.py", "from ..ui import cache", "imports cnnviz.ui.cache"),
        ("cnnviz/training/__init__.py", "from .. import figures", "imports cnnviz.figures"),
        ("cnnviz/arrays.py", "def f():\n    import streamlit", "imports streamlit"),
        ("cnnviz/device.py", "import importlib\nimportlib.import_module('plotly.io')", "imports plotly.io"),
        ("cnnviz/__init__.pyi", "from .ui.cache import x as x", "imports cnnviz.ui.cache.x"),
        ("cnnviz/figures/a.py", "import streamlit", "imports streamlit"),
        ("cnnviz/__main__.py", "from cnnviz.ui import frame", "imports cnnviz.ui.frame"),
        ("cnnviz/figures/a.py", "from cnnviz.ui.frame import page", "imports cnnviz.ui.frame.page"),
        ("cnnviz/ui/a.py", "import pages.home", "imports pages.home"),
        ("cnnviz/ui/components/a.py", "from pages import home", "imports pages.home"),
        ("pages/a.py", "import torch.nn.functional as F", "imports torch.nn.functional"),
        ("pages/a.py", "from torch import nn", "imports torch.nn"),
        ("pages/a.py", "from pages import b", "imports pages.b"),
        ("app.py", "import torch", "imports torch"),
        ("cnnviz/ui/a.py", "import streamlit as st\n@st.cache_data\ndef f(): ...", "uses cache_data"),
        ("cnnviz/ui/cache.py", "from streamlit import cache_data", "uses cache_data"),
        ("cnnviz/ui/cached/a.py", "from streamlit import cache_data", "uses cache_data"),
        ("pages/a.py", "from streamlit import cache_resource", "uses cache_resource"),
    ],
)  # fmt: skip
def test_a_planted_violation_is_found(tmp_path, path, source, expected):
    planted = tmp_path / path
    planted.parent.mkdir(parents=True, exist_ok=True)
    planted.write_text(source, encoding="utf-8")
    assert violations(tmp_path) == [f"{path} {expected}"]


@pytest.mark.parametrize(
    ("path", "source"),
    [
        (
            "cnnviz/ops/a.py",
            "import torch\nfrom cnnviz.errors import CnnvizError\nfrom .geometry import Window",
        ),
        ("cnnviz/ops/a.py", "import streamlitish, plotlyfied\nfrom cnnviz import figures_of_speech"),
        ("cnnviz/figures/a.py", "import plotly.graph_objects as go\nfrom cnnviz.ops.geometry import Window"),
        ("cnnviz/ui/a.py", "import streamlit as st\nfrom cnnviz.figures import theme"),
        ("cnnviz/ui/cache/a.py", "import streamlit as st\n@st.cache_resource(max_entries=2)\ndef f(): ..."),
        ("pages/a.py", "import streamlit as st\nfrom cnnviz.ui import frame\nfrom cnnviz import figures"),
        ("app.py", "import streamlit as st\nfrom cnnviz.ui import frame"),
        ("tests/a.py", "import streamlit, torch"),
    ],
)
def test_what_is_allowed_is_not_reported(tmp_path, path, source):
    planted = tmp_path / path
    planted.parent.mkdir(parents=True, exist_ok=True)
    planted.write_text(source, encoding="utf-8")
    assert violations(tmp_path) == []


# --- the concepts of cnnviz/ui

# What every concept may import; a concept's own folder is the only other one.
SHARED = {"shell", "widgets", "jobs", "cache", "components", "sliding"}


def concept(module):
    """The folder of cnnviz/ui that a module stands in, None for what stands elsewhere."""
    parts = module.split(".")
    return parts[2] if parts[:2] == ["cnnviz", "ui"] and len(parts) > 2 else None


def module_name(path):
    return ".".join(Path(path).with_suffix("").parts).removesuffix(".__init__")


def import_graph(root):
    """Each module of the product with the modules of the product that it imports."""
    names = {module_name(path): path for path in product_files(root) if path.endswith(".py")}
    graph = {}
    for module, path in names.items():
        tree = ast.parse((root / path).read_text(encoding="utf-8"))
        imported = set(imported_names(tree, path))
        # `from a import b` is told apart: b may be a module, or a name in a.
        graph[module] = sorted(
            {name if name in names else name.rpartition(".")[0] for name in imported} & set(names) - {module}
        )
    return graph


def crossings(graph):
    """One sentence for each import of one concept by another, or by what all concepts share."""
    return [
        f"{module} imports {imported}"
        for module, imports in graph.items()
        for imported in imports
        if concept(module) and concept(imported) not in {None, concept(module), *SHARED}
    ]


def circles(graph):
    """Each circle of imports that a walk along them meets, as a list of modules."""
    found, done, way = [], set(), []

    def walk(module):
        if module in way:
            found.append([*way[way.index(module) :], module])
        elif module not in done:
            way.append(module)
            for imported in graph[module]:
                walk(imported)
            way.pop()
            done.add(module)

    for module in graph:
        walk(module)
    return found


def test_no_concept_imports_another_and_no_import_stands_in_a_circle():
    graph = import_graph(ROOT)
    assert crossings(graph) == []
    assert circles(graph) == []


@pytest.mark.parametrize(
    ("files", "crossed", "circled"),
    [
        (
            {
                "cnnviz/ui/pooling/lab.py": "from cnnviz.ui.dilation import lab",
                "cnnviz/ui/dilation/lab.py": "",
                "cnnviz/ui/dilation/__init__.py": "",
            },
            ["cnnviz.ui.pooling.lab imports cnnviz.ui.dilation.lab"],
            [],
        ),
        (
            {
                "cnnviz/ui/widgets/quiz.py": "from cnnviz.ui.pooling.lab import ask",
                "cnnviz/ui/pooling/lab.py": "from ..cache.maps import a\nfrom cnnviz.ops.pooling import b",
                "cnnviz/ui/cache/maps.py": "",
                "cnnviz/ops/pooling.py": "",
            },
            ["cnnviz.ui.widgets.quiz imports cnnviz.ui.pooling.lab"],
            [],
        ),
        (
            {
                "cnnviz/ops/a.py": "from cnnviz.ops.b import x",
                "cnnviz/ops/b.py": "def f():\n    from cnnviz.ops import c",
                "cnnviz/ops/c.py": "import cnnviz.ops.a",
            },
            [],
            [["cnnviz.ops.a", "cnnviz.ops.b", "cnnviz.ops.c", "cnnviz.ops.a"]],
        ),
    ],
)
def test_a_planted_crossing_or_circle_is_found(tmp_path, files, crossed, circled):
    for path, source in files.items():
        planted = tmp_path / path
        planted.parent.mkdir(parents=True, exist_ok=True)
        planted.write_text(source, encoding="utf-8")
    graph = import_graph(tmp_path)
    assert (crossings(graph), circles(graph)) == (crossed, circled)
