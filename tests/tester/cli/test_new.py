"""The command `new`: what it prints, and when it refuses."""

import grade


def test_an_empty_folder_is_filled(tmp_path, capsys):
    (tmp_path / "empty").mkdir()
    assert grade.main(["new", str(tmp_path / "empty")]) == 0
    assert "read its README.md, then run pytest in it" in capsys.readouterr().out
    assert (tmp_path / "empty" / "raft" / "raft.py").is_file()


def test_a_folder_that_is_not_empty_is_left_alone(tmp_path, capsys):
    (tmp_path / "notes.txt").write_text("mine")
    assert grade.main(["new", str(tmp_path)]) == 2
    assert f"{tmp_path} exists and is not empty" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]
