"""What servers print, shown while the run goes on."""

from tester.pytest_plugin.live_lines import live_lines


def test_the_heading_is_printed_before_the_first_line_only(capsys):
    show = live_lines("test_x, seed 3:")
    assert capsys.readouterr().out == ""
    show("took 1")
    show("took 2")
    assert capsys.readouterr().out == "\ntest_x, seed 3:\ntook 1\ntook 2\n"


def test_what_the_terminal_cannot_show_is_escaped(capsys):
    live_lines("heading")("took \ud800")
    assert capsys.readouterr().out.endswith("took \\ud800\n")
