"""requirements.txt pins everything that the book installs, and nothing by a range."""

import re
import tomllib
from importlib.metadata import distribution
from pathlib import Path

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
LINES = [
    line
    for line in (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines()
    if line and not line.startswith("#")
]
PINS = [Requirement(line) for line in LINES if line != "-e ."]
HERE = [pin for pin in PINS if pin.marker is None or pin.marker.evaluate()]


def test_every_line_is_an_exact_pin_or_the_package_itself():
    loose = [line for line in LINES if not re.match(r"[\w.-]+==[\w.]+(;|$)", line)]
    assert loose == ["-e ."]


def test_what_the_pinned_packages_need_is_pinned_as_well():
    pinned = {canonicalize_name(pin.name) for pin in PINS}
    needed = {
        (canonicalize_name(need.name), pin.name)
        for pin in HERE
        for need in map(Requirement, distribution(pin.name).requires or [])
        if need.marker is None or need.marker.evaluate({"extra": ""})
    }
    # PyTorch's CUDA packages are pinned by PyTorch itself, and the CPU build has none of them.
    assert {(need, by) for need, by in needed if need not in pinned and by != "torch"} == set()


def test_every_pin_installs_on_the_oldest_python_that_the_package_admits():
    admitted = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    (oldest,) = SpecifierSet(admitted["requires-python"])
    first = {"python_version": oldest.version, "python_full_version": f"{oldest.version}.0"}
    refused = {
        pin.name: needs
        for pin in HERE
        if pin.marker is None or pin.marker.evaluate(first)
        if (needs := distribution(pin.name).metadata.get("Requires-Python"))
        and first["python_full_version"] not in SpecifierSet(needs)
    }
    assert refused == {}


def test_the_installed_versions_are_the_pinned_ones():
    installed = {pin.name: f"=={distribution(pin.name).version.split('+')[0]}" for pin in HERE}
    assert installed == {pin.name: str(pin.specifier) for pin in HERE}
