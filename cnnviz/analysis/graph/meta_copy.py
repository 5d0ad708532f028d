"""A second tree of modules with the shapes of a model and no memory."""

import copy
import functools
from collections import OrderedDict, deque
from collections.abc import Callable
from types import MethodType
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.parameter import UninitializedParameter

from cnnviz.errors import CnnvizError
from cnnviz.ops.convolution import Conv2dFromScratch


class MetaCopy:
    """A second tree of modules in eval mode, whose calls can be watched without touching the first.

    What forward may write to, lists, dicts, buffers and tensors, is a copy; modules and methods of
    modules that stand in plain attributes are those of the second tree.

    Attributes:
        meta: whether its parameters and buffers are without memory; else the parameters are the model's own.
        names: the path of each parameter of the second tree, by identity.
        constants: its other tensors.
        paths: the path of each module of the first tree, by identity.
        dtype: of the first floating-point parameter.
        on_call, on_return: called before and after each module.
        model: the root of the second tree.
    """

    def __init__(self, model: nn.Module, *, meta: bool = True) -> None:
        self.meta = meta
        self.names: dict[int, str] = {}
        self.constants: list[Tensor] = []
        self.paths = {id(module): path for path, module in model.named_modules()}
        self._twins: dict[int, Any] = {}
        parameters = dict(model.named_parameters())
        lazy = [name for name, p in parameters.items() if isinstance(p, UninitializedParameter)]
        if lazy:
            raise CnnvizError(f"{lazy[0]} has no shape yet: run the model once, then trace it.")
        self._names = {id(p): name for name, p in parameters.items()}
        self._registered = {*self._names, *(id(buffer) for buffer in model.buffers())}
        floating = (p.dtype for p in parameters.values() if p.is_floating_point())
        self.dtype = next(floating, torch.get_default_dtype())
        self.on_call: Callable[[nn.Module, str], object] = _ignored
        self.on_return: Callable[[nn.Module, str, Any], object] = _ignored
        self.model = self._module(model)

    def _module(self, module: nn.Module) -> nn.Module:
        if id(module) in self._twins:
            return self._twins[id(module)]  # type: ignore[no-any-return]
        path = self.paths[id(module)]
        if isinstance(module, torch.jit.ScriptModule):
            where = f"{path!r}" if path else "The model"
            raise CnnvizError(
                f"{where} is a TorchScript module, whose operations cannot be seen from Python: "
                "trace the module that it was made from."
            )
        twin = nn.Module.__new__(type(module))
        self._twins[id(module)] = twin
        own = ((name, value) for name, value in module.__dict__.items() if name not in _MADE_ANEW)
        state = {name: self._copied(value, f"{path}.{name}".strip(".")) for name, value in own}
        state["_parameters"] = {n: self._tensor(p) for n, p in module._parameters.items()}
        state["_buffers"] = {n: self._tensor(b) for n, b in module._buffers.items()}
        state["_modules"] = {n: None if m is None else self._module(m) for n, m in module._modules.items()}
        state["training"] = False
        # Hooks before a call may make its weights (spectral norm); those after it only look.
        state |= {name: type(module._forward_hooks)() for name in _HOOKS_AFTER}
        twin.__dict__.update(state)
        if isinstance(module, Conv2dFromScratch):
            twin.__class__ = _Conv2d
        twin.register_forward_pre_hook(lambda m, _: _ignored(self.on_call(m, path)), prepend=True)
        twin.register_forward_hook(lambda m, _, output: _ignored(self.on_return(m, path, output)))
        return twin

    def _copied(self, value: Any, where: str) -> Any:
        """A plain attribute for the second tree; what is neither container nor tensor nor module stays."""
        if value is None or type(value) in _ATOMS:
            return value
        if id(value) in self._twins:
            return self._twins[id(value)]
        if isinstance(value, nn.Module):
            if id(value) not in self.paths:
                for path, module in value.named_modules(prefix=where):
                    self.paths.setdefault(id(module), path)
            return self._module(value)
        if isinstance(value, Tensor):
            return self._tensor(value) if id(value) in self._registered else self._constant(value)
        if isinstance(value, MethodType):
            owner = self._copied(value.__self__, where)
            return value if owner is value.__self__ else MethodType(value.__func__, owner)
        if isinstance(value, functools.partial):
            function, args, kwargs = (
                self._copied(v, where) for v in (value.func, value.args, value.keywords)
            )
            return functools.partial(function, *args, **kwargs)
        return self._copied_container(value, where)

    def _copied_container(self, value: Any, where: str) -> Any:
        if isinstance(value, tuple):
            items = [self._copied(item, where) for item in value]
            if all(new is old for new, old in zip(items, value, strict=True)):
                return value
            return type(value)._make(items) if hasattr(value, "_make") else tuple(items)
        if not isinstance(value, list | deque | dict | set):
            return value
        twin: Any = value.copy() if type(value) in _CONTAINERS else copy.copy(value)
        self._twins[id(value)] = twin
        if isinstance(value, set):
            twin.clear()
            twin.update(self._copied(item, where) for item in value)
        else:
            for key, item in value.items() if isinstance(value, dict) else enumerate(value):
                new = self._copied(item, where)
                if new is not item:
                    twin[key] = new
        return twin

    def _constant(self, tensor: Tensor) -> Tensor:
        """A tensor that is no buffer, with a memory of its own: forward may write to it."""
        twin = self._twins[id(tensor)] = tensor.detach().clone()
        self.constants.append(twin)
        return twin

    def _tensor(self, tensor: Tensor | None) -> Tensor | None:
        if tensor is None:
            return None
        if id(tensor) not in self._twins and not self.meta:
            return tensor if isinstance(tensor, nn.Parameter) else self._constant(tensor)
        if id(tensor) not in self._twins:
            twin = _without_memory(tensor)
            if isinstance(tensor, nn.Parameter):
                twin = nn.Parameter(twin, requires_grad=False)
                self.names[id(twin)] = self._names.get(id(tensor), "")
            else:
                self.constants.append(twin)
            # The original is kept as well: a number that stands for it must not be given away.
            self._twins[id(tensor)] = twin
        return self._twins[id(tensor)]  # type: ignore[no-any-return]


def _without_memory(tensor: Tensor) -> Tensor:
    """Shape, order and type of a tensor; without `empty_like`, which takes long, where that is the same."""
    plain = type(tensor) in (Tensor, nn.Parameter) and tensor.layout == torch.strided
    if plain and tensor.is_contiguous():
        return torch.empty(tensor.shape, dtype=tensor.dtype, device="meta")
    return torch.empty_like(tensor, device="meta", requires_grad=False)


_ATOMS = frozenset([bool, int, float, str])
_CONTAINERS = frozenset([list, deque, dict, OrderedDict, set])  # their own method is faster
_HOOKS_AFTER = ("_forward_hooks", "_forward_hooks_with_kwargs", "_forward_hooks_always_called")
_MADE_ANEW = frozenset(["_parameters", "_buffers", "_modules", *_HOOKS_AFTER])


class _Conv2d(nn.Conv2d):
    """Stands for `Conv2dFromScratch`, which has the same attributes and gives the same numbers."""


def _ignored(*_: object) -> None:
    """What a hook gives back would take the place of the module's input or output."""
