"""A text file stands whole, or the old one does; a full disk is told by the file's name."""

import os
import resource

import pytest

from data.files.whole import write, writing_among_others


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


def test_processes_that_write_the_same_file_of_a_cache_do_not_harm_one_another(tmp_path):
    path = tmp_path / "cache" / "a.npy"
    with writing_among_others(path) as first, writing_among_others(path) as second:
        first.write(b"one")
        second.write(b"two")
        assert not path.exists()
    assert path.read_bytes() == b"one" and os.listdir(path.parent) == ["a.npy"]  # the last to end
    with pytest.raises(KeyboardInterrupt), writing_among_others(path) as third:
        third.write(b"thr")
        raise KeyboardInterrupt
    assert path.read_bytes() == b"one" and os.listdir(path.parent) == ["a.npy"]
