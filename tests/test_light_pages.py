"""Pages load the scripts they use, and the icon font holds the icons that are shown."""

from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import SimpleNamespace

import pytest

EXTENSION = Path(__file__).parents[1] / "book" / "_ext" / "light_pages.py"


@pytest.fixture(scope="module")
def light():
    pytest.importorskip("pydata_sphinx_theme")
    spec = spec_from_file_location("light_pages", EXTENSION)
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    ("body", "kept"),
    [
        ("<p>plain</p>", ["book.js"]),
        ('<script class="live-data">', ["book.js", "live.js"]),
        ('<span class="math notranslate">', ["book.js", "mathjax/es5/tex-mml-chtml.js"]),
    ],
)
def test_page_keeps_the_scripts_that_it_asks_for(light, body, kept):
    scripts = [SimpleNamespace(filename=name) for name in ("book.js", "live.js")]
    scripts.append(SimpleNamespace(filename="mathjax/es5/tex-mml-chtml.js"))
    context = {"body": body, "script_files": scripts, "css_files": ["design.css"]}
    light.leave_out_unused(None, "page", "page.html", context, None)
    assert [script.filename for script in scripts] == kept
    assert context["css_files"] == []


def test_icons_that_nothing_shows_leave_style_sheet_and_font(light, tmp_path):
    static = tmp_path / "_static"
    (static / light.FONTS).mkdir(parents=True)
    (static / "styles").mkdir()
    (static / "book.css").write_text('.tip:before{content:"\\f0eb"}', encoding="utf-8")
    (tmp_path / "page.html").write_text('<i class="fa-solid fa-sun"></i>', encoding="utf-8")
    app = SimpleNamespace(outdir=tmp_path, builder=SimpleNamespace(format="html"))
    light.cut_theme(app, None)
    styles = (static / light.STYLES).read_text(encoding="utf-8")
    assert '.fa-sun:before{content:"\\f185"}' in styles
    assert ".fa-bug:before" not in styles
    assert 'fa-solid-900.woff) format("woff")' in styles
    held = light.TTFont(static / light.FONTS / "fa-solid-900.woff").getBestCmap()
    # The bell of an admonition stands in the theme's own rules, as the sign itself.
    assert {0xF185, 0xF0EB, 0xF0F3} <= set(held)
    assert 0xF188 not in held


@pytest.mark.parametrize(
    ("styles", "kept"),
    [
        (".a,.gone .a,.b:hover{x:y}", ".a,.b:hover{x:y}"),
        (".gone{x:y}p.a{x:y}", "p.a{x:y}"),
        ("@media print{.gone{x:y}.a{x:y}}", "@media print{.a{x:y}}"),
        (".a:not(.gone,.b){x:y}", ".a:not(.gone,.b){x:y}"),
        ("@keyframes turn{0%{x:y}to{x:y}}", "@keyframes turn{0%{x:y}to{x:y}}"),
    ],
)
def test_rules_for_classes_that_nothing_has_are_left_out(light, styles, kept):
    assert light.cut_rules(styles, {"a", "b"}) == kept
