import csv
import io
import re
import subprocess
import sys
from pathlib import Path

import pytest

from cnnviz.__main__ import main
from cnnviz.analysis.trace import trace
from cnnviz.nets.catalog import model_outline

ROOT = Path(__file__).parents[1]


def test_a_table_is_aligned_and_ends_in_totals(capsys):
    assert main(["layers", "resnet18"]) == 0
    text = capsys.readouterr().out
    lines = text.splitlines()
    found = trace(model_outline("resnet18"))
    rows = lines[2 : 2 + len(found)]
    assert [line.split()[0] for line in rows] == [row.layer for row in found]
    ends = {match.end() for line in rows if (match := re.search(r"\S+  +\S+  +[\d×]+ ", line))}
    assert max(ends) <= lines[0].index("parameters")
    macs = lines[0].index("MACs") + len("MACs")
    assert {line[macs - 1].isspace() or line[macs - 1].isdigit() for line in rows} == {True}
    assert "parameters  11,689,512" in text and "MACs        1,814,073,344  (1 MAC = 2 FLOPs)" in text
    assert "sees 435×435 pixels" in text
    assert not any(line != line.rstrip() for line in lines)


def test_what_is_not_reached_is_told(capsys):
    assert main(["layers", "googlenet"]) == 0
    count = sum(p.numel() for p in model_outline("googlenet").aux1.parameters())
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
        [], ["layer"], ["layers"], ["layers", "lenet5", "--size", "0"], ["layers", "lenet5", "--size", "x"],
        ["layers", "lenet5", "--input", "5"], ["layers", "lenet5", "--size", "32", "--input", "1,1,32,32"],
    ],
)  # fmt: skip
def test_what_is_not_understood_is_exit_code_2(capsys, arguments):
    with pytest.raises(SystemExit) as left:
        main(arguments)
    assert left.value.code == 2
    assert "usage: python -m cnnviz" in capsys.readouterr().err


def test_it_runs_as_a_module_and_stops_quietly_when_nobody_reads():
    command = [sys.executable, "-W", "error", "-m", "cnnviz", "layers", "lenet5"]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    process.stdout.close()
    assert (process.stderr.read(), process.wait()) == (b"", 0)
    process.stderr.close()
    helped = subprocess.run([*command[:-2], "--help"], cwd=ROOT, capture_output=True, text=True, check=True)
    assert "layers" in helped.stdout
