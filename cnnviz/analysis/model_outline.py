"""A second tree of modules with the shapes of a model and no memory."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.parameter import UninitializedParameter

from cnnviz.errors import CnnvizError
from cnnviz.ops.convolution import Conv2dFromScratch


class ModelOutline:
    """A second tree of modules in eval mode, whose calls can be watched without touching the first.

    Attributes:
        meta: whether its tensors are without memory; else they are the model's own.
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
        floating = (p.dtype for p in parameters.values() if p.is_floating_point())
        self.dtype = next(floating, torch.get_default_dtype())
        self.on_call: Callable[[nn.Module, str], None] = _nothing
        self.on_return: Callable[[nn.Module, str, Any], None] = _nothing
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
        state = dict(module.__dict__)
        state["_parameters"] = {n: self._tensor(p) for n, p in module._parameters.items()}
        state["_buffers"] = {n: self._tensor(b) for n, b in module._buffers.items()}
        state["_modules"] = {n: m and self._module(m) for n, m in module._modules.items()}
        state["training"] = False
        # Hooks before a call may make its weights (spectral norm); those after it only look.
        state["_forward_pre_hooks"] = type(module._forward_pre_hooks)(module._forward_pre_hooks)
        state["_forward_hooks"] = type(module._forward_hooks)()
        state["_forward_hooks_with_kwargs"] = type(module._forward_hooks)()
        state["_forward_hooks_always_called"] = type(module._forward_hooks)()
        twin.__dict__.update(state)
        if isinstance(module, Conv2dFromScratch):
            twin.__class__ = _Conv2d
        self.constants += [t for t in module.__dict__.values() if isinstance(t, Tensor)]
        twin.register_forward_pre_hook(lambda m, _: self.on_call(m, path), prepend=True)
        twin.register_forward_hook(lambda m, _, output: self.on_return(m, path, output))
        return twin

    def _tensor(self, tensor: Tensor | None) -> Tensor | None:
        if tensor is None:
            return None
        if not self.meta:
            if isinstance(tensor, nn.Parameter):
                self.names[id(tensor)] = self._names.get(id(tensor), "")
            else:
                self.constants.append(tensor)
            return tensor
        if id(tensor) not in self._twins:
            twin = torch.empty_like(tensor, device="meta", requires_grad=False)
            if isinstance(tensor, nn.Parameter):
                twin = nn.Parameter(twin, requires_grad=False)
                self.names[id(twin)] = self._names.get(id(tensor), "")
            else:
                self.constants.append(twin)
            # The original is kept as well: a number that stands for it must not be given away.
            self._twins[id(tensor)] = twin
        return self._twins[id(tensor)]  # type: ignore[no-any-return]


class _Conv2d(nn.Conv2d):
    """Stands for `Conv2dFromScratch`, which has the same attributes and gives the same numbers."""


def _nothing(*_: Any) -> None:
    return None
