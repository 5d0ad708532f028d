"""What the page on parameters and cost asks."""

from cnnviz.analysis.cost import BYTES, DType, convolution, ways_to_convolve
from cnnviz.ui.widgets.quiz import check_yourself, choose_yourself


def ask_about_convolution(in_channels: int, out_channels: int, kernel_size: int) -> None:
    """The weights of another convolution than the one on screen."""
    k, i, o = kernel_size + 2, in_channels + 2, out_channels
    weights = k * k * i * o
    check_yourself(
        f"A convolution with a {k}×{k} kernel leads from {i} to {o} channels. How many weights has it, "
        "without biases?",
        weights,
        {
            "you counted the biases, one for each output channel": weights + o,
            "you left out the input channels: each kernel reads them all": k * k * o,
            "you left out the output channels: each has kernels of its own": k * k * i,
            "you left out the channels; that is one kernel of one channel": k * k,
            "a kernel has k·k weights, not k": k * i * o,
            "you left out the kernel": i * o,
            "you added the channels; every input goes to every output": k * k * (i + o),
        },
        "cost_quiz_dense",
    )


def ask_about_wide(layers: int, channels: int) -> None:
    """The weights of the one layer that sees as much as a deeper stack."""
    n, c = layers + 1, channels
    size = 2 * n + 1
    answer = size * size * c * c
    check_yourself(
        f"{n} layers of 3×3, each from {c} to {c} channels, are replaced by one layer that sees as many "
        "pixels. How many weights has that one layer, without biases?",
        answer,
        {
            "that is the stack of 3×3 layers; the one layer has a larger kernel": 9 * n * c * c,
            "you left out the channels": size * size,
            "each output channel reads all input channels, so the channels count twice": size * size * c,
            f"that is what replaces {layers} layers; here there are {n}": (2 * layers + 1) ** 2 * c * c,
            "each layer adds 2 pixels to what is seen, not 3": (3 * n) ** 2 * c * c,
            "you counted the biases": answer + c,
            "a kernel has k·k weights, not k": size * c * c,
        },
        "cost_quiz_deep",
    )


def ask_about_ways(
    in_channels: int, out_channels: int, kernel_size: int, size: tuple[int, int], groups: int, reduction: int
) -> None:
    """MACs of a depthwise separable convolution, and weights of a grouped one, both for twice the outputs."""
    i, o, k = in_channels, 2 * out_channels, kernel_size
    height, width = size
    standard, grouped, separable, _ = ways_to_convolve(i, o, k, height, width, groups, reduction)
    depthwise = convolution(i, i, k, size, groups=i, bias=False)
    pointwise = convolution(i, o, 1, size, bias=False)
    check_yourself(
        f"A depthwise separable convolution, {k}×{k}, leads from {i} to {o} channels, on maps of "
        f"{height}×{width}. How many MACs is that for one picture?",
        separable.macs,
        {
            "those are FLOPs: 2 for each MAC": 2 * separable.macs,
            "those are the weights; each is used at every place of the map": separable.weights,
            "that is the standard convolution; depthwise, each channel has one kernel": standard.macs,
            "that is the depthwise half; the 1×1 convolution that mixes the channels follows": depthwise.macs,
            "that is the 1×1 half; the depthwise kernels come before it": pointwise.macs,
            f"that is with {out_channels} output channels": (i * k * k + i * out_channels) * height * width,
        },
        "cost_quiz_ways",
        "Check yourself: depthwise separable",
    )
    check_yourself(
        f"A grouped convolution with groups = {groups}, {k}×{k}, leads from {i} to {o} channels. How many "
        "weights has it, without biases?",
        grouped.weights,
        {
            "you forgot the groups: each output channel reads only the inputs of its group": standard.weights,
            "the groups divide once: the outputs are as many as before": standard.weights // groups**2,
            "you counted the biases": grouped.weights + o,
            "those are MACs; weights are used at every place, but counted once": grouped.macs,
            "you left out the kernel": grouped.weights // (k * k),
        },
        "cost_quiz_groups",
        "Check yourself: groups",
    )


def ask_about_flops(layer: str, macs: int, setting_batch: int) -> None:
    """FLOPs of one layer for another batch, and what a larger picture costs."""
    batch = setting_batch + 2
    check_yourself(
        f"For one picture, {layer} takes {macs:,} MACs. How many FLOPs are that for a batch of {batch}?",
        2 * macs * batch,
        {
            "those are MACs; a MAC is a multiplication and an addition, so 2 FLOPs": macs * batch,
            "that is one picture; every picture of the batch is computed": 2 * macs,
            "that is one picture's MACs": macs,
            "a MAC is 2 FLOPs, not half of one": macs * batch // 2,
            "that is the batch set above": 2 * macs * setting_batch,
        },
        "cost_quiz_flops",
        "Check yourself: FLOPs",
    )
    right = "Its MACs and activations become four times as many; its weights stay."
    choose_yourself(
        "The map that a convolution reads becomes twice as high and twice as wide. What does it cost then?",
        {
            "All of it doubles.": "twice as high *and* twice as wide is four times as many places.",
            "Its weights, MACs and activations become four times as many.": "the kernel does not know how "
            "large the map is: its weights stay.",
            right: "each weight is used at four times as many places. (Exactly so where the stride divides "
            "the size.)",
            "Nothing changes.": "weights stay, but they are used at more places.",
        },
        right,
        "cost_quiz_size",
        "Check yourself: a larger map",
    )


def ask_about_memory(first: tuple[str, int], second: tuple[str, int], dtype: DType) -> None:
    """How many bytes apart the parameters of two models, each (name, number), are in another type."""
    other: DType = "float32" if dtype != "float32" else "float16"
    apart = abs(first[1] - second[1])
    check_yourself(
        f"{first[0]} has {first[1]:,} parameters and {second[0]} {second[1]:,}. How many bytes does one take "
        f"more than the other, if they are stored in {other}?",
        apart * BYTES[other],
        {
            f"that is how many parameters; each takes {BYTES[other]} bytes": apart,
            f"that is in {dtype}": apart * BYTES[dtype],
            "those are bits; a byte has 8": apart * BYTES[other] * 8,
            "you added them; the question is how many more": (first[1] + second[1]) * BYTES[other],
        },
        "cost_quiz_memory",
    )
