/* A search field and one choice per short column above each table that stands in an element of
   class "filterable", or comes from a notebook cell with the tag "filterable". Without scripts
   the whole table is shown. */

const MOST_CHOICES = 15;

function cellTexts(row) {
  return Array.from(row.cells, (cell) => cell.textContent.trim());
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
  const rows = Array.from(table.tBodies[0]?.rows ?? []);
  if (!table.tHead || !rows.length) return;
  const texts = rows.map(cellTexts);
  const search = document.createElement("input");
  search.type = "search";
  const shown = document.createElement("output");
  const choices = choosers(cellTexts(table.tHead.rows[0]), texts);

  function update() {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    let count = 0;
    rows.forEach((row, index) => {
      const line = texts[index].join(" ").toLowerCase();
      const kept =
        words.every((word) => line.includes(word)) &&
        choices.every(({ column, select }) => !select.value || texts[index][column] === select.value);
      row.hidden = !kept;
      count += kept;
    });
    shown.value = `${count} of ${rows.length} rows`;
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
}

document.querySelectorAll(".filterable table, .tag_filterable table").forEach(makeFilterable);

/* The theme names every hidden cell alike, and not as it reads. */
document.querySelectorAll("details.hide > summary").forEach((summary) => {
  summary.removeAttribute("aria-label");
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
