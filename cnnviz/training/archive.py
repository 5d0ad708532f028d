"""Training pictures from an uploaded ZIP file with one folder per class."""

import io
import re
import struct
import tempfile
import zipfile
import zlib
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from pathlib import Path, PurePosixPath

from PIL import Image

from cnnviz.data.images import DAMAGE, FORMATS, TOO_LARGE
from cnnviz.errors import CnnvizError
from cnnviz.training.sources import SUFFIXES, Source, Turn, folder_source

MOST_PICTURES = 2_000
MOST_CLASSES = 30
MOST_BYTES = 200_000_000
MOST_MEGAPIXELS = 400  # some seconds of one core
_MOST_ENTRIES = 20_000
_ENTRY = b"PK\x01\x02"  # signature of an entry in a ZIP file's central directory
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
# What zipfile raises for damaged files; only the first is documented. UnicodeDecodeError is a ValueError,
# NotImplementedError stands for unknown versions and compression methods.
_DAMAGE = (
    zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError, LookupError,
    OverflowError, struct.error,
)  # fmt: skip
Entry = tuple[zipfile.ZipInfo, tuple[str, ...]]


def zip_source(data: bytes, name: str, seed: int = 0, turn: Turn = nullcontext) -> Source:
    """Pictures in a ZIP file, centre crops 64×64; each folder is a class.

    Names from the file are never used as paths, and no entry is read beyond its declared size. Other
    files and unreadable pictures are skipped and counted in the notes.

    Args:
        data: the file.
        name: the file's name, for messages.
        seed: of the random choice of held-out pictures.
        turn: a context entered around the decoding of each picture.

    Raises:
        CnnvizError: if it is not a ZIP file, too large, or has fewer than two classes with pictures.
    """
    name = _sendable(name)
    stem = _clean(PurePosixPath(name).stem)
    if data.count(_ENTRY) > _MOST_ENTRIES:
        raise CnnvizError(
            f"{name} has more than {_MOST_ENTRIES:,} entries; at most {MOST_PICTURES:,} pictures are taken."
        )
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            entries, notes = _pictures_in(archive, name)
            with tempfile.TemporaryDirectory() as temporary:
                folder = Path(temporary, stem)
                _unpack(archive, entries, folder, name)
                found = _read(folder, name, seed, turn)
    except _DAMAGE as error:
        if isinstance(error, CnnvizError):
            raise
        raise CnnvizError(f"{name} is no ZIP file that can be read here, or is damaged.") from error
    except OSError as error:
        raise CnnvizError(f"{name} cannot be unpacked: {error.strerror or error}.") from error
    return Source(found.train, found.test, (*notes, *_counted(found.notes)))


def _pictures_in(archive: zipfile.ZipFile, name: str) -> tuple[list[Entry], list[str]]:
    """The pictures inside folders, and notes on skipped files."""
    files = [info for info in archive.infolist() if not info.is_dir() and not _hidden(info.filename)]
    pictures = [info for info in files if PurePosixPath(info.filename).suffix.lower() in SUFFIXES]
    _refuse_unfit(pictures, name)
    placed = _without_common_folder([(info, _parts(info.filename)) for info in pictures])
    in_folders = [(info, parts) for info, parts in placed if len(parts) > 1]
    if not in_folders:
        raise CnnvizError(
            f"{name} has no pictures in folders (PNG, JPEG, WebP, BMP, GIF, TIFF): each class needs a "
            "folder, named after it."
        )
    notes = []
    if left := len(files) - len(pictures):
        notes.append(f"Left out {left:,} file{'s' if left > 1 else ''} of other kinds.")
    if loose := len(placed) - len(in_folders):
        notes.append(f"Left out {loose:,} picture{'s' if loose > 1 else ''} outside the folders.")
    return in_folders, notes


def _hidden(path: str) -> bool:
    return any(part.startswith((".", "__MACOSX")) for part in _parts(path))


def _parts(path: str) -> tuple[str, ...]:
    """The components of a path, without empty ones, "." and ".."."""
    return tuple(part for part in re.split(r"[/\\]", path) if part not in ("", ".", ".."))


def _refuse_unfit(pictures: Sequence[zipfile.ZipInfo], name: str) -> None:
    if len(pictures) > MOST_PICTURES:
        raise CnnvizError(f"{name} has {len(pictures):,} pictures; at most {MOST_PICTURES:,} are taken here.")
    size = sum(info.file_size for info in pictures)
    if size > MOST_BYTES:
        raise CnnvizError(
            f"{name} holds {size / 1e6:,.0f} MB unpacked; at most {MOST_BYTES / 1e6:,.0f} MB are taken here."
        )
    if any(info.flag_bits & 1 for info in pictures):
        raise CnnvizError(f"{name} is locked with a password: pack it without one.")
    if any(info.compress_type not in _METHODS for info in pictures):
        raise CnnvizError(f"{name} is packed by a method that is not read here: pack it as an ordinary ZIP.")


def _without_common_folder(entries: list[Entry]) -> list[Entry]:
    """Strip leading folders that all classes share."""
    while entries and all(len(parts) > 2 for _, parts in entries) and len({p[0] for _, p in entries}) == 1:
        entries = [(info, parts[1:]) for info, parts in entries]
    return entries


def _unpack(archive: zipfile.ZipFile, entries: Sequence[Entry], folder: Path, name: str) -> None:
    names = _class_folders(entries)
    pixels = 0
    for number, (info, parts) in enumerate(entries):
        place = folder / names[parts[0]]
        place.mkdir(parents=True, exist_ok=True)
        content = _content(archive, info)
        pixels += _pixels_in(content)
        if pixels > MOST_MEGAPIXELS * 1_000_000:
            raise CnnvizError(
                f"The pictures in {name} have more than {MOST_MEGAPIXELS} megapixels together: make them "
                "smaller first. 64×64 pixels of each are used."
            )
        original = PurePosixPath(parts[-1])
        (place / f"{number}_{_clean(original.stem)}{original.suffix.lower()}").write_bytes(content)


def _content(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> bytes:
    """A file's bytes, at most its declared size; b"" if damaged, which is counted later."""
    try:
        with archive.open(info) as file:
            return file.read(info.file_size)
    except _DAMAGE:
        return b""


def _pixels_in(content: bytes) -> int:
    """Number of pixels according to a picture's header; 0 if unreadable."""
    try:
        with Image.open(io.BytesIO(content), formats=FORMATS) as image:
            return image.width * image.height
    except (*DAMAGE, *TOO_LARGE):  # `load_image` reports the reason
        return 0


def _class_folders(entries: Sequence[Entry]) -> Mapping[str, str]:
    """Class → its folder name on disk."""
    classes = list(dict.fromkeys(parts[0] for _, parts in entries))
    if len(classes) > MOST_CLASSES:
        raise CnnvizError(f"The file has {len(classes):,} folders; at most {MOST_CLASSES} classes fit here.")
    names: dict[str, str] = {}
    for original in classes:
        clean = _clean(original)
        names[original] = clean if clean not in names.values() else f"{clean}_{len(names)}"
    return names


def _sendable(name: str) -> str:
    """Without lone surrogates, which file systems and browsers refuse."""
    return name.encode("utf-8", "replace").decode()


def _clean(name: str) -> str:
    return re.sub(r'[\x00-\x1f<>:"/\\|?*]', "_", _sendable(name)).strip(" .")[:60] or "folder"


def _read(folder: Path, name: str, seed: int, turn: Turn) -> Source:
    try:
        return folder_source(folder, seed, turn)
    except CnnvizError as error:  # its message contains paths of this server
        text = str(error).replace(str(folder / "x")[:-1], "").replace(str(folder), name)
        raise CnnvizError(text) from error


def _counted(notes: Sequence[str]) -> list[str]:
    """A note with the number of unreadable pictures and the reason of the first."""
    if not notes:
        return []
    many = "s" if len(notes) > 1 else ""
    first = notes[0].removeprefix("Left out ")
    return [f"Left out {len(notes):,} picture{many} that cannot be read, the first of them {first}"]
