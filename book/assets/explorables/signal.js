/* Signal: how large signal and gradient are in each layer of a deep net, beside the theory. */
(function (Explorables) {
"use strict";

const { network, chart, controls } = Explorables;
const EXAMPLES = 20;
const { small, He, large } = controls.SCHEMES;
const SPECS = {
  gain: controls.factor("gain: std · √fan-in", [0.01, 100], 0.01, 1),
  scheme: controls.oneOf("scheme", "Xavier", {
    free: "free gain",
    small,
    Xavier: "Xavier, LeCun",
    He,
    large,
  }),
  activation: controls.oneOf("activation", "relu", controls.ACTIVATIONS),
  depth: controls.whole("layers", [10, 50], 1, 20),
  width: controls.whole("width", [20, 200], 10, 100),
};

function gainOf(scheme, width) {
  return network.SCHEMES[scheme](width, width) * Math.sqrt(width);
}

/** Return a net whose weights are drawn when a layer is reached: {net, weightsOf, X, top}. */
function drawn({ activation, gain, depth, width }, seed) {
  const random = network.randomGenerator(seed);
  const draw = () => network.drawWeights(gain, width, width, random);
  return {
    activation,
    depth,
    X: network.randomMatrix(width, EXAMPLES, random.normal),
    weightsOf: draw,
    top: () => network.randomMatrix(width, EXAMPLES, random.normal),
  };
}

/** Return the net that the page's maker stored: {activation, weights, X, top}, arrays of rows. */
function stored({ activation, weights, X, top }) {
  return {
    activation,
    depth: weights.length,
    X: network.fromRows(X),
    weightsOf: (l) => network.fromRows(weights[l]),
    top: () => network.fromRows(top),
  };
}

/** Send the inputs up and a gradient down; yields after each layer, so that it can be sliced. */
function* measure({ activation, depth, X, weightsOf, top }) {
  const net = { activation, batchNorm: false, weights: new Array(depth + 1), biases: [] };
  const trace = { activations: [X], inputsToActivation: [] };
  for (let l = 0; l < depth; l++) {
    net.weights[l] = weightsOf(l);
    net.biases[l] = new Float64Array(net.weights[l].rows);
    const { Y, A } = network.forwardLayer(net, l, trace.activations[l]);
    trace.inputsToActivation.push(Y);
    trace.activations.push(A);
    yield;
  }
  let dZ = top();
  const gradient = [network.rms(dZ)];
  for (let l = depth - 1; l > 0; l--) {
    dZ = network.backwardLayer(net, l, trace, dZ);
    gradient.unshift(network.rms(dZ));
    yield;
  }
  const signal = trace.activations.slice(1).map(network.rms);
  return { measured: { signal, gradient }, preactivations: trace.inputsToActivation };
}

function factorPerLayer(values) {
  return (values[values.length - 1] / values[0]) ** (1 / (values.length - 1));
}

/** Return the sentence that says what the chart shows. */
function inWords(measured, theory, depth) {
  const both = (name, turn) =>
    `${chart.short(factorPerLayer(turn(measured[name])))} (theory ` +
    `${chart.short(factorPerLayer(turn(theory[name])))})`;
  const left = measured.signal[depth - 1] / measured.signal[0];
  return (
    `Each layer multiplies the signal by ${both("signal", (v) => v)} on average, and the ` +
    `gradient on its way down by ${both("gradient", (v) => [...v].reverse())}. From layer 1 to ` +
    `layer ${depth} the signal changes by a factor of ${chart.short(left)}.`
  );
}

/** Return histograms of the preactivations of a few layers, from the first to the last. */
function histograms(preactivations, width) {
  const shown = Math.min(preactivations.length, Math.max(3, Math.floor(width / 110)));
  const depth = preactivations.length;
  const row = controls.html("div", { class: "explorable-row" });
  for (let k = 0; k < shown; k++) {
    const layer = Math.round((k * (depth - 1)) / (shown - 1));
    const box = { width: Math.floor(width / shown) - 6, height: 84, title: `layer ${layer + 1}` };
    row.append(chart.histogram(preactivations[layer].data, box));
  }
  return row;
}

function setUp(block) {
  const work = controls.worker();
  let seed = 1;
  let last = null;

  function draw() {
    const { measured, preactivations, theory } = last;
    const width = panel.width();
    panel.figure.replaceChildren(
      chart.profile(measured, theory, { width, height: 250, label: "layer" }),
      controls.html("p", { class: "explorable-label" }, ["preactivations z"]),
      histograms(preactivations, width)
    );
  }

  function* run(source, gains) {
    const theory = network.meanField(source.activation, gains);
    yield;
    last = { ...(yield* measure(source)), theory };
    draw();
    panel.say(inWords(last.measured, theory, source.depth));
  }

  function changed(name) {
    if (name === "size") return last && draw();
    const { values } = panel;
    if (name === "gain") panel.set("scheme", "free");
    else if (values.scheme !== "free") panel.set("gain", Number(gainOf(values.scheme, values.width).toPrecision(4)));
    const gains = new Array(values.depth).fill(values.gain);
    work(run(drawn(values, seed), gains));
  }

  const again = () => changed((seed += 1));
  const panel = controls.panel(block, { specs: SPECS, buttons: { Resample: again }, changed });
  if (!block.dataset.weights) return changed();
  const fixture = JSON.parse(block.dataset.weights);
  work(run(stored(fixture), fixture.gains));
}

Explorables.register("signal", setUp);
})(window.Explorables);
