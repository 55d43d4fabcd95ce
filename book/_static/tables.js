/* Tables: those in an element of class "filterable", or of a notebook cell with the tag
   "filterable", get a search field, choices, sorting, and a copy of their rows to take along; all
   that a phone has no room for are set below their first three columns. Without scripts the whole
   table is shown. DataTables (see its folder) sorts and filters; words and address are ours. */

(() => {
  const MOST_CHOICES = 15; // a column of more values gets no list, unless the table asks for it
  const FIRST = 3; // columns that stay side by side on a phone
  const SHORT_CELL = 15; // letters of a cell and its name that need no line of their own
  const PHONE = 768;
  const here = typeof document === "undefined" ? "" : document.currentScript.src;

  /* Words for the same thing, one thing per line: a search for one of them finds the others. */
  const SYNONYMS = [
    ["thyroglobulin", "Tg", "ps-Tg"],
    ["odds ratio", "OR"],
    ["hazard ratio", "HR"],
    ["area under the curve", "area under the ROC curve", "AUC", "AUROC", "c statistic", "c index"],
    ["Kaplan-Meier", "KM", "survival percent", "survival rate"],
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
    // "p<0.001" is written about a number that is printed as "< 0.001", "p = 0.155" as "0.155".
    rest = rest.replace(/[="\u201c\u201d]|(?<=\p{L} ?)(?=[<>\u2264\u2265])/gu, " ");
    rest.split(" ").map(bare).filter(Boolean).forEach((word) => {
      tests.push((text, plain) => plain.includes(word));
    });
    return (text) => tests.every((test) => test(even(text), bare(text)));
  }

  /* A query with the long word for each abbreviation, which stands as it is usually written, or
     alone: "OR" is not the word "or" between two others. */
  function spelledOut(query) {
    return SYNONYMS.reduce((text, words) => {
      const short = words.filter((word) => bare(word).length <= SHORT && /[A-Z]/.test(word));
      const long = words.find((word) => bare(word).length > SHORT);
      if (!short.length || !long) return text;
      const alone = short.some((word) => word.toLowerCase() === text.trim().toLowerCase());
      return alone ? long : text.replace(standing(short, "gu"), long);
    }, query);
  }

  /* --- Sorting ------------------------------------------------------------------------------- */

  const NUMBER = /^[<>\u2264\u2265=~ ]*([-\u2212]?(?:\d[\d ]*)?[.,]?\d+(?:e[-+]?\d+)?)/i;

  /* The number with which a text begins, whatever sign or unit stands around it. */
  function leading(text) {
    const found = NUMBER.exec(text.trim());
    if (!found) return NaN;
    const plain = found[1].replace("\u2212", "-").replace(",", ".").replace(/ /g, "");
    return Number.parseFloat(plain);
  }

  /* --- Rows to take along -------------------------------------------------------------------- */

  /* Rows of texts as a CSV file, or with tabs as spreadsheets paste them. */
  function separated(rows, mark) {
    const quote = (text) => {
      const quoted = mark === "," && /[",\n]/.test(text);
      return quoted ? `"${text.replaceAll('"', '""')}"` : text.replace(/\s+/g, " ");
    };
    return rows.map((row) => row.map(quote).join(mark)).join("\n") + "\n";
  }

  function save(text, name) {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob(["\ufeff", text], { type: "text/csv" }));
    link.download = name;
    link.click();
    URL.revokeObjectURL(link.href);
  }

  /* The clipboard of a page from a file address may be closed: then by way of a selection. */
  async function copy(text) {
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      const field = document.createElement("textarea");
      field.value = text;
      document.body.append(field);
      field.select();
      document.execCommand("copy");
      field.remove();
    }
  }

  /* --- The filter ---------------------------------------------------------------------------- */

  const plain = (cell) => cell.textContent.replace(/\s+/g, " ").trim();

  function labelled(text, control) {
    const label = document.createElement("label");
    label.append(text, control);
    return label;
  }

  function make(name, properties) {
    return Object.assign(document.createElement(name), properties);
  }

  /* Columns worth a choice: those the table names, or more than one value, few, not one per row. */
  function choosers(table, names, texts) {
    const asked = table.dataset.filters?.split(" ");
    return names.flatMap((name, column) => {
      const values = [...new Set(texts.map((text) => text[column]))].filter(Boolean);
      const few = values.length <= MOST_CHOICES && values.length < texts.length;
      if (!name || values.length < 2 || !(asked ? asked.includes(name) : few)) return [];
      const select = make("select", { name });
      select.add(new Option("all", ""));
      if (values.length <= MOST_CHOICES) values.sort();
      values.forEach((value) => select.add(new Option(value, value)));
      return [{ name, column, select }];
    });
  }

  /* An address such as verdicts.html?study=lakhdar2024&verdict=differs opens the table so. */
  function preset(bar) {
    const wanted = new URLSearchParams(location.search);
    [...bar.elements].filter(({ name }) => wanted.has(name)).forEach((control) => {
      const value = wanted.get(control.name);
      const known = [...(control.options ?? [{ value }])].some((option) => option.value === value);
      if (control.type === "checkbox") control.checked = value !== "no";
      else if (known) control.value = value;
    });
  }

  function filterBar(table, which, choices) {
    const bar = make("form", { className: "table-filter" });
    bar.setAttribute("aria-label", `Filter ${which}`);
    const search = make("input", { type: "search", name: "search" });
    bar.append(labelled("Search the table", search));
    choices.forEach(({ name, select }) => bar.append(labelled(name, select)));
    if (table.querySelector("[data-repeats]")) {
      const repeats = make("input", { type: "checkbox", name: "repeats", defaultChecked: true });
      bar.append(labelled("repeats", repeats));
    }
    const button = (text) => make("button", { type: "button", textContent: text });
    const [csv, clipboard] = [button("Rows as CSV"), button("Copy rows")];
    const reset = make("button", { type: "reset", textContent: "Clear" });
    const shown = document.createElement("output");
    bar.append(csv, clipboard, reset, shown);
    bar.addEventListener("submit", (event) => event.preventDefault());
    return { bar, csv, clipboard, shown };
  }

  function makeFilterable(table, place, tables) {
    const rows = [...(table.tBodies[0]?.rows ?? [])];
    if (!table.tHead || !rows.length || table.querySelector("tbody [rowspan]")) return;
    const texts = rows.map((row) => [...row.cells].map(plain));
    const names = [...table.tHead.rows[0].cells].map(plain);
    const choices = choosers(table, names, texts);
    const which = tables.length > 1 ? `table ${place + 1} of ${tables.length}` : "the table";
    const { bar, csv, clipboard, shown } = filterBar(table, which, choices);
    preset(bar);
    const fold = table.closest("details.long-table")?.querySelector("summary");
    if (fold) fold.after(bar);
    else (table.closest(".output, .pst-scrollable-table-container") ?? table).before(bar);
    const { search, repeats } = bar.elements;

    giveOrder(rows, texts);
    const sorted = new URLSearchParams(location.search).get("sort") ?? "";
    const first = names.indexOf(sorted.replace(/ down$/, ""));
    const grid = new DataTable(table, {
      paging: false, info: false, autoWidth: false,
      order: first < 0 || place ? [] : [[first, sorted.endsWith(" down") ? "desc" : "asc"]],
      layout: { topStart: null, topEnd: null, bottomStart: null, bottomEnd: null },
    });

    function fitting() {
      const fits = matcher(search.value);
      return (index) => {
        const own = texts[index];
        const chosen = ({ column, select }) => !select.value || own[column] === select.value;
        const wanted = !repeats || repeats.checked || !("repeats" in rows[index].dataset);
        return wanted && choices.every(chosen) && fits(own.join(" | "));
      };
    }

    function address() {
      if (place) return;
      const query = new URLSearchParams();
      [search, ...choices.map(({ select }) => select)].forEach(({ name, value }) => {
        if (value) query.set(name, value);
      });
      if (repeats && !repeats.checked) query.set("repeats", "no");
      const [column, way] = grid.order()[0] ?? [];
      if (way) query.set("sort", names[column] + (way === "desc" ? " down" : ""));
      const text = query.size ? `?${query}` : "";
      if (text !== location.search) {
        history.replaceState(null, "", `${location.pathname}${text}${location.hash}`);
      }
    }

    function update() {
      const fits = fitting();
      grid.search.fixed("filter", (_text, _data, index) => fits(index)).draw();
      shown.value = `${grid.rows({ search: "applied" }).count()} of ${rows.length} rows`;
    }

    /* A link to a row that the filter hides takes the filter away. */
    function reveal() {
      const row = rows.find(({ id }) => id && id === location.hash.slice(1));
      if (!row) return;
      if (!row.isConnected) {
        bar.reset();
        update();
        // A row that was not there when the address was read is no target yet.
        location.replace(`#${row.id}`);
      }
      row.scrollIntoView({ block: "center" });
    }

    function taken() {
      const kept = grid.rows({ search: "applied" }).indexes().toArray();
      return [names, ...kept.map((index) => texts[index])];
    }

    bar.addEventListener("input", update);
    bar.addEventListener("reset", () => setTimeout(() => { // the fields are cleared afterwards
      grid.order([]);
      update();
    }));
    csv.addEventListener("click", () => save(separated(taken(), ","), "rows.csv"));
    clipboard.addEventListener("click", async () => {
      const kept = taken();
      await copy(separated(kept, "\t"));
      shown.value = `${kept.length - 1} rows copied`;
    });
    grid.on("draw", address);
    // DataTables marks the event of a click on a head so that the copy button takes it for its own.
    table.addEventListener("click", (event) => {
      if (event.target.closest("thead")) event.stopPropagation();
    });
    update();
    reveal();
    window.addEventListener("hashchange", reveal);
  }

  /* What a column is sorted by: numbers where more than half of its texts begin with one. */
  function giveOrder(rows, texts) {
    texts[0].forEach((_text, column) => {
      const values = texts.map((text) => leading(text[column]));
      const given = texts.filter((text) => text[column]).length;
      const numeric = values.filter((value) => !Number.isNaN(value)).length > given / 2;
      rows.forEach(({ cells }, index) => {
        const text = texts[index][column].toLowerCase().replace(/\d+/g, (n) => n.padStart(6, "0"));
        const value = Number.isNaN(values[index]) ? "" : String(values[index]);
        cells[column].dataset.order = numeric ? value : text;
      });
    });
  }

  /* DataTables is fetched by the pages that have a table for it. */
  function withDataTables(act) {
    const script = make("script", { src: new URL("datatables/dataTables.min.js", here) });
    script.addEventListener("load", act);
    document.head.append(script);
  }

  /* --- Phones -------------------------------------------------------------------------------- */

  /* Tell each cell its column and the column's name, and assistive technology that it is a cell. */
  function nameCells(table) {
    const names = [];
    const columnsOf = (row, open, tell) => {
      let column = 0;
      [...row.cells].forEach((cell) => {
        while (open[column] > 0) {
          open[column] -= 1; // a cell of a row above reaches into this one
          column += 1;
        }
        tell(cell, column);
        for (let span = cell.colSpan; span; span -= 1) {
          open[column] = cell.rowSpan - 1;
          column += 1;
        }
      });
    };
    const place = (cell, column) => {
      const span = Math.max(1, Math.min(cell.colSpan, FIRST - column));
      cell.style.setProperty("--place", `${column + 1} / span ${span}`);
      cell.classList.toggle("below", column >= FIRST);
    };
    const reaching = [];
    [...(table.tHead?.rows ?? [])].forEach((row) => {
      columnsOf(row, reaching, (cell, column) => {
        place(cell, column);
        cell.setAttribute("role", cell.tagName === "TH" ? "columnheader" : "cell");
        for (let other = column; other < column + cell.colSpan; other += 1) {
          names[other] = [names[other], plain(cell)].filter(Boolean).join(", ");
        }
      });
    });
    [...table.tBodies].forEach((body) => {
      const open = [];
      [...body.rows].forEach((row) => columnsOf(row, open, (cell, column) => {
        place(cell, column);
        cell.dataset.label = names[column] ?? "";
        cell.classList.toggle("short", `${names[column]}: ${plain(cell)}`.length <= SHORT_CELL);
        cell.setAttribute("role", cell.tagName === "TH" ? "rowheader" : "cell");
      }));
    });
    table.setAttribute("role", "table");
    table.querySelectorAll("thead, tbody").forEach((part) => part.setAttribute("role", "rowgroup"));
    table.querySelectorAll("tr").forEach((row) => row.setAttribute("role", "row"));
  }

  /* A table too wide for a phone breaks its lines or, where that makes it twice as high, stands
     with its first columns side by side and the others below them. */
  function fitToPhone(table) {
    const box = table.closest(".output, .pst-scrollable-table-container") ?? table.parentElement;
    const columns = Math.max(...[...table.rows].map((row) => row.cells.length));
    table.style.setProperty("--beside", Math.min(columns, FIRST));
    let told = false;
    const wide = () => table.offsetWidth > box.clientWidth + 1;
    const fit = () => {
      table.classList.remove("narrow", "stacked");
      if (innerWidth > PHONE || !box.clientWidth || !wide()) return;
      const height = table.offsetHeight;
      table.classList.add("narrow");
      if (!wide() && (columns <= FIRST || table.offsetHeight <= 2 * height)) return;
      if (!told) nameCells(table);
      told = true;
      table.classList.replace("narrow", "stacked");
    };
    new ResizeObserver(() => {
      fit();
      box.dispatchEvent(new Event("scroll")); // what fades at its right edge looks again
    }).observe(box);
  }

  /* Without a page (in Node.js) the file gives its parts to the tests. */
  if (typeof module !== "undefined" && module.exports) {
    module.exports = { SYNONYMS, matcher, spelledOut, leading, separated };
  }

  if (typeof document !== "undefined") {
    window.words = { matcher, spelledOut }; // for cards.js, which searches the numbers
    const filterable = document.querySelectorAll(".filterable table, .tag_filterable table");
    if (filterable.length) withDataTables(() => filterable.forEach(makeFilterable));
    document.querySelectorAll("table.verdicts").forEach(nameCells);
    document.querySelectorAll(".bd-article table:not(.verdicts)").forEach(fitToPhone);
  }
})();
