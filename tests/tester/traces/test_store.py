"""The folder of traces: what has to go for one more."""

import os
from pathlib import Path

from tester.traces.store import make_room


def written(folder, *names):
    """Write files, each a second after the one before."""
    for second, name in enumerate(names):
        (folder / name).write_text("")
        os.utime(folder / name, (second, second))


def test_the_oldest_of_a_pattern_make_room_for_one_more(tmp_path):
    written(tmp_path, "notes.txt", "b.jsonl", "a.jsonl", "c.jsonl")
    make_room(tmp_path, "*.jsonl", 4)
    assert len(list(tmp_path.iterdir())) == 4
    make_room(tmp_path, "*.jsonl", 2)
    assert sorted(file.name for file in tmp_path.iterdir()) == ["c.jsonl", "notes.txt"]


def test_a_folder_that_is_not_there_stays_so(tmp_path):
    make_room(tmp_path / "traces", "*", 0)
    assert not (tmp_path / "traces").exists()


def test_what_another_worker_has_removed_made_room_as_well(tmp_path, monkeypatch):
    written(tmp_path, "a.jsonl", "b.jsonl", "c.jsonl")
    unlink = Path.unlink

    def unlink_twice(file):
        unlink(file)
        unlink(file)

    monkeypatch.setattr(Path, "unlink", unlink_twice)
    make_room(tmp_path, "*.jsonl", 2)
    assert [file.name for file in tmp_path.iterdir()] == ["c.jsonl"]
