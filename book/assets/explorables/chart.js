/* Charts of the explorables as SVG: axes, lines, points, bars. */
(function (root) {
"use strict";

const MARGIN = { left: 58, right: 12, top: 10, bottom: 38 };

/** A new SVG element. */
function element(tag, attributes = {}, children = []) {
	const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
	for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
	made.append(...children);
	return made;
}

/** A picture with its own system of coordinates, `label` says what it shows. */
function picture(width, height, label, children = [], options = {}) {
	const size = { viewBox: `0 0 ${width} ${height}`, width, height };
	return element("svg", { ...size, role: "img", "aria-label": label, ...options }, children);
}

function text(x, y, words, options = {}) {
	return element("text", { class: "tick", x, y, "text-anchor": "middle", ...options }, [words]);
}

/** A number in few characters. */
function short(value) {
	if (value === 0 || !Number.isFinite(value)) return String(value);
	const size = Math.abs(value);
	if (size < 1e-3 || size >= 1e4) return value.toExponential(1).replace(/(\.0)?e\+?/, "e");
	return String(Number(value.toPrecision(3)));
}

// a power of ten beside a value: `turn` is Math.floor or Math.ceil
const power = (value, turn) => 10 ** turn(Math.log10(value));

/** A map from values to pixels, which clips on a logarithmic axis. */
function scale({ min, max, log = false }, from, to) {
	const place = log ? (v) => Math.log10(Math.min(Math.max(v, min), max)) : (v) => v;
	const [low, high] = [place(min), place(max)];
	return (value) => from + ((place(value) - low) / (high - low)) * (to - from);
}

function ticks({ min, max, log = false, count = 5, integer = false }) {
	if (log) {
		const exponents = { min: Math.log10(min), max: Math.log10(max), count, integer: true };
		return ticks(exponents).map((e) => 10 ** e);
	}
	const raw = (max - min) / count;
	const unit = power(raw, Math.floor);
	let step = [1, 2, 5, 10].map((k) => k * unit).find((s) => s >= raw);
	if (integer) step = Math.max(1, Math.round(step));
	const first = Math.ceil(min / step - 1e-9);
	const number = Math.floor(max / step + 1e-9) - first + 1;
	return Array.from({ length: number }, (_, k) => (first + k) * step);
}

/**
 * An empty chart {svg, line, area, points, text}, whose functions take values.
 * `x` and `y` are axes {min, max, label, log, integer, count}.
 */
function chart({ width, height, x: xAxis, y: yAxis, label }) {
	const x = scale(xAxis, MARGIN.left, width - MARGIN.right);
	const y = scale(yAxis, height - MARGIN.bottom, MARGIN.top);
	// an inner picture cuts off what lies outside the axes
	const [left, h] = [MARGIN.left - 6, height - MARGIN.bottom + 2];
	const w = width - left - MARGIN.right + 6;
	const plot = element("svg", { x: left, y: 4, width: w, height: h, viewBox: `${left} 4 ${w} ${h}` });
	const parts = axes({ width, height, x, y, xAxis, yAxis });
	const add = (tag, attributes) => plot.append(element(tag, attributes));
	const place = (points) =>
		points.map(([u, v]) => `${x(u).toFixed(1)},${y(v).toFixed(1)}`).join(" ");
	return {
		svg: picture(width, height, label, [...parts, plot]),
		line: (points, name) => add("polyline", { class: name, points: place(points) }),
		area: (points, name) => add("polygon", { class: name, points: place(points) }),
		points: (points, name, r = 3) =>
			points.forEach(([u, v]) => add("circle", { class: name, cx: x(u), cy: y(v), r })),
		text: (u, v, words, name, anchor) =>
			plot.append(text(x(u), y(v) - 6, words, { class: name, "text-anchor": anchor })),
	};
}

function axes({ width, height, x, y, xAxis, yAxis }) {
	const [bottom, x1, x2] = [height - MARGIN.bottom, MARGIN.left, width - MARGIN.right];
	const line = (name, at) => element("line", { class: name, x1, x2, y1: at, y2: at });
	const end = { "text-anchor": "end" };
	const turned = `translate(12 ${(MARGIN.top + bottom) / 2}) rotate(-90)`;
	return [
		...ticks(yAxis).flatMap((v) => [line("grid", y(v)), text(x1 - 6, y(v) + 4, short(v), end)]),
		...ticks({ count: width < 420 ? 4 : 8, ...xAxis }).map((v) => text(x(v), bottom + 15, short(v))),
		line("axis", bottom),
		text((x1 + x2) / 2, height - 6, xAxis.label, { class: "title" }),
		text(0, 0, yAxis.label, { class: "title", transform: turned }),
	];
}

function histogram(values, { width, height, title, bins = 30 }) {
	const half = values.reduce((high, v) => Math.max(high, Math.abs(v)), 0) || 1;
	const counts = new Array(bins).fill(0);
	for (const v of values) {
		counts[Math.min(bins - 1, Math.floor(((v / half + 1) / 2) * bins))] += 1;
	}
	const [base, bar] = [height - 16, width / bins];
	const highest = Math.max(...counts);
	const path = counts.map((count, k) => {
		const top = base - (count / highest) * (base - 16);
		return `M${(k * bar).toFixed(1)} ${base}V${top.toFixed(1)}h${bar.toFixed(1)}V${base}z`;
	});
	return picture(width, height, `histogram of ${title}, up to ± ${short(half)}`, [
		element("path", { class: "bars", d: path.join("") }),
		text(width / 2, 11, title),
		text(width / 2, height - 4, `± ${short(half)}`),
	]);
}

/** The chart of RMS per layer of {signal, gradient}: points, and dashed lines or null. */
function profile(measured, theory, { width, height, label }) {
	const series = [measured, theory || measured].flatMap((m) => [...m.signal, ...m.gradient]);
	const sizes = series.filter((v) => v > 0 && v < Infinity);
	const depth = measured.signal.length;
	const min = power(Math.min(0.5, ...sizes), Math.floor);
	const max = power(Math.max(0.5, ...sizes), Math.ceil);
	const plot = chart({
		width,
		height,
		x: { min: 1, max: Math.max(2, depth), label, integer: true },
		y: { min: min / 2, max: 2 * max, log: true, label: "RMS" },
		label: "RMS of signal and gradient per layer, theory as dashed lines",
	});
	for (const [name, at] of Object.entries({ signal: 0.2, gradient: 0.75 })) {
		const points = (values) => values.map((value, l) => [l + 1, value]);
		if (theory) plot.line(points(theory[name]), "theory");
		plot.points(points(measured[name]), name);
		const [layer, value] = points(measured[name])[Math.floor(at * depth)];
		plot.text(layer, value, name, name, "start");
	}
	plot.svg.dataset.values = JSON.stringify(measured);
	return plot.svg;
}

root.Explorables = root.Explorables || {};
root.Explorables.chart = { chart, element, histogram, picture, power, profile, short };
})(this);
