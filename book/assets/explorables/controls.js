/* What all explorables share: their blocks, labeled controls, a sentence, and work in slices. */
(function (root) {
"use strict";

const Explorables = (root.Explorables = root.Explorables || {});
const SLICE = 20; // milliseconds of work before the page may answer again
const CALM = 700; // milliseconds without a change before the sentence is read out
let blocks = 0;

/** A new HTML element. */
function html(tag, attributes = {}, children = []) {
	const made = document.createElement(tag);
	for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
	made.append(...children);
	return made;
}

/** The number that a reader typed; throws a sentence for the reader. */
function parseNumber(text, { label, min, max, integer = false }) {
	const clean = text.trim().replace(",", ".");
	const value = Number(clean);
	const plain = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(clean);
	const kind = integer ? "a whole number" : "a number";
	if (!plain || !Number.isFinite(value) || (integer && !Number.isInteger(value))) {
		throw new Error(`${label} must be ${kind} from ${min} to ${max}, “${text}” is none.`);
	}
	if (value < min || value > max) {
		throw new Error(`${label} must be from ${min} to ${max}, ${text.trim()} is outside.`);
	}
	return value;
}

/** A slider with a text field for the same number or its logarithm. */
function slider(spec, id, settle) {
	const { label, min, max, step, log = false } = spec;
	const toSlider = log ? Math.log10 : (number) => number;
	const fromSlider = log ? (place) => Number((10 ** place).toPrecision(3)) : (place) => place;
	const limits = { min: toSlider(min), max: toSlider(max), step };
	const range = html("input", { type: "range", id, ...limits });
	const name = { class: "explorable-number", "aria-label": `${label}, typed` };
	const field = html("input", { type: "text", inputmode: "decimal", ...name });
	const problem = html("span", { class: "explorable-problem", role: "alert" });
	function write(number) {
		field.value = String(number);
		range.setAttribute("aria-valuetext", String(number));
		problem.textContent = "";
	}
	function show(number) {
		range.value = toSlider(number);
		write(number);
	}
	range.addEventListener("input", () => {
		const number = fromSlider(Number(range.value));
		write(number);
		settle(number);
	});
	field.addEventListener("change", () => {
		try {
			const number = parseNumber(field.value, spec);
			show(number);
			settle(number);
		} catch (error) {
			problem.textContent = error.message;
		}
	});
	return { show, parts: [html("label", { for: id }, [label]), range, field, problem] };
}

function choice({ label, options }, id, settle) {
	const entries = Object.entries(options);
	const items = entries.map(([name, words]) => html("option", { value: name }, [words]));
	const list = html("select", { id }, items);
	list.addEventListener("change", () => settle(list.value));
	return {
		show: (name) => (list.value = name),
		parts: [html("label", { for: id }, [label]), list],
	};
}

/** The value that the block's data attribute presets, checked like a reader's own. */
function preset(block, name, spec) {
	const text = block.dataset[name];
	if (text === undefined) return spec.value;
	if (!spec.options) return parseNumber(text, spec);
	if (text in spec.options) return text;
	throw new Error(`${spec.label} must be one of ${Object.keys(spec.options)}, got “${text}”.`);
}

/** The controls to show. */
function shown(block, specs) {
	const names = Object.keys(specs);
	const chosen = block.dataset.controls ? block.dataset.controls.split(" ") : names;
	const known = [...names, "explorable", "controls", "weights"];
	const used = [...chosen, ...Object.keys(block.dataset)];
	const unknown = used.filter((name) => !known.includes(name));
	if (unknown.length) throw new Error(`“${unknown}” must be one of ${names}.`);
	return chosen;
}

/**
 * Replace the fallback by controls, figure and sentence. `specs` maps names to sliders or choices,
 * `buttons` words to functions. data-NAME presets a value, data-controls lists the controls to
 * show. `changed(name)` is called after a change, with "size" when the room changes.
 */
function panel(block, { specs, buttons = {}, changed }) {
	const number = (blocks += 1);
	const values = {};
	const made = {};
	const row = html("div", { class: "explorable-controls" });
	const visible = shown(block, specs);
	for (const [name, spec] of Object.entries(specs)) {
		values[name] = preset(block, name, spec);
		const settle = (value) => {
			values[name] = value;
			changed(name);
		};
		const build = spec.options ? choice : slider;
		made[name] = build(spec, `explorable-${number}-${name}`, settle);
		made[name].show(values[name]);
		const control = html("div", { class: "explorable-control" }, made[name].parts);
		if (visible.includes(name)) row.append(control);
	}
	for (const [words, act] of Object.entries(buttons)) {
		const button = html("button", { type: "button" }, [words]);
		button.addEventListener("click", () => act(button));
		row.append(button);
	}
	const figure = html("div", { class: "explorable-figure" });
	const sentence = html("p", { class: "explorable-says" });
	const read = html("p", { class: "explorable-read", role: "status" });
	let pause = 0;
	function say(words) {
		sentence.textContent = words;
		clearTimeout(pause);
		if (!row.contains(document.activeElement)) return;
		pause = setTimeout(() => (read.textContent = words), CALM);
	}
	block.replaceChildren(row, figure, sentence, read);
	let width = figure.clientWidth;
	new ResizeObserver(() => {
		if (figure.clientWidth === width) return;
		width = figure.clientWidth;
		changed("size");
	}).observe(figure);
	return {
		values,
		figure,
		say,
		set: (name, value) => made[name].show((values[name] = value)),
		width: () => Math.max(240, width),
	};
}

/** A function that runs a generator in slices and drops the one before. */
function worker() {
	let current = null;
	return (job) => {
		current = job;
		function slice() {
			const end = performance.now() + SLICE;
			while (current === job && performance.now() < end) if (job.next().done) return;
			if (current === job) setTimeout(slice);
		}
		slice();
	};
}

// Words of the choices that several explorables offer.
const SCHEMES = {
	zero: "all zero",
	constant: "constant 0.5",
	small: "N(0, 0.01²)",
	LeCun: "LeCun",
	Xavier: "Xavier",
	He: "He",
	large: "N(0, 1)",
};
const ACTIVATIONS = {
	relu: "ReLU",
	tanh: "tanh",
	sigmoid: "sigmoid",
	gelu: "GELU",
	selu: "SELU",
	identity: "none (linear)",
};

const range = (label, [min, max], step, value) => ({ label, min, max, step, value });
const whole = (...spec) => ({ ...range(...spec), integer: true });
const factor = (...spec) => ({ ...range(...spec), log: true });
const oneOf = (label, value, options) => ({ label, value, options });

const setups = {};

/** Set up every block, each in a task of its own. */
function start() {
	for (const block of document.querySelectorAll(".explorable[data-explorable]")) {
		setTimeout(() => setups[block.dataset.explorable](block));
	}
}

Explorables.controls = { ACTIVATIONS, SCHEMES, html, panel, parseNumber, worker };
Object.assign(Explorables.controls, { factor, oneOf, range, whole });
Explorables.register = (name, setUp) => (setups[name] = setUp);
if (typeof document === "object") document.addEventListener("DOMContentLoaded", start);
if (typeof module === "object") module.exports = Explorables.controls;
})(this);
