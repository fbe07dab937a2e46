/* doctor.js against initlab.diagnose: the cases are in the folder that the variable CASES names. */
"use strict";

const assert = require("node:assert/strict");
const fs = require("node:fs");
const path = require("node:path");
const test = require("node:test");

const scripts = path.join(__dirname, "../../book/assets/explorables");
const doctor = require(path.join(scripts, "doctor.js"));
// saturated nets are chaotic: a change in the last bit of a tanh grows from layer to layer
const GROWTH_TOLERANCE = 1e-3;
const file = path.join(process.env.CASES, "doctor.json");

function unpacked({ rows, columns, data }) {
  const bytes = new Uint8Array(Buffer.from(data, "base64"));
  return { rows, columns, data: new Float64Array(bytes.buffer) };
}

function examined({ activation, batch_norm: batchNorm, X, top, ...parameters }) {
  const columns = (name) => parameters[name].map((packed) => unpacked(packed).data);
  const net = {
    activation,
    batchNorm,
    epsilon: 1e-5,
    weights: parameters.weights.map(unpacked),
    biases: columns("biases"),
    scales: columns("scales"),
    shifts: columns("shifts"),
  };
  const job = doctor.examine(net, unpacked(X), unpacked(top));
  for (;;) {
    const { done, value } = job.next();
    if (done) return value;
  }
}

/** Return the text with 2e+03 written as 2000. */
const inDigits = (text) => text.replace(/[\d.]+e\+\d+/g, (number) => String(Number(number)));

for (const one of JSON.parse(fs.readFileSync(file, "utf8"))) {
  test(`doctor: ${one.name}`, () => {
    const exam = examined(one);
    one.growth.forEach((wanted, k) => {
      if (wanted === null) return assert.ok(!Number.isFinite(exam.growth[k]));
      const error = Math.abs(exam.growth[k] - wanted);
      return assert.ok(error <= GROWTH_TOLERANCE * wanted, `growth ${exam.growth}`);
    });
    assert.deepEqual(doctor.verdicts(exam), one.verdicts);
    if (one.advice !== null) assert.equal(doctor.advise(exam), inDigits(one.advice));
  });
}
