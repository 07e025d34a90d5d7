// What a decision threshold gives: rates, gaps and gates, worked out from counts of scores. It knows no page.
const explorerFigures = (data) => {
  "use strict";

  // Counts

  /** Rows at or above each threshold, from counts of bins in which -k stands for k zeros. */
  function atLeast(bins) {
    const counts = [];
    for (const entry of bins) for (let left = entry < 0 ? -entry : 1; left > 0; left -= 1) counts.push(Math.max(entry, 0));
    for (let place = counts.length - 2; place >= 0; place -= 1) counts[place] += counts[place + 1];
    return counts;
  }

  function unpacked(group) {
    const positive = atLeast(group.positive), negative = atLeast(group.negative);
    const both = positive.map((count, place) => count + negative[place]);
    return {
      ...group, positive, negative,
      selected: group.selected_units ? atLeast(group.selected_units) : both,
      units: group.units || [both[0], positive[0], negative[0]],
    };
  }
  const everybody = unpacked(data.all);
  const features = data.features.map((feature) => ({ ...feature, groups: feature.groups.map(unpacked) }));
  const single = features.filter((feature) => feature.parts.length < 2);
  const own = (feature) => features.indexOf(feature);

  const decided = (group, tp, fp, selected) => ({
    tp, fp, selected, positives: group.positive[0], negatives: group.negative[0],
    n: group.positive[0] + group.negative[0], units: group.units, compared: group.compared,
  });
  const asRun = (group) => decided(group, ...group.run);
  const atThreshold = (group, at) => decided(group, group.positive[at], group.negative[at], group.selected[at]);
  const partsOf = (place) => (features[place].parts.length > 1 ? features[place].parts : [place]);
  const same = (one, two) => one.length === two.length && one.every((part) => two.includes(part));

  /** Group of another feature that each group belongs to; -1 is everybody. */
  function parents(within, place) {
    if (place === within) return features[within].groups.map((_, group) => group);
    return place < 0 ? features[within].groups.map(() => 0) : features[within].of[place];
  }

  /** Groups of a feature (-1: everybody), or null where the counts cannot tell. state null: the run's decisions. */
  function groupsOf(place, state) {
    const groups = place < 0 ? [everybody] : features[place].groups;
    if (!state) return groups.map(asRun);
    if (state.by < 0) return groups.map((group) => atThreshold(group, state.at));
    const parts = [...new Set([...(place < 0 ? [] : partsOf(place)), state.by])];
    const within = features.findIndex((_, other) => same(partsOf(other), parts));
    if (within < 0) return null;
    const cells = features[within].groups, by = parents(within, state.by), to = parents(within, place);
    return groups.map((group, target) => {
      let tp = 0, fp = 0, selected = 0, largest = 0, units = 0;
      cells.forEach((cell, number) => {
        if (to[number] !== target) return;
        const at = state.each[by[number]];
        tp += cell.positive[at];
        fp += cell.negative[at];
        selected += cell.selected[at];
        largest = Math.max(largest, cell.selected[at]);
        units += cell.units[0];
      });
      // Units with rows in several cells are counted once for certain: never more than there are.
      return decided(group, tp, fp, Math.max(largest, selected - (units - group.units[0])));
    });
  }

  // Figures

  const over = (top, bottom) => (bottom > 0 ? top / bottom : NaN);
  const RATES = {
    selection_rate: (group) => over(group.tp + group.fp, group.n),
    true_positive_rate: (group) => over(group.tp, group.positives),
    false_positive_rate: (group) => over(group.fp, group.negatives),
    positive_predictive_value: (group) => over(group.tp, group.tp + group.fp),
    accuracy: (group) => over(group.tp + group.negatives - group.fp, group.n),
    specificity: (group) => over(group.negatives - group.fp, group.negatives),
  };

  function enough(group, name) {
    const [rows, positives, negatives] = data.limits;
    const needed = {
      true_positive_rate: [group.units[1], positives], false_positive_rate: [group.units[2], negatives],
      specificity: [group.units[2], negatives], positive_predictive_value: [group.selected, positives],
    };
    const [found, least] = needed[name] || [group.units[0], rows];
    return group.units[0] >= rows && found >= least;
  }

  function overall(group, ratio) {
    const { tp, fp, positives, negatives, n } = group;
    const fn = positives - tp, tn = negatives - fp;
    const recall = over(tp, positives), specificity = over(tn, negatives), share = over(tp + fp, n);
    const spread = (tp + fp) * (tn + fn) * positives * negatives;
    const mcc = spread > 0 ? (tp * tn - fp * fn) / Math.sqrt(spread) : 0;
    const cost = ratio * fn + fp;
    return {
      true_positive: tp, false_positive: fp, false_negative: fn, true_negative: tn, precision: over(tp, tp + fp),
      recall, specificity, f1: over(2 * tp, 2 * tp + fp + fn), accuracy: over(tp + tn, n),
      balanced_accuracy: (recall + specificity) / 2, mcc: positives > 0 && negatives > 0 ? mcc : NaN,
      selection_rate: share, alerts_per_1000: 1000 * share, cost, cost_per_1000: over(1000 * cost, n),
    };
  }

  function gap(groups, name) {
    const none = { gap: NaN, ratio: NaN, lowest: -1, highest: -1 };
    const large = groups.map((group) => group.compared && enough(group, name));
    const found = groups.map((group, place) => [RATES[name](group), place])
      .filter(([value, place]) => large[place] && !Number.isNaN(value));
    const few = groups.filter((group, place) => group.compared && !large[place]).length;
    if (found.length < 2) return { ...none, judged: found.length, few };
    let lowest = found[0], highest = found[0];
    for (const pair of found) {
      if (pair[0] < lowest[0]) lowest = pair;
      if (pair[0] > highest[0]) highest = pair;
    }
    const size = highest[0] - lowest[0];
    return { gap: size, ratio: over(lowest[0], highest[0]), lowest: lowest[1], highest: highest[1], judged: found.length, few };
  }

  function gaps(groups) {
    const found = {};
    for (const [name] of data.metrics) {
      if (name !== "equalised_odds") { found[name] = gap(groups, name); continue; }
      const one = gap(groups, "true_positive_rate"), two = gap(groups, "false_positive_rate");
      const judged = Math.min(one.judged, two.judged), few = Math.max(one.few, two.few);
      const ratio = Math.min(one.ratio, two.ratio); // NaN where either is
      found[name] = judged < 2
        ? { gap: NaN, ratio: NaN, lowest: -1, highest: -1, judged, few }
        : { ...(two.gap > one.gap ? two : one), ratio, judged, few };
    }
    return found;
  }

  function impact(groups, wanted) {
    const name = "selection_rate", rate = RATES[name];
    const judged = groups.map((_, place) => place).filter((place) => groups[place].compared && enough(groups[place], name));
    let base = judged.includes(wanted) && rate(groups[wanted]) > 0 ? wanted : -1;
    if (base < 0) for (const place of judged) if (base < 0 || rate(groups[place]) > rate(groups[base])) base = place;
    if (base < 0 || judged.length < 2 || !(rate(groups[base]) > 0)) return [groups.map(() => NaN), -1];
    return [groups.map((group) => (group.compared ? rate(group) / rate(groups[base]) : NaN)), base];
  }

  function judge(gate, value, low, high) {
    const [from, to] = gate.on_value ? [value, value] : [low, high];
    if (![value, from, to].every(Number.isFinite) || from > to) return "inconclusive";
    const least = gate.at_least, most = gate.at_most;
    if ((least === null || from >= least) && (most === null || to <= most)) return "pass";
    if ((least !== null && to < least) || (most !== null && from > most)) return "fail";
    return "inconclusive";
  }
  const known = (value) => (value === null ? NaN : value);

  function gateValue(gate, state) {
    if (gate.kind === "all") {
      const [group] = groupsOf(-1, state);
      if (gate.metric !== "cost") return overall(group, 1)[gate.metric];
      return over(data.gate_costs[0] * (group.positives - group.tp) + data.gate_costs[1] * group.fp, group.n);
    }
    const groups = groupsOf(gate.feature, state);
    if (!groups) return NaN;
    if (gate.kind === "group") return RATES[gate.metric](groups[gate.group]);
    return gaps(groups)[gate.metric.slice(gate.metric.indexOf(".") + 1)][gate.kind];
  }

  function judged(gate, state) {
    if (gate.kind === "kept") {
      const [value, low, high] = gate.run.map(known);
      return { value, low, high, verdict: gate.verdict };
    }
    if (gate.kind === "lost") return { value: NaN, low: NaN, high: NaN, verdict: "inconclusive" };
    const value = gateValue(gate, state);
    const [low, high] = state.by < 0 ? [known(gate.low[state.at]), known(gate.high[state.at])] : [NaN, NaN];
    return { value, low, high, verdict: judge(gate, value, low, high) };
  }

  function policy(found) {
    if (found.some((item, place) => item.verdict === "fail" && !data.gates[place].waived)) return "fail";
    return found.some((item) => item.verdict === "inconclusive") ? "inconclusive" : "pass";
  }

  /** The offered threshold nearest to a number; of two the lower. */
  function nearest(wanted) {
    let best = 0;
    data.thresholds.forEach((value, place) => {
      if (Math.abs(value - wanted) < Math.abs(data.thresholds[best] - wanted)) best = place;
    });
    return best;
  }

  return {
    everybody, features, single, own, asRun, groupsOf, RATES, enough, overall, gaps, impact, judged, policy, nearest,
  };
};
