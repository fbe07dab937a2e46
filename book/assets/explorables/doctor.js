/* Doctor: the page's twin of `initlab.diagnose`, with the same checks and thresholds. */
(function (root) {
"use strict";

const Explorables = root.Explorables || {};
const network = Explorables.network || require("./network.js");

// The constants of initlab/diagnosis.py, where each has its reason.
const SYMMETRIC_SHARE = 0.1;
const DEAD_SHARE = 0.9;
const TOTAL_CHANGE = 100;
const LARGEST_FACTOR = 10;
const SATURATED_SHARE = 0.3;
const COLLAPSED_SPREAD = 0.01;
const SATURATION_MARGIN = 0.01;
const BOUNDS = { sigmoid: [0, 1], tanh: [-1, 1] };

const share = (values, test) => values.reduce((n, v) => n + test(v), 0) / values.length;

/** Return {rms, saturated, dead, spread} of a layer's activations. */
function layerRow(A, activation) {
  const size = network.rms(A);
  const bounds = BOUNDS[activation];
  const near = (a) => bounds.some((bound) => Math.abs(a - bound) <= SATURATION_MARGIN);
  const rows = Array.from({ length: A.rows }, (_, i) => {
    return A.data.subarray(i * A.columns, (i + 1) * A.columns);
  });
  const { variances } = network.batchStatistics(A);
  return {
    rms: size,
    saturated: bounds ? share(A.data, near) : NaN,
    dead: share(rows, (row) => row.every((a) => a === 0)),
    spread: Math.sqrt(variances.reduce((sum, v) => sum + v, 0) / A.rows) / size,
  };
}

function meanFactor(values) {
  if (values.length < 2 || values[0] === 0) return NaN;
  return (values[values.length - 1] / values[0]) ** (1 / (values.length - 1));
}

/** Return the share of units of a layer that equal another unit: weights, bias, scale, shift. */
function twins(net, layer) {
  const W = net.weights[layer];
  const columns = [net.biases, net.scales, net.shifts].map((lists) => lists[layer] || []);
  const counts = new Map();
  for (let i = 0; i < W.rows; i++) {
    const row = W.data.subarray(i * W.columns, (i + 1) * W.columns);
    const key = [...row, ...columns.map((values) => values[i])].join();
    counts.set(key, (counts.get(key) || 0) + 1);
  }
  const repeated = [...counts.values()].filter((count) => count > 1);
  return repeated.reduce((sum, count) => sum + count, 0) / W.rows;
}

/** Send X up and `top`, a gradient on the logits, down: {table, growth, net, inputRms}. */
function examine(net, X, top) {
  const trace = network.forward(net, X);
  const gradients = network.backward(net, trace, top).preactivations.slice(0, -1);
  const table = trace.activations.slice(1, -1).map((A, l) => ({
    ...layerRow(A, net.activation),
    gradient: network.rms(gradients[l]),
    twins: twins(net, l),
  }));
  return {
    net,
    table,
    inputRms: network.rms(X),
    forward: meanFactor(table.map((row) => row.rms)),
    backward: meanFactor(table.map((row) => row.gradient).reverse()),
  };
}

const limit = ({ table }) => {
  return Math.min(LARGEST_FACTOR, TOTAL_CHANGE ** (1 / Math.max(table.length - 1, 1)));
};
const anyFactor = (exam, sick) => [exam.forward, exam.backward].some(sick);
const overflows = ({ table }, name) => table.some((row) => !Number.isFinite(row[name]));

function dead({ table, inputRms }) {
  return table.some((row, l) => row.dead >= DEAD_SHARE && (l ? table[l - 1].rms : inputRms) > 0);
}

function exploding(exam) {
  if (overflows(exam, "rms") || overflows(exam, "gradient")) return true;
  return anyFactor(exam, (factor) => factor > limit(exam));
}

function vanishing(exam) {
  if (overflows(exam, "rms")) return false;
  const { weights } = exam.net;
  const output = weights[weights.length - 1].data;
  if (exam.table[0].gradient === 0 && output.some((w) => w !== 0)) return true;
  return anyFactor(exam, (factor) => factor < 1 / limit(exam));
}

const CHECKS = {
  symmetric: ({ table }) => table.some((row) => row.twins >= SYMMETRIC_SHARE),
  dead,
  exploding,
  vanishing,
  saturated: ({ table }) => table.some((row) => row.saturated >= SATURATED_SHARE),
  collapsed: ({ table }) => table.some((row) => row.spread < COLLAPSED_SPREAD),
};

/** Return all verdicts that apply, the first one first; ["healthy"] without any. */
function verdicts(exam) {
  const found = Object.keys(CHECKS).filter((name) => CHECKS[name](exam));
  return found.length ? found : ["healthy"];
}

if (typeof module === "object") {
  module.exports = { examine, verdicts };
  return;
}

const { chart, controls } = Explorables;
const EXAMPLES = 40;
const SPECS = {
  depth: controls.whole("hidden layers", [1, 30], 1, 20),
  width: controls.whole("width", [4, 80], 4, 64),
  scheme: controls.oneOf("scheme", "Xavier", controls.SCHEMES),
  activation: controls.oneOf("activation", "relu", controls.ACTIVATIONS),
  norm: controls.oneOf("BatchNorm", "no", { no: "no", yes: "yes" }),
};
const MEANING = {
  symmetric: "units are copies of each other and stay so",
  dead: "most units of a layer are 0 for every input",
  exploding: "signal or gradient grows too much over the layers",
  vanishing: "signal or gradient shrinks too much over the layers",
  saturated: "many activations sit at a bound, where the slope is nearly 0",
  collapsed: "all inputs give nearly the same activations",
  healthy: "nothing to change",
};
const GAINS = { relu: Math.SQRT2, tanh: 1, selu: 1, identity: 1, gelu: 1.5336 };

/** Return what to do, with the number to use. */
function advice(verdict, { activation, width, norm, scheme }) {
  if (verdict === "healthy") return "";
  if (norm === "yes" && verdict !== "symmetric") {
    return "BatchNorm cancels the scale of the weights: add residual connections or take fewer layers.";
  }
  const gain = GAINS[activation] || 1;
  const std = `std ${chart.short(gain)} / √fan-in = ${chart.short(gain / Math.sqrt(width))}`;
  if (!GAINS[activation]) return `Replace sigmoid by tanh and draw the weights with ${std}.`;
  const current = network.SCHEMES[scheme] && network.SCHEMES[scheme](width, width);
  if (current && Math.abs(current * Math.sqrt(width) / gain - 1) < 0.2) {
    return "The weights have the right scale already: widen the layers or take fewer of them.";
  }
  return `Draw the weights of each hidden layer with mean 0 and ${std}.`;
}

function setUp(block) {
  function changed() {
    const { values } = panel;
    const random = network.randomGenerator(1);
    const widths = [...new Array(values.depth + 1).fill(values.width), 1];
    const norm = values.norm === "yes";
    const net = network.createNetwork(widths, values.activation, values.scheme, random, norm);
    const X = network.randomMatrix(values.width, EXAMPLES, random.normal);
    const exam = examine(net, X, network.randomMatrix(1, EXAMPLES, random.normal));
    const [verdict, ...others] = verdicts(exam);
    const sizes = (name) => exam.table.map((row) => row[name]);
    const measured = { signal: sizes("rms"), gradient: sizes("gradient") };
    const box = { width: panel.width(), height: 220, label: "hidden layer" };
    panel.figure.replaceChildren(chart.profile(measured, theory(values), box));
    panel.figure.dataset.verdict = verdict;
    const also = others.length ? ` Also ${others.join(", ")}.` : "";
    const growth = [exam.forward, exam.backward].map((factor) => chart.short(factor));
    panel.say(
      `Verdict: ${verdict}, ${MEANING[verdict]}.${also} ${advice(verdict, values)} ` +
        `Measured per layer: signal × ${growth[0]}, gradient × ${growth[1]}` +
        `${predicted(theory(values))}.`
    );
  }
  const panel = controls.panel(block, { specs: SPECS, changed });
  changed();
}

/** Return what an infinitely wide net does, or null where no formula holds. */
function theory({ scheme, activation, width, depth, norm }) {
  const std = network.SCHEMES[scheme] && network.SCHEMES[scheme](width, width);
  if (!std || norm === "yes" || depth < 2) return null;
  return network.meanField(activation, new Array(depth).fill(std * Math.sqrt(width)));
}

function predicted(wide) {
  if (!wide) return "";
  const [up, down] = [meanFactor(wide.signal), meanFactor([...wide.gradient].reverse())];
  return ` (theory for wide layers: ${chart.short(up)} and ${chart.short(down)})`;
}

Explorables.register("doctor", setUp);
})(this);
