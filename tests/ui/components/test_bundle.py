"""Bundles of ES modules: what goes in, in which order, and what is refused."""

from pathlib import Path

import pytest

from cnnviz.ui import components
from cnnviz.ui.components.bundle import BundleError, bundle, modules_of

COMPONENTS = Path(components.__file__).parent
ENTRIES = sorted(
    folder / f"{folder.name}.js" for folder in COMPONENTS.iterdir() if list(folder.glob("*.html"))
)


@pytest.fixture
def write(tmp_path):
    def files(**sources):
        for name, source in sources.items():
            (tmp_path / f"{name}.js").write_text(source, encoding="utf-8")
        return tmp_path / "entry.js"

    return files


def test_imported_modules_stand_before_the_one_that_imports_them_each_once(write):
    entry = write(
        deep="export const DEEP = 1;\n",
        left='import { DEEP } from "./deep.js";\n\nexport const left = () => DEEP;\n',
        right='import { DEEP } from "./deep.js";\nexport function right() {\n  return DEEP;\n}\n',
        entry='import { left } from "./left.js";\nimport {\n  right,\n} from "./right.js";\n'
        "export default function () {\n  return left() + right();\n}\n",
    )
    assert [module.path.stem for module in modules_of(entry)] == ["deep", "left", "right", "entry"]
    assert bundle(entry) == (
        "const DEEP = 1;\nconst left = () => DEEP;\nfunction right() {\nreturn DEEP;\n}\n"
        "export default function () {\nreturn left() + right();\n}\n"
    )


def test_comments_go_texts_that_look_like_comments_stay(write):
    entry = write(
        entry="// head\n/** Two\n * lines. */\nexport default function () {\n  // why\n\n"
        '  return "http://a/**b*/"; // the end\n}\n'
    )
    assert bundle(entry) == 'export default function () {\nreturn "http://a/**b*/"; // the end\n}\n'


@pytest.mark.parametrize(
    ("sources", "expected"),
    [
        (
            {
                "a": "const span = 1;\nexport const a = span;\n",
                "entry": 'import { a } from "./a.js";\nfunction span() {}\n',
            },
            "entry.js and a.js both declare span",
        ),
        (
            {"a": "export const a = 1;\n", "entry": 'import { a } from "./a.js";\nconst [b, a] = [1, 2];\n'},
            "entry.js and a.js both declare a",
        ),
        (
            {"a": "function a() {}\n", "entry": 'import { a } from "./a.js";\n'},
            "entry.js imports a, which a.js does not export",
        ),
        (
            {
                "a": 'import { b } from "./b.js";\nexport const a = 1;\n',
                "b": 'import { a } from "./a.js";\nexport const b = 1;\n',
                "entry": 'import { a } from "./a.js";\n',
            },
            "a.js imports itself, through b.js",
        ),
        ({"entry": 'import * as a from "./a.js";\n'}, "entry.js: write `import"),
        ({"entry": "const a = 1;\nexport { a };\n"}, "entry.js: write `import"),
        ({"entry": "const a = `one\ntwo`;\n"}, "entry.js: a text in backticks goes over several lines"),
    ],
)  # fmt: skip
def test_what_cannot_stand_in_one_script_is_refused(write, sources, expected):
    with pytest.raises(BundleError, match=expected):
        bundle(write(**sources))


def test_every_component_is_bundled_whole():
    modules = {module.path for entry in ENTRIES for module in modules_of(entry)}
    assert modules == set(COMPONENTS.rglob("*.js"))
    for entry in ENTRIES:
        text = bundle(entry)
        assert text.count("export ") == 1
        assert "import " not in text


def test_no_file_of_a_component_is_long():
    files = [path for path in COMPONENTS.rglob("*") if path.suffix in {".js", ".ts", ".css", ".html", ".py"}]
    lines = {
        str(path.relative_to(COMPONENTS)): len(path.read_text(encoding="utf-8").splitlines())
        for path in files
    }
    assert len(files) > 100
    assert {name: count for name, count in lines.items() if count > 300} == {}
