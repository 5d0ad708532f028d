"""A copy of a model on the meta device: the same modules and shapes, no values.

`copy.deepcopy` with a memo would not do: it fails on attributes that cannot be copied (locks, files,
tensors with a graph that an earlier pass has left), and takes 1.2 to 2.6 times as long.
"""

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
    """A copy of a model in eval mode, with callbacks around each module call.

    The original is never modified: lists, dicts, buffers and tensors that forward may write to are
    copied, and plain attributes that hold modules or bound methods refer to the copied modules.

    Args:
        model: left as it is.
        keep_values: share the original's parameters and copy its buffers, instead of using meta tensors.

    Attributes:
        names: id of each copied parameter → its path.
        constants: the copied tensors that are not parameters.
        paths: id of each original module → its path.
        dtype: of the first floating-point parameter.
        on_call, on_return: called before and after each module call.
        model: the copied root module.

    Raises:
        CnnvizError: if a parameter has no shape yet, or a module is TorchScript.
    """

    def __init__(self, model: nn.Module, *, keep_values: bool = False) -> None:
        self._keep_values = keep_values
        self.names: dict[int, str] = {}
        self.constants: list[Tensor] = []
        self.paths = {id(module): path for path, module in model.named_modules()}
        self._memo: dict[int, Any] = {}
        parameters = dict(model.named_parameters())
        lazy = [name for name, p in parameters.items() if isinstance(p, UninitializedParameter)]
        if lazy:
            raise CnnvizError(f"{lazy[0]} has no shape yet: run the model once, then trace it.")
        self._names = {id(p): name for name, p in parameters.items()}
        self._registered = {*self._names, *(id(buffer) for buffer in model.buffers())}
        floating = (p.dtype for p in parameters.values() if p.is_floating_point())
        self.dtype = next(floating, torch.get_default_dtype())
        self.on_call: Callable[[nn.Module, str], object] = _nothing
        self.on_return: Callable[[nn.Module, str, Any], object] = _nothing
        self.model = self._module(model)

    def _module(self, module: nn.Module) -> nn.Module:
        if id(module) in self._memo:
            return self._memo[id(module)]  # type: ignore[no-any-return]
        path = self.paths[id(module)]
        if isinstance(module, torch.jit.ScriptModule):
            where = f"{path!r}" if path else "The model"
            raise CnnvizError(
                f"{where} is a TorchScript module, whose operations cannot be seen from Python: "
                "trace the module that it was made from."
            )
        new = nn.Module.__new__(type(module))
        self._memo[id(module)] = new
        own = ((name, value) for name, value in module.__dict__.items() if name not in _NOT_COPIED)
        state = {name: self._copied(value, f"{path}.{name}".strip(".")) for name, value in own}
        state["_parameters"] = {n: self._tensor(p) for n, p in module._parameters.items()}
        state["_buffers"] = {n: self._tensor(b) for n, b in module._buffers.items()}
        state["_modules"] = {n: None if m is None else self._module(m) for n, m in module._modules.items()}
        state["training"] = False
        # Pre-hooks may compute weights (spectral norm), so they stay; hooks after forward are dropped.
        state |= {name: type(module._forward_hooks)() for name in _HOOKS_AFTER}
        new.__dict__.update(state)
        if isinstance(module, Conv2dFromScratch):
            new.__class__ = _Conv2d
        new.register_forward_pre_hook(lambda m, _: _nothing(self.on_call(m, path)), prepend=True)
        new.register_forward_hook(lambda m, _, output: _nothing(self.on_return(m, path, output)))
        return new

    def _copied(self, value: Any, where: str) -> Any:
        """Copy a plain attribute; what is no container, tensor, module, method or partial is shared."""
        if value is None or type(value) in _ATOMS:
            return value
        if id(value) in self._memo:
            return self._memo[id(value)]
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
        new: Any = value.copy() if type(value) in _CONTAINERS else copy.copy(value)
        self._memo[id(value)] = new
        if isinstance(value, set):
            new.clear()
            new.update(self._copied(item, where) for item in value)
        else:
            for key, item in value.items() if isinstance(value, dict) else enumerate(value):
                changed = self._copied(item, where)
                if changed is not item:
                    new[key] = changed
        return new

    def _constant(self, tensor: Tensor) -> Tensor:
        """Clone a tensor with its values: forward may write to it."""
        new = self._memo[id(tensor)] = tensor.detach().clone()
        self.constants.append(new)
        return new

    def _tensor(self, tensor: Tensor | None) -> Tensor | None:
        if tensor is None:
            return None
        if id(tensor) not in self._memo and self._keep_values:
            return tensor if isinstance(tensor, nn.Parameter) else self._constant(tensor)
        if id(tensor) not in self._memo:
            new = _on_meta(tensor)
            if isinstance(tensor, nn.Parameter):
                new = nn.Parameter(new, requires_grad=False)
                self.names[id(new)] = self._names.get(id(tensor), "")
            else:
                self.constants.append(new)
            self._memo[id(tensor)] = new
        return self._memo[id(tensor)]  # type: ignore[no-any-return]


def _on_meta(tensor: Tensor) -> Tensor:
    """A meta tensor of the same shape, strides and dtype; avoids the slow `empty_like` where it can."""
    plain = type(tensor) in (Tensor, nn.Parameter) and tensor.layout == torch.strided
    if plain and tensor.is_contiguous():
        return torch.empty(tensor.shape, dtype=tensor.dtype, device="meta")
    return torch.empty_like(tensor, device="meta", requires_grad=False)


_ATOMS = frozenset([bool, int, float, str])
_CONTAINERS = frozenset([list, deque, dict, OrderedDict, set])  # their own `copy` is faster than `copy.copy`
_HOOKS_AFTER = ("_forward_hooks", "_forward_hooks_with_kwargs", "_forward_hooks_always_called")
_NOT_COPIED = frozenset(["_parameters", "_buffers", "_modules", *_HOOKS_AFTER])


class _Conv2d(nn.Conv2d):
    """Replaces `Conv2dFromScratch`, which has the same attributes and results."""


def _nothing(*_: object) -> None:
    """Return None: any other result of a hook would replace the module's input or output."""
