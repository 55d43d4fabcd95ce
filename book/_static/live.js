/* Figures that move: a slider under a picture reads numbers off it. The picture, and the data that
   rairlib wrote below it, come from the notebook; without scripts the picture stands alone. Without
   a page (in Node.js) the file gives its sentences to the tests. */

(function () {
  "use strict";

  const percent = (share) => {
    if (share > 0 && share < 0.001) return "less than 0.1 %";
    return share < 1 && share > 0.999 ? "more than 99.9 %" : `${(100 * share).toFixed(1)} %`;
  };
  const range = (count, value) => Array.from({ length: count }, (_, place) => value(place));
  const trim = (number) => String(Number(number.toPrecision(6)));
  const index = (number) => number.toFixed(3).replace("-", "\u2212");
  const nearest = (values, wanted) =>
    values.reduce((best, value, place) =>
      Math.abs(value - wanted) < Math.abs(values[best] - wanted) ? place : best, 0);

  /* Each kind has sliders (label, values, place at the start) and tells from the values that they
     stand at where to draw, and what to say. */
  const KINDS = {
    ensemble(data) {
      const values = range(data.shares.length, (place) => data.first + place * data.step);
      const start = data.printed
        ? nearest(values, Number(data.printed))
        : data.shares.findIndex((share) => share >= 0.5);
      const say = (value) => {
        const share = data.shares[nearest(values, value)];
        const print = data.printed ? ` Printed is ${data.printed}.` : "";
        return `${percent(share)} of the ${data.counted} lie below ${trim(value)}, ` +
          `${percent(1 - share)} there or above.${print}`;
      };
      return { sliders: [{ label: data.label, values, start }], say };
    },

    cutoffs(data) {
      const start = nearest(data.cutoff, Number(data.printed || data.best));
      const say = (value) => {
        const at = nearest(data.cutoff, value);
        return `${trim(value)} or more counts as positive: sensitivity ` +
          `${percent(data.sensitivity[at])}, specificity ${percent(data.specificity[at])}, ` +
          `Youden index ${index(data.youden[at])} in this cohort. Other patients of the same ` +
          `kind, by bootstrap: ${index(data.low[at])} to ${index(data.high[at])} in 95 of 100 ` +
          `samples if the cut-off was named before; it is the best one in ` +
          `${percent(data.chosen[at])} of the samples. Chosen as the best, a cut-off promises ` +
          `${index(data.apparent)} and keeps about ${index(data.corrected)} for new patients.`;
      };
      return { sliders: [{ label: data.label, values: data.cutoff, start }], say };
    },

    surface(data) {
      const sliders = data.axes.map(({ label, most, step, name }) => {
        const values = range(Math.floor(most / step) + 1, (place) => place * step);
        return { label, name, values, start: Math.floor(values.length / 4) };
      });
      const say = (...at) => {
        const score = at.reduce((sum, value, i) => sum + data.weights[i] * value, data.constant);
        const side = score >= data.threshold ? "at or above" : "below";
        return `Risk of failure ${percent(1 / (1 + Math.exp(-score)))}, ${side} the threshold.`;
      };
      return { sliders, say };
    },
  };

  if (typeof module !== "undefined" && module.exports) module.exports = { KINDS };
  if (typeof document === "undefined") return;

  function element(name, kind, ...content) {
    const made = document.createElement(name);
    made.className = kind;
    made.append(...content);
    return made;
  }

  /* The share of the axes at which a value stands. */
  function mark([low, high], value) {
    return Math.min(Math.max((value - low) / (high - low), 0), 1);
  }

  function makeMove(source) {
    const picture = source.parentElement.querySelector("img");
    const data = JSON.parse(source.textContent);
    if (!picture || !KINDS[data.kind]) return;
    const { sliders, say } = KINDS[data.kind](data);
    const lines = sliders.map((_, place) => element("i", `live-${"xy"[place]}`));
    const axes = element("div", "live-axes", ...lines);
    ["left", "bottom", "width", "height"].forEach((side, place) => {
      axes.style[side] = `${100 * data.place[place]}%`;
    });
    const frame = element("div", "live-frame");
    const shown = picture.closest("a") ?? picture; // Sphinx links a picture to its own file
    shown.before(frame);
    frame.append(shown, element("div", "live-over", axes));
    const told = element("output", "live-told");
    const inputs = sliders.map(({ values, start, name }) => {
      const input = element("input", "");
      Object.assign(input, { type: "range", min: 0, max: values.length - 1, value: start });
      input.dataset.name = name ?? "";
      return input;
    });
    const names = sliders.map(({ label }, place) => {
      const shown = element("b", "");
      return { shown, row: element("label", "", `${label}: `, shown, inputs[place]) };
    });

    function update() {
      const at = sliders.map(({ values }, place) => values[Number(inputs[place].value)]);
      at.forEach((value, place) => {
        names[place].shown.textContent = trim(value);
        inputs[place].setAttribute("aria-valuetext", trim(value));
        const share = mark(data["xy"[place]], value);
        lines[place].style[place ? "bottom" : "left"] = `${100 * share}%`;
      });
      told.value = say(...at);
    }

    const group = element("div", "live", ...names.map(({ row }) => row), told);
    group.setAttribute("role", "group");
    group.setAttribute("aria-label", `Read the figure: ${sliders[0].label}`);
    group.addEventListener("input", update);
    frame.after(group);
    update();

    /* The patient of the calculator's form stands on the surface. */
    document.querySelector("form.calculator")?.addEventListener("submit", ({ target }) => {
      inputs.forEach((input, place) => {
        const typed = target.elements[input.dataset.name]?.value.replace(/[<\s]/g, "");
        const value = Number(typed?.replace(",", ".") || NaN);
        if (Number.isFinite(value)) input.value = nearest(sliders[place].values, value);
      });
      update();
    });
  }

  document.querySelectorAll("script.live-data").forEach(makeMove);
})();
