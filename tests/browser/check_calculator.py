"""Drive the calculator of the built book in a browser and compare it with rairlib.

Not part of `make test`; it needs what check_pages.py needs, in the environment of the package.
After `make book`:

    python tests/browser/check_calculator.py --chromium /usr/bin/chromium --axe axe.min.js

The page is opened as a file, without a network, at 1280 and at 390 pixels, and used with the
keyboard alone. Risk, points and intervals must be those of rairlib to 1e-6; wrong input must be
refused beside its field, far values must be warned of. Paper and a browser without scripts must
show what the page promises. The exit code is 1 if there was anything to report.
"""

import argparse
import sys
from itertools import product
from pathlib import Path

import pandas as pd
from check_pages import BUILT, EXCESS, FLAGS, RULES, WIDTHS
from playwright.sync_api import sync_playwright

from rairlib.registry.registry import load_registry
from rairlib.registry.studies import load_witness
from rairlib.studies.tang2025.calculator import calculator, estimates, kept_covariances
from rairlib.studies.tang2025.unpublished import PREDICTORS

STUDY = "tang2025"
PAGE = BUILT / "book" / STUDY / "calculator.html"
TOLERANCE = 1e-6
MOST_TABS = 300
FIRST_SCREEN = 600
FIELDS = tuple(PREDICTORS)
NODES, TG = (0, 1, 4, 12, 60), ("0", "0.07", "3.25", "18", "1000")
COMPARED = {
    "logit": "logit",
    "risk": "risk",
    "low": "low",
    "high": "high",
    "lowest": "lowest",
    "highest": "highest",
    "narrowLow": "narrow_low",
    "narrowHigh": "narrow_high",
    "totalPoints": "total points",
    "asFar": "as far",
}
# Text of both fields, the field at fault and how its message begins.
WRONG = (
    ("", "1", "lln_count", "Error: Enter a number."),
    ("-2", "1", "lln_count", "Error: Enter 0 or more"),
    ("2.5", "1", "lln_count", "Error: Enter a whole number."),
    ("three", "1", "lln_count", "Error: Enter one number in digits"),
    ("2", "", "tg_before", "Error: Enter a number."),
    ("2", "-0.1", "tg_before", "Error: Enter 0 or more"),
    ("9" * 21, "1", "lln_count", "Error: Enter 150 or less"),
    ("2", "9" * 21, "tg_before", "Error: Enter 100000 or less"),
    ("2", "1,234", "tg_before", "Error: Write 1234 or 1.234"),
    ("2", "5 ng/mL", "tg_before", "Error: Enter one number in digits"),
    ("", "", "lln_count", "Error: Enter a number."),
)
ACTIVE = "document.activeElement.name || document.activeElement.type || ''"
# Texts of the form with less contrast than 4.5 to their ground (WCAG 2.2, criterion 1.4.3).
DULL = """() => {
  const rgb = (text) => text.match(/[\\d.]+/g).map(Number);
  const light = ([r, g, b]) => [r, g, b].map((part) => part / 255)
    .map((part) => part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4)
    .reduce((sum, part, place) => sum + part * [0.2126, 0.7152, 0.0722][place], 0);
  const ground = (element) => {
    const found = rgb(getComputedStyle(element).backgroundColor);
    return found[3] === 0 && element.parentElement ? ground(element.parentElement) : found;
  };
  return [...document.querySelectorAll("form.calculator :is(p, label, input, button)")]
    .filter((element) => element.checkVisibility())
    .filter((element) => {
      const pair = [light(rgb(getComputedStyle(element).color)), light(ground(element))];
      return (Math.max(...pair) + 0.05) / (Math.min(...pair) + 0.05) < 4.5;
    }).map((element) => element.className || element.name || element.tagName);
}"""
OUTLINE = "parseFloat(getComputedStyle(document.activeElement).outlineWidth)"


class Driver:
    """One open calculator, its faults, and the keys that work it."""

    def __init__(self, page, axe):
        self.page = page
        self.axe = axe
        self.faults = []
        page.on("pageerror", lambda error: self.faults.append(f"script error: {error}"))
        page.on("request", self._note_request)
        page.goto(PAGE.as_uri(), wait_until="networkidle")
        self.result = page.get_by_role("status").and_(page.locator(".calculator-result"))

    def _note_request(self, request):
        if not request.url.startswith(("file:", "data:", "blob:")):
            self.faults.append(f"asks for {request.url}")

    def expect(self, true, fault):
        """Note a fault unless the condition holds."""
        if not true:
            self.faults.append(fault)

    def tab_to_form(self):
        """Reach the first field with the tab key alone."""
        for _ in range(MOST_TABS):
            if self.page.evaluate(ACTIVE) == FIELDS[0]:
                return
            self.page.keyboard.press("Tab")
        self.faults.append("the tab key does not reach the first field")

    def enter(self, nodes, tg):
        """Type both values, the cursor being in a field of the form, and press Enter."""
        keys = self.page.keyboard
        if self.page.evaluate(ACTIVE) == FIELDS[1]:
            keys.press("Shift+Tab")
        for field, text in enumerate((nodes, tg)):
            if field:
                keys.press("Tab")
            keys.press("ControlOrMeta+a")
            keys.press("Delete")
            keys.type(text)
            self.expect(self.page.evaluate(OUTLINE) >= 2, "the focus is not to be seen")
        self.expect(self.page.evaluate(ACTIVE) == FIELDS[1], "Tab misses the second field")
        keys.press("Enter")

    def read(self):
        """Return the numbers behind the shown result, or nothing."""
        return self.result.evaluate("element => ({...element.dataset})")

    def check_rules(self, state):
        """Note violated accessibility rules and a page that is too wide."""
        excess = self.page.evaluate(EXCESS)
        self.expect(excess <= 0, f"{state}: {excess} pixels wider than the window")
        if self.axe:
            self.page.evaluate(self.axe)
            self.faults.extend(f"{state}: {rule}" for rule in self.page.evaluate(RULES))


def check_values(driver, model):
    """Compare the page with rairlib over a grid of patients."""
    grid = pd.DataFrame(product(NODES, TG), columns=list(FIELDS))
    expected = estimates(model, grid.astype(float)).to_dict("records")
    most = model.patients.max()
    for patient, wanted in zip(grid.to_dict("records"), expected, strict=True):
        nodes, tg = str(patient["lln_count"]), patient["tg_before"]
        driver.enter(nodes, tg)
        found, shown = driver.read(), driver.result.inner_text()
        for key, name in COMPARED.items():
            near = abs(float(found.get(key, "nan")) - float(wanted[name])) <= TOLERANCE
            driver.expect(
                near, f"{nodes} nodes, Tg {tg}: {name} {found.get(key)}, not {wanted[name]}"
            )
        check_words(driver, f"{nodes} nodes, Tg {tg}", shown, wanted)
        beyond = int(nodes) > most["lln_count"] or float(tg) > most["tg_before"]
        driver.expect(
            beyond == ("Warning: Outside the assumed range" in shown),
            f"{nodes} nodes, Tg {tg}: warned wrongly or not",
        )


def check_words(driver, case, shown, wanted):
    """Compare the sentences of a result with the numbers of rairlib."""
    if 0.0005 < wanted["risk"] < 0.9995:
        risk = f"Risk of failure: {100 * wanted['risk']:.1f} %"
        driver.expect(risk in shown, f"{case}: {risk!r} is not shown")
    total = f"; {wanted['total points']:.1f} in all"
    driver.expect(total in shown, f"{case}: {total!r} is not shown")
    side = "at or above the paper's threshold" if wanted["positive"] else "below the paper's"
    driver.expect(side in shown, f"{case}: the side of the threshold is wrong")


def check_wrong_input(driver):
    """Enter what must be refused: message, marked field, cursor, and no result."""
    for nodes, tg, name, begin in WRONG:
        case = f"{nodes!r} and {tg!r}"
        driver.enter(nodes, tg)
        field = driver.page.locator(f"input[name={name}]")
        message = driver.page.locator(f"#calculator-{name}-error").inner_text()
        driver.expect(message.startswith(begin), f"{case}: the message is {message!r}")
        driver.expect("\n" not in message, f"{case}: the message is longer than a line")
        driver.expect(field.get_attribute("aria-invalid") == "true", f"{case}: not marked")
        driver.expect(driver.page.evaluate(ACTIVE) == name, f"{case}: the cursor is elsewhere")
        driver.expect(not driver.result.inner_text(), f"{case}: a result is shown")
    driver.check_rules("with errors")
    driver.enter("1", "1")
    invalid = driver.page.locator("form.calculator [aria-invalid]").count()
    driver.expect(invalid == 0, "a corrected field stays marked")


def check_other_spelling(driver):
    """A decimal comma is a point, and a value below a limit is the limit, and says so."""
    for text, same in (("1,5", "1.5"), ("<0.04", "0.04")):
        driver.enter("3", same)
        wanted = driver.read()["logit"]
        driver.enter("3", text)
        driver.expect(driver.read().get("logit") == wanted, f"{text} is not read as {same}")
    driver.expect("Below 0.04 is taken as 0.04" in driver.result.inner_text(), "<0.04: no word")


def check_result(driver):
    """A result goes when a value is changed; on paper it stays and the button goes."""
    driver.enter("3", "4")
    driver.check_rules("with a result")
    driver.page.emulate_media(media="print")
    driver.expect(driver.result.is_visible(), "the result is not printed")
    driver.expect(not driver.page.locator("form.calculator button").is_visible(), "button printed")
    driver.page.emulate_media(media="screen")
    driver.page.keyboard.type("1")
    driver.expect(not driver.result.inner_text(), "a result stays beside a changed value")
    driver.expect(not driver.read().get("risk"), "numbers stay beside a changed value")
    driver.page.keyboard.press("Tab")
    driver.page.keyboard.press("Space")
    driver.expect("Risk of failure" in driver.result.inner_text(), "the button does not work")


def check_dark(browser, axe):
    """Return faults of the dark theme: every text of the form must stand out from its ground."""
    page = browser.new_page(viewport={"width": WIDTHS[1], "height": 900}, color_scheme="dark")
    driver = Driver(page, axe)
    driver.tab_to_form()
    driver.enter("x", "300")
    driver.expect(page.evaluate(DULL) == [], f"dull in the dark: {page.evaluate(DULL)}")
    driver.check_rules("dark, with errors")
    driver.enter("30", "300")
    driver.expect(page.evaluate(DULL) == [], f"dull in the dark: {page.evaluate(DULL)}")
    driver.check_rules("dark, with a result")
    page.close()
    return driver.faults


def check_labels(page):
    """Return a fault for each part that a screen reader cannot name."""
    wanted = {
        "field for nodes": page.get_by_role("textbox", name="Metastatic lateral neck lymph nodes"),
        "field for Tg": page.get_by_role("textbox", name="Thyroglobulin before radioiodine, ng/mL"),
        "button": page.get_by_role("button", name="Show the risk"),
        "form": page.get_by_role("form", name="Risk of failure"),
    }
    return [f"the {what} has no name" for what, found in wanted.items() if found.count() != 1]


def check_without_scripts(browser):
    """Return faults of the page in a browser that runs no script."""
    page = browser.new_page(java_script_enabled=False)
    page.goto(PAGE.as_uri())
    note = page.locator(".calculator-without-script")
    faults = [] if note.is_visible() else ["without scripts: no word of the table"]
    if page.locator("form.calculator").is_visible():
        faults.append("without scripts: a form that does nothing")
    if not page.get_by_role("table").filter(has_text="0 nodes").first.is_visible():
        faults.append("without scripts: no table of risks")
    page.close()
    return faults


def check_width(browser, width, axe, model, shots):
    """Check the calculator in a window of one width and return a list of faults."""
    page = browser.new_page(viewport={"width": width, "height": 900}, offline=True)
    driver = Driver(page, axe)
    driver.check_rules("before use")
    top = page.evaluate("document.querySelector('form.calculator').getBoundingClientRect().top")
    driver.expect(top < FIRST_SCREEN, f"the calculator starts {top:.0f} pixels down")
    driver.faults.extend(check_labels(page))
    driver.tab_to_form()
    check_values(driver, model)
    check_wrong_input(driver)
    check_other_spelling(driver)
    check_result(driver)
    if shots:
        page.screenshot(path=shots / f"calculator-{width}.png", full_page=True)
    page.close()
    return driver.faults


def arguments():
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--chromium", default="/usr/bin/chromium", help="path of the browser")
    parser.add_argument("--axe", type=Path, help="axe.min.js; without it no accessibility rules")
    parser.add_argument("--shots", type=Path, help="folder for one picture per width")
    return parser.parse_args()


def main():
    """Check the calculator at every width, print the faults and return the exit code."""
    options = arguments()
    axe = options.axe and options.axe.read_text(encoding="utf-8")
    cohort = load_witness(STUDY)
    model = calculator(load_registry(STUDY), cohort, kept_covariances())
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=options.chromium, args=FLAGS)
        faults = check_without_scripts(browser) + check_dark(browser, axe)
        for width in WIDTHS:
            found = check_width(browser, width, axe, model, options.shots)
            faults.extend(f"at {width}: {fault}" for fault in found)
    count = len(NODES) * len(TG)
    print("\n".join(faults) or f"calculator: {count} patients at {len(WIDTHS)} widths, no fault")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
