import csv
import io
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

import cnnviz
from cnnviz.__main__ import main
from cnnviz.analysis.trace.trace import trace
from cnnviz.figures.maps import wall_pixels
from cnnviz.nets.catalog import meta_model

ROOT = Path(__file__).parents[1]


def test_a_table_is_aligned_and_ends_in_totals(capsys):
    assert main(["layers", "resnet18"]) == 0
    text = capsys.readouterr().out
    lines = text.splitlines()
    found = trace(meta_model("resnet18"))
    rows = lines[2 : 2 + len(found)]
    assert [line.split()[0] for line in rows] == [row.layer for row in found]
    ends = {match.end() for line in rows if (match := re.search(r"\S+  +\S+  +[\d×]+ ", line))}
    assert max(ends) <= lines[0].index("parameters")
    macs = lines[0].index("MACs") + len("MACs")
    assert {line[macs - 1].isspace() or line[macs - 1].isdigit() for line in rows} == {True}
    assert "parameters  11,689,512" in text and "MACs        1,814,073,344  (1 MAC = 2 FLOPs)" in text
    assert "sees 435×435 pixels" in text
    assert not any(line != line.rstrip() for line in lines)


def test_what_is_not_reached_is_reported(capsys):
    assert main(["layers", "googlenet"]) == 0
    count = sum(p.numel() for p in meta_model("googlenet").aux1.parameters())
    assert f"not reached aux1 (InceptionAux): {count:,} parameters" in capsys.readouterr().out


def test_csv_to_the_output_and_to_a_file(capsys, tmp_path):
    assert main(["layers", "lenet5", "--csv"]) == 0
    text = capsys.readouterr().out
    assert next(csv.DictReader(io.StringIO(text)))["layer"] == "features.c1"
    assert main(["layers", "lenet5", "--csv", str(tmp_path / "a.csv")]) == 0
    assert capsys.readouterr().out == ""
    assert (tmp_path / "a.csv").read_bytes().decode() == text


@pytest.mark.parametrize(
    ("arguments", "shape"),
    [(["--size", "96"], "1×3×96×96"), (["--input", "2,3,64,80"], "2×3×64×80"), ([], "1×3×224×224")],
)
def test_the_input_is_chosen(capsys, arguments, shape):
    assert main(["layers", "squeezenet1_1", *arguments]) == 0
    assert f"with an input of {shape}" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["restnet18"], "no model named 'restnet18'. Did you mean 'resnet18'"),
        (["alexnet", "--size", "20"], "The smallest size that works is 63×63"),
        (["resnet18", "--size", "999999999999"], "is too large to be counted"),
        (["lenet5", "--input", "1,3,32,32"], "takes 1 channels, but its input has 3"),
        (["lenet5", "--csv", "/no/such/folder/a.csv"], "/no/such/folder/a.csv"),
    ],
)
def test_what_cannot_be_done_is_one_line_and_exit_code_1(capsys, arguments, said):
    assert main(["layers", *arguments]) == 1
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("cnnviz: ") and said in captured.err and captured.err.count("\n") == 1


@pytest.mark.parametrize(
    "arguments",
    [
        ["layers", "lenet5", "--input", "1,3,99999999999999999999999,64"],
        [], ["layer"], ["layers"], ["layers", "lenet5", "--size", "0"], ["layers", "lenet5", "--size", "x"],
        ["layers", "lenet5", "--input", "5"], ["layers", "lenet5", "--size", "32", "--input", "1,1,32,32"],
    ],
)  # fmt: skip
def test_what_is_not_understood_is_exit_code_2(capsys, arguments):
    with pytest.raises(SystemExit) as left:
        main(arguments)
    assert left.value.code == 2
    assert "usage: python -m cnnviz" in capsys.readouterr().err


@pytest.fixture
def photo(tmp_path):
    path = tmp_path / "photo.png"
    Image.fromarray(cnnviz.sample("coffee").fitted(96).pixels).save(path)
    return path


def maps_of(photo, out, *arguments):
    return main(["maps", str(photo), "--out", str(out), *arguments])


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["--layer", "layer1", "--size", "64"], ("mini_resnet", 0, "layer1", 64)),
        (["--model", "simple_cnn", "--seed", "4", "--size", "32"], ("simple_cnn", 4, "block1.conv1", 32)),
        (["--model", "lenet5", "--layer", "features.s4"], ("lenet5", 0, "features.s4", 32)),
        (["--model", "resnet18", "--layer", "layer1.0.relu#2", "--size", "32"],
         ("resnet18", 0, "layer1.0.relu#2", 32)),
    ],
)  # fmt: skip
def test_maps_as_numbers_and_as_a_picture(capsys, tmp_path, photo, arguments, expected):
    name, seed, layer, side = expected
    x = cnnviz.network_input(cnnviz.load_image(photo).centre_square(side), name)
    values = cnnviz.feature_maps(cnnviz.model(name, seed=seed), x, [layer.partition("#")[0]])[layer]
    assert maps_of(photo, tmp_path / "maps.npz", *arguments) == 0
    with np.load(tmp_path / "maps.npz") as file:
        assert list(file) == [layer]
        np.testing.assert_allclose(file[layer], values, rtol=1e-5, atol=1e-6)
    assert (
        f"{len(values)} maps of {layer}, {values.shape[1]}×{values.shape[2]} each" in capsys.readouterr().out
    )
    assert maps_of(photo, tmp_path / "maps.png", *arguments) == 0
    limit = np.full(len(values), np.abs(values).max())
    with Image.open(tmp_path / "maps.png") as wall:
        assert wall.format == "PNG"
        np.testing.assert_array_equal(np.asarray(wall), wall_pixels(values, limit))


def test_maps_with_trained_weights_see_the_picture_normalised(tmp_path, photo, hub):
    name = "shufflenet_v2_x0_5"
    trained = cnnviz.model(name, seed=9)
    torch.save(trained.state_dict(), hub / "shufflenetv2_x0.5-f707e7126e.pth")
    options = ["--model", name, "--weights", "imagenet", "--size", "64"]
    assert maps_of(photo, tmp_path / "maps.npz", *options) == 0
    mean, std = torch.tensor([0.485, 0.456, 0.406]), torch.tensor([0.229, 0.224, 0.225])
    x = (cnnviz.load_image(photo).centre_square(64).tensor() - mean[:, None, None]) / std[:, None, None]
    with np.load(tmp_path / "maps.npz") as file, torch.no_grad():
        np.testing.assert_allclose(file["conv1.0"], trained.conv1[0](x)[0].numpy(), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--layer", "layr1"], "The model has no layer 'layr1'. Near it: layer1"),
        (["--layer", "fc"], "Layer 'fc' gives 10 numbers that are no feature maps."),
        (["--model", "restnet18"], "Did you mean 'resnet18'"),
        (["--size", "60000"], "up to 4096 pixels, not 60000"),
        (["--model", "lenet5", "--size", "64"], "The smallest size that works is 32×32"),
        (["--model", "simple_cnn", "--weights", "imagenet"], "simple_cnn has no weights named 'imagenet'"),
        (["--model", "googlenet", "--layer", "aux1"], "Layer 'aux1' does not run"),
    ],
)
def test_maps_that_cannot_be_had_are_one_line_and_no_file(capsys, tmp_path, photo, arguments, said):
    assert maps_of(photo, tmp_path / "maps.png", *arguments) == 1
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("cnnviz: ") and said in captured.err and captured.err.count("\n") == 1
    assert not (tmp_path / "maps.png").exists()


def test_a_photo_or_a_folder_that_is_not_there_is_named(capsys, tmp_path, photo):
    assert maps_of("no.jpg", tmp_path / "maps.png") == 1
    assert "no.jpg cannot be read" in capsys.readouterr().err
    assert maps_of(photo, "/no/such/folder/maps.png", "--size", "32") == 1
    assert "/no/such/folder/maps.png" in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments",
    [["p.png", "--out", "maps.png", "--seed", "99999999999999999999999"],
     ["p.png"], ["p.png", "--out", "maps.jpg"], ["--out", "maps.png"],
     ["p.png", "--out", "maps.png", "--seed", "-1"], ["p.png", "--out", "maps.png", "--size", "0"]],
)  # fmt: skip
def test_maps_not_understood_are_exit_code_2(capsys, arguments):
    with pytest.raises(SystemExit) as left:
        main(["maps", *arguments])
    assert left.value.code == 2
    assert "usage: python -m cnnviz maps" in capsys.readouterr().err


def test_it_runs_as_a_module_and_stops_quietly_when_nobody_reads():
    command = [sys.executable, "-W", "error", "-m", "cnnviz", "layers", "lenet5"]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    process.stdout.close()
    assert (process.stderr.read(), process.wait()) == (b"", 0)
    process.stderr.close()
    helped = subprocess.run([*command[:-2], "--help"], cwd=ROOT, capture_output=True, text=True, check=True)
    assert "layers" in helped.stdout
