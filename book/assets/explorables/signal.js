/* Signal: how large signal and gradient are in each layer of a deep net, beside the theory. */
(function (Explorables) {
"use strict";

const { network, chart, controls } = Explorables;
const EXAMPLES = 10;
const { small, He, large } = controls.SCHEMES;
const activation = controls.oneOf("activation", "relu", controls.ACTIVATIONS);
const SPECS = {
	gain: controls.factor("gain: std · √fan-in", [0.01, 100], 0.01, 1),
	scheme: controls.oneOf("scheme", "Xavier", {
		free: "free gain",
		small,
		Xavier: "Xavier, LeCun",
		He,
		large,
	}),
	activation,
	depth: controls.whole("layers", [10, 50], 1, 20),
	width: controls.whole("width", [20, 200], 10, 50),
};
const STORED_SPECS = {
	gain: controls.factor("multiply all weights by", [0.1, 10], 0.01, 1),
	activation: { ...activation, value: "tanh" },
};

function gainOf(scheme, width) {
	return Number((network.SCHEMES[scheme](width, width) * Math.sqrt(width)).toPrecision(4));
}

/** A net with weights of this gain: {activation, gains, weights, X, top}. */
function* drawn({ activation, gain, depth, width }, seed) {
	const random = network.randomGenerator(seed);
	const weights = [];
	for (let l = 0; l < depth; l++) {
		weights.push(network.drawWeights(gain, width, width, random));
		yield;
	}
	const normal = () => network.randomMatrix(width, EXAMPLES, random.normal);
	return { activation, gains: new Array(depth).fill(gain), weights, X: normal(), top: normal() };
}

/** The net that the page's maker stored, its weights times the reader's factor. */
function stored(text, { activation, gain }) {
	const { gains, weights, X, top } = JSON.parse(text);
	const scaled = weights.map((W) => network.fromRows(W.map((row) => row.map((w) => gain * w))));
	return {
		activation,
		gains: gains.map((g) => gain * g),
		weights: scaled,
		X: network.fromRows(X),
		top: network.fromRows(top),
	};
}

/** {measured, theory, preactivations}; every layer is hidden, the last one included. */
function* measure({ activation, gains, weights, X, top }) {
	const theory = network.meanField(activation, gains);
	yield;
	const biases = weights.map((W) => new Float64Array(W.rows));
	const net = { activation, batchNorm: false, weights: [...weights, null], biases };
	const { trace, gradients } = yield* network.passes(net, X, top, weights.length);
	const signal = trace.activations.slice(1).map(network.rms);
	const measured = { signal, gradient: gradients.map(network.rms) };
	return { measured, theory, preactivations: trace.preactivations };
}

function inWords({ measured, theory }) {
	const { signal, gradient } = measured;
	const factor = (values) => chart.short(network.meanFactor(values));
	const down = factor([...gradient].reverse());
	const theoryDown = factor([...theory.gradient].reverse());
	return (
		`Each layer multiplies the signal by ${factor(signal)} on average (theory ` +
		`${factor(theory.signal)}), and the gradient on its way down by ${down} (theory ` +
		`${theoryDown}). From layer 1 to layer ${signal.length} the signal changes by a factor of ` +
		`${chart.short(signal[signal.length - 1] / signal[0])}.`
	);
}

/** Histograms of the preactivations of a few layers. */
function histograms(preactivations, width) {
	const depth = preactivations.length;
	const shown = Math.min(depth, Math.max(3, Math.floor(width / 110)));
	const row = controls.html("div", { class: "explorable-row" });
	for (let k = 0; k < shown; k++) {
		const layer = Math.round((k * (depth - 1)) / (shown - 1));
		const box = { width: Math.floor(width / shown) - 6, height: 84, title: `layer ${layer + 1}` };
		row.append(chart.histogram(preactivations[layer].data, box));
	}
	return row;
}

function setUp(block) {
	const fixture = block.dataset.weights;
	const work = controls.worker();
	let seed = 1;
	let last = null;

	function draw() {
		const width = panel.width();
		panel.figure.replaceChildren(
			chart.profile(last.measured, last.theory, { width, height: 250, label: "layer" }),
			controls.html("p", { class: "explorable-label" }, ["preactivations z"]),
			histograms(last.preactivations, width)
		);
	}

	function* run() {
		const { values } = panel;
		last = yield* measure(fixture ? stored(fixture, values) : yield* drawn(values, seed));
		yield;
		draw();
		panel.say(inWords(last));
	}

	function changed(name) {
		const { scheme, width } = panel.values;
		if (name === "size") return last && draw();
		if (!fixture && name === "gain") panel.set("scheme", "free");
		else if (!fixture && scheme !== "free") panel.set("gain", gainOf(scheme, width));
		return work(run());
	}

	const resample = () => changed((seed += 1));
	const panel = controls.panel(block, {
		specs: fixture ? STORED_SPECS : SPECS,
		buttons: fixture ? {} : { Resample: resample },
		changed,
	});
	changed();
}

Explorables.register("signal", setUp);
})(window.Explorables);
