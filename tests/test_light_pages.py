"""Pages load the scripts they use, and the icon font holds the icons that are shown."""

from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import SimpleNamespace

import pytest

EXTENSION = Path(__file__).parents[1] / "book" / "_ext" / "light_pages.py"


@pytest.fixture(scope="module")
def light():
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
    theme = pytest.importorskip("pydata_sphinx_theme")
    fonts = next(Path(theme.__file__).parent.rglob("fa-solid-900.ttf")).parent
    (tmp_path / light.FONTS).mkdir(parents=True)
    for name in ("fa-solid-900.ttf", "fa-regular-400.ttf"):
        (tmp_path / light.FONTS / name).write_bytes((fonts / name).read_bytes())
    styles = tmp_path / light.STYLES
    styles.parent.mkdir(parents=True)
    shown = '.fa-sun:before{content:"\\f185"}'
    other = '.tip:before{content:"\\f0eb"}'
    source = 'src:url(fa-solid-900.woff2) format("woff2")'
    styles.write_text(shown + '.fa-bug:before{content:"\\f188"}' + other + source)
    (tmp_path / "page.html").write_text('<i class="fa-solid fa-sun"></i>')
    app = SimpleNamespace(outdir=tmp_path, builder=SimpleNamespace(format="html"))
    light.cut_icons(app, None)
    assert styles.read_text() == shown + other + 'src:url(fa-solid-900.woff) format("woff")'
    font = light.TTFont(tmp_path / light.FONTS / "fa-solid-900.woff")
    assert {0xF185, 0xF0EB} <= set(font.getBestCmap())
    assert 0xF188 not in font.getBestCmap()
