// The threshold explorer: any decision threshold, worked out from counts of scores. Texts from the data are set as text.
(() => {
  "use strict";
  const root = document.querySelector("[data-explorer]");
  if (!root) return;
  const data = JSON.parse(root.dataset.explorer);
  const ADDRESS = "#explore?";
  const {
    everybody, features, single, own, asRun, groupsOf, RATES, enough, overall, gaps, impact, judged, policy, nearest,
  } = explorerFigures(data);
  const {
    SMALL, ABSENT, number, percent, whole, interval, plain, count, hidden,
    make, small, paragraph, badge, fill, cell, words, heading, table, choice, refusals, instead, slider,
  } = explorerParts(data, nearest);

  // State

  const start = () => ({
    at: data.start, by: -1, each: [], ratio: data.ratio, show: single.length ? own(single[0]) : -1,
  });
  let state = start();

  function written() {
    const parts = [];
    if (state.by >= 0) parts.push(["by", features[state.by].key]);
    const chosen = state.by >= 0 ? state.each : [state.at];
    parts.push(["t", chosen.map((at) => data.labels[at]).join("_")], ["cost", String(state.ratio)]);
    if (state.show >= 0) parts.push(["show", features[state.show].key]);
    return ADDRESS + parts.map(([name, value]) => `${name}=${encodeURIComponent(value)}`).join("&");
  }

  /** The state that an address tells; what it does not tell, or tells wrongly, is as at the start. */
  function read(address) {
    const found = new URLSearchParams(address.slice(ADDRESS.length)), next = start();
    const place = (name) => features.findIndex((feature) => feature.key === found.get(name));
    const chosen = (found.get("t") || "").split("_").filter((text) => text.trim() !== "").map(Number)
      .filter(Number.isFinite).map(nearest);
    if (chosen.length) next.at = chosen[0];
    const by = place("by");
    if (by >= 0 && features[by].parts.length < 2) {
      next.by = by;
      next.each = features[by].groups.map((_, group) => (group < chosen.length ? chosen[group] : next.at));
      next.show = by;
    }
    const ratio = Number(found.get("cost") || NaN);
    if (Number.isFinite(ratio) && ratio >= 0) next.ratio = ratio;
    if (place("show") >= 0) next.show = place("show");
    return next;
  }

  let waiting = 0;
  function keep() {
    clearTimeout(waiting);
    waiting = setTimeout(() => {
      try { history.replaceState(null, "", written()); } catch { /* a viewer that keeps no address */ }
      say();
    }, 400);
  }

  // Controls

  const live = make("p", { class: "small status", role: "status" });
  const sliders = make("div", { class: "sliders" });
  let controls = [];

  function buildSliders() {
    if (state.by < 0) {
      controls = [slider("Threshold for everybody", state.at, (place) => { state.at = place; show(); keep(); }, show)];
    } else {
      controls = features[state.by].groups.map((group, number) => slider(
        group.name, state.each[number], (place) => { state.each[number] = place; show(); keep(); }, show,
      ));
    }
    sliders.replaceChildren(...controls.map((control) => control.row));
  }

  function update(change) {
    change();
    ratioRefusal.accept();
    buildSliders();
    show();
    keep();
  }

  const panel = make("div", { class: "panel", role: "group", "aria-label": "Decision" });
  const modes = choice("Set", [["-1", "one threshold for everybody"],
    ...single.map((feature) => [String(own(feature)), `one threshold for each group of ${feature.name}`])], { "data-control": "by" });
  modes.select.addEventListener("change", () => update(() => {
    const before = state.by < 0 ? state.at : Math.min(...state.each);
    state.by = Number(modes.select.value);
    state.at = before;
    if (state.by >= 0) {
      state.each = features[state.by].groups.map(() => before);
      state.show = state.by;
    }
  }));
  const ratio = make("input", { type: "number", min: "0", step: "any", id: "explorer-ratio", inputmode: "decimal", "data-control": "ratio" });
  const ratioRefusal = refusals(ratio);
  function readRatio(whileTyping) {
    const value = Number(ratio.value);
    if (ratio.value === "" && whileTyping) return; // empty, or a minus sign that is still alone
    // "-0" is how "-0.5" begins.
    if (ratio.value === "" || ratio.value.startsWith("-") || !(value < Infinity)) {
      ratioRefusal.refuse(`What a false negative costs must be a number of 0 or more${instead(ratio)}: ${state.ratio} stays in use.`);
      return;
    }
    ratioRefusal.accept();
    if (value === state.ratio) return;
    state.ratio = value;
    show();
    keep();
  }
  ratio.addEventListener("input", () => readRatio(true));
  ratio.addEventListener("change", () => readRatio(false));
  const SOURCES = { threshold: "the plan says", performance: "the plan says", "": "nobody has said; to start with" };
  const shownFeature = choice("Groups of", features.map((feature, place) => [String(place), feature.name]), { "data-control": "show" });
  shownFeature.select.addEventListener("change", () => { state.show = Number(shownFeature.select.value); show(); keep(); });

  const button = (text, pressed) => {
    const found = make("button", { type: "button", class: "press" }, text);
    found.addEventListener("click", pressed);
    return found;
  };
  const byHand = make("input", { class: "copy-by-hand", readonly: "", "aria-label": "Link to this view" });
  byHand.hidden = true;
  async function copy() {
    const link = location.href.split("#")[0] + written();
    const where = "From the # on, it works in every copy of this report.";
    try {
      await navigator.clipboard.writeText(link);
      byHand.hidden = true;
      live.textContent = `Link copied. ${where}`;
    } catch {
      byHand.hidden = false;
      byHand.value = link;
      byHand.select();
      live.textContent = `The browser does not let a page copy: take the link from the field. ${where}`;
    }
  }
  function reset() {
    update(() => { state = start(); });
    byHand.hidden = true;
  }

  // What is shown

  const HEADLINES = [
    ["precision", "Precision", number], ["recall", "Recall", number], ["specificity", "Specificity", number],
    ["f1", "F1", number], ["alerts_per_1000", "Alerts per 1,000 rows", number], ["cost_per_1000", "Cost per 1,000 rows", number],
  ];
  const OTHERS = [
    ["selection_rate", "Selection rate", percent], ["accuracy", "Accuracy", number],
    ["balanced_accuracy", "Balanced accuracy", number], ["mcc", "Matthews correlation", number], ["cost", "Cost in all", number],
  ];
  const outputs = {};
  const output = (name, tag = "span", attributes = {}) => {
    outputs[name] = make(tag, { ...attributes, "data-figure": name });
    return outputs[name];
  };
  const headlines = make("dl", { class: "headlines" }, ...HEADLINES.map(([name, title]) => {
    const detail = output(`run_${name}`, "span", { class: "detail" });
    return make("div", {}, make("dt", {}, title), make("dd", {}, output(name, "span", { class: "value" }), " ", detail));
  }));
  const nobody = make("p", { class: "line", "data-warning": "" });
  const confusion = table("Right and wrong calls", [["Reference standard", false], [`Called ${data.classes[1]}`, true], [`Called ${data.classes[0]}`, true]]);
  confusion.body.append(...[["true_positive", "false_negative", 1], ["false_positive", "true_negative", 0]].map(
    ([called, other, truth]) => make("tr", {}, heading(`Truly ${data.classes[truth]}`),
      output(called, "td", { class: "n" }), output(other, "td", { class: "n" })),
  ));
  const others = table("Further figures", [["Figure", false], ["Here", true], ["The run", true]]);
  others.body.append(...OTHERS.map(([name, title]) => make("tr", {}, heading(title),
    output(name, "td", { class: "n" }), output(`run_${name}`, "td", { class: "n" }))));
  const gates = table("What the policy would say", [["Gate", false], ["Rule", false], ["Value and interval here", true], ["Here", false], ["The run", false], ["Note", false]]);
  const verdict = make("p", { class: "verdict" });
  const matrix = table("Largest gap between two groups, by feature and criterion", [["Feature", false],
    ...data.metrics.map(([, criterion]) => [criterion[0].toUpperCase() + criterion.slice(1), true])]);
  const RATE_HEADS = [["selection_rate", "Selection rate", percent], ["true_positive_rate", "True positive rate", number],
    ["false_positive_rate", "False positive rate", number], ["positive_predictive_value", "Positive predictive value", number],
    ["accuracy", "Accuracy", number]];
  const groupTable = table("", [["Group", false], ["Threshold", true], ["Rows", true], ["Positives", true], ["Selected", true],
    ...RATE_HEADS.map(([, title]) => [title, true]), ["Impact ratio", true]]);
  const criteria = table("", [["Criterion", false], ["Largest gap here", true], ["Lowest and highest", false], ["Smallest ratio", true],
    ["Groups judged", false], ["Gap of the run", true]]);

  function showOverall(here, run) {
    for (const [name, , format] of HEADLINES) {
      fill(outputs[name], format(here[name]), here[name]);
      fill(outputs[`run_${name}`], `the run: ${format(run[name])}`, run[name]);
    }
    for (const [name, , format] of OTHERS) {
      fill(outputs[name], format(here[name]), here[name]);
      fill(outputs[`run_${name}`], format(run[name]), run[name]);
    }
    for (const name of ["true_positive", "false_negative", "false_positive", "true_negative"]) {
      fill(outputs[name], whole(here[name]), here[name], small(`the run: ${whole(run[name])}`));
    }
  }

  function showPolicy() {
    if (!data.gates.length) return "";
    const found = data.gates.map((gate) => judged(gate, state)), word = policy(found);
    verdict.replaceChildren("With this decision the policy is judged ", badge(word), "; with the run's own it is ", badge(data.verdict), ".");
    gates.body.replaceChildren(...data.gates.map((gate, place) => {
      const { value, low, high, verdict: said } = found[place];
      let note = "";
      if (gate.kind === "kept") note = "No threshold changes it.";
      else if (gate.kind === "lost") note = "A threshold changes it, and counts of scores do not tell how: only a new run does.";
      else if (Number.isNaN(value)) note = "Not measured: too few rows, or none selected.";
      else if (gate.on_value) note = "Its rule asks for the value alone.";
      else if (state.by >= 0) note = "A value, but no interval: a point estimate is not enough.";
      if (gate.waived && said === "fail") note = `${note} A waiver accepts that it fails.`.trim();
      const number_ = cell(number(value), value, small(Number.isNaN(value) ? "" : interval(low, high)));
      number_.dataset.low = Number.isNaN(low) ? "" : String(low);
      number_.dataset.high = Number.isNaN(high) ? "" : String(high);
      const row = make("tr", { "data-gate": String(place), "data-verdict": said }, heading(gate.name), make("td", { class: "rule" }, gate.rule),
        number_, make("td", {}, badge(said)), make("td", {}, badge(gate.verdict)), words(note));
      return row;
    }));
    return word;
  }

  function size(found) {
    const above = data.tolerance !== null && found.gap > data.tolerance;
    return above ? [badge(`above ${plain(data.tolerance)}`, "warning")] : [];
  }

  function showGaps() {
    matrix.body.replaceChildren(...features.map((feature, place) => {
      const groups = groupsOf(place, state);
      const row = make("tr", { "data-feature": String(place) }, heading(feature.name));
      if (!groups) {
        const text = `Not known: the report has no counts of ${feature.name} crossed with ${features[state.by].name}.`;
        row.append(make("td", { colspan: String(data.metrics.length) }, text));
        return row;
      }
      const found = gaps(groups);
      for (const [name] of data.metrics) {
        const one = found[name], text = Number.isNaN(one.gap) ? "too small to judge" : number(one.gap);
        const box = cell(text, one.gap, ...size(one));
        box.dataset.metric = name;
        box.dataset.ratio = Number.isNaN(one.ratio) ? "" : String(one.ratio);
        box.dataset.judged = `${one.judged}/${one.judged + one.few}`;
        row.append(box);
      }
      return row;
    }));
  }

  function showGroups() {
    const feature = features[state.show], groups = groupsOf(state.show, state), run = gaps(groupsOf(state.show, null));
    groupTable.title.textContent = `Groups of ${feature.name}`;
    criteria.title.textContent = `Gaps between the groups of ${feature.name}`;
    if (!groups) {
      const text = `Not known: the report has no counts of ${feature.name} crossed with ${features[state.by].name}.`;
      groupTable.body.replaceChildren(make("tr", {}, make("td", { colspan: "11" }, text)));
      criteria.body.replaceChildren();
      return;
    }
    const found = gaps(groups), [ratios, base] = impact(groups, feature.reference);
    const at = state.by < 0 ? null : state.show === state.by ? state.each : feature.of[state.by]?.map((group) => state.each[group]);
    groupTable.body.replaceChildren(...groups.map((group, place) => {
      const selected = group.tp + group.fp, row = make("tr", { "data-group": String(place) }, heading(feature.groups[place].name));
      row.append(cell(at ? data.labels[at[place]] : state.by < 0 ? data.labels[state.at] : "several"));
      for (const [name, n] of [["n", group.n], ["n_positive", group.positives], ["n_selected", selected]]) {
        row.append(cell(count(n), hidden(n) ? NaN : n));
        row.lastChild.dataset.figure = name;
      }
      for (const [name, , format] of RATE_HEADS) {
        const behind = { selection_rate: hidden(selected) ? 0 : group.n, true_positive_rate: group.positives,
          false_positive_rate: group.negatives, positive_predictive_value: selected, accuracy: group.n }[name];
        const value = behind < SMALL ? NaN : RATES[name](group);
        const few = data.metrics.some(([other]) => other === name) && !enough(group, name);
        row.append(cell(format(value), value, ...(few ? [small("too small")] : [])));
        row.lastChild.dataset.figure = name;
        if (few) row.lastChild.classList.add("few");
      }
      const large = enough(group, "selection_rate");
      const ratio_ = group.n < SMALL || (hidden(selected) && !large) ? NaN : ratios[place];
      row.append(place === base ? cell("reference", ratio_) : cell(number(ratio_), ratio_, ...(Number.isNaN(ratio_) || large ? [] : [small("too small")])));
      row.lastChild.dataset.figure = "impact_ratio";
      return row;
    }));
    criteria.body.replaceChildren(...data.metrics.map(([name, criterion]) => {
      const one = found[name], both = one.lowest < 0 ? ABSENT : one.lowest === one.highest ? "all alike" : `${feature.groups[one.lowest].name} and ${feature.groups[one.highest].name}`;
      return make("tr", {}, heading(criterion[0].toUpperCase() + criterion.slice(1)),
        cell(Number.isNaN(one.gap) ? "too small to judge" : number(one.gap), one.gap, ...size(one)), words(both), cell(number(one.ratio), one.ratio),
        words(`${one.judged} of ${one.judged + one.few}`), cell(number(run[name].gap), run[name].gap));
    }));
  }

  let word = "";
  /** What must be said of a decision that calls nobody. */
  function warning(here) {
    if (here.true_positive + here.false_positive > 0) return "";
    const met = word === "pass" ? " The policy is met all the same: none of its gates asks that anybody be called." : "";
    return `Nobody is called: precision cannot be computed${Number.isNaN(here.recall) ? "" : "; recall is 0"}.${met}`;
  }

  function show() {
    const [everyone] = groupsOf(-1, state);
    const here = overall(everyone, state.ratio), run = overall(asRun(everybody), state.ratio);
    showOverall(here, run);
    word = showPolicy();
    const warned = warning(here);
    nobody.hidden = !warned;
    nobody.replaceChildren(...(warned ? [badge("attention", "warning"), ` ${warned}`] : []));
    if (features.length) {
      showGaps();
      showGroups();
    }
    const groups = state.by < 0 ? [everyone] : groupsOf(state.by, state);
    controls.forEach((control, place) => {
      const group = groups[place], selected = group.tp + group.fp;
      control.set(state.by < 0 ? state.at : state.each[place], hidden(selected) ? `selects <${SMALL} rows` : `selects ${percent(RATES.selection_rate(group))}`);
    });
    modes.select.value = String(state.by);
    shownFeature.select.value = String(state.show);
    if (document.activeElement !== ratio && !ratioRefusal.refused) ratio.value = String(state.ratio);
    root.dataset.state = written();
    say.text = `${warned ? `${warned} ` : ""}Precision ${number(here.precision)}, recall ${number(here.recall)}, ${number(here.alerts_per_1000)} alerts per 1,000 rows, ` +
      `cost ${number(here.cost_per_1000)} per 1,000 rows${word ? `; policy: ${word}` : ""}.`;
  }
  function say() { live.textContent = say.text; }

  // Putting it together

  const ticks = make("datalist", { id: "explorer-folds" }, ...[...new Set(data.folds)].map(
    (label) => make("option", { value: String(data.labels.indexOf(label)) })));
  panel.append(
    ...(single.length ? [make("p", { class: "line" }, ...modes.parts)] : []), sliders, ticks,
    make("p", { class: "line" }, make("label", { for: "explorer-ratio" }, "A false negative costs"), " ", ratio,
      ` times as much as a false positive `, small(`(${SOURCES[data.ratio_source]} ${plain(data.ratio)})`)), ratioRefusal.said,
    make("div", { class: "buttons" }, button("Copy link", copy), button("Reset", reset), live), byHand,
  );
  const folded = (...parts) => make("div", { class: "group" }, ...parts);
  root.append(panel, nobody, headlines, make("div", { class: "pair" }, confusion.holder, others.holder));
  root.append(paragraph(`Cost is in units of one false positive. The run decided with a threshold of its own in each fold (${[...new Set(data.folds)].join(", ")}); ` +
    "\u201cthe run\u201d is what came of that, at the cost ratio above."));
  if (data.gates.length) {
    root.append(folded(verdict, gates.holder, paragraph(
      "Intervals were drawn beforehand for one threshold for everybody, at the run's confidence; with a threshold for each group there are none. " +
      "They hold for a threshold fixed in advance: one picked here because it passes is a finding to confirm on other rows.")));
  }
  if (features.length) {
    root.append(folded(matrix.holder, paragraph(
      `Values only: a gap above the audit's tolerance of ${plain(data.tolerance)} is marked, whether or not it could be chance. ${data.judged}; ` +
      "smaller groups, and people of unknown level, take no part.")));
    root.append(folded(make("p", { class: "line" }, ...shownFeature.parts), groupTable.holder, criteria.holder, paragraph(
      `Counts of 1 to ${SMALL - 1} are shown as <${SMALL}, and rates of fewer than ${SMALL} rows are left out. Impact ratio: selection rate over that of the reference group, ` +
      "by default the highest. A different threshold for each group may itself be unlawful: this shows what it would do, and recommends nothing.")));
  }
  root.hidden = false;
  const fold = root.nextElementSibling;
  if (fold && fold.tagName === "DETAILS") fold.open = false;

  function follow() {
    if (!location.hash.startsWith(ADDRESS.slice(0, -1))) return;
    state = read(location.hash);
    ratioRefusal.accept();
    buildSliders();
    show();
    say();
    const section = root.closest("section");
    const toggle = section && section.querySelector("[aria-expanded='false']");
    if (toggle && section.querySelector(".body[hidden]")) toggle.click();
    (section || root).scrollIntoView();
  }
  buildSliders();
  show();
  addEventListener("hashchange", follow);
  follow();
})();
