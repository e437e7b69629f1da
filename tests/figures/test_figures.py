"""The committed figures are what the script draws, and every reader can read them."""

import re
import runpy
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import numpy as np
import pytest
import torch
from fontTools.ttLib import TTFont

from handgrad import SquaredError, forward, running
from handgrad.reference import autograd_gradients

BOOK = Path(__file__).resolve().parents[2] / "book"
SVG = "{http://www.w3.org/2000/svg}"
AA = 4.5  # WCAG 2.2, contrast of text


@pytest.fixture(scope="module")
def generator():
    """The globals of make.py, every file that it writes, and the modules that it imports."""
    folder = str(BOOK / "_figures")
    sys.path.insert(0, folder)
    try:
        make = runpy.run_path(f"{folder}/make.py")
        return make, make["figures"](), sys.modules["svg"], sys.modules["plots"]
    finally:
        sys.path.remove(folder)


@pytest.fixture(scope="module")
def committed():
    return {path.stem: path.read_text("utf-8") for path in (BOOK / "_static/figures").glob("*.svg")}


def contrast(ink, page):
    """The contrast ratio of two colours, each a triple in 0..1 (WCAG 2.2)."""

    def luminance(colour):
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in colour]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    high, low = sorted((luminance(ink), luminance(page)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def rgb(code):
    return np.array([int(code[i : i + 2], 16) / 255 for i in (1, 3, 5)])


def over(front, back, opacity):
    """The colour of `front` painted with `opacity` over `back`."""
    return opacity * front + (1 - opacity) * back


def test_committed_figures_are_what_the_script_writes(generator):
    files = generator[1]
    committed = [*BOOK.glob("_static/figures/*"), *BOOK.glob("_figures/*/*.html")]
    assert sorted(path.relative_to(BOOK).as_posix() for path in committed) == sorted(files)
    for name, text in files.items():
        assert (BOOK / name).read_text("utf-8") == text, f"{name} is stale: run make figures"


def test_the_script_writes_into_the_folder_that_it_is_given(generator, tmp_path, capsys):
    generator[0]["main"](tmp_path)
    written = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert sorted(path.relative_to(tmp_path).as_posix() for path in written) == sorted(generator[1])
    assert sorted(capsys.readouterr().out.split()) == sorted(map(str, written))


def test_every_figure_has_a_role_a_title_and_a_description(committed):
    for name, text in committed.items():
        root = ET.fromstring(text)
        title, description = root.find(f"{SVG}title"), root.find(f"{SVG}desc")
        assert root.get("role") == "img"
        assert root.get("aria-labelledby") == title.get("id") == f"fig-{name}-title"
        assert root.get("aria-describedby") == description.get("id") == f"fig-{name}-desc"
        assert title.text
        assert len(description.text) > 60


def test_no_two_figures_share_an_id(committed):
    ids = [i for text in committed.values() for i in re.findall(r'\bid="([^"]+)"', text)]
    assert len(ids) == len(set(ids)) == 2 * len(committed)


def test_figures_are_small_files_that_fit_a_phone(generator, committed):
    smallest, width = generator[2].SMALLEST, generator[2].WIDTH
    assert smallest * 328 / width >= 12  # px of the smallest text in the column of a phone
    for name, text in committed.items():
        assert len(text.encode()) < 20_000, name
        assert float(ET.fromstring(text).get("width")) <= 720
        sizes = [float(size) for size in re.findall(r'font-size="([\d.]+)"', text)]
        assert min(sizes) >= smallest, name


def test_every_shape_stays_inside_its_figure_and_every_text_begins_there(committed):
    for name, text in committed.items():
        root = ET.fromstring(text)
        width, height = (float(side) for side in root.get("viewBox").split()[2:])
        for rect in root.iter(f"{SVG}rect"):
            x, y, w, h = (float(rect.get(key)) for key in ("x", "y", "width", "height"))
            assert 0 <= x <= x + w <= width, name
            assert 0 <= y <= y + h <= height, name
        for circle in root.iter(f"{SVG}circle"):
            x, y, r = (float(circle.get(key)) for key in ("cx", "cy", "r"))
            assert r <= x <= width - r, name
            assert r <= y <= height - r, name
        for label in root.iter(f"{SVG}text"):
            assert 0 <= float(label.get("x")) <= width, name
            assert float(label.get("font-size")) / 2 <= float(label.get("y")) <= height, name
        for path in root.iter(f"{SVG}path"):
            for x, y in re.findall(r"(-?[\d.]+) (-?[\d.]+)", path.get("d")):
                assert 0 <= float(x) <= width, name
                assert 0 <= float(y) <= height, name


def test_colours_are_the_themes(generator, committed):
    """Except for a figure that is opened alone, colours are variables with a fallback."""
    css = (BOOK / "_static/css/base.css").read_text("utf-8")
    for name, text in committed.items():
        body = re.sub(r"<style>.*?</style>", "", text)
        assert set(re.findall(r"var\(--fig-([a-z-]+), #", body)) <= set(generator[2].COLOURS)
        assert not re.search(r'(fill|stroke)="#', body), name
    for variable in generator[2].COLOURS:
        assert len(re.findall(rf"^\s*--fig-{variable}:", css, re.MULTILINE)) == 2, variable


@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
def test_text_has_enough_contrast(generator, scheme):
    svg = generator[2]
    page = rgb((svg.LIGHT_PAGE, svg.DARK_PAGE)[scheme])
    ink = rgb(svg.INK[scheme])
    assert contrast(over(ink, page, svg.MUTED), page) >= AA
    assert contrast(ink, rgb(svg.COLOURS["fill"][scheme])) >= AA
    for name in ("forward", "backward"):
        accent = rgb(svg.COLOURS[name][scheme])
        assert contrast(accent, page) >= AA
        assert contrast(ink, over(accent, page, 0.5)) >= AA  # the strongest cell of a heat map


def shown_numbers(committed, name):
    """Every text of a drawing that is a number, in order."""
    texts = [text.text or "" for text in ET.fromstring(committed[name]).iter(f"{SVG}text")]
    numbers = [text.replace("−", "-") for text in texts]
    return [float(text) for text in numbers if re.fullmatch(r"-?[\d.]+", text)]


def test_heat_maps_show_the_gradients_of_autograd(committed):
    x, y, net = running.x, running.y, running.network("1.2")
    autograd = autograd_gradients(net, x, y, SquaredError())
    z = forward(net, x).z
    expected = []
    for L in (2, 1):
        expected += [*z[L - 1], *autograd.delta[L], *autograd.W[L].T.ravel()]
    cells = shown_numbers(committed, "gradient-heatmaps")[: len(expected)]
    np.testing.assert_allclose(cells, expected, rtol=0, atol=1e-10)
    assert "Hidden unit 1 is off" in committed["gradient-heatmaps"]


def test_running_network_stands_whole_in_its_drawing(committed):
    shown = shown_numbers(committed, "running")
    v = running.values("1.2")
    for array in (v["W1"], v["W2"], v["x"], v["z1"], v["y_hat"], [v["loss"]]):
        for value in np.ravel(array):
            shown.remove(value)
    assert shown == []
    for name, text in (("s", v["s1"]), ("b", [*v["b1"], *v["b2"]])):
        for value in text:
            assert f">{name} {value:g}".replace("-", "−") in committed["running"]


def test_paths_multiply_to_the_jacobian_of_autograd(committed):
    jacobian = torch.func.jacrev(running_forward)(torch.tensor(running.x))
    shown = shown_numbers(committed, "paths")
    assert shown[-1] == jacobian[3, 0]
    rows = np.reshape(shown[-13:-1], (3, 4))
    np.testing.assert_allclose(rows[:, :3].prod(axis=1), rows[:, 3], rtol=0, atol=1e-12)
    assert rows[:, 3].sum() == jacobian[3, 0]


def running_forward(x):
    hidden = torch.relu(torch.tensor(running.W1) @ x + torch.tensor(running.b1))
    return torch.tensor(running.W2) @ hidden + torch.tensor(running.b2)


def test_sum_over_the_cut_is_the_gradient_of_the_input(committed):
    loss = torch.func.grad(lambda x: torch.sum((running_forward(x) - torch.tensor(running.y)) ** 2))
    text = re.findall(r">([^<]*) = (−?[\d.]+)</text>", committed["cut"])[-1]
    assert float(text[1].replace("−", "-")) == loss(torch.tensor(running.x))[0]
    assert eval(text[0].replace("−", "-").replace("·", "*")) == loss(torch.tensor(running.x))[0]


def test_the_marked_gradients_of_one_sigmoid_output_are_autograds(committed):
    target = torch.ones(1, dtype=torch.float64)
    losses = {"squared error": torch.nn.MSELoss(), "cross-entropy": torch.nn.BCELoss()}
    for name, loss in losses.items():
        s = torch.tensor([-6.0], dtype=torch.float64, requires_grad=True)
        loss(torch.sigmoid(s), target).backward()
        shown = re.search(rf"{name}: −([\d.]+)<", committed["bce-vs-mse"]).group(1)
        assert shown == f"{-s.grad.item():.4f}"


def test_the_sites_math_font_has_every_sign_of_the_figures(committed):
    sys.path.insert(0, str(BOOK / "_ext"))
    try:
        from assets import math_characters
    finally:
        sys.path.remove(str(BOOK / "_ext"))
    font = {chr(code) for code in TTFont(BOOK / "_fonts/stix-two-math.woff2").getBestCmap()}
    for name, text in committed.items():
        drawn = [t for t in ET.fromstring(text).iter(f"{SVG}text") if "STIX" in str(t.attrib)]
        assert drawn, name
        signs = set("".join("".join(t.itertext()) for t in drawn))
        assert signs <= math_characters([text]), name  # the site's font is cut to these
        assert signs <= font, name


@pytest.mark.parametrize("markup", ["W^{(1", "*x"])
def test_unfinished_mathematics_is_an_error(generator, markup):
    with pytest.raises(ValueError, match="never closed"):
        generator[2].parse_math(markup)
