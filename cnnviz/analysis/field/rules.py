"""Rules by PyTorch function name: receptive fields of the inputs → of the outputs.

Behind a function without a rule the receptive field is undefined.
"""

import functools
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace

import torch

from cnnviz.analysis.field.call_arguments import CallArguments
from cnnviz.analysis.field.layout import Factor, Field, UndefinedFieldError, plain
from cnnviz.analysis.field.merge_rules import (
    attention,
    channels_mixed,
    concatenated,
    contracted,
    gated,
    joined_elements,
    linear,
    multiplied,
    normalised,
    normed,
    normed_by_neighbours,
    normed_over_the_map,
    reduced,
    softmaxed,
    stacked,
)
from cnnviz.analysis.field.receptive_field import PIXELS
from cnnviz.analysis.field.shape_rules import (
    assigned,
    cut,
    expanded,
    indexed,
    narrowed,
    selected_one,
    turned,
    unbound,
    viewed,
)
from cnnviz.analysis.field.window_rules import (
    adaptive,
    convolution,
    lp_pooling,
    padded,
    pooling,
    resampled,
    rolled,
    shuffled_down,
    shuffled_up,
)
from cnnviz.analysis.graph.record import Graph, Op


@dataclass(frozen=True, slots=True)
class Fields:
    """The field of each tensor, and for an undefined one the operation from which on it is undefined.

    Attributes:
        of_value: `Value.index` → field.
        undefined_since: `Value.index` → `Op.index`.
    """

    of_value: Mapping[int, Field]
    undefined_since: Mapping[int, int]


def fields(graph: Graph) -> Fields:
    """Propagate receptive fields from the input through all operations of a graph."""
    known: dict[int, Field] = {graph.input.index: _of_input(graph.input.shape)}
    undefined_since: dict[int, int] = {}
    for op in (op for op in graph.ops if op.inputs):
        try:
            outputs = _after(op, known)
        except UndefinedFieldError as error:
            undefined = replace(_UNDEFINED, undefined=str(error), is_global=_any_global(op, known))
            outputs = [undefined] * len(op.outputs)
        before = [undefined_since[v.index] for v in op.inputs if v.index in undefined_since]
        for value, field in zip(op.outputs, outputs, strict=True):
            known[value.index] = field
            if field.undefined:
                undefined_since[value.index] = before[0] if before else op.index
    return Fields(known, undefined_since)


def _of_input(shape: tuple[int, ...]) -> Field:
    axes = max(0, len(shape) - 2)
    dims = (*(plain(n) for n in shape[:2]), *((Factor(a, n, 1),) for a, n in enumerate(shape[2:])))
    reason = "" if axes else "the input is no map"
    return Field(dims, ((1, (PIXELS,) * axes),), undefined=reason)


_UNDEFINED = Field((), ((1, ()),))


def _any_global(op: Op, known: Mapping[int, Field]) -> bool:
    return any(known[v.index].is_global for v in op.inputs if v.index in known)


def _after(op: Op, known: dict[int, Field]) -> list[Field]:
    for value in op.inputs:
        if value.index not in known:
            raise UndefinedFieldError("a tensor comes from outside of what PyTorch shows")
    rule = _RULES.get(op.name) or (joined_elements if _is_elementwise(op.name) else None)
    found = [known[value.index] for value in op.inputs]
    undefined = [field for field in found if field.undefined]
    if undefined:
        raise UndefinedFieldError(undefined[0].undefined)
    if rule is None:
        raise UndefinedFieldError(f"what {op.name!r} does to receptive fields is not known")
    outputs = rule(CallArguments(op, known))
    fields = list(outputs) if isinstance(outputs, list) else [outputs]
    if len(op.outputs) > len(fields):
        unknown = replace(_UNDEFINED, undefined=f"a further output of {op.name!r} is not followed")
        fields += [unknown] * (len(op.outputs) - len(fields))
    return fields


@functools.cache
def _is_elementwise(name: str) -> bool:
    """Whether PyTorch tags the function as pointwise, or it is in `_ELEMENTWISE`."""
    if name in _ELEMENTWISE:
        return True
    packet = getattr(torch.ops.aten, name, None)
    return packet is not None and any(
        torch.Tag.pointwise in getattr(packet, overload).tags for overload in packet.overloads()
    )


_ELEMENTWISE = frozenset(
    [
        "dropout",
        "dropout1d",
        "dropout2d",
        "dropout3d",
        "feature_dropout",
        "alpha_dropout",
        "feature_alpha_dropout",
        "hardswish",
        "prelu",
        "logsigmoid",
        "softsign",
        "tanhshrink",
        "rrelu",
        "subtract",
        "multiply",
        "divide",
        "negative",
        "floor_divide",
        "to",
        "float",
        "double",
        "half",
        "bfloat16",
        "type",
        "type_as",
        "contiguous",
        "detach",
        "copy",
        "fill",
        "zero",
        "threshold",
        "requires_grad",
        "cpu",
        "cuda",
        "positive",
        "data",
        "alias",
        "clone",
    ]
)


def _table() -> Iterator[tuple[str, Callable[[CallArguments], Field | list[Field]]]]:
    partial = functools.partial
    for n in (1, 2, 3):
        yield f"conv{n}d", partial(convolution, count=n, transposed=False)
        yield f"conv_transpose{n}d", partial(convolution, count=n, transposed=True)
        for name in (f"max_pool{n}d", f"max_pool{n}d_with_indices"):
            yield name, partial(pooling, count=n, dilated=True)
        yield f"avg_pool{n}d", partial(pooling, count=n, dilated=False)
        yield f"lp_pool{n}d", partial(lp_pooling, count=n)
        for name in (
            f"adaptive_avg_pool{n}d",
            f"adaptive_max_pool{n}d",
            f"adaptive_max_pool{n}d_with_indices",
        ):
            yield name, partial(adaptive, count=n)
    rules: dict[Callable[[CallArguments], Field | list[Field]], str] = {
        viewed: "view reshape flatten unflatten squeeze unsqueeze view_as reshape_as ravel",
        turned: "permute transpose movedim moveaxis swapaxes swapdims T mT t",
        cut: "chunk split tensor_split split_with_sizes unsafe_chunk unsafe_split",
        unbound: "unbind",
        narrowed: "narrow",
        selected_one: "select",
        indexed: "getitem",
        assigned: "setitem",
        reduced: "mean sum amax amin max min std var norm logsumexp prod median argmax argmin all any",
        normed: "layer_norm rms_norm",
        normed_over_the_map: "group_norm instance_norm batch_norm native_batch_norm",
        normed_by_neighbours: "local_response_norm",
        softmaxed: "softmax log_softmax softmin gumbel_softmax",
        normalised: "normalize",
        linear: "linear",
        multiplied: "matmul bmm mm",
        attention: "scaled_dot_product_attention multi_head_attention_forward",
        contracted: "einsum",
        concatenated: "cat concat concatenate",
        stacked: "stack",
        padded: "pad",
        rolled: "roll",
        expanded: "expand expand_as repeat broadcast_to tile",
        resampled: "interpolate upsample upsample_nearest",
        shuffled_up: "pixel_shuffle",
        shuffled_down: "pixel_unshuffle",
        channels_mixed: "channel_shuffle",
        gated: "glu",
    }
    for rule, names in rules.items():
        for name in names.split():
            yield name, rule


_RULES = dict(_table())
