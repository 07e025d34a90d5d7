// Comfort for tables, sections and the contents. Every control is made here: without this script nothing dead is shown.
(() => {
  "use strict";
  const LONG = 8; // rows; longer tables can be filtered
  const ABSENT = "\u2013"; // how an empty cell is written
  const collator = new Intl.Collator("en", { numeric: true });
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];

  function make(tag, attributes = {}, ...children) {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
    element.append(...children);
    return element;
  }
  const button = (text, kind) => make("button", { type: "button", class: kind }, text);
  const words = (element) => element.textContent.replace(/\s+/g, " ").trim();
  const rowCount = (count) => `${count} row${count === 1 ? "" : "s"}`;

  // Tables

  /** The text of a cell without the interval behind it. */
  function shown(cell) {
    const detail = cell.querySelector(":scope > .detail");
    const text = words(cell);
    return detail ? text.slice(0, text.length - words(detail).length).trim() : text;
  }

  /** The number that a cell shows, or NaN: "1,234", "27.0 %", a true minus sign. */
  function number(cell) {
    const text = cell.dataset.value || shown(cell).replace(/[,%\s]/g, "").replace("\u2212", "-");
    if (text.startsWith("<")) return Number(text.slice(1)) - 0.5; // a count too small to be shown
    return text === "" ? NaN : Number(text);
  }

  const NUMBER_FIRST = /^[-\u2212]?\d+(\.\d+)?(e[-+]?\d+)?(?= \(|$)/i;

  /** The number that a text begins with, as in "0.066 (median)", or NaN. */
  function first(text) {
    const found = NUMBER_FIRST.exec(text);
    return found ? Number(found[0].replace("\u2212", "-")) : NaN;
  }

  function sortable(table, rows) {
    const heads = all("thead th", table);
    let sorted = null, direction = 0;
    heads.forEach((head, place) => {
      const press = button("", "sort");
      press.append(...head.childNodes);
      head.append(press);
      press.addEventListener("click", () => {
        direction = sorted !== head || direction === 0 ? 1 : direction === 1 ? -1 : 0;
        sorted = head;
        heads.forEach((other) => other.removeAttribute("aria-sort"));
        if (direction) head.setAttribute("aria-sort", direction > 0 ? "ascending" : "descending");
        const texts = rows.map((row) => shown(row.cells[place])).filter((text) => text !== ABSENT && text !== "");
        const begins = texts.every((text) => !Number.isNaN(first(text)));
        const numeric = begins || head.classList.contains("n");
        const keys = new Map(rows.map((row) => {
          const cell = row.cells[place], text = shown(cell);
          const key = head.classList.contains("n") ? number(cell) : begins ? first(text) : text;
          return [row, text === ABSENT || text === "" || Number.isNaN(key) ? null : key];
        }));
        const order = direction === 0 ? rows : [...rows].sort((one, two) => {
          const a = keys.get(one), b = keys.get(two);
          if (a === null || b === null) return (a === null) - (b === null); // empty cells come last, either way
          return direction * (numeric ? a - b || 0 : collator.compare(a, b));
        });
        table.tBodies[0].append(...order);
      });
    });
  }

  /** A cell of CSV: quoted where it must be, and never a formula to the program that opens it. */
  function quoted(text) {
    const plain = text.replace(/\u2212(?=[\d.\u221e])/g, "-");
    const figure = /^[-+]?\d[\d,]*(\.\d+)?(e[-+]?\d+)?( ?%)?$/i.test(plain);
    const safe = figure ? plain.replace(/,/g, "") : /^\s*[=+\-@\uff1d\uff0b\uff0d\uff20]|^[\t\r\n]/.test(plain) ? `'${plain}` : plain;
    return /[",;\r\n\t]|^\s|\s$/.test(safe) ? `"${safe.replace(/"/g, '""')}"` : safe;
  }

  function csv(table) {
    const rows = all("tr", table.tBodies[0]).filter((row) => !row.hidden);
    const lines = [[], ...rows.map(() => [])];
    all("thead th", table).forEach((head, place) => {
      const cells = rows.map((row) => row.cells[place]), label = words(head);
      const details = cells.map((cell) => cell.querySelector(":scope > .detail"));
      const ends = details.map((detail) => (detail ? words(detail).split(" to ") : []));
      const add = (title, texts) => [title, ...texts].forEach((text, line) => lines[line].push(quoted(text)));
      add(label, cells.map(shown).map((text) => (text === ABSENT ? "" : text)));
      if (ends.some((pair) => pair.length)) {
        add(`${label}, low`, ends.map((pair) => (pair.length === 2 ? pair[0] : "")));
        add(`${label}, high`, ends.map((pair) => (pair.length === 2 ? pair[1] : "")));
      }
    });
    return lines.map((line) => line.join(",")).join("\r\n") + "\r\n";
  }

  /** Copy, by the old way where a page from a file may not use the clipboard; else the text to copy by hand. */
  async function copy(text, tools) {
    tools.parentElement.querySelector(":scope > .copy-by-hand")?.remove();
    try {
      await navigator.clipboard.writeText(text);
      return true;
    } catch {
      const active = document.activeElement;
      const area = make("textarea", { class: "copy-by-hand", rows: "6", readonly: "", "aria-label": "Table as CSV" });
      area.value = text;
      tools.after(area);
      area.select();
      let done = false;
      try { done = document.execCommand("copy"); } catch { /* The text stays to be copied by hand. */ }
      if (done) {
        area.remove();
        active?.focus();
      }
      return done;
    }
  }

  all(".scroll > table").forEach((table, place) => {
    if (table.closest("[data-live]") || table.tBodies.length !== 1) return;
    const rows = all("tr", table.tBodies[0]), region = table.parentElement;
    if (!rows.length || rows[0].querySelector("[colspan]")) return;
    if (rows.length > 2) sortable(table, rows);
    const status = make("span", { class: "status", role: "status" });
    const tools = make("div", { class: "tools" });
    if (rows.length > LONG) {
      const input = make("input", { type: "search", id: `filter-${place + 1}`, autocomplete: "off", spellcheck: "false" });
      const texts = rows.map((row) => [...row.cells].map(words).join(" ").toLowerCase());
      input.addEventListener("input", () => {
        const wanted = input.value.toLowerCase().split(/\s+/).filter(Boolean);
        let count = 0;
        rows.forEach((row, line) => {
          row.hidden = !wanted.every((word) => texts[line].includes(word));
          count += !row.hidden;
        });
        status.textContent = wanted.length ? `${count} of ${rowCount(rows.length)}` : "";
      });
      tools.append(make("label", { for: input.id }, "Filter rows"), input);
    }
    const press = button("Copy as CSV", "quiet");
    press.setAttribute("aria-describedby", table.caption.id);
    press.addEventListener("click", async () => {
      const count = rows.filter((row) => !row.hidden).length;
      const done = await copy(csv(table), tools);
      status.textContent = done ? `${rowCount(count)} copied` : "Press Ctrl+C or Command+C to copy";
    });
    tools.append(status, press);
    // The caption stays in the table for those who listen; those who see find it beside the tools.
    const head = make("div", { class: "table-head" });
    if (!table.closest(".fold")) head.append(make("p", { class: "caption", "aria-hidden": "true" }, words(table.caption)));
    head.append(tools);
    table.classList.add("tooled");
    region.before(head);
  });

  // Sections

  const sections = all("main > section").map((section) => {
    const heading = section.querySelector("h2"), body = section.querySelector(":scope > .body");
    const press = button("", "section-fold");
    press.setAttribute("aria-controls", body.id);
    press.append(...heading.childNodes);
    heading.append(press);
    const item = {
      get open() { return !body.hasAttribute("hidden"); },
      set open(open) {
        // Found by the browser's own search, too, where it knows how.
        if (open) body.removeAttribute("hidden");
        else body.setAttribute("hidden", "until-found");
        press.setAttribute("aria-expanded", String(open));
      },
    };
    item.open = true;
    press.addEventListener("click", () => { item.open = !item.open; });
    body.addEventListener("beforematch", () => { item.open = true; });
    return { section, item };
  });

  function reveal(target) {
    sections.forEach(({ section, item }) => { if (section.contains(target)) item.open = true; });
    for (let fold = target.closest("details"); fold; fold = fold.parentElement.closest("details")) fold.open = true;
  }

  function goTo(hash) {
    let name = hash.slice(1).split("?")[0];
    try { name = decodeURIComponent(name); } catch { /* Taken as it is. */ }
    const target = name && document.getElementById(name);
    if (!target) return;
    const folded = target.closest("[hidden], details:not([open])");
    reveal(target);
    if (folded) target.scrollIntoView();
  }
  document.addEventListener("click", (event) => {
    const link = event.target.closest?.("a[href^='#']");
    if (link) goTo(link.hash);
  });
  addEventListener("hashchange", () => goTo(location.hash));
  goTo(location.hash);

  const nav = document.querySelector("nav"), contents = document.getElementById("contents");
  if (sections.length > 1) {
    const tools = make("div", { class: "fold-all" });
    [["Fold all", false], ["Unfold all", true]].forEach(([text, open]) => {
      const press = button(text, "quiet");
      press.addEventListener("click", () => sections.forEach(({ item }) => { item.open = open; }));
      tools.append(press);
    });
    contents.after(tools);
  }

  // Paper has everything: the style sheet shows folded sections and filtered rows; folded tables are opened here, too.
  let opened = [];
  addEventListener("beforeprint", () => {
    opened = all("details:not(.data):not([open])");
    opened.forEach((fold) => { fold.open = true; });
  });
  addEventListener("afterprint", () => {
    opened.forEach((fold) => { fold.open = false; });
    opened = [];
  });

  // Where the reader is

  const links = new Map(all("a", nav).map((link) => [link.hash.slice(1), link]));
  const headings = all("h2[id], h3[id]").filter((heading) => links.has(heading.id));
  let here = [];
  function mark() {
    const passed = headings.filter((heading) => {
      const box = heading.getBoundingClientRect();
      return box.height > 0 && box.top < innerHeight / 4;
    });
    const last = passed.at(-1) ?? headings[0];
    const major = passed.filter((heading) => heading.tagName === "H2").at(-1);
    const found = [...new Set([major, last])].filter(Boolean).map((heading) => links.get(heading.id));
    here.forEach((link) => link.removeAttribute("aria-current"));
    found.forEach((link) => link.setAttribute("aria-current", "location"));
    here = found;
    const link = found.at(-1)?.getBoundingClientRect(), frame = nav.getBoundingClientRect();
    if (!link || nav.scrollHeight <= nav.clientHeight) return;
    if (link.top < frame.top || link.bottom > frame.bottom) nav.scrollTop += link.top - frame.top - nav.clientHeight / 2;
  }
  if (headings.length && "IntersectionObserver" in window) {
    const watch = new IntersectionObserver(mark, { rootMargin: "0px 0px -75% 0px" });
    headings.forEach((heading) => watch.observe(heading));
  }
})();
