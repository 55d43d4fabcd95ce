/* What the theme lacks: one button for all code, boxes that fade where they go on. */

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

/* On paper long tables are whole, and everything is dark on white. */
function forPaper() {
  let undo = () => {};
  window.addEventListener("beforeprint", () => {
    const { dataset } = document.documentElement;
    const { theme } = dataset;
    const closed = [...document.querySelectorAll("details.long-table:not([open])")];
    const print = (paper) => {
      dataset.theme = paper ? "light" : theme;
      closed.forEach((table) => { table.open = paper; });
    };
    print(true);
    undo = () => print(false);
  });
  window.addEventListener("afterprint", () => undo());
}

function setUp() {
  foldCode();
  forPaper();

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
    /* From a file address no page can be read to quote it. */
    if (location.protocol === "file:") DOCUMENTATION_OPTIONS.SHOW_SEARCH_SUMMARY = false;
    const textOf = Search.htmlToText;
    Search.htmlToText = (html, anchor) => {
      const page = new DOMParser().parseFromString(html, "text/html");
      const around = ".bd-header-article, .bd-sidebar-secondary, .onlyprint, footer";
      page.querySelectorAll(around).forEach((element) => element.remove());
      page.querySelectorAll("td, th, dt, li").forEach((element) => element.append(" "));
      return textOf(page.documentElement.outerHTML, anchor).replace(/\s+/g, " ");
    };
  }
}

setUp();
