/* Chain: four sigmoid neurons in a row, the factors of the gradient and the window above 1. */
(function (Explorables) {
"use strict";

const { network, chart, controls } = Explorables;
const SUBSCRIPTS = "₀₁₂₃₄";
const weight = (k) => controls.range(`w${SUBSCRIPTS[k]}`, [-20, 20], 0.1, 1);
const SPECS = {
	w2: weight(2),
	w3: weight(3),
	w4: weight(4),
	w1: weight(1),
	x: controls.range("input x", [0, 1], 0.01, 0.5),
	biases: controls.oneOf("biases", "zero", { zero: "all zero", centered: "−w·a, so that z = 0" }),
};

const slope = network.ACTIVATIONS.sigmoid[1];

/** {k, w, b, input, z, factor} of each layer: factor is sigma'(z_1), then w sigma'(z). */
function chain(values) {
	let input = values.x;
	return [1, 2, 3, 4].map((k) => {
		const w = values[`w${k}`];
		const b = values.biases === "zero" ? 0 : -w * input;
		const z = w * input + b;
		const layer = { k, w, b, input, z, factor: (k === 1 ? 1 : w) * slope(z) };
		input = network.sigmoid(z);
		return layer;
	});
}

/** The inputs between which |w| sigma'(w a + b) is above 1, or null where there are none. */
function windowAboveOne({ w, b }) {
	const size = Math.abs(w);
	if (size <= 4) return null;
	const reach = Math.log((size * (1 + Math.sqrt(1 - 4 / size))) / 2 - 1);
	return [(-reach - b) / w, (reach - b) / w].sort((low, high) => low - high);
}

function factorChart(layers, width) {
	let product = 1;
	const down = [...layers].reverse();
	const products = down.map(({ k, factor }) => [k, (product *= Math.abs(factor))]);
	const sizes = [...products.map((point) => point[1]), ...layers.map((l) => Math.abs(l.factor))];
	const min = chart.power(Math.max(Math.min(...sizes), 1e-30) / 2, Math.floor);
	const plot = chart.chart({
		width,
		height: 200,
		x: { min: 0.5, max: 4.5, label: "layer (read from right to left)", integer: true },
		y: { min, max: 1e4, log: true, label: "size" },
		label: "Factor of each layer as bars, product from layer 4 down as a line",
	});
	for (const { k, factor } of layers) {
		const size = Math.abs(factor);
		const [low, high] = [Math.min(size, 1), Math.max(size, 1)];
		const bar = [[k - 0.2, low], [k + 0.2, low], [k + 0.2, high], [k - 0.2, high]];
		plot.area(bar, size > 1 ? "above" : "below");
		plot.text(k, high, chart.short(factor), "tick");
	}
	plot.line(products, "product");
	plot.points(products, "gradient", 4);
	return plot.svg;
}

function windowChart(layer, width) {
	const [low, high] = [-0.2, 1.2];
	const inputs = Array.from({ length: 141 }, (_, i) => low + i / 100);
	const size = (a) => Math.abs(layer.w) * slope(layer.w * a + layer.b);
	const plot = chart.chart({
		width,
		height: 180,
		x: { min: low, max: high, label: `input a${SUBSCRIPTS[layer.k - 1]} of layer ${layer.k}` },
		y: { min: 0, max: Math.max(1.5, Math.abs(layer.w) / 4), label: "|w| σ′(wa + b)", count: 4 },
		label: `Size of the factor of layer ${layer.k} against the layer's input`,
	});
	plot.line([[low, 1], [high, 1]], "theory");
	plot.line(inputs.map((a) => [a, size(a)]), "product");
	plot.points([[layer.input, size(layer.input)]], "gradient", 5);
	return plot.svg;
}

function windowWords(layer) {
	const range = windowAboveOne(layer);
	const name = `w${SUBSCRIPTS[layer.k]} = ${layer.w}`;
	if (!range) return `With ${name} layer ${layer.k} can't exceed 1: that needs |w| above 4.`;
	const [low, high] = range;
	return (
		`With ${name} layer ${layer.k} exceeds 1 only for inputs between ${low.toFixed(3)} and ` +
		`${high.toFixed(3)}, a window ${(high - low).toFixed(4)} wide; its input is ` +
		`${layer.input.toFixed(3)}.`
	);
}

function setUp(block) {
	let chosen = 2;

	function changed(name = "") {
		if (/^w[234]$/.test(name)) chosen = Number(name[1]);
		const layers = chain(panel.values);
		const width = panel.width();
		const product = layers.reduce((all, { factor }) => all * factor, 1);
		const charts = [factorChart(layers, width), windowChart(layers[chosen - 1], width)];
		charts[0].dataset.values = JSON.stringify(layers.map(({ factor }) => factor));
		panel.figure.replaceChildren(...charts);
		const terms = layers.map(({ factor }) => chart.short(factor)).join(" · ");
		panel.say(
			`∂C/∂b₁ is ∂C/∂a₄ times ${terms} = ${chart.short(product)}. ` +
				windowWords(layers[chosen - 1])
		);
	}

	const panel = controls.panel(block, { specs: SPECS, changed });
	changed();
}

Explorables.register("chain", setUp);
})(window.Explorables);
