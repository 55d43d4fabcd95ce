/* The calculator of the Hunan model. Every number of the model comes from the data that rairlib
   wrote into the page; none stands here. Nothing is sent or stored. Without a page (in Node.js)
   the file gives its arithmetic to the tests. */

(function () {
  "use strict";

  const NUMBER = /^[+\-\u2212]?(\d+[.,]?\d*|[.,]\d+)$/;
  const THOUSANDS = /^[+\-\u2212]?[1-9]\d{0,2}(,\d{3})+$/;
  const WHOLE = ["lln_count"];
  const WORDS = { lln_count: "nodes", tg_before: "thyroglobulin" };

  /* Return {value} or {error: one line}; {limit: true} beside a value that was printed as "<". */
  function readNumber(text, whole, most) {
    const below = !whole && /^\s*<(?!=)/.test(text);
    const written = text.replace(below ? "<" : "", "").trim();
    if (!written) return { error: "Enter a number." };
    if (!whole && /^[>\u2265]/.test(written)) {
      return { error: "Enter the number itself; above a limit the risk has no end." };
    }
    if (THOUSANDS.test(written)) {
      const digits = written.replaceAll(",", "");
      const one = written.split(",").length === 2;
      const both = `Write ${digits} or ${written.replace(",", ".")}; ${written} can mean both.`;
      return { error: one ? both : `Write ${digits}, without commas.` };
    }
    if (!NUMBER.test(written)) return { error: "Enter one number in digits, without a unit." };
    const value = Number(written.replace("\u2212", "-").replace(",", "."));
    if (value < 0) return { error: "Enter 0 or more; a negative value is impossible." };
    if (value > most) return { error: `Enter ${most} or less; more is not plausible.` };
    if (whole && !Number.isInteger(value)) return { error: "Enter a whole number." };
    return below ? { value, limit: true } : { value };
  }

  const expit = (score) => 1 / (1 + Math.exp(-score));
  const sum = (numbers) => numbers.reduce((total, number) => total + number, 0);

  /* row' V row, where the upper triangle of V is given row by row. */
  function quadratic(triangle, row) {
    let total = 0;
    let place = 0;
    for (let i = 0; i < row.length; i += 1) {
      for (let j = i; j < row.length; j += 1) {
        total += (i === j ? 1 : 2) * triangle[place] * row[i] * row[j];
        place += 1;
      }
    }
    return total;
  }

  function estimate(data, values) {
    const names = Object.keys(data.coefficients);
    const row = [1, ...names.map((name) => values[name])];
    const logit = sum([
      data.intercept,
      ...names.map((name) => data.coefficients[name] * values[name]),
    ]);
    const variances = data.covariances.map((triangle) => quadratic(triangle, row));
    const limit = (variance, sign) => expit(logit + sign * data.z * Math.sqrt(variance));
    const mean = sum(variances) / variances.length;
    const points = {};
    names.forEach((name) => {
      const own = data.coefficients[name] * values[name] * data.pointsPerLogit;
      points[name] = own + data.leastPoints[name];
    });
    return {
      logit,
      risk: expit(logit),
      low: limit(mean, -1),
      high: limit(mean, 1),
      lowest: limit(Math.max(...variances), -1),
      highest: limit(Math.max(...variances), 1),
      narrowLow: limit(Math.min(...variances), -1),
      narrowHigh: limit(Math.min(...variances), 1),
      points,
      totalPoints: sum(Object.values(points)),
      positive: logit >= data.threshold,
      asFar: data.patients.filter((patient) =>
        names.every((name, place) => patient[place] >= values[name]),
      ).length,
    };
  }

  /* Lines on values for which the simulated training patients give little or no support. */
  function warnings(data, values, found) {
    const beyond = Object.keys(data.coefficients).flatMap((name, place) => {
      const most = Math.max(...data.patients.map((patient) => patient[place]));
      if (values[name] <= most) return [];
      return [
        `Outside the assumed range: ${WORDS[name]} ${values[name]}, while the simulated training ` +
          `patients have ${most} at most. The risk is extrapolated.`,
      ];
    });
    if (beyond.length || found.asFar >= data.few) return beyond;
    const who = "simulated training patients";
    return found.asFar
      ? [`Only ${found.asFar} of ${data.patients.length} ${who} reach these two values together.`]
      : [
          `None of the ${data.patients.length} ${who} reaches these two values together. ` +
            "The risk is extrapolated.",
        ];
  }

  function percent(risk) {
    if (risk < 0.0005) return "below 0.1 %";
    return risk > 0.9995 ? "above 99.9 %" : `${(100 * risk).toFixed(1)} %`;
  }

  const signed = (number, digits) => number.toFixed(digits).replace("-", "\u2212");

  function between(low, high) {
    const ends = [percent(low), percent(high)];
    return ends[0] === ends[1] ? ends[0] : ends.join(" to ");
  }

  function intervalLine(data, found) {
    const cohorts = data.covariances.length;
    const line = `95 % interval: ${between(found.low, found.high)}`;
    if (cohorts === 1) return `${line} (covariance of one simulated cohort).`;
    return (
      `${line} (mean covariance of ${cohorts} simulated cohorts); ` +
      `${between(found.lowest, found.highest)} under the one that is widest here, ` +
      `${between(found.narrowLow, found.narrowHigh)} under the narrowest.`
    );
  }

  function thresholdLine(data, found) {
    const where = found.positive ? "at or above" : "below";
    const failed = (table) => {
      const [hits, missed, alarms, negative] = table;
      return found.positive
        ? `${hits} of ${hits + alarms}`
        : `${missed} of ${missed + negative}`;
    };
    return (
      `logit(p) is ${signed(found.logit, 3)}, ${where} the paper's threshold of ` +
      `${signed(data.threshold, 3)} (risk ${percent(expit(data.threshold))}). Of the paper's ` +
      `patients on that side, ${failed(data.tables.training)} failed in the training set and ` +
      `${failed(data.tables.validation)} in the validation set.`
    );
  }

  function pointsLine(found) {
    const parts = Object.entries(found.points).map(
      ([name, points]) => `${signed(points, 1)} for ${WORDS[name]}`,
    );
    return `Points of the nomogram: ${parts.join(", ")}; ${signed(found.totalPoints, 1)} in all.`;
  }

  /* What it means that a value known to lie below a limit was taken for the limit. */
  function limitLine(data, values, name) {
    const [most, least] = [values, { ...values, [name]: 0 }].map((row) => estimate(data, row).risk);
    return (
      `Below ${values[name]} is taken as ${values[name]}: the risk is ${percent(most)} at most, ` +
      `and ${percent(least)} if ${WORDS[name]} is 0.`
    );
  }

  const api = { readNumber, estimate, warnings, percent, intervalLine, limitLine, thresholdLine };
  if (typeof module !== "undefined" && module.exports) module.exports = api;
  if (typeof document === "undefined") return;

  const source = document.getElementById("calculator-data");
  const form = document.querySelector("form.calculator");
  if (!source || !form) return;
  const data = JSON.parse(source.textContent);
  const result = form.querySelector(".calculator-result");
  const inputs = Object.keys(data.coefficients).map((name) => form.elements[name]);

  function paragraph(text, kind) {
    const element = document.createElement("p");
    element.textContent = text;
    element.className = kind;
    return element;
  }

  function clearResult() {
    result.replaceChildren();
    Object.keys(result.dataset).forEach((key) => delete result.dataset[key]);
  }

  function showError(input, text) {
    const place = document.getElementById(`${input.id}-error`);
    place.textContent = text ? `Error: ${text}` : "";
    place.hidden = !text;
    if (text) input.setAttribute("aria-invalid", "true");
    else input.removeAttribute("aria-invalid");
  }

  function showResult(values, limits) {
    const found = estimate(data, values);
    const { points, positive, ...numbers } = found;
    Object.assign(result.dataset, numbers);
    result.append(
      paragraph(`Risk of failure: ${percent(found.risk)}`, "calculator-risk"),
      ...warnings(data, values, found).map((text) =>
        paragraph(`Warning: ${text}`, "calculator-warning"),
      ),
      ...limits.map((name) => paragraph(limitLine(data, values, name), "calculator-limit")),
      paragraph(intervalLine(data, found), "calculator-interval"),
      paragraph(pointsLine(found), "calculator-points"),
      paragraph(thresholdLine(data, found), "calculator-threshold"),
    );
  }

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    clearResult();
    const read = inputs.map(({ name, value }) =>
      readNumber(value, WHOLE.includes(name), data.most[name]),
    );
    inputs.forEach((input, place) => showError(input, read[place].error ?? ""));
    const wrong = read.findIndex(({ error }) => error);
    if (wrong >= 0) {
      inputs[wrong].focus();
      return;
    }
    const values = Object.fromEntries(inputs.map(({ name }, place) => [name, read[place].value]));
    showResult(values, inputs.map(({ name }) => name).filter((_, place) => read[place].limit));
  });

  /* A result must never stand beside other inputs than its own. */
  form.addEventListener("input", (event) => {
    clearResult();
    showError(event.target, "");
  });

  document.querySelectorAll(".calculator-without-script").forEach((note) => {
    note.hidden = true;
  });
  form.hidden = false;
})();
