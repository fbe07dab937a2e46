/* Normalize: which entries share a mean and a variance; and what scaling data does to descent. */
(function (Explorables) {
"use strict";

const { network, chart, controls } = Explorables;

const [EXAMPLES, CHANNELS, PLACES] = [3, 4, 4];
/** Name: a key that the entries of example n and channel c share with their set. */
const KEYS = {
	batch: (n, c) => c,
	layer: (n) => n,
	instance: (n, c) => n * CHANNELS + c,
	group: (n, c) => n * 2 + (c >> 1),
	rms: (n) => n,
};
const PARTS = { all: () => true, example: (n) => !n, channel: (n, c) => !c };
const SPECS = {
	scale: controls.factor("multiply by", [0.1, 10], 0.02, 1),
	shift: controls.range("add", [-3, 3], 0.1, 0),
	part: controls.oneOf("what is changed", "all", {
		all: "the whole input",
		example: "example 1",
		channel: "channel 1",
	}),
	norm: controls.oneOf("norm", "batch", {
		batch: "batch",
		layer: "layer",
		instance: "instance",
		group: "group (2 groups)",
		rms: "RMS",
	}),
};

const random = network.randomGenerator(3);
const TENSOR = Array.from({ length: EXAMPLES * CHANNELS * PLACES }, (_, k) => {
	const place = { n: Math.floor(k / (CHANNELS * PLACES)), c: Math.floor(k / PLACES) % CHANNELS };
	return { ...place, value: 0.5 + place.c / 2 + random.normal() };
});

const mean = (values) => values.reduce((sum, v) => sum + v, 0) / values.length;

/** The entries normalized within the sets that share a key, epsilon 0. */
function normalizeTensor(entries, norm) {
	const key = KEYS[norm];
	return entries.map(({ n, c, value }) => {
		const set = entries.filter((other) => key(other.n, other.c) === key(n, c));
		const values = set.map((other) => other.value);
		const center = norm === "rms" ? 0 : mean(values);
		const root = Math.sqrt(mean(values.map((v) => (v - center) ** 2)));
		return { n, c, value: (value - center) / root };
	});
}

/** A picture: a row per example, a column per channel, one set outlined. */
function tensorPicture(entries, key, title) {
	const [cell, gap] = [22, 8];
	const parts = entries.map(({ n, c, value }, k) => {
		const p = k % PLACES;
		return chart.element("rect", {
			class: `${value > 0 ? "one" : "null"}${key(n, c) === key(0, 0) ? " chosen" : ""}`,
			x: 2 + c * (2 * cell + gap) + (p % 2) * cell,
			y: 2 + n * (2 * cell + gap) + (p >> 1) * cell,
			width: cell - 1,
			height: cell - 1,
			"fill-opacity": Math.min(1, 0.08 + Math.abs(value) / 3).toFixed(2),
		});
	});
	const [width, height] = [CHANNELS, EXAMPLES].map((count) => 2 + count * (2 * cell + gap));
	const label = controls.html("p", { class: "explorable-label" }, [title]);
	return controls.html("div", {}, [label, chart.picture(width, height, title, parts)]);
}

function normalizeBlock(block) {
	function changed(name) {
		if (name === "size") return;
		const { scale, shift, part, norm } = panel.values;
		const input = TENSOR.map((entry) => {
			const touched = PARTS[part](entry.n, entry.c);
			return touched ? { ...entry, value: scale * entry.value + shift } : entry;
		});
		const [before, after] = [TENSOR, input].map((entries) => normalizeTensor(entries, norm));
		const change = Math.max(...after.map(({ value }, k) => Math.abs(value - before[k].value)));
		const key = KEYS[norm];
		const row = controls.html("div", { class: "explorable-row" }, [
			tensorPicture(input, key, "input (row: example, column: channel)"),
			tensorPicture(after, key, "output"),
		]);
		row.dataset.values = JSON.stringify(after.map(({ value }) => value));
		panel.figure.replaceChildren(row);
		const shared = TENSOR.filter(({ n, c }) => key(n, c) === key(0, 0)).length;
		panel.say(
			`The ${shared} outlined entries share their statistics. The output changes by at most ` +
				`${change < 1e-9 ? "0: it is invariant to this" : chart.short(change)}.`
		);
	}
	const panel = controls.panel(block, { specs: SPECS, changed });
	changed();
}

const TOLERANCE = 1e-3;
const SCALING_SPECS = {
	ratio: controls.factor("std of feature 2 / feature 1", [1, 10], 0.01, 5),
	correlation: controls.range("correlation", [0, 0.9], 0.05, 0.5),
	treatment: controls.oneOf("data are", "raw", {
		raw: "raw",
		standard: "z-scored",
		white: "whitened",
	}),
};

/** The Hessian of least squares, the features' covariance [[a b][b d]]. */
function hessian({ ratio, correlation, treatment }) {
	if (treatment === "white") return { a: 1, b: 0, d: 1 };
	if (treatment === "standard") return { a: 1, b: correlation, d: 1 };
	return { a: 1, b: correlation * ratio, d: ratio * ratio };
}

/** Eigenvalues and the angle of the first eigenvector. */
function eigen({ a, b, d }) {
	const [middle, reach] = [(a + d) / 2, Math.hypot((a - d) / 2, b)];
	return { high: middle + reach, low: middle - reach, angle: 0.5 * Math.atan2(2 * b, a - d) };
}

/** The path of gradient descent from the sum of both eigenvectors to 0. */
function descend({ a, b, d }, { high, low, angle }) {
	const rate = 2 / (high + low);
	let [u, v] = [Math.cos(angle) - Math.sin(angle), Math.sin(angle) + Math.cos(angle)];
	const path = [[u, v]];
	while (Math.hypot(u, v) > TOLERANCE * Math.SQRT2) {
		[u, v] = [u - rate * (a * u + b * v), v - rate * (b * u + d * v)];
		path.push([u, v]);
	}
	return path;
}

function ellipse({ high, low, angle }, level) {
	return Array.from({ length: 73 }, (_, k) => {
		const t = (k * Math.PI) / 36;
		const [p, q] = [Math.sqrt(level / high) * Math.cos(t), Math.sqrt(level / low) * Math.sin(t)];
		const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
		return [p * cos - q * sin, p * sin + q * cos];
	});
}

function scalingBlock(block) {
	function changed() {
		const H = hessian(panel.values);
		const values = eigen(H);
		const path = descend(H, values);
		const plot = chart.chart({
			width: Math.min(panel.width(), 480),
			height: 300,
			x: { min: -2, max: 2, label: "error of weight 1" },
			y: { min: -1.6, max: 1.6, label: "error of weight 2" },
			label: "Contour lines of the cost and the path of gradient descent",
		});
		for (const part of [0.02, 0.1, 0.3, 0.6, 1]) {
			plot.line(ellipse(values, part * (values.high + values.low)), "contour");
		}
		plot.line(path.slice(0, 400), "product");
		plot.points(path.slice(0, 40), "gradient", 2.5);
		panel.figure.replaceChildren(plot.svg);
		const kappa = values.high / values.low;
		const rate = (kappa - 1) / (kappa + 1);
		const steps = Math.max(1, Math.ceil(Math.log(TOLERANCE) / Math.log(rate)));
		panel.say(
			`Condition number ${chart.short(kappa)}. Gradient descent at its best learning rate needs ` +
				`${path.length - 1} steps to a thousandth of the error (theory: ${steps}).`
		);
	}
	const panel = controls.panel(block, { specs: SCALING_SPECS, changed });
	changed();
}

Explorables.register("normalize", normalizeBlock);
Explorables.register("scaling", scalingBlock);
})(window.Explorables);
