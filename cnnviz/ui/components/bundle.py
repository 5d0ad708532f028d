"""Bundles the ES modules of a component into the one inline script that Streamlit takes.

Browsers, the linter and the type checker read the modules as they stand. A bundle is their text, imported
modules first, in one scope: without import lines and `export`, comments, indentation and empty lines.
"""

import re
from dataclasses import dataclass
from pathlib import Path

_IMPORT = re.compile(r'^import \{([^}]*)\} from "(\.[^"]*)";\n', re.MULTILINE)
_EXPORT = re.compile(r"^export (?!default\b)", re.MULTILINE)
_DECLARATION = re.compile(
    r"^(?:export )?(?:default )?(?:async )?(?:function\*?|const|let|class) (\w+|[\[{][^=]*[\]}])",
    re.MULTILINE,
)
_COMMENT = re.compile(r"^[ \t]*(?://[^\n]*|/\*(?s:.*?)\*/[ \t]*)\n", re.MULTILINE)
_SPACE = re.compile(r"^\s+", re.MULTILINE)


class BundleError(ValueError):
    """Modules that cannot stand in one script."""


@dataclass(frozen=True, slots=True)
class Module:
    """An ES module.

    Attributes:
        path: of the file.
        text: of the file.
        imports: the names that it imports from each module.
        declares: the names that it declares at its top level.
        exports: those among them that others may import.
    """

    path: Path
    text: str
    imports: dict[Path, list[str]]
    declares: list[str]
    exports: set[str]


def bundle(entry: Path) -> str:
    """The script of the module `entry` and of all that it imports.

    Raises:
        BundleError: if two modules declare one name, if a name is imported that its module does not export,
            if imports go round in a circle, or if a module is written in a way that the bundle would break.
    """
    modules = modules_of(entry)
    _check_names(modules)
    return "".join(_body(module.text) for module in modules)


def modules_of(entry: Path) -> list[Module]:
    """The module `entry`, last, after all that it imports, each once.

    Raises:
        BundleError: as `bundle`.
    """
    found: dict[Path, Module] = {}
    _visit(entry.resolve(), (), found)
    return list(found.values())


def _visit(path: Path, importers: tuple[Path, ...], found: dict[Path, Module]) -> None:
    if path in importers:
        raise BundleError(f"{path.name} imports itself, through {importers[-1].name}")
    if path in found:
        return
    module = _read(path)
    for imported in module.imports:
        _visit(imported, (*importers, path), found)
    found[path] = module


def _read(path: Path) -> Module:
    text = path.read_text(encoding="utf-8")
    imports = {(path.parent / source).resolve(): _names(names) for names, source in _IMPORT.findall(text)}
    left = _IMPORT.sub("", text)
    if re.search(r"^(import\b|export [^dfcla])", left, re.MULTILINE):
        raise BundleError(
            f'{path.name}: write `import {{ name }} from "./file.js";` and `export function name`'
        )
    if any(line.count("`") % 2 for line in _COMMENT.sub("", left).splitlines()):
        raise BundleError(f"{path.name}: a text in backticks goes over several lines")
    exports = {
        name for name in _declared(left) if re.search(rf"^export [^=(]*\b{name}\b", left, re.MULTILINE)
    }
    return Module(path, text, imports, _declared(left), exports)


def _names(braces: str) -> list[str]:
    return [name.strip() for name in braces.split(",") if name.strip()]


def _declared(text: str) -> list[str]:
    return [name for group in _DECLARATION.findall(text) for name in re.findall(r"\w+", group)]


def _check_names(modules: list[Module]) -> None:
    by_path = {module.path: module for module in modules}
    homes: dict[str, Path] = {}
    for module in modules:
        for name in module.declares:
            if homes.setdefault(name, module.path) != module.path:
                raise BundleError(f"{module.path.name} and {homes[name].name} both declare {name}")
        for path, names in module.imports.items():
            for name in names:
                if name not in by_path[path].exports:
                    raise BundleError(f"{module.path.name} imports {name}, which {path.name} does not export")


def _body(text: str) -> str:
    for pattern in (_IMPORT, _COMMENT, _SPACE, _EXPORT):
        text = pattern.sub("", text)
    return text
