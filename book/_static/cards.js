/* Printed numbers: a card for each link of class "printed-number", opened by hover, keyboard focus,
   click or touch; and, on the search page, the numbers that have the words looked for. The data
   comes with a script per study, which is fetched when it is first needed. */

(() => {
  const FIELDS = [
    "place", "what", "printed", "recomputed", "verdict", "evidence", "test", "role", "reason",
    "code", "source",
  ];
  const TRIED = {
    records: "the analysis on the patients' records",
    arithmetic: "computed from other printed numbers",
    reconstruction: "a table that the printed numbers determine",
    simulation: "simulated cohorts that did not know it",
    anchored: "used to build the simulated cohort: no evidence",
    none: "nothing",
  };
  const WAIT = 250; // milliseconds that a pointer rests before a card opens or closes
  const MOST = 50; // numbers that a search lists
  const FEW = 10; // so many of them are shown at once
  const STUDIES = ["wang2025", "tang2025", "lakhdar2024", "gbsg2", "lung", "uci915"];

  /* The record of a number, from the texts that its study's script gives. */
  function record(study, identifier, all) {
    const texts = all.numbers[identifier];
    if (!texts) return null;
    const fields = Object.fromEntries(FIELDS.map((name, place) => [name, texts[place]]));
    return { study, identifier, ...fields };
  }

  /* A mail and an issue form that hold the row of a number. */
  function corrections(number, all, address) {
    const subject = `This number is wrong: ${number.study} ${number.identifier}`;
    const row = [
      ["number", number.identifier], ["study", `${number.study}, ${all.citation}`],
      ["place", number.place], ["what it is", number.what], ["printed", number.printed],
      ["recomputed", number.recomputed], ["verdict", number.verdict], ["reason", number.reason],
      ["address", /^https?:/.test(address) && address], // not the folder of a reader's copy
    ].filter(([, text]) => text).map(([name, text]) => `${name}: ${text}`).join("\n");
    const text = `${row}\n\nWhat is wrong, and how you know:\n`;
    const body = text.replaceAll("\n", "\r\n"); // as the standard of such addresses asks
    const query = (fields) => (
      Object.entries(fields).map(([name, text]) => `${name}=${encodeURIComponent(text)}`).join("&")
    );
    return {
      mail: `mailto:${all.mail}?${query({ subject, body })}`,
      form: `${all.issues}&${query({
        title: subject, study: number.study, number: row, printed: number.printed,
      })}`,
    };
  }

  /* The numbers of a study in which a search finds all its words; one that is printed so first. */
  function found(fits, query, study, all) {
    const exact = ({ printed }) => printed.split(" ").includes(query.trim());
    return Object.keys(all.numbers).map((identifier) => record(study, identifier, all))
      .filter((number) => !number.reason.startsWith("repeats "))
      .filter((number) => fits([number.what, number.printed, number.verdict].join(" | ")))
      .sort((one, other) => exact(other) - exact(one));
  }

  if (typeof module !== "undefined" && module.exports) {
    module.exports = { record, corrections, found };
  }
  if (typeof document === "undefined") return;

  const here = document.currentScript.src;
  const root = new URL("../", here);
  const studies = {};

  function load(study) {
    studies[study] ??= new Promise((resolve, reject) => {
      const script = document.createElement("script");
      script.src = new URL(`cards/${study}.js`, here);
      script.addEventListener("load", () => resolve(window.numberCards[study]));
      script.addEventListener("error", reject);
      document.head.append(script);
    });
    return studies[study];
  }

  function element(name, content, properties = {}) {
    const made = Object.assign(document.createElement(name), properties);
    made.append(...[content].flat());
    return made;
  }

  const anchor = (text, href) => element("a", text, { href });

  /* --- The card --------------------------------------------------------------------------- */

  let card = null;
  let opener = null;
  let timer = 0;
  let entered = false; // whether the keyboard or a tap is to go into the card

  function filled(number, all, href) {
    const address = new URL(href, location.href).href;
    const { mail, form } = corrections(number, all, address);
    const place = [`${number.place}, ${all.citation} `];
    if (all.doi) place.push(anchor(`doi:${all.doi}`, `https://doi.org/${all.doi}`));
    const tried = TRIED[number.evidence] + (number.test ? ` (${number.test} test)` : "");
    const lines = [
      ["printed", number.printed], ["recomputed", number.recomputed], ["verdict", number.verdict],
      ["reason", number.reason], ["tried", tried], ["place", place],
      ["code", number.code && anchor(number.code, number.source)],
    ].filter(([, content]) => content.length !== 0 && content);
    const close = element("button", "×", { type: "button" });
    close.setAttribute("aria-label", "Close");
    close.addEventListener("click", () => shut());
    const terms = lines.flatMap(([name, text]) => [element("dt", name), element("dd", text)]);
    return [
      element("strong", number.what),
      element("dl", terms),
      element("span", [
        anchor(`Row ${number.identifier} of the table`, href),
        anchor("This number is wrong?", mail),
        anchor("Report it as an issue", form),
      ], { className: "links" }),
      close,
    ];
  }

  function place() {
    const line = opener.getBoundingClientRect();
    const room = document.documentElement.clientWidth - card.offsetWidth - 8;
    const below = line.bottom + card.offsetHeight + 8 < innerHeight || line.top < card.offsetHeight;
    const top = below ? line.bottom + 4 : line.top - card.offsetHeight - 4;
    card.style.left = `${scrollX + Math.max(8, Math.min(line.left, room))}px`;
    card.style.top = `${scrollY + top}px`;
  }

  function shut() {
    clearTimeout(timer);
    if (!card) return;
    const [old, link, inside] = [card, opener, card.contains(document.activeElement)];
    card = opener = null;
    link.setAttribute("aria-expanded", "false");
    old.remove();
    if (inside) {
      quiet = true;
      link.focus();
      quiet = false;
    }
  }

  let quiet = false; // while the focus comes back to a link, its card stays closed

  async function open(link, enter = false) {
    clearTimeout(timer);
    entered = enter || (entered && link === opener);
    if (link !== opener) {
      const href = link.getAttribute("href");
      const [, study, identifier] = /#([^-]+)-(.+)$/.exec(href);
      opener?.setAttribute("aria-expanded", "false");
      card?.remove();
      card = null;
      opener = link;
      const all = await load(study);
      const number = record(study, identifier, all);
      if (opener !== link || card || !number) return;
      card = element("div", filled(number, all, href), { className: "number-card" });
      card.popover = "manual";
      card.setAttribute("role", "dialog");
      card.setAttribute("aria-label", `Printed number ${identifier}`);
      card.addEventListener("mouseenter", () => clearTimeout(timer));
      card.addEventListener("mouseleave", leave);
      card.addEventListener("focusout", ({ relatedTarget }) => {
        if (relatedTarget && relatedTarget !== opener && !card?.contains(relatedTarget)) shut();
      });
      link.setAttribute("aria-expanded", "true");
      link.after(card); // the next stop of the keyboard
      card.showPopover();
      place();
    }
    if (entered) card?.querySelector("a").focus();
  }

  function leave() {
    clearTimeout(timer);
    timer = setTimeout(() => { if (!card?.contains(document.activeElement)) shut(); }, WAIT);
  }

  function giveCard(link) {
    link.setAttribute("aria-haspopup", "dialog");
    link.setAttribute("aria-expanded", "false");
    const mouse = ({ pointerType }) => pointerType === "mouse";
    link.addEventListener("pointerenter", (event) => {
      if (!mouse(event)) return;
      clearTimeout(timer);
      timer = setTimeout(() => open(link), WAIT);
    });
    link.addEventListener("pointerleave", (event) => { if (mouse(event)) leave(); });
    link.addEventListener("focus", () => {
      if (!quiet && link.matches(":focus-visible")) open(link);
    });
    link.addEventListener("blur", ({ relatedTarget }) => {
      if (link === opener && relatedTarget && !card?.contains(relatedTarget)) shut();
    });
    link.addEventListener("click", (event) => {
      if (event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      open(link, true);
    });
  }

  document.querySelectorAll("a.printed-number").forEach(giveCard);
  document.addEventListener("keydown", ({ key }) => { if (key === "Escape") shut(); });
  document.addEventListener("pointerdown", ({ target }) => {
    if (card && !card.contains(target) && !opener.contains(target)) shut();
  });

  /* --- The search page -------------------------------------------------------------------- */

  async function searchNumbers(results, query) {
    const all = await Promise.all(STUDIES.map(load));
    const fits = window.words.matcher(query);
    const numbers = all.flatMap((one, place) => found(fits, query, STUDIES[place], one));
    if (!numbers.length) return;
    const entries = numbers.slice(0, MOST).map((number) => {
      const { page } = window.numberCards[number.study];
      const href = `${root}${page}#${number.study}-${number.identifier}`;
      const link = anchor(`${number.printed}: ${number.what}`, href);
      return element("li", [link, ` (${number.study}, ${number.place}): ${number.verdict}`]);
    });
    const rest = numbers.length > MOST ? `, the first ${MOST} of them` : "";
    const title = element("summary", `Printed numbers: ${numbers.length}${rest}`);
    const open = numbers.length <= FEW;
    results.before(element("details", [title, element("ul", entries)], { open }));
  }

  const results = document.querySelector("#search-results");
  const query = new URLSearchParams(location.search).get("q");
  if (results && query) searchNumbers(results, query);
  /* The book's index has whole words alone: it is asked for what an abbreviation stands for, and
     for the longest row of digits of a number, which Sphinx would leave out. */
  if (typeof Search !== "undefined") {
    const [perform, parse] = [Search.performSearch, Search._parseQuery];
    Search.performSearch = (words) => perform(window.words.spelledOut(words));
    Search._parseQuery = (words) => {
      const parsed = parse(words);
      const digits = words.match(/(?<![\p{L}\p{N}_])\d+(?![\p{L}\p{N}_])/gu) ?? [];
      const [longest] = digits.sort((one, other) => other.length - one.length);
      if (longest) parsed[1].add(longest);
      return parsed;
    };
  }
})();
