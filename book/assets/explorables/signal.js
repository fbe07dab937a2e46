/* Signal: how large signal and gradient are in each layer of a deep net, beside the theory. */
(function (Explorables) {
  "use strict";

  const { network, chart, controls } = Explorables;
  const EXAMPLES = 20;
  const SPECS = {
    gain: { label: "gain: std · √fan-in", min: 0.01, max: 100, step: 0.01, log: true, value: 1 },
    scheme: {
      label: "scheme",
      value: "LeCun",
      options: {
        free: "free gain",
        small: "N(0, 0.01²)",
        LeCun: "Xavier (equal widths)",
        He: "He",
        large: "N(0, 1)",
      },
    },
    activation: {
      label: "activation",
      value: "relu",
      options: {
        relu: "ReLU",
        tanh: "tanh",
        sigmoid: "sigmoid",
        gelu: "GELU",
        selu: "SELU",
        identity: "none (linear)",
      },
    },
    depth: { label: "layers", min: 10, max: 50, step: 1, integer: true, value: 20 },
    width: { label: "width", min: 20, max: 200, step: 10, integer: true, value: 100 },
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
    return { signal, gradient, preactivations: trace.inputsToActivation };
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

  function limits(...series) {
    const values = series.flat().filter((v) => v > 0 && Number.isFinite(v));
    const [low, high] = [Math.min(...values), Math.max(...values)];
    return { min: 10 ** Math.floor(Math.log10(low) - 0.3), max: 10 ** Math.ceil(Math.log10(high) + 0.3) };
  }

  function profile(measured, theory, width) {
    const depth = measured.signal.length;
    const range = limits(measured.signal, measured.gradient, theory.signal, theory.gradient);
    const plot = chart.chart({
      width,
      height: 250,
      x: { min: 1, max: depth, label: "layer", integer: true },
      y: { ...range, log: true, label: "RMS" },
      label: "RMS of signal and gradient per layer, theory as dashed lines",
    });
    for (const name of ["signal", "gradient"]) {
      const points = (values) => values.map((value, l) => [l + 1, value]);
      plot.line(points(theory[name]), "theory");
      plot.points(points(measured[name]), name);
    }
    const middle = Math.round(depth * 0.6);
    plot.text(depth, measured.signal[depth - 1], "signal", "signal");
    plot.text(middle, measured.gradient[middle - 1], "gradient", "gradient", "middle");
    plot.svg.dataset.values = JSON.stringify({
      signal: measured.signal,
      gradient: measured.gradient,
    });
    return plot.svg;
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
      const { measured, theory } = last;
      const width = panel.width();
      panel.figure.replaceChildren(
        profile(measured, theory, width),
        controls.html("p", { class: "explorable-label" }, ["preactivations z"]),
        histograms(measured.preactivations, width)
      );
    }

    function* run(source, gains) {
      const theory = network.meanField(source.activation, gains);
      yield;
      const measured = yield* measure(source);
      last = { measured, theory };
      draw();
      panel.say(inWords(measured, theory, source.depth));
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
