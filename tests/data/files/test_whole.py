"""A text file stands whole, or the old one does; a full disk is told by the file's name."""

import os
import resource

import pytest

from data.files.whole import write


def test_a_file_is_written_or_the_old_one_stands(tmp_path):
    path = tmp_path / "a.json"
    write(path, "ä\n")
    limit = resource.getrlimit(resource.RLIMIT_FSIZE)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (10, limit[1]))
        with pytest.raises(OSError, match=r"/a.json: could not be written \(File too large\)$"):
            write(path, "b" * 100)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limit)
    assert path.read_text(encoding="utf-8") == "ä\n" and os.listdir(tmp_path) == ["a.json"]
