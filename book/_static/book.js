/* A search field and one choice per short column above each table that stands in an element of
   class "filterable", or comes from a notebook cell with the tag "filterable". Without scripts
   the whole table is shown. */

const MOST_CHOICES = 15;

/* Words for the same thing, one thing per line: a search for one of them finds the others. */
const SYNONYMS = [
  ["thyroglobulin", "Tg", "ps-Tg"],
  ["odds ratio", "OR"],
  ["hazard ratio", "HR"],
  ["area under the curve", "area under the ROC curve", "AUC", "AUROC", "c statistic", "c index"],
  ["survival percent", "Kaplan-Meier", "KM", "survival rate"],
  ["PFS", "progression-free survival"],
  ["CI", "confidence interval"],
  ["chi square", "chi squared", "chi2", "\u03c72"],
  ["u statistic", "Mann-Whitney", "Wilcoxon", "rank sum"],
  ["SD", "standard deviation"],
  ["q1", "q3", "quartile", "interquartile range", "IQR"],
  ["PPV", "positive predictive value"],
  ["NPV", "negative predictive value"],
  ["LM", "lung metastasis", "lung metastases"],
  ["LNM", "LLN", "lymph node", "lymph node metastasis", "lymph node metastases"],
  ["ETE", "extrathyroidal extension"],
  ["RAI", "radioiodine", "131I", "I-131"],
  ["PTC", "papillary"],
  ["FTC", "follicular"],
  ["OCA", "oncocytic", "Hurthle"],
  ["gender", "sex"],
  ["tumor", "tumour"],
  ["cutoff", "threshold"],
];
const SHORT = 3; // a synonym of so few letters must stand alone: "OR" is not in "tumor"

/* One kind of letter, hyphen, space and decimal sign. */
function even(text) {
  return text
    .normalize("NFKD")
    .replace(/\p{M}/gu, "")
    .replace(/[\p{Pd}\u2212]/gu, "-")
    .replace(/[\s_]+/g, " ")
    .replace(/(\d),(?=\d)/g, "$1.");
}

const bare = (text) => even(text).toLowerCase().replace(/[- ]/g, "");

function standing(words, flags) {
  const any = words.map((word) => word.replace(/[- ]/g, "[- ]?")).join("|");
  return new RegExp(`(?<![\\p{L}\\p{N}])(?:${any})(?![\\p{L}\\p{N}])`, flags);
}

/* Return a function that says whether a text has all words of a query, or their synonyms. */
function matcher(query) {
  const tests = [];
  let rest = even(query);
  SYNONYMS.forEach((words) => {
    const longestFirst = [...words].sort((one, other) => other.length - one.length);
    const others = rest.replace(standing(longestFirst, "giu"), " ");
    if (others === rest) return;
    rest = others;
    const long = words.map(bare).filter((word) => word.length > SHORT);
    const short = words.filter((word) => bare(word).length <= SHORT);
    // The word "or" is in many a reason, and not the odds ratio.
    const alone = short.length && standing(short, short.includes("OR") ? "u" : "iu");
    const within = (plain) => long.some((word) => plain.includes(word));
    tests.push((text, plain) => within(plain) || Boolean(alone && alone.test(text)));
  });
  rest.split(" ").map(bare).filter(Boolean).forEach((word) => {
    tests.push((text, plain) => plain.includes(word));
  });
  return (text) => tests.every((test) => test(even(text), bare(text)));
}

function cellTexts(row) {
  return Array.from(row.querySelectorAll("th, td"), (cell) => cell.textContent.trim());
}

function labelled(text, control) {
  const label = document.createElement("label");
  label.append(text, control);
  return label;
}

function chooser(values) {
  const select = document.createElement("select");
  select.add(new Option("all", ""));
  values.forEach((value) => select.add(new Option(value, value)));
  return select;
}

/* Columns worth a choice: more than one value, few of them, and not one per row. */
function choosers(names, texts) {
  return names.flatMap((name, column) => {
    const values = [...new Set(texts.map((text) => text[column]))].filter(Boolean).sort();
    const few = values.length > 1 && values.length <= MOST_CHOICES && values.length < texts.length;
    return name && few ? [{ name, column, select: chooser(values) }] : [];
  });
}

/* An address such as verdicts.html?study=lakhdar2024&verdict=differs opens the table filtered. */
function preset(search, choices) {
  const wanted = new URLSearchParams(location.search);
  search.value = wanted.get("search") ?? "";
  choices.forEach(({ name, select }) => {
    const value = wanted.get(name) ?? "";
    if ([...select.options].some((option) => option.value === value)) select.value = value;
  });
}

function makeFilterable(table, place, tables) {
  // A table with several bodies has one body per entry, otherwise one row.
  const several = table.tBodies.length > 1;
  const rows = Array.from((several ? table.tBodies : table.tBodies[0]?.rows) ?? []);
  if (!table.tHead || !rows.length) return;
  const texts = rows.map(cellTexts);
  const search = document.createElement("input");
  search.type = "search";
  const shown = document.createElement("output");
  const choices = choosers(cellTexts(table.tHead.rows[0]), texts);

  function update() {
    const fits = matcher(search.value);
    let count = 0;
    rows.forEach((row, index) => {
      const own = texts[index];
      const chosen = ({ column, select }) => !select.value || own[column] === select.value;
      const kept = choices.every(chosen) && fits(own.join(" | "));
      row.hidden = !kept;
      count += kept;
    });
    shown.value = `${count} of ${rows.length} rows`;
  }

  /* A link to a row that the filter hides takes the filter away. */
  function reveal() {
    const row = rows.find(({ id }) => id && id === decodeURIComponent(location.hash.slice(1)));
    if (!row?.hidden) return;
    bar.reset();
    update();
    row.scrollIntoView();
  }

  const bar = document.createElement("form");
  bar.className = "table-filter";
  const which = tables.length > 1 ? `table ${place + 1} of ${tables.length}` : "the table";
  bar.setAttribute("aria-label", `Filter ${which}`);
  bar.append(labelled("Search the table", search));
  choices.forEach(({ name, select }) => bar.append(labelled(name, select)));
  bar.append(shown);
  preset(search, choices);
  bar.addEventListener("input", update);
  bar.addEventListener("submit", (event) => event.preventDefault());
  (table.closest(".output, .pst-scrollable-table-container") ?? table).before(bar);
  update();
  reveal();
  window.addEventListener("hashchange", reveal);
}

/* Without a page (in Node.js) the file gives its search to the tests. */
if (typeof module !== "undefined" && module.exports) module.exports = { SYNONYMS, matcher };
if (typeof document !== "undefined") setUp();

/* One button opens the code of the whole page; the next pages open theirs too. */
function foldCode() {
  const folded = [...document.querySelectorAll("details.above-input")];
  const heading = document.querySelector(".bd-article h1");
  if (!folded.length || !heading) return;
  const button = document.createElement("button");
  button.className = "all-code";
  const set = (open) => {
    folded.forEach((cell) => { cell.open = open; });
    button.textContent = open ? "Hide all code" : "Show all code";
    button.setAttribute("aria-pressed", open);
  };
  set(localStorage.getItem("code") === "shown");
  button.addEventListener("click", () => {
    const open = button.getAttribute("aria-pressed") === "false";
    localStorage.setItem("code", open ? "shown" : "folded");
    set(open);
  });
  heading.before(button);
}

function setUp() {
  document.querySelectorAll(".filterable table, .tag_filterable table").forEach(makeFilterable);

  foldCode();

  /* The theme names every hidden cell alike, and not as it reads. */
  document.querySelectorAll("details.hide > summary").forEach((summary) => {
    summary.removeAttribute("aria-label");
  });

  /* What goes on to the right fades there, until it is scrolled to its end. */
  const wide = ".bd-article .output.text_html, .pst-scrollable-table-container, .highlight pre";
  document.querySelectorAll(wide).forEach((box) => {
    const fade = () => {
      box.classList.toggle("goes-on", box.scrollLeft + box.clientWidth < box.scrollWidth - 2);
    };
    box.addEventListener("scroll", fade, { passive: true });
    new ResizeObserver(fade).observe(box);
  });

  /* A wide formula scrolls in its own box, which the keyboard must be able to reach. */
  document.querySelectorAll("div.math").forEach((formula) => {
    formula.tabIndex = 0;
  });

  /* Search results quote the text of a page, not the buttons and contents lists around it. */
  if (typeof Search !== "undefined") {
    const textOf = Search.htmlToText;
    Search.htmlToText = (html, anchor) => {
      const page = new DOMParser().parseFromString(html, "text/html");
      const around = ".bd-header-article, .bd-sidebar-secondary, .onlyprint, footer";
      page.querySelectorAll(around).forEach((element) => element.remove());
      return textOf(page.documentElement.outerHTML, anchor).replace(/\s+/g, " ");
    };
  }
}
