/* Doctor: the page's twin of `initlab.diagnose`, with the same checks, thresholds and advice. */
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
const SAME_SCALE = 0.2;
const BOUNDS = { sigmoid: [0, 1], tanh: [-1, 1] };

const digits = (value) => String(Number(value.toPrecision(3)));
const mean = (values) => values.reduce((sum, v) => sum + v, 0) / values.length;
const share = (values, test) => mean(Array.from(values, test).map(Number));
const rows = ({ rows: length, columns: n, data }) =>
	Array.from({ length }, (_, i) => data.subarray(i * n, (i + 1) * n));
const spread = (A) => Math.sqrt(mean(network.batchStatistics(A).variances)) / network.rms(A);

/** {rms, saturated, dead, spread} of a layer's activations. */
function layerRow(A, activation) {
	const rms = network.rms(A);
	if (!Number.isFinite(rms)) return { rms: Infinity };
	const bounds = BOUNDS[activation] || [];
	return {
		rms,
		saturated: share(A.data, (a) => bounds.some((bound) => Math.abs(a - bound) <= 0.01)),
		dead: share(rows(A), (values) => values.every((a) => a === 0)),
		spread: spread(A),
	};
}

/** The share of a layer's units that equal another one. */
function twins({ weights, biases, scales, shifts }, layer) {
	const columns = [biases, scales, shifts].map((lists) => lists[layer]).filter(Boolean);
	const units = rows(weights[layer]).map((values, i) => [...values, ...columns.map((c) => c[i])]);
	const same = (one, other) => one !== other && one.every((value, k) => value === other[k]);
	return share(units, (unit) => units.some((other) => same(unit, other)));
}

/** Send X up and `top`, a gradient on the logits, down. */
function* examine(net, X, top) {
	const { trace, gradients } = yield* network.passes(net, X, top);
	const table = [];
	for (let l = 0; l < net.weights.length - 1; l++) {
		const { rms } = layerRow(gradients[l]);
		const measured = layerRow(trace.activations[l + 1], net.activation);
		table.push({ ...measured, gradient: rms, twins: twins(net, l) });
		yield;
	}
	const up = network.meanFactor(table.map((layer) => layer.rms));
	const down = network.meanFactor(table.map((layer) => layer.gradient).reverse());
	return { net, X, table, growth: [up, down] };
}

const limit = ({ length }) => {
	return Math.min(LARGEST_FACTOR, TOTAL_CHANGE ** (1 / Math.max(length - 1, 1)));
};
const hasHead = (net) => net.weights[net.weights.length - 1].data.some((w) => w !== 0);
const isDead = ({ table, X }) => (layer, l) =>
	layer.dead >= DEAD_SHARE && (l ? table[l - 1].rms : network.rms(X)) > 0;

/** Each tells whether its verdict applies; the first is the verdict. */
const CHECKS = {
	symmetric: ({ table }) => table.some((layer) => layer.twins >= SYMMETRIC_SHARE),
	dead: (exam) => exam.table.some(isDead(exam)),
	exploding: ({ table, growth }) =>
		table.some((layer) => layer.rms === Infinity || layer.gradient === Infinity) ||
		growth.some((factor) => factor > limit(table)),
	vanishing: ({ net, table, growth }) =>
		table.every((layer) => layer.rms < Infinity) &&
		((table[0].gradient === 0 && hasHead(net)) ||
			growth.some((factor) => factor < 1 / limit(table))),
	saturated: ({ table }) => table.some((layer) => layer.saturated >= SATURATED_SHARE),
	collapsed: ({ table }) => table.some((layer) => layer.spread < COLLAPSED_SPREAD),
};

/** All verdicts that apply, or ["healthy"]. */
function verdicts(exam) {
	const found = Object.keys(CHECKS).filter((name) => CHECKS[name](exam));
	return found.length ? found : ["healthy"];
}

/** The gain for the weights, or null where none serves a deep net. */
function gainFor(activation) {
	if (["sigmoid", "softplus"].includes(activation)) return null;
	if (["tanh", "identity", "selu"].includes(activation)) return 1;
	return 1 / Math.sqrt(network.meanSquare(network.ACTIVATIONS[activation][0], 1));
}

/** The advice to draw the hidden weights anew, for layers of one fan-in. */
function draw({ net }) {
	const found = gainFor(net.activation);
	const gain = found || 1;
	const known = { "1.000": "sqrt(1/fan_in)", "1.414": "sqrt(2/fan_in)" };
	const formula = known[gain.toFixed(3)] || `${digits(gain)}/sqrt(fan_in)`;
	const std = digits(gain / Math.sqrt(net.weights[0].columns));
	const start = found ? "" : `replace ${net.activation} by tanh, then `;
	return `${start}draw the weights of each hidden layer with mean 0 and std ${formula} = ${std}`;
}

/** The one factor that gives all hidden weights the right scale, or null. */
function scaleFactor({ net }) {
	const gain = gainFor(net.activation);
	const factors = net.weights.slice(0, -1).map((W) => {
		const center = mean(W.data);
		const std = Math.sqrt(mean(W.data.map((w) => (w - center) ** 2)));
		return Math.abs(center) * Math.sqrt(W.columns) > std ? NaN : gain / Math.sqrt(W.columns) / std;
	});
	const apart = Math.max(...factors) - Math.min(...factors);
	return gain && apart <= SAME_SCALE * mean(factors) ? mean(factors) : null;
}

function shorten({ growth }) {
	const known = growth.filter((g) => Number.isFinite(g) && g > 0);
	const worst = Math.max(...known.map((g) => Math.abs(Math.log(g))));
	const depth = 1 + Math.trunc(Math.log(TOTAL_CHANGE) / worst);
	return `add residual connections, or use at most ${depth} hidden layers`;
}

function adviseScale(exam) {
	if (exam.net.batchNorm) return `BatchNorm cancels the scale of the weights, so ${shorten(exam)}.`;
	const factor = scaleFactor(exam);
	if (factor === null) return sentence(draw(exam));
	if (Math.abs(factor - 1) <= SAME_SCALE) {
		return `The weights have the right scale already, so widen the layers, ${shorten(exam)}.`;
	}
	const again = draw(exam).replace("the weights of each hidden layer", "them");
	return `Multiply the weights of each hidden layer by ${digits(factor)}, or ${again}.`;
}

const sentence = (text) => `${text[0].toUpperCase()}${text.slice(1)}.`;

/** What to do about a verdict, without biases and with standardized inputs. */
const ADVICE = {
	symmetric: (exam) => `${sentence(draw(exam))} Biases may stay 0.`,
	dead: (exam) =>
		`${sentence(draw(exam))} If it happened in training, lower the learning rate tenfold.`,
	exploding: adviseScale,
	vanishing: adviseScale,
	saturated: adviseScale,
	collapsed: (exam) => `Add BatchNorm or residual connections, and ${draw(exam)}.`,
	healthy: () => "Nothing to change.",
};
const advise = (exam) => ADVICE[verdicts(exam)[0]](exam);

if (typeof module === "object") {
	module.exports = { advise, examine, verdicts };
	return;
}

const { chart, controls } = Explorables;
const EXAMPLES = 16;
const SPECS = {
	depth: controls.whole("hidden layers", [1, 30], 1, 20),
	width: controls.whole("width", [4, 64], 4, 40),
	scheme: controls.oneOf("scheme", "Xavier", controls.SCHEMES),
	activation: controls.oneOf("activation", "relu", controls.ACTIVATIONS),
	norm: controls.oneOf("BatchNorm", "no", { no: "no", yes: "yes" }),
};
const MEANING = {
	symmetric: "units are copies of each other",
	dead: "most units of a layer are 0 for every input",
	exploding: "signal or gradient grows too much over the layers",
	vanishing: "signal or gradient shrinks too much over the layers",
	saturated: "many activations sit at a bound, where the slope is nearly 0",
	collapsed: "all inputs give nearly the same activations",
	healthy: "signal and gradient keep their size",
};

function setUp(block) {
	const work = controls.worker();
	let last = null;

	function show() {
		const { exam, theory } = last;
		const column = (name) => exam.table.map((layer) => layer[name]);
		const measured = { signal: column("rms"), gradient: column("gradient") };
		const box = { width: panel.width(), height: 220, label: "hidden layer" };
		panel.figure.replaceChildren(chart.profile(measured, theory, box));
	}

	function* run() {
		const { depth, width, scheme, activation, norm } = panel.values;
		const random = network.randomGenerator(1);
		const widths = [...new Array(depth + 1).fill(width), 1];
		const net = network.createNetwork(widths, activation, scheme, random, norm === "yes");
		yield;
		const X = network.randomMatrix(width, EXAMPLES, random.normal);
		const exam = yield* examine(net, X, network.randomMatrix(1, EXAMPLES, random.normal));
		const gain = (network.SCHEMES[scheme] || (() => 0))(width, width) * Math.sqrt(width);
		const gains = new Array(depth).fill(gain);
		const theory = gain && norm === "no" ? network.meanField(activation, gains) : null;
		const top = exam.table[depth - 1].gradient;
		if (theory) theory.gradient = theory.gradient.map((g) => g * top);
		last = { exam, theory };
		yield;
		show();
		panel.say(words(last));
	}

	const changed = (name) => (name === "size" ? last && show() : work(run()));
	const panel = controls.panel(block, { specs: SPECS, changed });
	work(run());
}

function words({ exam, theory }) {
	const [verdict, ...others] = verdicts(exam);
	const also = others.length ? ` Also ${others.join(", ")}.` : "";
	const start = `Verdict: ${verdict}, ${MEANING[verdict]}.${also} ${advise(exam)}`;
	if (exam.table.length < 2) return start;
	const pair = ([up, down]) => `signal × ${chart.short(up)}, gradient × ${chart.short(down)}`;
	const factors = theory && [theory.signal, [...theory.gradient].reverse()].map(network.meanFactor);
	const wide = theory ? ` (wide layers in theory: ${pair(factors)})` : "";
	return `${start} Measured per layer: ${pair(exam.growth)}${wide}.`;
}

Explorables.register("doctor", setUp);
})(this);
