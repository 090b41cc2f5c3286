"""The source tree as modules, classes and functions that can be looked up by name."""

import ast
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from sistema_os.async_check.syntax import Body, FunctionNode, dotted

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_QUERYSETS = frozenset({"QuerySet", "Manager", "BaseManager"})
_KEYS = frozenset({"ForeignKey", "OneToOneField"})
# `# blocks: why that is right` on a line of the code silences what is found there.
SILENCED = re.compile(r"#\s*blocks:[ \t]*(.*)")


@dataclass(eq=False)
class Class:
    name: str
    module: "Module"
    node: ast.ClassDef
    methods: dict[str, "Function"] = field(default_factory=dict)

    @cached_property
    def body(self) -> "Function":
        """Its own statements, as if they were a function's."""
        return Function(self.name, self.module, _as_function(self.node.body), self)

    @cached_property
    def foreign_keys(self) -> dict[str, ast.expr]:
        """The fields that ask the database for another row when they are read, with the class that they name."""
        found: dict[str, ast.expr] = {}
        for node in self.node.body:
            match node:
                case ast.Assign(targets=targets, value=ast.Call(func=func, args=[named, *_])):
                    if dotted(func).rpartition(".")[2] in _KEYS:
                        found |= {dotted(target): named for target in targets}
        return found

    def base_names(self) -> list[str]:
        return [dotted(base.value if isinstance(base, ast.Subscript) else base) for base in self.node.bases]


@dataclass(eq=False)
class Function:
    """`inner` are the functions defined inside it."""

    name: str
    module: "Module"
    node: FunctionNode
    owner: Class | None = None
    outer: "Function | None" = None
    inner: dict[str, "Function"] = field(default_factory=dict)

    @cached_property
    def own(self) -> Body:
        return Body(self.node)

    @property
    def is_async(self) -> bool:
        return isinstance(self.node, ast.AsyncFunctionDef)

    @property
    def decorators(self) -> list[str]:
        calls = [d.func if isinstance(d, ast.Call) else d for d in self.node.decorator_list]
        return [dotted(call).rpartition(".")[2] for call in calls]

    @property
    def is_property(self) -> bool:
        return bool({"property", "cached_property"} & set(self.decorators))

    @property
    def runs_elsewhere(self) -> bool:
        """Its decorator moves it into a thread: calling it does not block."""
        return any(name.endswith("sync_to_async") for name in self.decorators)

    def nested(self) -> "Iterator[Function]":
        """The functions defined inside it, however deep."""
        for function in self.inner.values():
            yield function
            yield from function.nested()


@dataclass(eq=False)
class Module:
    name: str
    path: str
    imports: dict[str, str] = field(default_factory=dict)
    classes: dict[str, Class] = field(default_factory=dict)
    functions: dict[str, Function] = field(default_factory=dict)
    everything: list[Function] = field(default_factory=list)
    statements: list[ast.stmt] = field(default_factory=list)
    # The reasons given on lines that may block; "" where there is none.
    silenced: dict[int, str] = field(default_factory=dict)

    @cached_property
    def body(self) -> Function:
        """Its own statements, as if they were a function's."""
        return Function("<module>", self, _as_function(self.statements))


def _as_function(body: list[ast.stmt]) -> ast.FunctionDef:
    nothing = ast.arguments(posonlyargs=[], args=[], kwonlyargs=[], kw_defaults=[], defaults=[])
    return ast.FunctionDef(name="<body>", args=nothing, body=body, decorator_list=[], lineno=1, col_offset=0)


class Project:
    """`roots` are packages below `top`; paths are reported relative to `top`."""

    def __init__(self, top: Path, roots: Iterable[str]) -> None:
        self.modules: dict[str, Module] = {}
        for root in roots:
            for path in sorted((top / root).rglob("*.py")):
                self._read(path, path.relative_to(top))
        self.queryset_methods = {
            name: method
            for module in self.modules.values()
            for cls in module.classes.values()
            if self.is_queryset(cls)
            for name, method in cls.methods.items()
        }
        self.models = {
            cls.name.lower(): cls
            for module in self.modules.values()
            for cls in module.classes.values()
            if self.is_model(cls)
        }

    def _read(self, path: Path, shown: Path) -> None:
        parts = shown.with_suffix("").parts
        package = parts[:-1]
        module = Module(".".join(package if parts[-1] == "__init__" else parts), str(shown))
        self.modules[module.name] = module
        source = path.read_bytes()
        tree = ast.parse(source, str(shown))
        module.statements = tree.body
        if b"blocks:" in source:
            lines = enumerate(source.decode().splitlines(), 1)
            module.silenced = {n: found[1].strip() for n, line in lines if (found := SILENCED.search(line))}
        for node in ast.walk(tree):
            if isinstance(node, (ast.Import, ast.ImportFrom)):
                module.imports.update(_imported(node, package))
        _collect(module, tree.body, None, None)

    def functions(self) -> Iterator[Function]:
        for module in self.modules.values():
            yield from module.everything

    def find(self, name: str, depth: int = 0) -> Module | Class | Function | None:
        """What a full dotted name stands for, through re-exports."""
        if name in self.modules:
            return self.modules[name]
        left, _, last = name.rpartition(".")
        if not left or depth > 8:
            return None
        place = self.find(left, depth + 1)
        if isinstance(place, Class):
            return self.method(place, last)
        if not isinstance(place, Module):
            return None
        if last in place.imports and place.imports[last] != name:
            return self.find(place.imports[last], depth + 1)
        return place.classes.get(last) or place.functions.get(last)

    def named(self, module: Module, name: str) -> Module | Class | Function | None:
        """What a name written in `module` stands for."""
        first, _, rest = name.partition(".")
        if first in module.imports:
            return self.find(f"{module.imports[first]}.{rest}" if rest else module.imports[first])
        return self.find(f"{module.name}.{name}")

    def full_name(self, module: Module, name: str) -> str:
        first, _, rest = name.partition(".")
        known = module.imports.get(first, first)
        return f"{known}.{rest}" if rest else known

    def bases(self, cls: Class) -> Iterator[Class]:
        for name in cls.base_names():
            base = self.named(cls.module, name) if name else None
            if isinstance(base, Class) and base is not cls:
                yield base

    def lineage(self, cls: Class) -> Iterator[Class]:
        yield cls
        for base in self.bases(cls):
            yield from self.lineage(base)

    def method(self, cls: Class, name: str) -> Function | None:
        return next((found for each in self.lineage(cls) if (found := each.methods.get(name))), None)

    def is_model(self, cls: Class) -> bool:
        """Whether it is stored in the database, as far as its bases tell."""
        names = cls.base_names()
        if any(name == "Model" or name.endswith(".Model") for name in names):
            return True
        return any(self.is_model(base) for base in self.bases(cls))

    def is_queryset(self, cls: Class) -> bool:
        if any(name.rpartition(".")[2] in _QUERYSETS for name in cls.base_names()):
            return True
        return any(self.is_queryset(base) for base in self.bases(cls))


def _imported(node: ast.Import | ast.ImportFrom, package: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    if isinstance(node, ast.Import):
        for alias in node.names:
            first = alias.name.partition(".")[0]
            yield (alias.asname, alias.name) if alias.asname else (first, first)
        return
    base = package[: len(package) - node.level + 1] if node.level else ()
    source = ".".join([*base, *([node.module] if node.module else [])])
    for alias in node.names:
        yield alias.asname or alias.name, f"{source}.{alias.name}"


def _collect(module: Module, body: list[ast.stmt], owner: Class | None, outer: Function | None) -> None:
    for node in body:
        if isinstance(node, ast.ClassDef):
            cls = Class(node.name, module, node)
            if outer is None and owner is None:
                module.classes[node.name] = cls
            _collect(module, node.body, cls, None)
        elif isinstance(node, _FUNCTIONS):
            _add(module, node, owner, outer)
        else:
            for _, block in ast.iter_fields(node):
                statements = [item for item in block if isinstance(item, ast.stmt)] if isinstance(block, list) else []
                _collect(module, statements, owner, outer)
                for handler in block if isinstance(block, list) else ():
                    if isinstance(handler, (ast.ExceptHandler, ast.match_case)):
                        _collect(module, handler.body, owner, outer)


def _add(module: Module, node: FunctionNode, owner: Class | None, outer: Function | None) -> None:
    function = Function(node.name, module, node, owner or (outer.owner if outer else None), outer)
    module.everything.append(function)
    if outer is not None:
        outer.inner[node.name] = function
    elif owner is not None:
        setter = next((name for name in map(dotted, node.decorator_list) if name.endswith((".setter", ".deleter"))), "")
        owner.methods[setter or node.name] = function
    else:
        module.functions[node.name] = function
    _collect(module, node.body, None, function)
