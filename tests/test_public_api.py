import dataclasses
import inspect
import subprocess
import sys
from pathlib import Path

import pytest
from torch import nn

import cnnviz

ROOT = Path(__file__).parents[1]

# The names and arguments that notebooks and checks from outside rely on.
PROMISED = {
    "output_size": "input_size, kernel_size, stride=1, padding=0, dilation=1",
    "conv2d": "x, weight, bias=None, stride=1, padding=0, dilation=1, groups=1, padding_mode='zeros'",
    "Conv2dFromScratch": "in_channels, out_channels, kernel_size, stride=1, padding=0, dilation=1, groups=1, "
    "bias=True, padding_mode='zeros'",
    "ResidualBlock": "in_channels, out_channels, stride=1",
    "BottleneckBlock": "in_channels, channels, stride=1",
    "SimpleCNN": "in_channels=3, num_classes=10",
    "MiniResNet": "num_classes=10, channels=(64, 128, 256, 512)",
    "model_names": "",
    "model": "name, weights=None",
    "load_image": "source",
    "feature_maps": "model, picture, layers=None",
    "trace": "model, input_shape=(1, 3, 224, 224)",
    "effective_receptive_field": "model, layer, input_shape=(1, 3, 224, 224), samples=16, seed=0",
    "unit_story": "model, picture, layer, channel, row=0, column=0",
    "attribute": "model, picture, class_index, how",
    "LeNet5": "in_channels=1, num_classes=10",
}


def public_members():
    """(dotted name, object) of the API and of the methods and properties that its classes define."""
    for name in cnnviz.__all__:
        value = getattr(cnnviz, name)
        yield name, value
        if inspect.isclass(value):
            for member, attribute in vars(value).items():
                function = getattr(attribute, "__func__", attribute)
                if not member.startswith("_") and (
                    inspect.isfunction(function) or isinstance(function, property)
                ):
                    yield f"{name}.{member}", function


def python(code):
    command = [sys.executable, "-W", "error", "-c", code]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("name", cnnviz.__all__)
def test_every_name_resolves(name):
    value = getattr(cnnviz, name)
    assert value.__name__ == name
    assert value.__module__.startswith("cnnviz.")
    assert name in dir(cnnviz)


def bare(parameters):
    """Names and defaults; the types are mypy's business."""
    return [(parameter.name, parameter.default) for parameter in parameters.values()]


@pytest.mark.parametrize("name", PROMISED)
def test_what_is_promised_is_there(name):
    assert name in cnnviz.__all__
    promised = bare(inspect.signature(eval(f"lambda {PROMISED[name]}: None")).parameters)
    actual = bare(inspect.signature(getattr(cnnviz, name)).parameters)
    assert actual[: len(promised)] == promised
    assert all(default is not inspect.Parameter.empty for _, default in actual[len(promised) :])


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no_such_name"):
        _ = cnnviz.no_such_name


def test_the_layers_are_modules_of_torch():
    for name in (
        "Conv2dFromScratch",
        "ResidualBlock",
        "BottleneckBlock",
        "SimpleCNN",
        "MiniResNet",
        "LeNet5",
    ):
        assert issubclass(getattr(cnnviz, name), nn.Module)


def test_errors_for_users_are_value_errors():
    assert issubclass(cnnviz.CnnvizError, ValueError)


@pytest.mark.parametrize(
    "name",
    [
        "Picture",
        "Pattern",
        "Window",
        "ConvStep",
        "FeatureMaps",
        "LayerSummary",
        "Trace",
        "LayerRow",
        "ReceptiveField",
        "UnitStory",
        "Attribution",
    ],
)
def test_results_are_frozen_dataclasses_with_slots(name):
    result = getattr(cnnviz, name)
    assert dataclasses.is_dataclass(result)
    assert result.__dataclass_params__.frozen
    assert not hasattr(object.__new__(result), "__dict__")


def test_the_package_alone_imports_nothing_heavy():
    heavy = {"torch", "torchvision", "streamlit", "plotly", "numpy", "skimage", "PIL", "captum"}
    code = f"import sys, cnnviz; print(sorted(set({sorted(heavy)}) & set(sys.modules)))"
    ran = python(code)
    assert (ran.stdout.strip(), ran.stderr) == ("[]", "")


def test_the_core_works_without_streamlit_and_plotly():
    code = (
        "import sys; sys.modules['streamlit'] = sys.modules['plotly'] = None\n"
        "import cnnviz\n"
        "for name in cnnviz.__all__: getattr(cnnviz, name)\n"
        "maps = cnnviz.feature_maps(cnnviz.model('simple_cnn'), cnnviz.sample('coins').fitted(32))\n"
        "print(len(maps))"
    )
    ran = python(code)
    assert (ran.stdout.strip(), ran.stderr) == ("6", "")


@pytest.mark.parametrize("member", [pytest.param(member, id=name) for name, member in public_members()])
def test_every_public_name_is_explained(member):
    documented = (member.__doc__ or "").strip()
    assert len(documented) > 10
    if inspect.isclass(member):  # what `dataclass` writes where there is no docstring
        assert not documented.startswith(f"{member.__name__}(")
