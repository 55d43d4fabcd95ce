/* What would you need to see? From an estimate with its interval, or a 2x2 table, to p, and how
   both move with the number of patients or with one patient. Nothing is sent or stored. Without a
   page (in Node.js) the file gives its arithmetic to the tests. */

(function () {
  "use strict";

  const NUMBER = /^[+\-\u2212]?(\d+[.,]?\d*|[.,]\d+)$/;
  const Z_95 = 1.959963984540054;
  const LEVEL = 0.05;
  const MOST = 10000; // a table of more patients would keep a phone busy for seconds

  function readNumber(text) {
    const written = text.trim();
    if (!NUMBER.test(written)) return NaN;
    return Number(written.replace("\u2212", "-").replace(",", "."));
  }

  /* The complement of the error function for x >= 0: a series near 0, then a continued fraction. */
  function erfc(x) {
    if (x < 2.5) {
      let term = x;
      let sum = x;
      for (let n = 1; n < 100; n += 1) {
        term *= (-x * x) / n;
        sum += term / (2 * n + 1);
      }
      return 1 - (2 / Math.sqrt(Math.PI)) * sum;
    }
    let fraction = x;
    for (let n = 100; n > 0; n -= 1) fraction = x + n / 2 / fraction;
    return Math.exp(-x * x) / (fraction * Math.sqrt(Math.PI));
  }

  const normalP = (z) => erfc(Math.abs(z) / Math.SQRT2);

  /* Wald: the interval is the estimate plus or minus 1.96 standard errors, of logs for a ratio. */
  function fromInterval({ estimate, low, high, ratio }) {
    const [to, back] = ratio ? [Math.log, Math.exp] : [(x) => x, (x) => x];
    const error = (to(high) - to(low)) / (2 * Z_95);
    const z = to(estimate) / error;
    const needed = (Z_95 / z) ** 2;
    const centre = back((to(low) + to(high)) / 2);
    const at = (factor) => {
      const half = (Z_95 * error) / Math.sqrt(factor);
      const ends = [back(to(estimate) - half), back(to(estimate) + half)];
      return { low: ends[0], high: ends[1], p: normalP(z * Math.sqrt(factor)) };
    };
    return { z, p: normalP(z), needed, centre, at };
  }

  const logs = [0, 0]; // of the factorials so far
  function logFactorial(n) {
    for (let i = logs.length; i <= n; i += 1) logs.push(logs[i - 1] + Math.log(i));
    return logs[n];
  }

  /* Two-sided: all tables with the same margins that are no more probable than this one. Those
     further than 12 standard deviations from the middle add nothing. */
  function fisherP([a, b, c, d]) {
    const [rows, column, all] = [[a + b, c + d], a + c, a + b + c + d];
    const choose = (n, k) => logFactorial(n) - logFactorial(k) - logFactorial(n - k);
    const whole = choose(all, column);
    const chance = (x) => Math.exp(choose(rows[0], x) + choose(rows[1], column - x) - whole);
    const limit = chance(a) * (1 + 1e-7);
    const middle = (rows[0] * column) / (all || 1);
    const reach = 12 * Math.sqrt((middle * rows[1]) / (all || 1)) + 12;
    const last = Math.min(rows[0], column, Math.ceil(middle + reach));
    let sum = 0;
    for (let x = Math.max(0, column - rows[1], Math.floor(middle - reach)); x <= last; x += 1) {
      const own = chance(x);
      if (own <= limit) sum += own;
    }
    return Math.min(sum, 1);
  }

  function fromTable(table) {
    const [a, b, c, d] = table;
    const n = a + b + c + d;
    const margins = (a + b) * (c + d) * (a + c) * (b + d);
    const pearson = margins ? normalP(Math.sqrt((n * (a * d - b * c) ** 2) / margins)) : NaN;
    const odds = (a * d) / (b * c);
    const half = Z_95 * Math.sqrt(1 / a + 1 / b + 1 / c + 1 / d);
    const [low, high] = [odds * Math.exp(-half), odds * Math.exp(half)];
    return { odds, low, high, pearson, fisher: fisherP(table) };
  }

  /* Move k patients of the first group from the first outcome to the second. */
  const moved = ([a, b, c, d], k) => [a - k, b + k, c, d];

  /* The fewest patients whose move takes Fisher's p to the other side of 0.05, if any. */
  function tipping(table) {
    const side = (k) => fisherP(moved(table, k)) < LEVEL;
    for (let k = 1; k <= Math.max(table[0], table[1]); k += 1) {
      const found = [k, -k].find(
        (move) => move <= table[0] && -move <= table[1] && side(move) !== side(0),
      );
      if (found) return found;
    }
    return null;
  }

  function show(number) {
    if (Number.isNaN(number)) return "cannot be computed";
    if (!Number.isFinite(number)) return "not finite";
    return String(Number(number.toPrecision(3))).replace("-", "\u2212");
  }

  const showP = (p) => {
    if (Number.isNaN(p)) return "p cannot be computed";
    return p < 0.0001 ? "p < 0.0001" : `p = ${p.toFixed(4)}`;
  };

  const api = { readNumber, normalP, fromInterval, fisherP, fromTable, tipping, showP };
  if (typeof module !== "undefined" && module.exports) module.exports = api;
  if (typeof document === "undefined") return;

  const intervalText = ({ low, high }) => `95 % interval ${show(low)} to ${show(high)}`;

  /* Return {error} or {lines, slide}: what the fields say, and what the slider adds. */
  function readInterval(numbers, ratio) {
    const [estimate, low, high] = numbers;
    if (ratio && low <= 0) return { error: "A ratio and its limits are above 0." };
    if (!(low < high)) return { error: "The lower limit must be below the upper one." };
    if (estimate < low || estimate > high) return { error: "The estimate is outside its limits." };
    const found = fromInterval({ estimate, low, high, ratio });
    const times = found.needed < 1 ? "would be enough" : "would be needed";
    const lines = [
      `${showP(found.p)} (z = ${show(found.z)}).`,
      `The middle of the interval is ${show(found.centre)}; an estimate far from it was computed ` +
        "otherwise, or a number is misprinted.",
      Number.isFinite(found.needed)
        ? `With the same estimate, ${show(found.needed)} times the patients ${times} for p = 0.05.`
        : "With this estimate no number of patients gives p = 0.05.",
    ];
    const slide = (place) => {
      const factor = 2 ** (place / 4);
      const then = found.at(factor);
      return [`${show(factor)} times the patients`, `${intervalText(then)}, ${showP(then.p)}`];
    };
    return { lines, slide, ends: [-12, 12] };
  }

  function readTable(table) {
    if (table.some((count) => count < 0 || !Number.isInteger(count) || count > MOST)) {
      return { error: `Enter four counts of patients, 0 to ${MOST}.` };
    }
    if (!table.some(Boolean)) return { error: "Enter at least one patient." };
    const told = (counts) => {
      const { odds, low, high, pearson, fisher } = fromTable(counts);
      const ends = Number.isFinite(odds) && odds > 0 ? ` (${intervalText({ low, high })})` : "";
      return `Odds ratio ${show(odds)}${ends}. Fisher's exact test: ${showP(fisher)}; ` +
        `Pearson's chi-squared test: ${showP(pearson)}.`;
    };
    const tips = tipping(table);
    const many = Math.abs(tips) === 1 ? "one patient" : `${Math.abs(tips)} patients`;
    const from = tips > 0 ? "without it" : "with it";
    const lines = [
      told(table),
      tips
        ? `Fisher's p would stand on the other side of 0.05 if ${many} of the first group were ` +
          `${from} instead.`
        : "No move within the first group takes Fisher's p to the other side of 0.05.",
    ];
    const slide = (k) => [`${k} moved`.replace("-", "\u2212"), told(moved(table, k))];
    return { lines, slide, ends: [-table[1], table[0]] };
  }

  function makeForm(form) {
    const { elements } = form;
    const fields = [...form.querySelectorAll("input[type=text]")];
    const slider = form.querySelector("input[type=range]");
    const [result, changed] = form.querySelectorAll("output");
    let found = {};

    function slide() {
      const [place, text] = found.slide?.(Number(slider.value)) ?? ["", ""];
      slider.setAttribute("aria-valuetext", place);
      changed.value = text && `${place}: ${text}`;
    }

    function update() {
      const numbers = fields.map((field) => readNumber(field.value));
      fields.forEach((field, place) => {
        if (Number.isNaN(numbers[place])) field.setAttribute("aria-invalid", "true");
        else field.removeAttribute("aria-invalid");
      });
      if (numbers.some(Number.isNaN)) found = { error: "Enter one number in each field." };
      else if (elements.scale) found = readInterval(numbers, elements.scale.value === "ratio");
      else found = readTable(numbers);
      result.value = (found.lines ?? [`Error: ${found.error}`]).join(" ");
      slider.disabled = !found.slide;
      [slider.min, slider.max] = found.ends ?? [0, 0];
      slider.value = 0;
      slide();
    }

    form.addEventListener("submit", (event) => event.preventDefault());
    form.addEventListener("input", ({ target }) => (target === slider ? slide() : update()));
    form.hidden = false;
    update();
  }

  document.querySelectorAll("form.p-values").forEach(makeForm);
  document.querySelectorAll(".p-values-without-script").forEach((note) => { note.hidden = true; });
})();
