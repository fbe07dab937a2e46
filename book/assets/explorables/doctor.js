/* Doctor: the page's twin of `initlab.diagnose`, for fresh networks of one width without biases. */
(function (root) {
"use strict";

const Explorables = root.Explorables || {};
const network = Explorables.network || require("./network.js");

// As in initlab/diagnosis.py, where each has its reason.
const SYMMETRIC_SHARE = 0.1;
const DEAD_SHARE = 0.9;
const TOTAL_CHANGE = 100;
const LARGEST_FACTOR = 10;
const SATURATED_SHARE = 0.3;
const COLLAPSED_SPREAD = 0.01;
const SAME_SCALE = 0.2;
const WORTH_CORRECTING = 10;
const SAMPLING = 6;
const BOUNDS = { sigmoid: [0, 1], tanh: [-1, 1] };

const digits = (value) => String(Number(value.toPrecision(3)));
const mean = (values) => values.reduce((sum, v) => sum + v, 0) / values.length;
const share = (values, test) => mean(Array.from(values, test).map(Number));
const rows = ({ rows: length, columns: n, data }) =>
	Array.from({ length }, (_, i) => data.subarray(i * n, (i + 1) * n));
const spread = (A) => Math.sqrt(mean(network.batchStatistics(A).variances));

function layerRow(A, activation) {
	const rms = network.rms(A);
	const bounds = BOUNDS[activation] || [];
	return {
		rms,
		saturated: share(A.data, (a) => bounds.some((bound) => Math.abs(a - bound) <= 0.01)),
		dead: share(rows(A), (values) => values.every((a) => a === 0)),
		spread: spread(A) / rms,
	};
}

/** The share of a layer's units with the incoming weights of another one. */
function twins(W) {
	const units = rows(W);
	const same = (one, other) => one !== other && one.every((value, k) => value === other[k]);
	return share(units, (unit) => units.some((other) => same(unit, other)));
}

/** Send X up and `top`, a gradient on the logits, down. */
function* examine(net, X, top) {
	const { trace, gradients } = yield* network.passes(net, X, top);
	const table = [];
	for (let l = 0; l < net.weights.length - 1; l++) {
		const measured = layerRow(trace.activations[l + 1], net.activation);
		const [gradient, std] = [network.rms(gradients[l]), spread(trace.preactivations[l])];
		table.push({ ...measured, gradient, std, twins: twins(net.weights[l]) });
		yield;
	}
	const growth = (name) => network.meanFactor(table.map((layer) => layer[name]));
	const up = growth("rms");
	const down = network.meanFactor(table.map((layer) => layer.gradient).reverse());
	const judged = [up, net.batchNorm ? down / growth("std") : down];
	return { net, X, table, judged, growth: [up, down] };
}

/** Whether signal or gradient grow (sign 1) or shrink (-1) too much. */
function outOfRange({ judged, table }, sign) {
	const limit = Math.min(LARGEST_FACTOR, TOTAL_CHANGE ** (1 / Math.max(table.length - 1, 1)));
	return judged.some((factor) => factor ** sign > limit);
}

const hasHead = (net) => net.weights.at(-1).data.some((w) => w !== 0);
const isDead = ({ table, X }) => (layer, l) =>
	layer.dead >= DEAD_SHARE && (l ? table[l - 1].rms : network.rms(X)) > 0;

/** The first that applies is the verdict. */
const CHECKS = {
	symmetric: ({ table }) => table.some((layer) => layer.twins >= SYMMETRIC_SHARE),
	dead: (exam) => exam.table.some(isDead(exam)),
	exploding: (exam) => outOfRange(exam, 1),
	vanishing: (exam) =>
		(exam.table[0].gradient === 0 && hasHead(exam.net)) || outOfRange(exam, -1),
	saturated: ({ table }) => table.some((layer) => layer.saturated >= SATURATED_SHARE),
	collapsed: ({ table }) => table.some((layer) => layer.spread < COLLAPSED_SPREAD),
};

/** All verdicts that apply, or ["healthy"]. */
function verdicts(exam) {
	const found = Object.keys(CHECKS).filter((name) => CHECKS[name](exam));
	return found.length ? found : ["healthy"];
}

/** The gain for the weights, or null where none serves a deep net of at most 28 hidden layers. */
function gainFor(activation) {
	if (["sigmoid", "softplus"].includes(activation)) return null;
	if (["tanh", "identity", "selu"].includes(activation)) return 1;
	return network.meanSquare(network.ACTIVATIONS[activation][0], 1) ** -0.5;
}

/** The advice to draw the hidden weights anew, for layers of one fan-in. */
function draw({ net }) {
	const found = gainFor(net.activation);
	const gain = found || 1;
	const known = { 1: "sqrt(1/fan_in)", 1.41: "sqrt(2/fan_in)" };
	const formula = known[digits(gain)] || `${digits(gain)}/sqrt(fan_in)`;
	const std = digits(gain / Math.sqrt(net.weights[0].columns));
	const start = found ? "" : `replace ${net.activation} by tanh, then `;
	return `${start}draw the weights of each hidden layer with mean 0 and std ${formula} = ${std}`;
}

/** The one factor that gives all hidden weights the right scale, or null. */
function scaleFactor({ net }) {
	const gain = gainFor(net.activation);
	let error = 0;
	const factors = net.weights.slice(0, -1).map((W) => {
		const center = mean(W.data);
		const std = Math.sqrt(mean(W.data.map((w) => (w - center) ** 2)));
		error = Math.max(error, SAMPLING / Math.sqrt(W.data.length));
		const wanted = 1 / Math.sqrt(W.columns);
		return Math.abs(center) > Math.max(error, wanted) * std ? NaN : (gain * wanted) / std;
	});
	const middle = mean(factors);
	const apart = (Math.max(...factors) - Math.min(...factors)) / middle;
	return gain && apart <= SAME_SCALE + error / Math.SQRT2 ? middle : null;
}

function shorten({ judged }) {
	const worst = Math.max(...judged.map((g) => Math.abs(Math.log(g)) || 0));
	const most = Math.trunc(Math.log(TOTAL_CHANGE) / worst);
	const few = most < 2 || worst > Math.log(LARGEST_FACTOR);
	const layers = few ? "a single hidden layer" : `at most ${most} hidden layers`;
	return `add residual connections, or use ${layers}`;
}

function adviseScale(exam) {
	if (exam.net.batchNorm) return `BatchNorm cancels the scale of the weights, so ${shorten(exam)}.`;
	const factor = scaleFactor(exam);
	if (factor === null) return sentence(draw(exam));
	const total = Math.abs(Math.log(factor)) * (exam.table.length - 1);
	if (Math.abs(factor - 1) <= SAME_SCALE && total <= Math.log(WORTH_CORRECTING)) {
		return `The weights have the right scale already, so widen the layers, ${shorten(exam)}.`;
	}
	const again = draw(exam).replace("the weights of each hidden layer", "them");
	return `Multiply the weights of each hidden layer by ${digits(factor)}, or ${again}.`;
}

const sentence = (text) => `${text[0].toUpperCase()}${text.slice(1)}.`;

/** What to do. */
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
	depth: controls.whole("hidden layers", [1, 28], 1, 20),
	width: controls.whole("width", [4, 64], 4, 40),
	scheme: controls.oneOf("scheme", "Xavier", controls.SCHEMES),
	activation: controls.oneOf("activation", "relu", controls.ACTIVATIONS),
	norm: controls.oneOf("BatchNorm", "no", { no: "no", yes: "yes" }),
};
const MEANING = {
	symmetric: "units are copies of each other",
	dead: "most units of a layer are always 0",
	exploding: "signal or gradient grows too much",
	vanishing: "signal or gradient shrinks too much",
	saturated: "many activations sit at a bound",
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
