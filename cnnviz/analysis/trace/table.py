"""Turn a recorded graph into rows; the operations of one PyTorch layer become one row."""

import math
from collections.abc import Iterator, Sequence

from torch import nn

from cnnviz.analysis.field.layout import UndefinedFieldError
from cnnviz.analysis.field.receptive_field import ReceptiveField
from cnnviz.analysis.field.rules import Fields
from cnnviz.analysis.field.rules import fields as follow_fields
from cnnviz.analysis.graph.record import Call, Graph, Op, Value
from cnnviz.analysis.layers.summaries import layer_kind
from cnnviz.analysis.trace.macs import macs
from cnnviz.analysis.trace.rows import LayerRow, RowKind, Trace, Unreached


class TraceTable:
    """Builds the `Trace` of a model from its graph."""

    def __init__(self, model: nn.Module, shape: tuple[int, ...], graph: Graph) -> None:
        self._model = model
        self._shape = shape
        self._graph = graph
        self._fields: Fields = follow_fields(graph)
        self._sizes = {name: p.numel() for name, p in model.named_parameters()}
        self._attended = _attended(graph)
        self._row_of_op: list[int] = [0] * len(graph.ops)
        self._names: dict[str, int] = {}
        self._rows: list[LayerRow] = []
        self._groups = self._grouped()

    def trace(self) -> Trace:
        """All rows, and the modules that the pass did not use."""
        for ops, call in self._groups:
            for op in ops:
                self._row_of_op[op.index] = len(self._rows)
            self._rows.append(self._row(ops, call))
        layers = {row.layer: index for index, row in enumerate(self._rows)}
        return Trace(
            type(self._model).__name__,
            self._shape,
            tuple(self._rows),
            self._unreached(),
            sum(self._sizes.values()),
            {**self._blocks(), **layers},
            tuple(ops[-1].index for ops, _ in self._groups),
            self._last_map(),
        )

    def _grouped(self) -> list[tuple[Sequence[Op], Call | None]]:
        """The operations of each row, and the module call they belong to, if any."""
        leaves = {
            call.start: call for call in self._graph.calls if call.end > call.start and _is_one_row(call)
        }
        groups: list[tuple[Sequence[Op], Call | None]] = []
        index = 0
        while index < len(self._graph.ops):
            call = leaves.get(index)
            end = call.end if call else index + 1
            groups.append((self._graph.ops[index:end], call))
            index = end
        return groups

    def _name(self, base: str) -> str:
        count = self._names[base] = self._names.get(base, 0) + 1
        return base if count == 1 else f"{base}#{count}"

    def _row(self, ops: Sequence[Op], call: Call | None) -> LayerRow:
        last, own = ops[-1], {op.index for op in ops}
        outputs = call.outputs if call and call.outputs else last.outputs
        inputs = [v for op in ops for v in op.inputs if v.source not in own]
        inputs = list({v.index: v for v in inputs}.values())
        layer = call.path if call and call.path else ".".join(filter(None, (last.path, last.name)))
        seen, is_global, note = self._seen(last.outputs[0])
        note = "; ".join(filter(None, (note, self._other_outputs(seen, last.outputs[1:]))))
        elements = sum(math.prod(v.shape) for v in outputs)
        written = sum(math.prod(v.shape) for op in ops if op.allocates for v in op.outputs)
        return LayerRow(
            self._name(layer),
            _kind(call, last),
            type(call.module).__name__.lstrip("_") if call else last.name,
            tuple(v.shape for v in inputs),
            outputs[0].shape,
            sum(self._sizes.get(name, 0) for op in ops for name in op.parameters),
            sum(macs(op) for op in ops),
            elements,
            min(written, elements),
            min(written, elements) * self._graph.itemsize,
            tuple(dict.fromkeys(self._parent(v) for v in inputs)),
            seen,
            is_global,
            self._fields.of_value[last.outputs[0].index].pooled if last.outputs[0].varies else False,
            note,
        )

    def _parent(self, value: Value) -> str:
        return self._rows[self._row_of_op[value.source]].layer if value.source >= 0 else ""

    def _seen(self, value: Value) -> tuple[ReceptiveField | None, bool, str]:
        """Receptive field of a tensor, whether it is global, and the note."""
        if not value.varies:
            return None, False, "made of weights alone: it sees nothing of the input"
        found = self._fields.of_value[value.index]
        if found.undefined:
            return None, found.is_global, self._why_undefined(value, found.undefined)
        if found.is_vector():
            may = "may see" if value.index in self._attended else "sees"
            whole = f", it {may} the whole input" if found.is_global else ""
            return None, found.is_global, f"a vector: no map is left{whole}"
        if not found.is_map():
            return None, found.is_global, "no map: its positions are cut up or flattened"
        try:
            axes = found.uniform()
        except UndefinedFieldError as error:
            return None, found.is_global, str(error)
        seen = ReceptiveField.of(axes, self._shape[2:], found.is_global, found.dims_of_axes())
        note = "" if seen.is_uniform else f"units see {_range_of_sizes(seen)} pixels, in turns"
        if found.is_global:
            paths = _ATTENDS if value.index in self._attended else _GLOBAL
            note = "; ".join(filter(None, (note, paths)))
        return seen, found.is_global, note

    def _other_outputs(self, seen: ReceptiveField | None, others: Sequence[Value]) -> str:
        """A note if an operation's further outputs have another field than the first."""
        found = (self._seen(value)[0] for value in others)
        if seen is None or all(field in (None, seen) for field in found):
            return ""
        return f"of the first of {len(others) + 1} tensors; others see other pixels"

    def _why_undefined(self, value: Value, reason: str) -> str:
        at = self._fields.undefined_since[value.index]
        if at == value.source or at >= len(self._row_of_op):
            return reason
        row = self._row_of_op[at]
        since = self._rows[row].layer if row < len(self._rows) else self._graph.ops[at].path
        return f"{reason} (since {since})"

    def _blocks(self) -> dict[str, int]:
        """Module path → number of the row whose output the module returns."""
        found: dict[str, int] = {}
        for call in self._graph.calls:
            if call.path and call.outputs and call.outputs[0].source >= 0:
                found.setdefault(call.path, self._row_of_op[call.outputs[0].source])
        return found

    def _last_map(self) -> int | None:
        for index in range(len(self._groups) - 1, -1, -1):
            value = self._groups[index][0][-1].outputs[0]
            if (
                self._rows[index].receptive_field is not None
                and not self._fields.of_value[value.index].pooled
            ):
                return index
        return None

    def _unreached(self) -> tuple[Unreached, ...]:
        used = {name for op in self._graph.ops for name in op.parameters}
        name_of = {id(p): name for name, p in self._model.named_parameters()}
        left = {name: size for name, size in self._sizes.items() if name not in used}

        def taken(path: str, kind: str, names: Sequence[str]) -> Iterator[Unreached]:
            sizes = [left.pop(name) for name in names if name in left]
            if sizes:
                yield Unreached(path, kind, sum(sizes))

        found: list[Unreached] = []
        for path, module in self._model.named_modules():
            if not left:
                break
            inside = [name_of[id(p)] for p in module.parameters()]
            if path and used.isdisjoint(inside):
                found += taken(path, type(module).__name__, inside)
            else:  # it has run: list its unused parameters one by one
                for own in (name_of[id(p)] for p in module.parameters(recurse=False)):
                    found += taken(own, "Parameter", [own])
        return tuple(found)


_GLOBAL = "global: a unit sees the whole input as well; the numbers leave that out"
_ATTENDS = (
    "global by attention: a unit sees all positions of its window, which may be the whole input; "
    "the numbers leave that out"
)
_ATTENTIONS = ("scaled_dot_product_attention", "multi_head_attention_forward")
_PRODUCTS = ("matmul", "bmm", "baddbmm", "einsum")


def _attended(graph: Graph) -> set[int]:
    """Indices of values downstream of attention or of a product of two tensors that depend on the input."""
    found: set[int] = set()
    for op in graph.ops:
        attends = op.name in _ATTENTIONS or (op.name in _PRODUCTS and len(op.inputs) > 1)
        if attends or any(value.index in found for value in op.inputs):
            found.update(value.index for value in op.outputs if value.varies)
    return found


def _range_of_sizes(seen: ReceptiveField) -> str:
    sizes = [size for axis in seen.axes for size in axis.sizes]
    return f"{min(sizes)} to {max(sizes)}"


def _is_one_row(call: Call) -> bool:
    """Whether a module call is one row: PyTorch's own layers, and leaf modules that call one function."""
    module = call.module
    if isinstance(module, nn.MultiheadAttention):
        return True
    if next(module.children(), None) is not None:
        return False
    return call.end - call.start == 1 or type(module).__module__.startswith("torch.nn.modules")


_KINDS: dict[RowKind, str] = {
    "convolution": "conv1d conv2d conv3d conv_transpose1d conv_transpose2d conv_transpose3d",
    "norm": "batch_norm layer_norm group_norm instance_norm local_response_norm normalize rms_norm",
    "pooling": "max_pool1d max_pool2d max_pool3d avg_pool1d avg_pool2d avg_pool3d lp_pool1d lp_pool2d "
    "adaptive_avg_pool1d adaptive_avg_pool2d adaptive_avg_pool3d adaptive_max_pool1d adaptive_max_pool2d "
    "adaptive_max_pool3d mean amax amin max_pool2d_with_indices",
    "linear": "linear matmul bmm mm einsum bilinear",
    "attention": "scaled_dot_product_attention multi_head_attention_forward",
    "join": "add sub mul div cat concat concatenate stack maximum minimum",
    "activation": "relu relu6 leaky_relu elu selu celu gelu silu mish sigmoid tanh hardswish hardsigmoid "
    "hardtanh softplus softsign prelu softmax log_softmax logsigmoid threshold",
    "reshape": "view reshape flatten unflatten squeeze unsqueeze permute transpose swapaxes movedim "
    "contiguous chunk split getitem select narrow expand roll pad unbind pixel_shuffle pixel_unshuffle "
    "channel_shuffle repeat T mT t",
}
_KIND_OF = {name: kind for kind, names in _KINDS.items() for name in names.split()}


def _kind(call: Call | None, op: Op) -> RowKind:
    if call is not None:
        if isinstance(call.module, nn.MultiheadAttention):
            return "attention"
        kind = layer_kind(call.module)
        if kind != "other" and kind != "block":
            return kind
    return _KIND_OF.get(op.name, "other")
