// What the threshold explorer is built of: numbers as the report writes them, tables, fields. Texts are set as text.
const explorerParts = (data, nearest) => {
  "use strict";
  const SMALL = 5; // counts below are not shown, as in the report's other tables
  const ABSENT = "\u2013";

  // Numbers as text, as the rest of the report writes them: rounded half to even, which toFixed does not do.

  function fixed(size, decimals) {
    const halves = size * 2 ** (decimals + 1), fives = 5 ** decimals;
    const tie = Math.abs(halves) % 2 === 1;
    const below = (halves * fives - 1) / 2;
    const text = tie ? ((below + (below % 2)) / 10 ** decimals).toFixed(decimals) : size.toFixed(decimals);
    const [whole, rest] = text.split(".");
    const grouped = whole.replace(/\B(?=(\d{3})+$)/g, ",");
    return rest ? `${grouped}.${rest}` : grouped;
  }

  function twoDigits(size) {
    const [digits, power] = size.toExponential(1).replace(".0", "").split("e");
    if (Number(power) < -4) return `${digits}e-${String(-power).padStart(2, "0")}`;
    return size.toFixed(-power + (digits.includes(".") ? 1 : 0));
  }
  const signed = (value, text) => (value < 0 && /[1-9]/.test(text) ? `\u2212${text}` : text);

  function number(value) {
    if (Number.isNaN(value)) return ABSENT;
    const size = Math.abs(value);
    if (!Number.isFinite(size)) return signed(value, "\u221e");
    const decimals = size >= 1000 ? 0 : size >= 100 ? 1 : size >= 10 ? 2 : 3;
    return signed(value, size > 0 && size < 0.01 ? twoDigits(size) : fixed(size, decimals));
  }
  /** A share; some are never rounded to none, nor most to all. */
  function percent(value) {
    if (Number.isNaN(value)) return ABSENT;
    const size = 100 * value, rest = Math.min(size, 100 - size);
    let decimals = 1;
    if (rest > 1e-6) for (let limit = 0.05; rest < limit; limit /= 10) decimals += 1;
    return `${fixed(size, decimals).replace(",", "")} %`;
  }
  const whole = (value) => fixed(value, 0);
  const interval = (low, high) => (Number.isNaN(low) || Number.isNaN(high) ? "no interval" : `${number(low)} to ${number(high)}`);
  const plain = (value) => (Number.isInteger(value) ? whole(value) : String(Number(value.toPrecision(6))));
  const count = (n) => (n > 0 && n < SMALL ? `<${SMALL}` : whole(n));
  const hidden = (n) => n > 0 && n < SMALL;

  // Building

  function make(tag, attributes = {}, ...children) {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
    element.append(...children);
    return element;
  }
  const small = (text) => make("span", { class: "detail" }, text);
  const paragraph = (text) => make("p", { class: "small" }, text);
  const TONES = { pass: "good", fail: "bad", inconclusive: "warning" };
  const badge = (word, tone = TONES[word]) => make("span", { class: `badge ${tone}` }, word);
  /** A figure: its text, its full value for whoever copies or tests, and what stands behind it. */
  function fill(element, text, value, ...rest) {
    element.dataset.value = value === undefined || Number.isNaN(value) ? "" : String(value);
    element.replaceChildren(text, ...rest.flatMap((part) => [" ", part]));
    return element;
  }
  const cell = (text, value, ...rest) => fill(make("td", { class: "n" }), text, value, ...rest);
  const words = (text) => make("td", {}, text);
  const heading = (text) => make("th", { scope: "row" }, text);

  let ids = 0;
  function table(caption, heads, kind = "") {
    ids += 1;
    const id = `explorer-${ids}`, body = make("tbody");
    const row = make("tr", {}, ...heads.map(([text, numeric]) => make("th", { scope: "col", ...(numeric ? { class: "n" } : {}) }, text)));
    const title = make("caption", { id }, caption);
    const grid = make("table", {}, title, make("thead", {}, row), body);
    const holder = make("div", { class: `scroll ${kind}`, role: "region", "aria-labelledby": id, tabindex: "0" }, grid);
    return { holder, body, title };
  }

  function choice(label, options, attributes = {}) {
    ids += 1;
    const id = `explorer-${ids}`;
    const select = make("select", { id, ...attributes }, ...options.map(([value, text]) => make("option", { value }, text)));
    return { select, parts: [make("label", { for: id }, label), " ", select] };
  }

  // Fields

  /** What is said beside a field whose text cannot be used, and whether that is so. */
  function refusals(box) {
    ids += 1;
    const said = make("p", { class: "line", id: `explorer-${ids}`, role: "alert" });
    said.hidden = true;
    box.setAttribute("aria-describedby", said.id);
    return {
      said,
      get refused() { return !said.hidden; },
      refuse(why) {
        box.setAttribute("aria-invalid", "true");
        said.replaceChildren(badge("not used", "warning"), ` ${why}`);
        said.hidden = false;
      },
      accept() {
        box.removeAttribute("aria-invalid");
        said.replaceChildren();
        said.hidden = true;
      },
    };
  }
  /** What was typed in place of what is asked for; to the page a text that is no number is empty. */
  const instead = (box) => (box.value === "" ? "" : `, not ${box.value}`);

  /** A slider and a field for one threshold; changed is called with the place of a new one, left when the field is left. */
  function slider(label, at, changed, left) {
    ids += 1;
    const id = `explorer-${ids}`;
    const range = make("input", {
      type: "range", min: "0", max: String(data.thresholds.length - 1), step: "1", id, list: "explorer-folds", "aria-valuetext": data.labels[at],
    });
    range.value = String(at);
    const box = make("input", { type: "number", min: "0", max: "1", step: "any", inputmode: "decimal", "aria-label": `Threshold, ${label}` });
    box.value = data.labels[at];
    const note = small("");
    const refusal = refusals(box);
    let kept = at;
    const control = {
      row: make("div", {}, make("div", { class: "slider" }, make("label", { for: id }, label), range, box, note), refusal.said),
      set(place, text) {
        kept = place;
        if (range.value !== String(place)) range.value = String(place);
        range.setAttribute("aria-valuetext", `${data.labels[place]}, ${text}`);
        if (document.activeElement !== box && !refusal.refused) box.value = data.labels[place];
        note.textContent = text;
      },
    };
    range.addEventListener("input", () => {
      refusal.accept();
      changed(Number(range.value));
    });
    box.addEventListener("change", () => {
      const value = Number(box.value);
      if (box.value === "" || !(value >= 0 && value <= 1)) {
        refusal.refuse(`A threshold must be a number between 0 and 1${instead(box)}: ${data.labels[kept]} stays in use.`);
        return;
      }
      refusal.accept();
      const place = nearest(value);
      changed(place);
      // What is shown is for this threshold, not for the one that was typed.
      box.value = data.labels[place];
    });
    box.addEventListener("blur", left);
    return control;
  }

  return {
    SMALL, ABSENT, number, percent, whole, interval, plain, count, hidden,
    make, small, paragraph, badge, fill, cell, words, heading, table, choice, refusals, instead, slider,
  };
};
