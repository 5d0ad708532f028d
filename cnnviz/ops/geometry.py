"""The integer arithmetic of a sliding window along one axis.

Convolution and pooling treat height and width alike, so everything here is about one axis;
two-dimensional code uses one `Window` for the rows and one for the columns.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, Self, get_args

import numpy as np

from cnnviz.arrays import Array
from cnnviz.errors import CnnvizError

IntPair = int | Sequence[int]
PaddingMode = Literal["zeros", "reflect", "replicate", "circular"]
PADDING_MODES: tuple[PaddingMode, ...] = get_args(PaddingMode)


def pair(value: IntPair, name: str) -> tuple[int, int]:
    """Read `value` as (height, width); one number stands for both.

    Raises:
        CnnvizError: if it is neither a whole number nor two of them.
    """
    values = tuple(value) if isinstance(value, Iterable) else (value, value)
    if len(values) != 2 or not all(is_whole(v) for v in values):
        raise CnnvizError(f"{name} must be one whole number or two (height, width), not {value!r}.")
    return int(values[0]), int(values[1])


def is_whole(value: object) -> bool:
    """Whether `value` is an integer, Python's or NumPy's; True and False are not."""
    return isinstance(value, int | np.integer) and not isinstance(value, bool)


@dataclass(frozen=True, slots=True)
class Window:
    """A window of `kernel_size` taps that slides along one axis.

    Attributes:
        kernel_size: number of taps, at least 1.
        stride: input samples between neighbouring outputs, at least 1.
        padding: samples added before the first input sample, at least 0.
        dilation: input samples between neighbouring taps, at least 1.
        extra_end: samples added after the last input sample, over and above `padding`.

    Raises:
        CnnvizError: if a value is not a whole number or is too small.
    """

    kernel_size: int
    stride: int = 1
    padding: int = 0
    dilation: int = 1
    extra_end: int = 0

    def __post_init__(self) -> None:
        minima = {"kernel_size": 1, "stride": 1, "padding": 0, "dilation": 1, "extra_end": 0}
        for name, minimum in minima.items():
            value = getattr(self, name)
            if not is_whole(value) or value < minimum:
                raise CnnvizError(f"{name} must be a whole number of at least {minimum}, not {value!r}.")

    @classmethod
    def same(cls, kernel_size: int, stride: int = 1, dilation: int = 1) -> Self:
        """The window whose output is as long as its input, as PyTorch's `padding="same"`.

        An odd total of padding puts the extra sample at the end.

        Raises:
            CnnvizError: if `stride` is not 1, where frameworks disagree on what "same" means.
        """
        if stride != 1:
            raise CnnvizError('padding="same" is defined for stride 1 only; give a number instead.')
        total = dilation * (kernel_size - 1)
        return cls(kernel_size, 1, total // 2, dilation, extra_end=total % 2)

    @property
    def padding_end(self) -> int:
        """Samples added after the last input sample."""
        return self.padding + self.extra_end

    @property
    def effective_kernel_size(self) -> int:
        """Input samples from the first tap to the last: d(k−1) + 1."""
        return self.dilation * (self.kernel_size - 1) + 1

    def padded_size(self, input_size: int) -> int:
        """n + 2p, or n + p + p_end where the two ends differ."""
        return input_size + self.padding + self.padding_end

    def output_size(self, input_size: int) -> int:
        """Number of output positions: ⌊(n + 2p − d(k−1) − 1) / s⌋ + 1.

        Raises:
            CnnvizError: if the window is longer than the padded input.
        """
        self.require_fit(input_size)
        return self._slack(input_size) // self.stride + 1

    def left_over(self, input_size: int) -> int:
        """Samples at the end of the padded input that no window position reaches.

        Raises:
            CnnvizError: if the window is longer than the padded input.
        """
        self.require_fit(input_size)
        return self._slack(input_size) % self.stride

    def _slack(self, input_size: int) -> int:
        return self.padded_size(input_size) - self.effective_kernel_size

    def require_fit(self, input_size: int) -> None:
        """Raise a `CnnvizError` if the window is longer than the padded input, or there is no input."""
        if not is_whole(input_size) or input_size < 1:
            raise CnnvizError(f"input_size must be a whole number of at least 1, not {input_size!r}.")
        if self._slack(input_size) < 0:
            raise CnnvizError(
                f"The kernel spans {self.effective_kernel_size} but the padded input only "
                f"{self.padded_size(input_size)}: make the kernel or the dilation smaller, or pad more."
            )

    def taps(self, output_index: int) -> range:
        """Input coordinates read for one output; those outside [0, n) lie in the padding."""
        first = output_index * self.stride - self.padding
        return range(first, first + self.effective_kernel_size, self.dilation)

    def largest_kernel_size(self, input_size: int) -> int:
        """The largest kernel size that fits, all else unchanged; 0 if not even one tap does."""
        return (self.padded_size(input_size) - 1) // self.dilation + 1

    def largest_dilation(self, input_size: int) -> int | None:
        """The largest dilation that fits; None if any does, as with a single tap."""
        if self.kernel_size == 1:
            return None
        return (self.padded_size(input_size) - 1) // (self.kernel_size - 1)

    def smallest_padding(self, input_size: int) -> int:
        """The least padding at each end with which the window fits."""
        missing = self.effective_kernel_size - input_size
        return max(0, -(-missing // 2))


def output_size(
    input_size: int, kernel_size: int, stride: int = 1, padding: int = 0, dilation: int = 1
) -> int:
    """Output size of a convolution or pooling along one axis.

    ⌊(n + 2p − d(k−1) − 1) / s⌋ + 1, with PyTorch's names and meaning.

    Raises:
        CnnvizError: if a value is out of range or the kernel does not fit.
    """
    return Window(kernel_size, stride, padding, dilation).output_size(input_size)


def largest_padding(input_size: int, padding_mode: PaddingMode) -> int | None:
    """The most padding that `padding_mode` can fill on an axis of `input_size`; None: no limit.

    Reflection does not repeat the border sample, so its limit is `input_size` − 1.
    """
    return {"zeros": None, "replicate": None, "reflect": input_size - 1, "circular": input_size}[padding_mode]


def source_indices(input_size: int, padding: int, padding_end: int, padding_mode: PaddingMode) -> Array:
    """For each sample of the padded axis, the input sample that it copies; −1 where it is zero.

    Raises:
        CnnvizError: if the mode is unknown or cannot fill that much padding.
    """
    if padding_mode not in PADDING_MODES:
        raise CnnvizError(f"padding_mode must be one of {', '.join(PADDING_MODES)}, not {padding_mode!r}.")
    limit = largest_padding(input_size, padding_mode)
    if limit is not None and max(padding, padding_end) > limit:
        raise CnnvizError(
            f"{padding_mode} padding of {max(padding, padding_end)} needs more than the {input_size} samples "
            f"there are: at most {limit}."
        )
    index = np.arange(-padding, input_size + padding_end)
    if padding_mode == "zeros":
        return np.where((index >= 0) & (index < input_size), index, -1)
    if padding_mode == "replicate":
        return np.clip(index, 0, input_size - 1)
    if padding_mode == "circular":
        return index % input_size
    period = max(1, 2 * (input_size - 1))
    return (input_size - 1) - np.abs(index % period - (input_size - 1))
