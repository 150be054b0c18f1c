"""The command `autograder`: the printed next step makes the zip that is uploaded."""

import shutil
import zipfile

import pytest

import grade


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("zip") is None, reason="there is no zip here")
def test_the_next_step_that_is_printed_zips_the_contents(tmp_path, capsys, shell):
    folder = tmp_path / "my autograder"
    assert grade.main(["autograder", str(folder)]) == 0
    command = capsys.readouterr().out.partition("(not the folder): ")[2]
    assert command.startswith("cd ")
    done = shell(command, tmp_path)
    assert done.returncode == 0, done.stderr
    names = zipfile.ZipFile(tmp_path / "autograder.zip").namelist()
    assert {"setup.sh", "run_autograder", "settings.toml"} <= set(names)


def test_a_rubric_that_is_missing_is_named(tmp_path, capsys):
    rubric = tmp_path / "none.toml"
    arguments = ["autograder", str(tmp_path / "new"), "--rubric", str(rubric)]
    assert grade.main(arguments) == 2
    assert str(rubric) in capsys.readouterr().err
    assert not (tmp_path / "new").exists()
