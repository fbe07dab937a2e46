/* Train: two starts side by side on the same points, with their costs over several seeds. */
(function (Explorables) {
"use strict";

const { network, chart, controls } = Explorables;
const SEEDS = 5;
const GRID = 22;
const REACH = 1.6;
const POINTS = 80;
const STEPS = 3000;
const SCHEMES = { ...controls.SCHEMES, "times ten": "N(0, 1) · 10" };
const SPECS = {
  rate: controls.factor("learning rate", [0.001, 3], 0.01, 0.1),
  hidden: controls.whole("hidden layers", [1, 10], 1, 3),
  left: controls.oneOf("left start", "small", SCHEMES),
  right: controls.oneOf("right start", "He", SCHEMES),
  activation: controls.oneOf("activation", "relu", controls.ACTIVATIONS),
  data: controls.oneOf("points", "circles", {
    circles: "circles",
    moons: "moons",
    spirals: "spirals",
    own: "your own",
  }),
};

/** Return the place of point number k of a class: label 0 or 1, t from 0 to 1 along the shape. */
const SHAPES = {
  circles: (label, t) => {
    const [radius, angle] = [label ? 0.55 : 1.1, 2 * Math.PI * t];
    return [radius * Math.cos(angle), radius * Math.sin(angle)];
  },
  moons: (label, t) => {
    const angle = Math.PI * t;
    const [u, v] = [Math.cos(angle), Math.sin(angle)];
    return label ? [0.5 - u, 0.25 - v] : [u - 0.5, v - 0.25];
  },
  spirals: (label, t) => {
    const [radius, angle] = [0.15 + 1.1 * t, 4 * t * Math.PI * 0.8 + label * Math.PI];
    return [radius * Math.cos(angle), radius * Math.sin(angle)];
  },
};

/** Return points [{x, y, label}] of a shape, with a little noise. */
function sample(shape) {
  const random = network.randomGenerator(7);
  const half = POINTS / 2;
  return Array.from({ length: POINTS }, (_, k) => {
    const label = k % 2;
    const [x, y] = SHAPES[shape](label, Math.floor(k / 2) / half);
    return { x: x + 0.06 * random.normal(), y: y + 0.06 * random.normal(), label };
  });
}

function matrices(points) {
  return {
    X: network.fromRows([points.map((p) => p.x), points.map((p) => p.y)]),
    Y: network.fromRows([points.map((p) => p.label)]),
  };
}

function startRuns(scheme, { hidden, activation }) {
  const sizes = [2, ...new Array(hidden).fill(8), 1];
  return Array.from({ length: SEEDS }, (_, seed) => ({
    net: network.createNetwork(sizes, activation, scheme, network.randomGenerator(seed + 1)),
    losses: [],
  }));
}

/** Return the share of points on their own side of probability 1/2. */
function accuracy(net, { X, Y }) {
  const logits = network.forward(net, X).activations[net.weights.length].data;
  return logits.reduce((n, z, k) => n + ((z > 0) === (Y.data[k] > 0.5)), 0) / logits.length;
}

const corners = Array.from({ length: GRID * GRID }, (_, k) => {
  const place = (i) => -REACH + ((i + 0.5) * 2 * REACH) / GRID;
  return [place(k % GRID), place(Math.floor(k / GRID))];
});
const GRID_POINTS = network.fromRows([corners.map((c) => c[0]), corners.map((c) => c[1])]);

/** Return a picture of the plane: {svg, update(net), place(event)}. */
function plane(points, label) {
  const [size, cell] = [220, 220 / GRID];
  const pixel = (v) => ((v + REACH) / (2 * REACH)) * size;
  const cells = corners.map(([x, y]) =>
    chart.element("rect", {
      x: pixel(x) - cell / 2,
      y: size - pixel(y) - cell / 2,
      width: cell + 0.4,
      height: cell + 0.4,
    })
  );
  const marks = points.map((p) =>
    chart.element("circle", {
      class: p.label ? "one" : "null",
      cx: pixel(p.x),
      cy: size - pixel(p.y),
      r: 3,
    })
  );
  const box = { viewBox: `0 0 ${size} ${size}`, class: "explorable-plane", role: "img" };
  const svg = chart.element("svg", { ...box, "aria-label": label }, [...cells, ...marks]);
  function update(net) {
    const logits = network.forward(net, GRID_POINTS).activations[net.weights.length].data;
    cells.forEach((rect, k) => {
      const p = network.sigmoid(logits[k]);
      rect.setAttribute("class", p > 0.5 ? "one" : "null");
      rect.setAttribute("fill-opacity", (0.08 + 0.8 * Math.abs(p - 0.5)).toFixed(2));
    });
  }
  function place(event) {
    const frame = svg.getBoundingClientRect();
    const coordinate = (at, low, length) => (((at - low) / length) * 2 - 1) * REACH;
    return {
      x: coordinate(event.clientX, frame.left, frame.width),
      y: -coordinate(event.clientY, frame.top, frame.height),
    };
  }
  return { svg, update, place };
}

/** Return the first layer's weights as arrows from the origin. */
function firstWeights(net, scale) {
  const { data, rows } = net.weights[0];
  const lines = Array.from({ length: rows }, (_, i) => {
    const reach = 32 * Math.min(1, Math.hypot(data[2 * i], data[2 * i + 1]) / scale);
    const angle = Math.atan2(data[2 * i + 1], data[2 * i]);
    const [x2, y2] = [36 + reach * Math.cos(angle), 36 - reach * Math.sin(angle)];
    return chart.element("line", { class: "arrow", x1: 36, y1: 36, x2, y2 });
  });
  const box = { viewBox: "0 0 72 72", width: 72, height: 72, role: "img" };
  return chart.element("svg", { ...box, "aria-label": "weights of the first layer" }, [
    chart.element("circle", { class: "grid", cx: 36, cy: 36, r: 34, fill: "none" }),
    ...lines,
  ]);
}

function costChart(sides, step, width) {
  const all = sides.flatMap(({ runs }) => runs.flatMap(({ losses }) => losses.map((l) => l[1])));
  const finite = all.filter((v) => Number.isFinite(v) && v > 0);
  const plot = chart.chart({
    width,
    height: 190,
    x: { min: 0, max: Math.max(100, step), label: "step" },
    y: {
      min: 10 ** Math.floor(Math.log10(Math.min(0.1, ...finite))),
      max: 10 ** Math.ceil(Math.log10(Math.max(1, ...finite))),
      log: true,
      label: "cost (nats)",
    },
    label: `Cost of ${SEEDS} seeds for each start`,
  });
  sides.forEach(({ runs }, side) => {
    runs.forEach(({ losses }, k) => plot.line(losses, `cost side-${side}${k ? " faint" : ""}`));
  });
  return plot.svg;
}

function setUp(block) {
  let [points, data, sides, step, running, label] = [[], null, [], 0, false, 0];

  function begin() {
    const { values } = panel;
    data = points.length ? matrices(points) : null;
    step = 0;
    sides = ["left", "right"].map((side) => {
      const words = SCHEMES[values[side]];
      const picture = plane(points, `Decision regions of the ${side} start, ${words}`);
      picture.svg.addEventListener("click", (event) => addPoint(picture.place(event)));
      return { words, picture, runs: startRuns(values[side], values) };
    });
    advance(0);
    draw();
  }

  function addPoint(place) {
    if (panel.values.data !== "own") return;
    points.push({ ...place, label });
    label = 1 - label;
    begin();
  }

  /** Take this many steps with every network, and note the cost now and then. */
  function advance(steps) {
    if (!data) return;
    for (const { runs } of sides) {
      for (const { net, losses } of runs) {
        for (let k = 0; k < steps; k++) {
          const loss = network.trainStep(net, data.X, data.Y, panel.values.rate);
          if ((step + k) % 10 === 0) losses.push([step + k, loss]);
        }
      }
    }
    step += steps;
  }

  function draw() {
    const row = controls.html("div", { class: "explorable-row" });
    for (const { words, picture, runs } of sides) {
      picture.update(runs[0].net);
      const title = controls.html("p", { class: "explorable-label" }, [words]);
      const arrows = firstWeights(runs[0].net, 2);
      row.append(controls.html("div", {}, [title, picture.svg, arrows]));
    }
    panel.figure.replaceChildren(row, costChart(sides, step, panel.width()));
  }

  function say() {
    if (!data) {
      return panel.say("Click the plane to place points; their class alternates.");
    }
    const results = sides.map(({ words, runs }) => {
      const good = runs.filter(({ net }) => accuracy(net, data) >= 0.95).length;
      return `${words}: ${good} of ${SEEDS} seeds above 95 %`;
    });
    panel.say(`After ${step} steps. ${results.join("; ")}.`);
  }

  /** Train for some milliseconds, draw, and come back with the next frame. */
  function frame() {
    if (!running) return;
    const end = performance.now() + 20;
    do advance(2);
    while (performance.now() < end);
    draw();
    if (step >= STEPS) running = false;
    if (!running || step % 200 < 2) say();
    if (running) requestAnimationFrame(frame);
    else start.textContent = "Train";
  }

  function toggle(button) {
    running = !running && data !== null && step < STEPS;
    start = button;
    button.textContent = running ? "Pause" : "Train";
    if (running) requestAnimationFrame(frame);
    else say();
  }

  function changed(name) {
    if (name === "size") return sides.length && draw();
    if (name !== "rate") {
      const { data: shape } = panel.values;
      if (name === "data" || !name) points = shape === "own" ? [] : sample(shape);
      begin();
    }
    say();
  }

  let start = null;
  const buttons = {
    Train: toggle,
    Step: () => {
      advance(10);
      draw();
      say();
    },
    Reset: () => {
      begin();
      say();
    },
  };
  const panel = controls.panel(block, { specs: SPECS, buttons, changed });
  changed();
}

Explorables.register("train", setUp);
})(window.Explorables);
