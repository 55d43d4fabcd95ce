/* Exercises that are answered in the page, and the glossary's words where they are used. Both
   work from a file address; without scripts an exercise is still asked, and a word still links. */

const SLACK = 1e-9; // as in rairlib/pages/exercises.py

function crc32(text) {
  let sum = -1;
  for (const byte of new TextEncoder().encode(text)) {
    sum ^= byte;
    for (let bit = 0; bit < 8; bit += 1) sum = (sum >>> 1) ^ (0xedb88320 & -(sum & 1));
  }
  return ~sum >>> 0;
}

/* Read one number as a reader may write it; NaN if it is none. */
function numberIn(text) {
  const plain = text.trim().replace(/\u2212/g, "-").replace(",", ".");
  return /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(plain) ? Number(plain) : NaN;
}

/* The answer as it is written with the decimals asked for; a tie both ways. */
function written(value, { decimals, whole }) {
  if (whole && Math.abs(value - Math.round(value)) > SLACK) return [];
  return [-SLACK, SLACK].map((shift) => {
    const shown = (value + shift).toFixed(decimals);
    return Number(shown) === 0 ? shown.replace("-", "") : shown;
  });
}

/* Say in one line what is to be said of the texts in the fields. */
function reply(texts, asked) {
  if (texts.every((text) => !text.trim())) return "No answer yet.";
  const values = texts.map(numberIn);
  const unread = values.findIndex(Number.isNaN);
  if (unread >= 0) {
    const text = texts[unread].trim();
    if (!text) return `Not yet. Give ${texts.length} numbers.`;
    const advice = text.endsWith("%")
      ? "Leave out the percent sign and keep the unit asked for."
      : "Give a number such as 12.5.";
    return `Not read: ${text}. ${advice}`;
  }
  const right = values.every((value, place) => written(value, asked).some(
    (text) => asked.sums[place].includes(crc32(`${asked.name}|${place}|${text}`)),
  ));
  return right ? "Right." : `Not yet. ${asked.hint}`;
}

function element(name, properties, ...children) {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
}

function makeForm(box) {
  const asked = JSON.parse(box.dataset.asked);
  const count = asked.sums.length;
  const fields = asked.sums.map((_, place) => {
    const field = element("input", { autocomplete: "off", inputMode: "text", size: 9 });
    if (count > 1) field.setAttribute("aria-label", `Your answer, number ${place + 1} of ${count}`);
    return field;
  });
  const said = element("output", {});
  said.setAttribute("aria-live", "polite");
  const given = count > 1
    ? ["Your answer, in the order asked for ", ...fields]
    : [element("label", {}, "Your answer ", fields[0])];
  const form = element("form", { className: "exercise-form" }, ...given);
  form.append(" ", element("button", {}, "Check"), " ", said);
  form.setAttribute("aria-label", `Answer to the exercise: ${asked.name.replace(/^\w+: /, "")}`);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    said.textContent = reply(fields.map((field) => field.value), asked);
    said.className = said.textContent === "Right." ? "right" : "";
  });
  box.replaceWith(form);
}

/* Show a word's definition at the word, on hover and on focus; Escape takes it away. */
function explain(link, number) {
  const tip = element("span", { className: "word-tip", id: `word-${number}`, hidden: true });
  tip.setAttribute("role", "tooltip");
  tip.textContent = link.dataset.definition;
  link.setAttribute("aria-describedby", tip.id);
  link.removeAttribute("title");
  const box = element("span", { className: "word" });
  link.replaceWith(box);
  box.append(link, tip);
  const show = () => {
    tip.hidden = false;
    tip.style.insetInlineStart = "0";
    const { left, right } = tip.getBoundingClientRect();
    const over = Math.max(0, right + 8 - document.documentElement.clientWidth);
    tip.style.insetInlineStart = `${-Math.min(over, left - 8)}px`;
  };
  const hide = () => { tip.hidden = true; };
  box.addEventListener("mouseenter", show);
  box.addEventListener("mouseleave", hide);
  link.addEventListener("focus", show);
  link.addEventListener("blur", hide);
  box.addEventListener("keydown", (event) => { if (event.key === "Escape") hide(); });
  document.addEventListener("keydown", (event) => { if (event.key === "Escape") hide(); });
}

/* What an address names is shown, though it is folded. */
function unfold() {
  const named = document.getElementById(location.hash.slice(1));
  for (let box = named; box; box = box.parentElement) {
    if (box.tagName === "DETAILS" && !box.open) {
      box.open = true;
      named.scrollIntoView();
    }
  }
}

if (typeof module !== "undefined" && module.exports) module.exports = { crc32, reply };
if (typeof document !== "undefined") {
  document.querySelectorAll(".exercise-form[data-asked]").forEach(makeForm);
  document.querySelectorAll("a[data-definition]").forEach(explain);
  window.addEventListener("hashchange", unfold);
  unfold();
}
