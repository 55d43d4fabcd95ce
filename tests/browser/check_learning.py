"""Answer an exercise and read a glossary word in the built book, by keyboard, from its files.

Not part of `make test`: it needs what check_pages.py needs. The exit code is 1 if there was
anything to report.
"""

import argparse
import sys
from pathlib import Path

from check_pages import BUILT, FLAGS, RULES
from playwright.sync_api import sync_playwright

EXERCISES = "book/lakhdar2024/exercises.html"
# What is typed into the first form, a sensitivity of 19 in 32, and what the page begins to say.
ANSWERS = {"59,4": "Right.", "59.375": "Right.", "59.3": "Not yet.", "59 %": "Not read", "": "No"}
DOOR, FOLDED = "book/door.html", "rairlib.logistic"


def exercise_faults(page, built):
    """Type answers into the first form and compare what is said."""
    page.goto((built / EXERCISES).as_uri())
    form = page.locator("form.exercise-form").first
    for answer, said in ANSWERS.items():
        form.locator("input").fill(answer)
        form.locator("input").press("Enter")
        reply = form.locator("output[aria-live=polite]").inner_text()
        if not reply.startswith(said):
            yield f"to {answer!r} the page says {reply!r}"


def word_faults(page, built):
    """Reach words by hover and by focus; Escape takes the definition away."""
    page.goto((built / EXERCISES).as_uri())
    link = page.locator("a[data-definition]:visible").first
    for reach in (link.hover, link.focus):
        reach()
        shown = page.locator(".word-tip:visible")
        named = shown.count() == 1 and shown.get_attribute("id")
        if not named or link.get_attribute("aria-describedby") != named:
            yield "a glossary word does not show its definition"
        page.keyboard.press("Escape")
        if shown.count():
            yield "Escape does not hide a definition"


def door_faults(page, built):
    """Open the address of a folded name."""
    page.goto(f"{(built / DOOR).as_uri()}#{FOLDED}")
    if not page.locator(f'[id="{FOLDED}"]').is_visible():
        yield "the address of a folded name does not open it"


def rule_faults(page, axe):
    """Check the accessibility rules with an answer said and a definition shown."""
    page.locator("form.exercise-form button").first.click()
    page.locator("a[data-definition]:visible").first.focus()
    page.add_script_tag(path=axe)
    yield from page.evaluate(RULES)


def main():
    """Report faults; exit code 1 if there are any."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--chromium", default="/usr/bin/chromium", help="path of the browser")
    parser.add_argument("--axe", type=Path, help="axe.min.js; without it no accessibility rules")
    parser.add_argument("--built", type=Path, default=BUILT)
    options = parser.parse_args()
    with sync_playwright() as play:
        page = play.chromium.launch(executable_path=options.chromium, args=FLAGS).new_page()
        errors = []
        page.on("pageerror", lambda error: errors.append(str(error)))
        checks = (door_faults, exercise_faults, word_faults)
        faults = [fault for check in checks for fault in check(page, options.built.resolve())]
        faults += rule_faults(page, options.axe) if options.axe else []
    for fault in faults + errors:
        print(fault)
    return bool(faults + errors)


if __name__ == "__main__":
    sys.exit(main())
