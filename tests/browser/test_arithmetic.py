"""The arithmetic of the sliding window in the browser is PyTorch's, over random settings."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from cnnviz.ops.convolution import conv2d_step
from cnnviz.ops.geometry import PADDING_MODES
from cnnviz.ops.pooling import pool2d_step
from tests.browser.modules import load_modules

pytestmark = pytest.mark.own_tab

SETTINGS = 200
EVALUATE = """
([kind, input, rows, columns, options]) => {
  const op = new Operation(kind, input, rows, columns, options);
  const grid = (height, width, f) =>
    Array.from({ length: height }, (_, r) => Array.from({ length: width }, (_, c) => f(r, c)));
  const all = (f) => grid(op.output.rows, op.output.columns, f);
  const winner = (r, c) => { const w = winningTerm(op.terms(r, c)); return w && [w.row, w.column]; };
  return {
    values: all((r, c) => op.value(r, c)).map((row) => row.map((v) => (Number.isFinite(v) ? v : String(v)))),
    winners: kind === "max" ? all(winner) : null,
    leftOver: op.leftOver,
    terms: op.fits ? op.terms(op.output.rows - 1, op.output.columns >> 1) : [],
    wrong: wrongReaders(),
  };
  /** Where readers, isRead or met do not follow from the terms of the outputs. */
  function wrongReaders() {
    const [readers, met, wrong] = [{}, {}, []];
    all((r, c) => op.terms(r, c).filter((t) => t.channel === 0).forEach((t) => {
      (readers[[t.row, t.column]] ??= new Set()).add(`${r},${c}`);
      (met[[t.m, t.n]] ??= new Set()).add(`${t.row},${t.column}`);
    }));
    const same = (list, found = new Set()) =>
      list.length === found.size && list.every((place) => found.has(String(place)));
    grid(op.size.rows, op.size.columns, (r, c) => {
      const list = op.readers(r, c);
      const fits = same(list, readers[[r, c]]) && op.isRead(r, c) === ([r, c] in readers);
      if (!fits) wrong.push(`input ${r},${c}`);
    });
    grid(rows.kernel_size, columns.kernel_size, (m, n) => {
      if (!same(op.met(m, n), met[[m, n]])) wrong.push(`tap ${m},${n}`);
    });
    const unread = grid(op.size.rows, op.size.columns, (r, c) => op.isRead(r, c)).flat().filter((is) => !is);
    if (unread.length !== op.countUnread()) wrong.push(`unread ${op.countUnread()}`);
    return wrong;
  }
}
"""


@pytest.fixture
def arithmetic(page):
    load_modules(page, "shared/operation.js")
    return lambda *settings: page.evaluate(EVALUATE, list(settings))


def axis(kernel_size, stride, padding, dilation=1):
    return {"kernel_size": kernel_size, "stride": stride, "padding": padding, "dilation": dilation}


def settings_of(draw, channels):
    sizes = [int(n) for n in draw.integers(5, 17, 2)]
    return torch.tensor(draw.normal(size=(channels, *sizes)), dtype=torch.float64), sizes


def compare(found, expected):
    assert found["wrong"] == []
    assert np.shape(found["values"]) == tuple(expected.shape)
    np.testing.assert_allclose(np.array(found["values"], dtype=float), expected.numpy(), atol=1e-12)


def test_convolution(arithmetic):
    draw = np.random.default_rng(0)
    for _ in range(SETTINGS):
        x, sizes = settings_of(draw, int(draw.choice([1, 3])))
        mode = str(draw.choice(PADDING_MODES))
        kernel, stride, dilation = ([int(v) for v in draw.integers(1, 4, 2)] for _ in range(3))
        padding = [int(v) for v in draw.integers(0, 4, 2)]
        spans = [d * (k - 1) + 1 for k, d in zip(kernel, dilation, strict=True)]
        if any(n + 2 * p < s for n, p, s in zip(sizes, padding, spans, strict=True)):
            continue
        weight = torch.tensor(draw.normal(size=(1, len(x), *kernel)), dtype=torch.float64)
        bias = float(draw.normal())
        name = "constant" if mode == "zeros" else mode
        padded = F.pad(x[None], (padding[1], padding[1], padding[0], padding[0]), mode=name)
        expected = F.conv2d(padded, weight, torch.tensor([bias], dtype=torch.float64), stride, 0, dilation)[
            0, 0
        ]
        axes = [axis(*each) for each in zip(kernel, stride, padding, dilation, strict=True)]
        found = arithmetic(
            "conv", x.tolist(), *axes, {"weights": weight[0].tolist(), "bias": bias, "mode": mode}
        )
        compare(found, expected)
        row, column = expected.shape[0] - 1, expected.shape[1] // 2
        step = conv2d_step(
            x[None], weight, torch.tensor([bias], dtype=torch.float64), stride, padding, dilation, 1, mode,
            row=row, column=column,
        )  # fmt: skip
        terms = found["terms"]
        for name, values in (("x", step.inputs), ("w", step.weights)):
            np.testing.assert_allclose([t[name] for t in terms], values.ravel(), atol=1e-15)
        assert [t["padded"] for t in terms] == [*step.is_padding.ravel()] * len(x)
        assert found["values"][row][column] == pytest.approx(step.value, abs=1e-12)
        left = [(n + 2 * p - s) % t for n, p, s, t in zip(sizes, padding, spans, stride, strict=True)]
        assert list(found["leftOver"].values()) == left


def test_pooling(arithmetic):
    draw = np.random.default_rng(1)
    for _ in range(SETTINGS):
        x, sizes = settings_of(draw, 1)
        size, stride = int(draw.integers(2, 5)), int(draw.integers(1, 5))
        padding = int(draw.integers(0, size // 2 + 1))
        ceil, count = bool(draw.integers(2)), bool(draw.integers(2))
        options = {"ceil": ceil, "countPadding": count}
        window = axis(size, stride, padding)
        expected = F.avg_pool2d(x[None], size, stride, padding, ceil, count)[0, 0]
        compare(arithmetic("average", x.tolist(), window, window, options), expected)
        expected, index = F.max_pool2d(x[None], size, stride, padding, 1, ceil, return_indices=True)
        found = arithmetic("max", x.tolist(), window, window, options)
        compare(found, expected[0, 0])
        row, column = expected.shape[2] - 1, expected.shape[3] // 2
        step = pool2d_step(x[0], "max", size, stride, padding, ceil, row=row, column=column)
        assert found["winners"][row][column] == list(step.winner)
        flat = [[row * sizes[1] + column for row, column in line] for line in found["winners"]]
        assert flat == index[0, 0].tolist()


def test_transposed_convolution(arithmetic):
    draw = np.random.default_rng(2)
    for _ in range(SETTINGS):
        x, _ = settings_of(draw, 1)
        size, stride, dilation = (int(draw.integers(1, 5)) for _ in range(3))
        padding = int(draw.integers(0, 3))
        extra = int(draw.integers(0, max(stride, dilation)))
        weight = torch.tensor(draw.normal(size=(1, 1, size, size)), dtype=torch.float64)
        window = axis(size, stride, padding, dilation)
        expected = F.conv_transpose2d(x[None], weight, None, stride, padding, extra, 1, dilation)[0, 0]
        compare(
            arithmetic(
                "transposed",
                x.tolist(),
                window,
                window,
                {"weights": weight[0].tolist(), "outputPadding": extra},
            ),
            expected,
        )
