"""Lists that are many CIF files: a folder, or a tar archive read from end to end."""

from __future__ import annotations

import tarfile
from collections.abc import Iterator
from itertools import islice
from pathlib import Path, PurePosixPath

import pyarrow as pa

from serving.blocks import MaterialText, Rejection
from serving.list_files import Compression, reading
from serving.rows import STRUCTURE_FILE_BYTES, InputBlock, ListError, clean, structure_file

TAR_ENDINGS = (".tar", ".tar.gz", ".tgz", ".tar.zst")
CARRIED = pa.schema([("id", pa.string()), ("cif_path", pa.string())])


class CifFolder:
    """The .cif files of a folder, by name; not the folders in it."""

    carried = CARRIED
    has_structures = True

    def __init__(self, path: Path) -> None:
        self.files = sorted(file for file in path.iterdir() if file.suffix.lower() == ".cif")
        if not self.files:
            raise ListError(f"the folder '{path}' has no .cif files")
        self.total = len(self.files)

    def blocks(self, rows: int) -> Iterator[InputBlock]:
        """The files in order, ``rows`` at a time; id is the name without its ending."""
        for start in range(0, self.total, rows):
            files = self.files[start : start + rows]
            entries = [structure_file(file, "cif", "cif_path") for file in files]
            yield _block([file.name for file in files], entries, start + len(files))


class CifTar:
    """The .cif files in a tar archive, in its order. Nothing is unpacked onto the disk."""

    carried = CARRIED
    has_structures = True

    def __init__(self, path: Path) -> None:
        self.path = path
        self.total = path.stat().st_size
        if next(self._files(), None) is None:
            raise ListError(f"'{path.name}' has no .cif files")

    def blocks(self, rows: int) -> Iterator[InputBlock]:
        """The files in order, ``rows`` at a time; id is the name without folders and ending."""
        files = self._files()
        while block := list(islice(files, rows)):
            yield _block(
                [name for name, _, _ in block], [entry for _, entry, _ in block], block[-1][2]
            )

    def _files(self) -> Iterator[tuple[str, MaterialText | Rejection, int]]:
        """Name, content and how far into the archive."""
        try:
            with (
                reading(self.path, self._compression()) as (raw, plain),
                tarfile.open(fileobj=plain, mode="r|") as archive,
            ):
                for member in archive:
                    if member.isfile() and member.name.lower().endswith(".cif"):
                        yield clean(member.name), _entry(archive, member), raw.tell()
        except (tarfile.TarError, EOFError) as error:
            raise ListError(f"'{self.path.name}' is no whole tar archive: {error}") from error
        except OSError as error:
            if error.errno is not None:
                raise
            raise ListError(f"'{self.path.name}' is damaged: {error}") from error

    def _compression(self) -> Compression:
        name = self.path.name.lower()
        if name.endswith((".gz", ".tgz")):
            return "gzip"
        return "zstd" if name.endswith(".zst") else ""


def _entry(archive: tarfile.TarFile, member: tarfile.TarInfo) -> MaterialText | Rejection:
    stream = archive.extractfile(member)
    if stream is None:
        return Rejection("unreadable_row", "cif_path", f"'{clean(member.name)}': is no file")
    content = stream.read(STRUCTURE_FILE_BYTES)
    # Structures are plain ASCII; names of authors in comments are in any encoding.
    return MaterialText(content.decode("utf-8", errors="replace"), "cif")


def _block(names: list[str], entries: list[MaterialText | Rejection], progress: int) -> InputBlock:
    carried = {"id": [PurePosixPath(name).stem for name in names], "cif_path": names}
    return InputBlock(pa.table(carried, schema=CARRIED), entries, [None] * len(names), progress)
