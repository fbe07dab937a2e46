/*
 * What all explorables share: finding their blocks, labeled controls, a sentence for screen readers,
 * and long work cut into slices so that the page stays responsive.
 */
(function (root) {
"use strict";

const Explorables = (root.Explorables = root.Explorables || {});
const SLICE = 12; // milliseconds of work before the page may draw and answer again
let blocks = 0;

/** Return a new HTML element. */
function html(tag, attributes = {}, children = []) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

/** Return the number that a reader typed, or throw an error with a sentence for the reader. */
function parseNumber(text, { label, min, max, integer = false }) {
  const clean = text.trim().replace(",", ".");
  const value = Number(clean);
  const plain = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(clean);
  if (!plain || !Number.isFinite(value) || (integer && !Number.isInteger(value))) {
    const kind = integer ? "a whole number" : "a number";
    throw new Error(`${label} must be ${kind} from ${min} to ${max}, “${text}” is none.`);
  }
  if (value < min || value > max) {
    throw new Error(`${label} must be from ${min} to ${max}, ${text.trim()} is outside.`);
  }
  return value;
}

/** Return a slider with a text field for the same number; a log slider moves by equal factors. */
function slider(spec, id, settle) {
  const { label, min, max, step, log = false, value } = spec;
  const toSlider = log ? Math.log10 : (number) => number;
  const fromSlider = log ? (place) => Number((10 ** place).toPrecision(3)) : (place) => place;
  const limits = { min: toSlider(min), max: toSlider(max), step };
  const range = html("input", { type: "range", id, ...limits });
  const field = html("input", {
    type: "text",
    inputmode: "decimal",
    class: "explorable-number",
    "aria-label": `${label}, typed`,
  });
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
  show(value);
  return { show, parts: [html("label", { for: id }, [label]), range, field, problem] };
}

function choice({ label, options, value }, id, settle) {
  const entries = Object.entries(options);
  const list = html(
    "select",
    { id },
    entries.map(([name, words]) => html("option", { value: name }, [words]))
  );
  list.addEventListener("change", () => settle(list.value));
  list.value = value;
  return {
    show: (name) => (list.value = name),
    parts: [html("label", { for: id }, [label]), list],
  };
}

/** Return the value that the block's data attribute presets, checked like a reader's own. */
function preset(block, name, spec) {
  const text = block.dataset[name];
  if (text === undefined) return spec.value;
  if (!spec.options) return parseNumber(text, spec);
  if (text in spec.options) return text;
  throw new Error(`${spec.label} must be one of ${Object.keys(spec.options)}, got “${text}”.`);
}

/**
 * Replace the block's fallback by controls, a place for figures and a sentence.
 *
 * `specs` maps names to sliders {label, min, max, step, value, log} or choices {label, options,
 * value}, `buttons` maps words to functions. Returns {values, set, figure, say}; `changed(name)`
 * is called after a reader's change, and once with no name when all is there.
 */
function panel(block, { specs, buttons = {}, changed }) {
  const number = (blocks += 1);
  const values = {};
  const made = {};
  const row = html("div", { class: "explorable-controls" });
  for (const [name, spec] of Object.entries(specs)) {
    values[name] = preset(block, name, spec);
    const settle = (value) => {
      values[name] = value;
      changed(name);
    };
    const build = spec.options ? choice : slider;
    made[name] = build({ ...spec, value: values[name] }, `explorable-${number}-${name}`, settle);
    row.append(html("div", { class: "explorable-control" }, made[name].parts));
  }
  for (const [words, act] of Object.entries(buttons)) {
    const button = html("button", { type: "button" }, [words]);
    button.addEventListener("click", () => act(button));
    row.append(button);
  }
  const figure = html("div", { class: "explorable-figure" });
  const sentence = html("p", { class: "explorable-says", "aria-live": "polite" });
  block.replaceChildren(row, figure, sentence);
  new ResizeObserver(() => changed("size")).observe(figure);
  return {
    values,
    figure,
    set: (name, value) => made[name].show((values[name] = value)),
    say: (words) => (sentence.textContent = words),
    width: () => Math.max(260, figure.clientWidth),
  };
}

/** Return a function that runs a generator in slices and forgets the one before. */
function worker() {
  let current = 0;
  return (job) => {
    const mine = (current += 1);
    function slice() {
      if (mine !== current) return;
      const end = performance.now() + SLICE;
      while (performance.now() < end) if (job.next().done) return;
      setTimeout(slice);
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

function start() {
  for (const block of document.querySelectorAll(".explorable[data-explorable]")) {
    const setUp = setups[block.dataset.explorable];
    if (setUp) setUp(block);
  }
}

Explorables.controls = { ACTIVATIONS, SCHEMES, html, panel, parseNumber, worker };
Object.assign(Explorables.controls, { factor, oneOf, range, whole });
Explorables.register = (name, setUp) => (setups[name] = setUp);
if (typeof document === "object") document.addEventListener("DOMContentLoaded", start);
if (typeof module === "object") module.exports = Explorables.controls;
})(this);
