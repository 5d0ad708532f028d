import os
import shlex
import signal

import pytest
import torch
from safetensors.torch import load_file

from cnnviz.__main__ import main
from cnnviz.nets.catalog import model
from cnnviz.nets.weights import read_provenance
from cnnviz.training.loop import TrainingRun, as_input
from cnnviz.training.pictures import TEST_SEED, ShapesPictures
from tests.training.test_sources import fill

QUICK = ["train", "--model", "simple_cnn", "--epochs", "2", "--half-size-epochs", "2", "--pictures", "8",
         "--batch-size", "4", "--test-pictures", "10"]  # fmt: skip


@pytest.fixture
def out(tmp_path):
    return tmp_path / "w.safetensors"


def only(out):
    return [path.name for path in out.parent.iterdir()] == [out.name]


def test_a_file_of_weights_comes_out_with_its_story(out, capsys):
    assert main([*QUICK, "--out", str(out)]) == 0
    reported = capsys.readouterr()
    made = read_provenance(out)
    assert (made.network, made.data, made.epochs, made.pictures, made.seed) == (
        "simple_cnn",
        "shapes",
        2,
        8,
        0,
    )
    assert reported.out == f"{out}: {made.label} (10 held-out pictures)\n"
    assert "epoch 1 of 2: loss " in reported.err and "on held-out ones" in reported.err
    assert only(out)
    pictures, labels = ShapesPictures(10, TEST_SEED).batch(range(10))
    network = model("simple_cnn", str(out))
    with torch.inference_mode():
        right = (network(as_input(pictures)).argmax(1) == labels).double().mean().item()
    assert made.test_accuracy == pytest.approx(right)


def test_the_command_in_the_file_makes_it_again(out, tmp_path, monkeypatch):
    assert main([*QUICK, "--seed", "3", "--out", str(out)]) == 0
    words = shlex.split(read_provenance(out).command)
    assert words[:3] == ["python", "-m", "cnnviz"] and str(tmp_path) not in " ".join(words)
    (tmp_path / "again").mkdir()
    monkeypatch.chdir(tmp_path / "again")
    assert main(words[3:]) == 0
    assert read_provenance(out) == read_provenance("w.safetensors")
    first, second = load_file(out), load_file("w.safetensors")
    assert all(torch.equal(first[name], second[name]) for name in first)


def stop_after(monkeypatch, step, number=signal.SIGINT):
    """Send the process a signal in the middle of a step, once."""
    one_step = TrainingRun._one_step

    def stopping(run):
        if run.step == step:
            os.kill(os.getpid(), number)
        return one_step(run)

    monkeypatch.setattr(TrainingRun, "_one_step", stopping)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_run_that_is_stopped_goes_on_and_ends_like_one_that_is_not(out, monkeypatch, capsys, number):
    whole = out.with_name("whole.safetensors")
    assert main([*QUICK, "--out", str(whole)]) == 0
    before = signal.getsignal(number)
    with monkeypatch.context() as patch:
        stop_after(patch, 2, number)
        assert main([*QUICK, "--out", str(out)]) == 1
    assert "cnnviz: Stopped after step 3 of 4; --resume goes on." in capsys.readouterr().err
    assert signal.getsignal(number) == before and not out.exists()
    assert main([*QUICK, "--out", str(out)]) == 1
    assert "is an unfinished run: add --resume" in capsys.readouterr().err
    assert main([*QUICK, "--seed", "9", "--resume", "--out", str(out)]) == 1
    assert "The unfinished run has --seed 0, not 9" in capsys.readouterr().err
    assert main([*QUICK, "--resume", "--out", str(out)]) == 0
    first, second = load_file(whole), load_file(out)
    assert all(torch.equal(first[name], second[name]) for name in first)
    assert len(list(out.parent.iterdir())) == 2


def test_a_damaged_unfinished_run_is_reported(out, capsys):
    out.with_suffix(".unfinished.safetensors").write_bytes(b"x")
    assert main([*QUICK, "--resume", "--out", str(out)]) == 1
    assert "w.unfinished.safetensors is no safetensors file" in capsys.readouterr().err


def test_a_run_that_diverges_at_once_writes_nothing(out, capsys):
    assert main([*QUICK, "--learning-rate", "1e9", "--out", str(out)]) == 1
    assert "cnnviz: Training diverged at step" in capsys.readouterr().err
    assert not any(out.parent.iterdir())


def test_a_run_that_diverges_later_writes_its_last_good_weights(out, monkeypatch, capsys):
    one_step = TrainingRun._one_step

    def breaking(run):
        if run.step == 3:
            run.network.fc.weight.data.fill_(float("nan"))
        return one_step(run)

    monkeypatch.setattr(TrainingRun, "_one_step", breaking)
    assert main([*QUICK, "--out", str(out)]) == 1
    assert (
        f"The weights after epoch 1 are kept. A learning rate far below 0.002 may help. They are in {out}."
        in (capsys.readouterr().err)
    )
    assert read_provenance(out).epochs == 1 and only(out)
    model("simple_cnn", str(out))


def test_a_folder_with_two_classes_gives_a_network_with_two(out, tmp_path, capsys):
    folder = fill(tmp_path / "leaves", maple=6, oak=6)
    (folder / "oak" / "0.png").write_bytes(b"x")
    assert main([*QUICK, "--data", str(folder), "--out", str(out)]) == 0
    assert "Left out oak/0.png" in capsys.readouterr().err.replace(os.sep, "/")
    made = read_provenance(out)
    assert (made.data, made.classes) == ("leaves", ("maple", "oak"))
    assert model("simple_cnn", str(out)).fc.out_features == 2


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--model", "simplecnn"], "no model named 'simplecnn'. Did you mean 'simple_cnn'"),
        (["--model", "resnet18"], "trains simple_cnn and mini_resnet, not resnet18"),
        (["--data", "mnits"], "There is no data named 'mnits'"),
        (["--epochs", "0"], "at least 1 epoch"),
        (["--pictures", "0"], "at least one picture"),
        (["--test-pictures", "0"], "at least one picture"),
        (["--pictures", "1"], "at least 2 pictures"),
        (["--learning-rate", "nan"], "must be above 0"),
        (["--seed", "-1"], "seed must be"),
        (["--out", "w.pt"], "must end in .safetensors"),
        (["--out", "/no/such/folder/w.safetensors"], "There is no folder"),
        (["--resume"], "There is no unfinished run"),
    ],
)
def test_what_cannot_be_done_is_one_line_before_anything_starts(out, capsys, monkeypatch, arguments, said):
    monkeypatch.setattr(TrainingRun, "_one_step", pytest.fail)
    assert main([*QUICK, "--out", str(out), *arguments]) == 1
    err = capsys.readouterr().err
    assert err.startswith("cnnviz: ") and said in err and err.count("\n") == 1


def test_help_names_the_options(capsys):
    with pytest.raises(SystemExit):
        main(["train", "--help"])
    assert {"--model", "--data", "--out", "--resume"} <= set(capsys.readouterr().out.split())
