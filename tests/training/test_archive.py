"""A ZIP file of pictures: what is taken, what is left out, and what is refused."""

import io
import struct
import zipfile
import zlib
from contextlib import contextmanager

import numpy as np
import pytest
from PIL import Image

from cnnviz.errors import CnnvizError
from cnnviz.training import archive
from cnnviz.training.archive import zip_source


def png(colour="red"):
    buffer = io.BytesIO()
    Image.new("RGB", (20, 30), colour).save(buffer, "PNG")
    return buffer.getvalue()


def packed(files):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as file:
        for name, data in files.items():
            file.writestr(name, data)
    return buffer.getvalue()


GOOD = {f"pets/{colour}/{i}.png": png(colour) for colour in ("red", "blue") for i in range(10)}


def test_a_folder_is_a_class_and_a_fifth_of_each_is_held_out():
    source = zip_source(packed(GOOD), "pets.zip")
    assert source.train.name == "pets" and source.train.classes == ("blue", "red")
    assert len(source.train) == 16 and len(source.test) == 4 and not source.notes
    pictures, labels = source.train.batch(range(16))
    for picture, label in zip(pictures.numpy(), labels, strict=True):
        assert np.array_equal(picture[:, 30, 30], [[0, 0, 255], [255, 0, 0]][int(label)])


def test_what_is_left_out_is_counted():
    more = {
        "pets/red/bad.png": b"nope", "pets/red/worse.jpg": b"", "pets/notes.txt": b"x",
        "pets/red/.hidden.png": b"x", "__MACOSX/pets/red/._0.png": b"x",
    }  # fmt: skip
    source = zip_source(packed(GOOD | more), "pets.zip")
    assert len(source.train) + len(source.test) == 20
    assert source.notes[0] == "Left out 1 file of other kinds."
    assert source.notes[1].startswith("Left out 2 pictures that cannot be read")
    assert "/tmp" not in " ".join(source.notes)
    loose = zip_source(packed({"loose.png": png()} | {k[5:]: v for k, v in GOOD.items()}), "p.zip")
    assert loose.notes == ("Left out 1 picture outside the folders.",)


def test_damage_to_one_picture_spares_the_others():
    data = bytearray(packed(GOOD))
    data[data.index(b"pets/red/0.png") + 30] ^= 0xFF
    with zipfile.ZipFile(io.BytesIO(bytes(data))) as file, pytest.raises((zlib.error, zipfile.BadZipFile)):
        file.read("pets/red/0.png")
    source = zip_source(bytes(data), "pets.zip")
    assert len(source.train) + len(source.test) == 19 and "cannot be read" in source.notes[0]


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ({}, "no pictures in folders"),
        ({"a.png": png(), "b.png": png()}, "no pictures in folders"),
        ({"red/a.txt": b"x", "blue/b.txt": b"x"}, "no pictures in folders"),
        ({"red/a.png": png(), "red/b.png": png()}, "one class only, red"),
        ({"red/a.png": b"x", "blue/b.png": png()}, "Not one picture in red can be read"),
        ({f"{i}/a.png": png() for i in range(31)}, "31 folders; at most 30"),
    ],
)
def test_what_cannot_be_learned_from_is_refused(files, words):
    with pytest.raises(CnnvizError, match=words) as caught:
        zip_source(packed(files), "pets.zip")
    assert "/tmp" not in str(caught.value)


def test_no_zip_file_and_locked_ones_are_refused():
    for data in (b"", b"PK\x03\x04", packed(GOOD)[:200]):
        with pytest.raises(CnnvizError, match="no ZIP file"):
            zip_source(data, "pets.zip")
    locked = bytearray(packed(GOOD))
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = locked.find(mark)
        while at >= 0:
            locked[at + offset] |= 1
            at = locked.find(mark, at + 1)
    with pytest.raises(CnnvizError, match="password"):
        zip_source(bytes(locked), "pets.zip")


def test_a_bomb_is_refused_before_it_is_unpacked(monkeypatch):
    monkeypatch.setattr(archive, "MOST_BYTES", 100_000)
    bomb, good = packed(GOOD | {"pets/red/bomb.png": bytes(200_000)}), packed(GOOD)
    assert len(bomb) < 10_000
    monkeypatch.setattr(zipfile.ZipFile, "open", lambda *_, **__: pytest.fail("unpacked"))
    with pytest.raises(CnnvizError, match="unpacked; at most"):
        zip_source(bomb, "pets.zip")
    monkeypatch.setattr(archive, "MOST_PICTURES", 5)
    with pytest.raises(CnnvizError, match="20 pictures; at most 5"):
        zip_source(good, "pets.zip")


def test_a_bomb_that_lies_about_its_size_is_not_unpacked_further(monkeypatch):
    bomb = bytearray(packed({"pets/red/bomb.png": bytes(20_000_000)} | GOOD))
    at = bomb.index(b"PK\x01\x02")
    bomb[at + 24 : at + 28] = struct.pack("<I", 100)
    sizes, inflate = [], zlib.decompressobj

    class Watched:
        def __init__(self, *args):
            self._real = inflate(*args)

        def decompress(self, *args):
            found = self._real.decompress(*args)
            sizes.append(len(found))
            return found

        def __getattr__(self, name):
            return getattr(self._real, name)

    monkeypatch.setattr(zipfile.zlib, "decompressobj", Watched)
    assert len(zip_source(bytes(bomb), "pets.zip").train) == 16
    assert 0 < max(sizes) < 100_000


def test_other_methods_of_packing_are_refused_unread(monkeypatch):
    for method in (zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA):
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w", method) as file:
            for name, data in GOOD.items():
                file.writestr(name, data)
        with monkeypatch.context() as patch, pytest.raises(CnnvizError, match="pack it as an ordinary ZIP"):
            patch.setattr(zipfile.ZipFile, "open", lambda *_: pytest.fail("unpacked"))
            zip_source(buffer.getvalue(), "pets.zip")


def test_too_many_pixels_are_refused_before_any_is_decoded(monkeypatch):
    buffer = io.BytesIO()
    Image.new("1", (6000, 6000)).save(buffer, "PNG")
    files = {f"{i % 2}/{i}.png": buffer.getvalue() for i in range(12)}
    monkeypatch.setattr(archive, "folder_source", lambda *_: pytest.fail("decoded"))
    with pytest.raises(CnnvizError, match="more than 400 megapixels together"):
        zip_source(packed(files), "pets.zip")


def test_too_many_entries_are_refused_before_they_are_listed(monkeypatch):
    monkeypatch.setattr(archive, "_MOST_ENTRIES", 10)
    data = packed(GOOD)
    monkeypatch.setattr(zipfile, "ZipFile", lambda *_: pytest.fail("listed"))
    with pytest.raises(CnnvizError, match="more than 10 entries"):
        zip_source(data, "pets.zip")


def test_names_that_are_no_text_end_in_a_sentence():
    data = packed({f"ä/{i}.png": png() for i in range(2)} | {"b/1.png": png()})
    with pytest.raises(CnnvizError, match="no ZIP file"):
        zip_source(data.replace("ä".encode(), b"\xff\xfe"), "pets.zip")
    assert zip_source(packed(GOOD), "pets\udcff.zip").train.name == "pets_"


def test_other_work_can_come_between_two_pictures():
    turns = []

    @contextmanager
    def turn():
        assert turns.count("in") == turns.count("out")
        turns.append("in")
        yield
        turns.append("out")

    zip_source(packed(GOOD), "pets.zip", turn=turn)
    assert turns == ["in", "out"] * 20


def test_names_do_not_lead_out_of_the_folder(tmp_path, monkeypatch):
    monkeypatch.setattr(archive.tempfile, "tempdir", str(tmp_path / "here"))
    (tmp_path / "here").mkdir()
    paths = ("../../{}/x{}.png", "/{}/y{}.png", "..\\{}\\z{}.png", "{}/a:b|{}.png")
    files = {p.format(c, i): png(c) for p in paths for c in ("red", "blue") for i in range(3)}
    source = zip_source(packed(files), "../../evil.zip")
    assert source.train.classes == ("blue", "red") and source.train.name == "evil"
    assert [path.name for path in tmp_path.rglob("*")] == ["here"]


def test_a_full_disk_is_reported(monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(archive.Path, "write_bytes", full)
    with pytest.raises(CnnvizError, match="cannot be unpacked: No space left on device"):
        zip_source(packed(GOOD), "pets.zip")
