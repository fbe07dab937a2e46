/* network.js against initlab: the cases are in the folder that the variable CASES names. */
"use strict";

const assert = require("node:assert/strict");
const fs = require("node:fs");
const path = require("node:path");
const test = require("node:test");

const scripts = path.join(__dirname, "../../book/assets/explorables");
const network = require(path.join(scripts, "network.js"));
const { parseNumber } = require(path.join(scripts, "controls.js"));
const cases = (name) => JSON.parse(fs.readFileSync(path.join(process.env.CASES, name), "utf8"));

const TOLERANCE = 1e-12;
// the other side is a plain sum, which the kinks of a derivative keep from being exact
const MEAN_FIELD_TOLERANCE = 1e-4;

function near(actual, expected, what) {
  const values = Array.from(actual.data || actual);
  const wanted = expected.flat(2);
  assert.equal(values.length, wanted.length, what);
  values.forEach((value, k) => {
    const allowed = TOLERANCE * Math.max(1, Math.abs(wanted[k]));
    assert.ok(Math.abs(value - wanted[k]) <= allowed, `${what}: ${value} for ${wanted[k]}`);
  });
}

function nearLists(actual, expected, what) {
  assert.equal(actual.length, expected.length, what);
  expected.forEach((wanted, l) => near(actual[l], wanted, `${what} ${l}`));
}

function built({ activation, batch_norm: batchNorm, start }) {
  const columns = (lists) => lists.map((values) => Float64Array.from(values.flat()));
  return {
    activation,
    batchNorm,
    epsilon: 1e-5,
    weights: start.weights.map(network.fromRows),
    biases: columns(start.biases),
    scales: columns(start.scales),
    shifts: columns(start.shifts),
  };
}

for (const one of cases("networks.json")) {
  test(`${one.activation}, BatchNorm ${one.batch_norm}`, () => {
    const net = built(one);
    const [X, Y] = [network.fromRows(one.X), network.fromRows(one.Y)];
    const trace = network.forward(net, X);
    nearLists(trace.activations, one.passes.activations, "activations");
    nearLists(trace.preactivations, one.passes.preactivations, "preactivations");
    const logits = trace.activations[net.weights.length];
    const [loss, dLogits] = network.binaryCrossEntropy(logits, Y);
    near([loss], [one.passes.loss], "loss");
    const gradients = network.backward(net, trace, dLogits);
    for (const name of ["weights", "biases", "scales", "shifts", "preactivations"]) {
      nearLists(gradients[name], one.passes.gradients[name], `gradients of ${name}`);
    }
    for (let k = 0; k < one.steps; k++) network.trainStep(net, X, Y, one.learning_rate);
    for (const name of ["weights", "biases", "scales", "shifts"]) {
      nearLists(net[name], one.end[name], `${name} after ${one.steps} steps`);
    }
  });
}

for (const { activation, gain, signal, gradient } of cases("mean_field.json")) {
  test(`mean field of ${activation} at gain ${gain}`, () => {
    const predicted = network.meanField(activation, new Array(signal.length).fill(gain));
    for (const [name, wanted] of Object.entries({ signal, gradient })) {
      predicted[name].forEach((value, l) => {
        assert.ok(Math.abs(value / wanted[l] - 1) < MEAN_FIELD_TOLERANCE, `${name} ${l}: ${value}`);
      });
    }
  });
}

test("normal numbers have mean 0 and variance 1, and a seed repeats them", () => {
  const draw = (seed) => network.randomMatrix(1, 100000, network.randomGenerator(seed).normal);
  const { data } = draw(1);
  const mean = data.reduce((sum, v) => sum + v, 0) / data.length;
  assert.ok(Math.abs(mean) < 5 / Math.sqrt(data.length));
  assert.ok(Math.abs(network.rms({ data }) ** 2 - 1) < 5 * Math.sqrt(2 / data.length));
  assert.deepEqual(draw(1).data, data);
  assert.notDeepEqual(draw(2).data, data);
});

test("schemes have the standard deviation of their formula", () => {
  const [fanOut, fanIn] = [300, 500];
  const stds = { small: 0.01, LeCun: fanIn ** -0.5, He: (2 / fanIn) ** 0.5, large: 1, "times ten": 10 };
  stds.Xavier = (2 / (fanIn + fanOut)) ** 0.5;
  for (const [scheme, std] of Object.entries(stds)) {
    const W = network.drawWeights(scheme, fanOut, fanIn, network.randomGenerator(5));
    assert.ok(Math.abs(network.rms(W) / std - 1) < 5 / Math.sqrt(2 * fanIn * fanOut), scheme);
  }
  assert.ok(network.drawWeights("zero", 2, 3, network.randomGenerator(1)).data.every((w) => w === 0));
});

const GAIN = { label: "gain", min: 0.1, max: 10 };

for (const [text, value] of [["2", 2], [" 0,5 ", 0.5], ["1e0", 1], ["+.25", 0.25]]) {
  test(`a reader's ${text} is ${value}`, () => assert.equal(parseNumber(text, GAIN), value));
}

for (const text of ["", "abc", "alert(1)", "0x3", "1/2", "NaN", "Infinity", "2 3"]) {
  test(`a reader's “${text}” is refused`, () => {
    assert.throws(() => parseNumber(text, GAIN), /gain must be a number from 0.1 to 10, “.*” is none/);
  });
}

for (const text of ["11", "0", "-1", "1e9"]) {
  test(`a reader's ${text} is outside`, () => {
    assert.throws(() => parseNumber(text, GAIN), /gain must be from 0.1 to 10, .* is outside/);
  });
}

test("a half is no whole number", () => {
  const layers = { label: "layers", min: 1, max: 50, integer: true };
  assert.throws(() => parseNumber("2.5", layers), /layers must be a whole number/);
});
