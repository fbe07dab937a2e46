/*
 * The small network of the explorables, with the formulas of `initlab`. No DOM. A matrix is {rows,
 * columns, data}, row-major; weights are (fan_out, fan_in), data are columns, Z = W A + b.
 */
(function (root) {
"use strict";

/** {uniform, normal}, numbers in [0, 1) and from N(0, 1) that a seed repeats: xorshift. */
function randomGenerator(seed) {
	let state = Math.imul(seed + 1, 0x9e3779b1) | 1;
	function uniform() {
		state ^= state << 13;
		state ^= state >>> 17;
		state ^= state << 5;
		return (state >>> 0) / 2 ** 32;
	}
	const size = () => Math.sqrt(-2 * Math.log(1 - uniform()));
	const normal = () => size() * Math.cos(2 * Math.PI * uniform());
	for (let k = 0; k < 20; k++) uniform();
	return { uniform, normal };
}

function matrix(rows, columns, data = new Float64Array(rows * columns)) {
	return { rows, columns, data };
}

function fromRows(rows) {
	return matrix(rows.length, rows[0].length, Float64Array.from(rows.flat()));
}

function randomMatrix(rows, columns, draw) {
	const A = matrix(rows, columns);
	for (let k = 0; k < A.data.length; k++) A.data[k] = draw();
	return A;
}

function multiply(A, B) {
	const [C, n] = [matrix(A.rows, B.columns), B.columns];
	const [a, b, c] = [A.data, B.data, C.data];
	for (let i = 0; i < A.rows; i++) {
		for (let k = 0; k < A.columns; k++) {
			const factor = a[i * A.columns + k];
			for (let j = 0; j < n; j++) c[i * n + j] += factor * b[k * n + j];
		}
	}
	return C;
}

function transpose(A) {
	const T = matrix(A.columns, A.rows);
	for (let i = 0, k = 0; i < A.rows; i++) {
		for (let j = 0; j < A.columns; j++, k++) T.data[j * A.rows + i] = A.data[k];
	}
	return T;
}

/** The matrix of f(a, row, b) over the entries of A and B. */
function byRow({ rows, columns, data }, f, B = { data }) {
	const C = matrix(rows, columns);
	for (let i = 0, k = 0; i < rows; i++) {
		for (const end = k + columns; k < end; k++) C.data[k] = f(data[k], i, B.data[k]);
	}
	return C;
}

function rowSums(A) {
	const sums = new Float64Array(A.rows);
	for (let i = 0; i < A.rows; i++) {
		for (let k = i * A.columns; k < (i + 1) * A.columns; k++) sums[i] += A.data[k];
	}
	return sums;
}

const rms = ({ data }) => Math.sqrt(data.reduce((sum, a) => sum + a * a, 0) / data.length);

/** The geometric mean of the ratios of neighbors, NaN without one or from a zero. */
function meanFactor(values) {
	if (values.length < 2 || values[0] === 0) return NaN;
	return (values[values.length - 1] / values[0]) ** (1 / (values.length - 1));
}

const LEAKY = 0.01;
const [ALPHA, SCALE] = [1.6732632423543772, 1.0507009873554805]; // of SELU
const [SLOPE, CUBIC] = [Math.sqrt(2 / Math.PI), 0.044715]; // of GELU by tanh

const sigmoid = (z) => Math.exp(Math.min(z, 0)) / (1 + Math.exp(-Math.abs(z)));
const softplus = (z) => Math.max(z, 0) + Math.log1p(Math.exp(-Math.abs(z)));
const geluTanh = (z) => Math.tanh(SLOPE * z * (1 + CUBIC * z * z));

function geluDerivative(z) {
	const [t, inner] = [geluTanh(z), SLOPE * (1 + 3 * CUBIC * z * z)];
	return 0.5 * (1 + t) + 0.5 * z * (1 - t * t) * inner;
}

/** Name: the function and its derivative, both of the preactivation. */
const ACTIVATIONS = {
	identity: [(z) => z, () => 1],
	sigmoid: [sigmoid, (z) => sigmoid(z) * (1 - sigmoid(z))],
	tanh: [Math.tanh, (z) => 1 - Math.tanh(z) ** 2],
	relu: [(z) => Math.max(z, 0), (z) => (z > 0 ? 1 : 0)],
	leaky_relu: [(z) => (z > 0 ? z : LEAKY * z), (z) => (z > 0 ? 1 : LEAKY)],
	elu: [(z) => (z > 0 ? z : Math.expm1(z)), (z) => Math.exp(Math.min(z, 0))],
	selu: [
		(z) => SCALE * (z > 0 ? z : ALPHA * Math.expm1(z)),
		(z) => SCALE * (z > 0 ? 1 : ALPHA * Math.exp(z)),
	],
	gelu: [(z) => 0.5 * z * (1 + geluTanh(z)), geluDerivative],
	silu: [(z) => z * sigmoid(z), (z) => sigmoid(z) * (1 + z * (1 - sigmoid(z)))],
	softplus: [softplus, sigmoid],
};

/** Name: the standard deviation of normal weights, from the fans. */
const SCHEMES = {
	zero: () => 0,
	small: () => 0.01,
	LeCun: (fanIn) => Math.sqrt(1 / fanIn),
	Xavier: (fanIn, fanOut) => Math.sqrt(2 / (fanIn + fanOut)),
	He: (fanIn) => Math.sqrt(2 / fanIn),
	large: () => 1,
	"times ten": () => 10,
};
const CONSTANT = 0.5;

/** Weights (fanOut, fanIn): a scheme's name, or a gain g for the std g / sqrt(fan_in). */
function drawWeights(scheme, fanOut, fanIn, { normal }) {
	if (scheme === "constant") return randomMatrix(fanOut, fanIn, () => CONSTANT);
	const std = SCHEMES[scheme] ? SCHEMES[scheme](fanIn, fanOut) : scheme / Math.sqrt(fanIn);
	return randomMatrix(fanOut, fanIn, () => std * normal());
}

/** A network with zero biases; `layerSizes` are features, hidden widths, outputs. */
function createNetwork(layerSizes, activation, scheme, generator, batchNorm = false) {
	const sizes = layerSizes.slice(1);
	const weights = sizes.map((n, l) => drawWeights(scheme, n, layerSizes[l], generator));
	const zeros = (n) => new Float64Array(n);
	const [biases, normalized] = [sizes.map(zeros), batchNorm ? sizes.slice(0, -1) : []];
	const scales = normalized.map((n) => zeros(n).fill(1));
	const shifts = normalized.map(zeros);
	return { activation, batchNorm, epsilon: 1e-5, weights, biases, scales, shifts };
}

/** The mean and the variance of each row, over the examples. */
function batchStatistics(Z) {
	const rowMeans = (A) => rowSums(A).map((sum) => sum / A.columns);
	const means = rowMeans(Z);
	return { means, variances: rowMeans(byRow(Z, (z, i) => (z - means[i]) ** 2)) };
}

function normalize({ scales, shifts, epsilon }, layer, Z) {
	const { means, variances } = batchStatistics(Z);
	const [scale, shift] = [scales[layer], shifts[layer]];
	const roots = variances.map((v) => Math.sqrt(v + epsilon));
	return byRow(Z, (z, i) => (scale[i] * (z - means[i])) / roots[i] + shift[i]);
}

/** Add the next layer to a trace; the last layer of a network is linear. */
function climb(network, trace) {
	const layer = trace.preactivations.length;
	const b = network.biases[layer];
	const Z = byRow(multiply(network.weights[layer], trace.activations[layer]), (z, i) => z + b[i]);
	trace.preactivations.push(Z);
	if (layer === network.weights.length - 1) return trace.activations.push(Z);
	const Y = network.batchNorm ? normalize(network, layer, Z) : Z;
	trace.inputsToActivation.push(Y);
	return trace.activations.push(byRow(Y, ACTIVATIONS[network.activation][0]));
}

const startTrace = (X) => ({ activations: [X], preactivations: [], inputsToActivation: [] });

/** The trace of X; its lists have L + 1, L and L - 1 entries. */
function forward(network, X) {
	const trace = startTrace(X);
	network.weights.forEach(() => climb(network, trace));
	return trace;
}

/** DL/dZ of the layer below `layer`, given dL/dZ of `layer`; adds BatchNorm's gradients. */
function backwardLayer(network, layer, trace, dZ, gradients = null) {
	const derivative = ACTIVATIONS[network.activation][1];
	const dA = multiply(transpose(network.weights[layer]), dZ);
	const dY = byRow(dA, (d, i, y) => d * derivative(y), trace.inputsToActivation[layer - 1]);
	return network.batchNorm ? normBackward(network, layer - 1, trace, dY, gradients) : dY;
}

function normBackward({ scales, epsilon }, layer, trace, dY, gradients) {
	const Z = trace.preactivations[layer];
	const [m, { means, variances }] = [Z.columns, batchStatistics(Z)];
	const roots = variances.map((v) => Math.sqrt(v + epsilon));
	const N = byRow(Z, (z, i) => (z - means[i]) / roots[i]);
	const [dShift, dScale] = [rowSums(dY), rowSums(byRow(dY, (d, i, n) => d * n, N))];
	if (gradients) {
		gradients.scales.unshift(dScale);
		gradients.shifts.unshift(dShift);
	}
	const scale = scales[layer];
	const inner = (d, i, n) => d - dShift[i] / m - (n * dScale[i]) / m;
	return byRow(dY, (d, i, n) => (scale[i] / roots[i]) * inner(d, i, n), N);
}

/** Send X up through `count` layers, `top`, dL/dZ of the last one, down; yields after each layer. */
function* passes(network, X, top, count = network.weights.length) {
	const trace = startTrace(X);
	for (let layer = 0; layer < count; layer++) {
		climb(network, trace);
		yield;
	}
	const gradients = [top];
	for (let layer = count - 1; layer > 0; layer--) {
		gradients.unshift(backwardLayer(network, layer, trace, gradients[0]));
		yield;
	}
	return { trace, gradients };
}

/** The gradients of the loss, given dL/dlogits: one entry per layer. */
function backward(network, trace, dLogits) {
	const gradients = { weights: [], biases: [], scales: [], shifts: [], preactivations: [] };
	let dZ = dLogits;
	for (let layer = network.weights.length - 1; layer >= 0; layer--) {
		gradients.preactivations.unshift(dZ);
		gradients.weights.unshift(multiply(dZ, transpose(trace.activations[layer])));
		gradients.biases.unshift(rowSums(dZ));
		if (layer > 0) dZ = backwardLayer(network, layer, trace, dZ, gradients);
	}
	return gradients;
}

/** [loss, dL/dlogits] of the cross-entropy behind a sigmoid, the mean over examples. */
function binaryCrossEntropy(logits, targets) {
	const m = logits.columns;
	const d = logits.data.map((z, k) => (sigmoid(z) - targets.data[k]) / m);
	const loss = logits.data.reduce((sum, z, k) => sum + softplus(z) - targets.data[k] * z, 0);
	return [loss / m, matrix(logits.rows, m, d)];
}

function descend(parameters, gradients, learningRate) {
	parameters.forEach((p, l) => {
		const [values, steps] = [p.data || p, gradients[l].data || gradients[l]];
		for (let k = 0; k < values.length; k++) values[k] -= learningRate * steps[k];
	});
}

/** One step of full-batch gradient descent in place; returns the loss before it. */
function trainStep(network, X, targets, learningRate) {
	const trace = forward(network, X);
	const logits = trace.activations[network.weights.length];
	const [value, dLogits] = binaryCrossEntropy(logits, targets);
	const gradients = backward(network, trace, dLogits);
	for (const name of ["weights", "biases", "scales", "shifts"]) {
		descend(network[name], gradients[name], learningRate);
	}
	return value;
}

// The nodes are dense around 0, where kinks and steep slopes are, and none is 0 itself.
const STEP = 0.04;
const PLACES = Array.from({ length: 420 }, (_, k) => (k - 209.5) * STEP);
const NODES = PLACES.map((t) => 0.005 * Math.sinh(t));
const DENSITY = PLACES.map((t, k) => {
	return 0.005 * Math.cosh(t) * STEP * Math.exp(-(NODES[k] ** 2) / 2) / Math.sqrt(2 * Math.PI);
});

/** E[f(sqrt(q) xi)^2] for xi from N(0, 1), by the midpoint rule. */
function meanSquare(f, q) {
	const std = Math.sqrt(q);
	let sum = 0;
	for (let k = 0; k < NODES.length; k++) sum += DENSITY[k] * f(std * NODES[k]) ** 2;
	return sum;
}

/**
 * {signal, gradient} of infinitely wide layers: RMS of outputs, for inputs of RMS 1, and of
 * dL/dz, 1 in the last layer. `gains` are std * sqrt(fan_in), one per layer.
 */
function meanField(activation, gains) {
	const [f, derivative] = ACTIVATIONS[activation];
	const [signal, slopes] = [[], []];
	let square = 1;
	for (const gain of gains) {
		const q = gain * gain * square;
		square = meanSquare(f, q);
		signal.push(Math.sqrt(square));
		slopes.push(meanSquare(derivative, q));
	}
	const gradient = [1];
	for (let l = gains.length - 1; l > 0; l--) {
		gradient.unshift(gradient[0] * gains[l] * Math.sqrt(slopes[l - 1]));
	}
	return { signal, gradient };
}

const network = { ACTIVATIONS, SCHEMES, sigmoid, randomGenerator, randomMatrix, fromRows, rms };
Object.assign(network, { drawWeights, createNetwork, batchStatistics, forward, backward, passes });
Object.assign(network, { binaryCrossEntropy, trainStep, meanFactor, meanSquare, meanField });
if (typeof module === "object") module.exports = network;
else (root.Explorables = root.Explorables || {}).network = network;
})(this);
