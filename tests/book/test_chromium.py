"""The Chromium that is named is the one that is used, or the name is refused."""

import chromium
import pytest


def test_the_variable_names_it(monkeypatch, tmp_path):
    program = tmp_path / "browser"
    program.touch(mode=0o755)
    monkeypatch.setenv("CHROMIUM", str(program))
    assert chromium.executable() == str(program)


def test_a_wrong_name_is_refused_and_no_other_browser_taken(monkeypatch):
    monkeypatch.setenv("CHROMIUM", "/nowhere/chromium")
    with pytest.raises(FileNotFoundError, match=r"given CHROMIUM=/nowhere/chromium$"):
        chromium.executable()
