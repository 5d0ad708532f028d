"""Attribution of a class score to the input pixels, by Captum: one (H, W) array per method."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, Protocol, TypeVar, get_args

import torch
from torch import Tensor, nn

from cnnviz.analysis.layers.activations import as_batch, evaluating, forward, layer_named
from cnnviz.analysis.trace.rows import LayerRow, Trace
from cnnviz.analysis.trace.trace import trace
from cnnviz.arrays import Array, read_only
from cnnviz.data.images import Picture
from cnnviz.errors import CancelledError, CnnvizError
from cnnviz.ops.geometry import is_whole

AttributionMethod = Literal["saliency", "integrated_gradients", "occlusion", "grad_cam"]
T = TypeVar("T")
ATTRIBUTION_METHODS: tuple[AttributionMethod, ...] = get_args(AttributionMethod)


class Lend(Protocol):
    """Calls a function with the model and returns its result."""

    def __call__(self, one: Callable[[nn.Module], T], /) -> T:
        """Call it."""


@dataclass(frozen=True, slots=True)
class Passes:
    """Number of forward passes, in pictures, and of those with a backward pass."""

    forward: int
    backward: int


@dataclass(frozen=True, slots=True)
class Attribution:
    """An attribution method and its settings; each method uses its own settings only.

    "saliency" is the largest magnitude of the gradient over a pixel's channels (Simonyan et al. 2013).
    "integrated_gradients" sums gradients along the line from a baseline of zeros to the picture
    (Sundararajan et al. 2017); summed over all pixels it approximates the difference in score.
    "occlusion" replaces squares by zeros and measures the drop in score (Zeiler and Fergus 2013).
    "grad_cam" weights the maps of one layer by their mean gradients, applies ReLU to the sum and
    up-samples it to the picture (Selvaraju et al. 2016). For normalised inputs zero is the mean colour.

    Attributes:
        method: one of `ATTRIBUTION_METHODS`.
        steps: of integrated gradients, 2 or more.
        window, stride: of occlusion, in pixels; the stride at most the window, so that no pixel is left out.
        layer: of Grad-CAM; "" for the layer with the last map.
        batch: pictures per forward pass.

    Raises:
        CnnvizError: if a setting is out of range.
    """

    method: AttributionMethod
    steps: int = 50
    window: int = 32
    stride: int = 16
    layer: str = ""
    batch: int = 1

    def __post_init__(self) -> None:
        if self.method not in ATTRIBUTION_METHODS:
            raise CnnvizError(f"The methods are {', '.join(ATTRIBUTION_METHODS)}, not {self.method!r}.")
        for name, least in (("steps", 2), ("window", 1), ("stride", 1), ("batch", 1)):
            value = getattr(self, name)
            if not is_whole(value) or value < least:
                raise CnnvizError(f"{name} must be a whole number of at least {least}, not {value!r}.")
        if self.stride > self.window:
            raise CnnvizError(f"A stride of {self.stride} leaves pixels out of windows of {self.window}.")

    def passes(self, height: int, width: int) -> Passes:
        """The passes it needs for a picture of that size, in pixels.

        Raises:
            CnnvizError: if the window of occlusion is larger than the picture.
        """
        if self.method == "integrated_gradients":
            return Passes(self.steps, self.steps)
        if self.method != "occlusion":
            return Passes(1, 1)
        if self.window > min(height, width):
            raise CnnvizError(f"A window of {self.window} is larger than the picture, {height}×{width}.")
        rows, columns = (-(-(n - self.window) // self.stride) + 1 for n in (height, width))
        return Passes(rows * columns + 1, 0)


def attribute(
    model: nn.Module,
    picture: Picture | Tensor,
    class_index: int,
    how: Attribution,
    *,
    progress: Callable[[float], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
    run: Lend | None = None,
) -> Array:
    """Attribute the score (before softmax) of one class to the pixels of a picture.

    Args:
        model: returns scores (N, classes); runs in eval mode and is left as it is.
        picture: as for `feature_maps`.
        class_index: which score.
        how: method and settings.
        progress: called after each forward pass with the fraction done.
        cancelled: called before each forward pass; `CancelledError` is raised once it returns True.
        run: called with a function of the model for each pass, returns its result: for a server that
            shares one model; `model` may then be on the meta device.

    Returns:
        (H, W) float32, read-only. Saliency and Grad-CAM are at least 0 (Grad-CAM is 0 where nothing
        supports the class); in the other two, negative pixels lower the score.

    Raises:
        CnnvizError: if there is no such class or layer, the layer gives no maps, or the picture does
            not fit.
    """
    if not is_whole(class_index) or class_index < 0:
        raise CnnvizError(f"A class is a whole number from 0, not {class_index!r}.")
    x = as_batch(picture)
    count = how.passes(*x.shape[2:]).forward
    lend = run or (lambda one: one(model))
    scores = _Scores(lend, int(class_index), count, progress, cancelled)
    layer = _map_layer(model, x, how.layer) if how.method == "grad_cam" else ""
    with torch.inference_mode(False), torch.enable_grad():
        found = _attributed(scores, x.detach().clone(), how, layer)
    return read_only(found.detach().float())


class _Scores:
    """The model as Captum calls it: one score per picture; reports progress and can be cancelled.

    Each pass computes its gradient at once, so that the model can be returned between passes.
    """

    def __init__(
        self,
        lend: Lend,
        class_index: int,
        total: int,
        progress: Callable[[float], None] | None,
        cancelled: Callable[[], bool] | None,
    ) -> None:
        self._lend, self._class = lend, class_index
        self._total, self._done = total, 0
        self._progress, self._cancelled = progress, cancelled

    def __call__(self, x: Tensor) -> Tensor:
        wanted = x.requires_grad and torch.is_grad_enabled()
        if not wanted:
            return self.of(x, False)[0]
        scores: Tensor = _WithGradient.apply(x, self)  # type: ignore[no-untyped-call]
        return scores

    def of(self, x: Tensor, wanted: bool) -> tuple[Tensor, Tensor]:
        """Scores (N,) and, if `wanted`, their gradient with respect to x (else the scores again)."""

        def one(model: nn.Module) -> tuple[Tensor, Tensor]:
            inputs = _placed(x, model).requires_grad_(wanted)
            with evaluating(model), torch.set_grad_enabled(wanted):
                scores = self.chosen(model, inputs.clone())
                gradient = torch.autograd.grad(scores.sum(), inputs)[0] if wanted else scores
            return scores.detach().cpu(), gradient.cpu()

        return self.counted(one, len(x))

    def chosen(self, model: nn.Module, x: Tensor) -> Tensor:
        """The class's score of each picture, (N,), with its autograd graph."""
        scores = forward(model, x)
        if not isinstance(scores, Tensor) or scores.dim() != 2:
            raise CnnvizError("The network gives no scores of classes, so there is none to attribute.")
        if self._class >= scores.shape[1]:
            raise CnnvizError(f"The classes are 0 to {scores.shape[1] - 1}, so there is no {self._class}.")
        return scores[:, self._class]

    def counted(self, one: Callable[[nn.Module], T], pictures: int) -> T:
        """Run one pass unless cancelled, then report progress."""
        if self._cancelled is not None and self._cancelled():
            raise CancelledError("The attribution was cancelled.")
        value: T = self._lend(one)
        self._done += pictures
        if self._progress is not None:
            self._progress(self._done / self._total)
        return value


class _WithGradient(torch.autograd.Function):
    """A forward pass that computes and stores its gradient at once."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, scores: _Scores) -> Tensor:
        values, gradient = scores.of(x, True)
        ctx.save_for_backward(gradient)
        return values

    @staticmethod
    def backward(ctx: Any, *given: Tensor) -> tuple[Tensor, None]:
        (gradient,) = ctx.saved_tensors
        return gradient * given[0][:, None, None, None], None


def _placed(x: Tensor, model: nn.Module) -> Tensor:
    """A detached copy on the model's device."""
    return x.detach().to(next(model.parameters(), x).device, copy=True)


def _attributed(scores: _Scores, x: Tensor, how: Attribution, layer: str) -> Tensor:
    from captum import attr

    found: Tensor
    if how.method == "grad_cam":
        return scores.counted(lambda model: _grad_cam(scores, model, x, layer), 1)
    if how.method == "saliency":
        found = attr.Saliency(scores).attribute(x.requires_grad_())
        return found[0].amax(0)
    if how.method == "integrated_gradients":
        batch = min(how.batch, how.steps)
        found = attr.IntegratedGradients(scores).attribute(x, n_steps=how.steps, internal_batch_size=batch)
        return found[0].sum(0)
    window, stride = ((x.shape[1], n, n) for n in (how.window, how.stride))
    with torch.no_grad():
        found = attr.Occlusion(scores).attribute(
            x, sliding_window_shapes=window, strides=stride, perturbations_per_eval=how.batch
        )
    return found[0, 0]  # all channels are occluded together, so they share one value


def _grad_cam(scores: _Scores, model: nn.Module, x: Tensor, layer: str) -> Tensor:
    """Grad-CAM of one layer, up-sampled to the picture: (H, W)."""
    from captum import attr

    inputs = _placed(x, model).requires_grad_()
    with evaluating(model):
        method = attr.LayerGradCam(lambda batch: scores.chosen(model, batch), layer_named(model, layer))
        maps = method.attribute(inputs, relu_attributions=True)
    enlarged: Tensor = attr.LayerAttribution.interpolate(maps, tuple(x.shape[2:]), "bilinear")
    return enlarged[0, 0].detach().cpu()


def _map_layer(model: nn.Module, x: Tensor, layer: str) -> str:
    """The path of the layer for Grad-CAM, checked."""
    found = trace(model, x.shape)
    layer = layer or last_map_module(model, found)
    layer_named(model, layer)
    if not _gives_maps(found[layer]):
        raise CnnvizError(f"{layer!r} gives no feature maps with the channels first, which Grad-CAM weighs.")
    if any(other.layer == f"{layer}#2" for other in found):
        raise CnnvizError(f"{layer!r} runs more than once: choose the block that it stands in.")
    return layer


def _gives_maps(row: LayerRow) -> bool:
    seen = row.receptive_field
    return len(row.output_shape) == 4 and (seen is None or seen.dims == (2, 3))


def grad_cam_layers(model: nn.Module, found: Trace) -> tuple[str, ...]:
    """The modules that Grad-CAM can use, in the order of `named_modules()`."""
    again = {row.layer.removesuffix("#2") for row in found if row.layer.endswith("#2")}
    rows = {row.layer: row for row in found}
    ends = ((path, _gives(found, path)) for path, _ in model.named_modules() if path and path not in again)
    return tuple(path for path, end in ends if end is not None and _gives_maps(rows[end]))


def last_map_module(model: nn.Module, found: Trace) -> str:
    """The outermost module whose output is the last map, or else the last row before it that is one."""
    ends: dict[str | None, str] = {}
    for path, _ in model.named_modules():
        if path:
            ends.setdefault(_gives(found, path), path)
    rows = found.rows[: found.rows.index(found.last_map) + 1]
    return next((ends[row.layer] for row in reversed(rows) if row.layer in ends), found.last_map.layer)


def _gives(found: Trace, path: str) -> str | None:
    """The layer name of a module's last row; None if it has no row."""
    try:
        return found[path].layer
    except CnnvizError:
        return None
