/* Train: two starts side by side on the same points, with their costs over several seeds. */
(function (Explorables) {
"use strict";

const { network, chart, controls } = Explorables;
const SEEDS = 5;
const GRID = 20;
const REACH = 1.6;
const POINTS = 60;
const STEPS = 2000;
const calm = window.matchMedia("(prefers-reduced-motion: reduce)");
const SCHEMES = { ...controls.SCHEMES, "times ten": "N(0, 1) · 10" };
const SPECS = {
	rate: controls.factor("learning rate", [0.001, 3], 0.01, 0.3),
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

const box = (name = "", parts = []) => controls.html("div", { class: name }, parts);
const around = (radius, angle) => [radius * Math.cos(angle), radius * Math.sin(angle)];

/** The place of a point: label 0 or 1, t from 0 to 1 along the shape. */
const SHAPES = {
	circles: (label, t) => around(label ? 0.55 : 1.1, 2 * Math.PI * t),
	moons: (label, t) => {
		const [u, v] = around(1, Math.PI * t);
		return label ? [0.5 - u, 0.25 - v] : [u - 0.5, v - 0.25];
	},
	spirals: (label, t) => around(0.15 + 1.1 * t, (3.2 * t + label) * Math.PI),
};

/** Points [{x, y, label}] of a shape, with a little noise. */
function sample(shape) {
	const random = network.randomGenerator(7);
	return Array.from({ length: POINTS }, (_, k) => {
		const label = k % 2;
		const [x, y] = SHAPES[shape](label, (2 * Math.floor(k / 2)) / POINTS);
		return { x: x + 0.06 * random.normal(), y: y + 0.06 * random.normal(), label };
	});
}

const plane = (points) => network.fromRows([points.map((p) => p.x), points.map((p) => p.y)]);
const logits = (net, X) => network.forward(net, X).activations[net.weights.length].data;

function startRuns(scheme, { hidden, activation }) {
	const sizes = [2, ...new Array(hidden).fill(8), 1];
	return Array.from({ length: SEEDS }, (_, seed) => ({
		net: network.createNetwork(sizes, activation, scheme, network.randomGenerator(seed + 1)),
		losses: [],
	}));
}

/** Tell whether 95 % of the points are on their own side. */
function succeeds(net, { X, Y }) {
	const wrong = logits(net, X).filter((z, k) => z > 0 !== Y.data[k] > 0.5);
	return wrong.length <= 0.05 * Y.data.length;
}

const corners = Array.from({ length: GRID * GRID }, (_, k) => {
	const place = (i) => -REACH + ((i + 0.5) * 2 * REACH) / GRID;
	return { x: place(k % GRID), y: place(Math.floor(k / GRID)) };
});
const GRID_POINTS = plane(corners);

/** A picture of the plane: {svg, update(net), place(event)}. */
function picture(points, label) {
	const [size, cell] = [220, 220 / GRID];
	const pixel = (v) => ((v + REACH) / (2 * REACH)) * size;
	const side = { width: cell + 0.4, height: cell + 0.4 };
	const cells = corners.map(({ x, y }) =>
		chart.element("rect", { x: pixel(x) - cell / 2, y: pixel(-y) - cell / 2, ...side })
	);
	const marks = points.map(({ x, y, label: one }) => {
		const at = { class: one ? "one" : "null", cx: pixel(x), cy: pixel(-y), r: one ? 4 : 3 };
		return chart.element("circle", at);
	});
	const name = { class: "explorable-plane" };
	const svg = chart.picture(size, size, label, [...cells, ...marks], name);
	function update(net) {
		const values = logits(net, GRID_POINTS);
		cells.forEach((rect, k) => {
			const p = network.sigmoid(values[k]);
			rect.setAttribute("class", p > 0.5 ? "one" : "null");
			rect.setAttribute("fill-opacity", (0.08 + 0.8 * Math.abs(p - 0.5)).toFixed(2));
		});
	}
	function place({ clientX, clientY }) {
		const { left, top, width } = svg.getBoundingClientRect();
		const coordinate = (pixels) => ((2 * pixels) / width - 1) * REACH;
		return { x: coordinate(clientX - left), y: -coordinate(clientY - top) };
	}
	return { svg, update, place };
}

/** The first layer's weights as arrows from the origin, cut off at length 2. */
function firstWeights(net) {
	const { data, rows } = net.weights[0];
	const lines = Array.from({ length: rows }, (_, i) => {
		const [u, v] = [data[2 * i], data[2 * i + 1]];
		const factor = 32 / Math.max(2, Math.hypot(u, v));
		const end = { x2: 36 + factor * u, y2: 36 - factor * v };
		return chart.element("line", { class: "arrow", x1: 36, y1: 36, ...end });
	});
	const circle = chart.element("circle", { class: "axis", cx: 36, cy: 36, r: 34, fill: "none" });
	return chart.picture(72, 72, "weights of the first layer as arrows", [circle, ...lines]);
}

function costChart(sides, step, width) {
	const all = sides.flatMap(({ runs }) => runs.flatMap(({ losses }) => losses.map((l) => l[1])));
	const finite = all.filter((v) => Number.isFinite(v) && v > 0);
	const min = chart.power(Math.min(0.1, ...finite), Math.floor);
	const max = chart.power(Math.max(1, ...finite), Math.ceil);
	const plot = chart.chart({
		width,
		height: 190,
		x: { min: 0, max: Math.max(100, step), label: "step" },
		y: { min, max, log: true, label: "cost (nats)" },
		label: `Cost of ${SEEDS} seeds for each start`,
	});
	sides.forEach(({ runs, words }, side) => {
		runs.forEach(({ losses }, k) => plot.line(losses, `side-${side}${k ? " faint" : ""}`));
		const [at, cost] = runs[0].losses[Math.floor(runs[0].losses.length * 0.6)] || [0, 1];
		plot.text(at, cost, words, `side-${side}`, "start");
	});
	return plot.svg;
}

function setUp(block) {
	const work = controls.worker();
	let [points, step, running] = [[], 0, false];
	let data, sides, costs, button;

	function begin() {
		pause();
		data = points.length && { X: plane(points), Y: network.fromRows([points.map((p) => p.label)]) };
		step = 0;
		sides = null;
		work(show());
	}

	function* build() {
		const { values } = panel;
		const made = [];
		for (const side of ["left", "right"]) {
			const words = SCHEMES[values[side]];
			const view = picture(points, `Decision regions of the ${side} start, ${words}`);
			view.svg.addEventListener("click", (event) => {
				if (values.data === "own") addPoint(view.place(event));
			});
			const title = box(`explorable-label side-${made.length}`, [words]);
			const parts = [title, view.svg, box()];
			made.push({ words, view, parts, runs: startRuns(values[side], values) });
			yield;
		}
		costs = box();
		const row = made.map(({ parts }) => box("", parts));
		panel.figure.replaceChildren(box("explorable-row", row), costs);
		yield;
		return made;
	}

	function addPoint(place) {
		points.push({ ...place, label: points.length % 2 });
		begin();
	}

	/** Train every network up to step `last`; draws now and then. */
	function* learn(last) {
		yield* draw();
		let drawn = performance.now();
		while (running && step < last) {
			for (const { net, losses } of sides.flatMap(({ runs }) => runs)) {
				const loss = network.trainStep(net, data.X, data.Y, panel.values.rate);
				if (step % 10 === 0) losses.push([step, loss]);
				yield;
			}
			step += 1;
			if (performance.now() - drawn < (calm.matches ? 1000 : 100)) continue;
			yield* draw();
			drawn = performance.now();
		}
		pause();
		yield* show();
	}

	function* draw() {
		sides = sides || (yield* build());
		for (const { view, parts, runs } of sides) {
			view.update(runs[0].net);
			parts[2].replaceChildren(firstWeights(runs[0].net));
			yield;
		}
		costs.replaceChildren(costChart(sides, step, panel.width()));
		yield;
	}

	function* show() {
		yield* draw();
		say();
	}

	function say() {
		if (!data) return panel.say("Tap a plane or press “Random point”. The class alternates.");
		const results = sides.map(({ words, runs }) => {
			const good = runs.filter(({ net }) => succeeds(net, data)).length;
			return `${words}: ${good} of ${SEEDS} seeds get 95 % right`;
		});
		const rate = panel.values.rate;
		return panel.say(`After ${step} steps, learning rate now ${rate}. ${results.join("; ")}.`);
	}

	function pause() {
		running = false;
		if (button) button.textContent = "Train";
	}

	function train(last) {
		if (!data) return;
		running = true;
		work(learn(last));
	}

	function toggle(pressed) {
		if (running) return pause();
		button = pressed;
		train(STEPS);
		if (running) button.textContent = "Pause";
	}

	function randomPoint() {
		const anywhere = () => (2 * Math.random() - 1) * 1.4;
		if (panel.values.data !== "own") points = [];
		panel.set("data", "own");
		addPoint({ x: anywhere(), y: anywhere() });
	}

	function changed(name) {
		if (name === "size") return running || work(show());
		if (name === "rate") return sides && say();
		const { data: shape } = panel.values;
		if (name === "data" || !name) points = shape === "own" ? [] : sample(shape);
		begin();
	}

	const buttons = {
		Train: toggle,
		"Ten steps": () => running || train(step + 10),
		Reset: begin,
		"Random point": randomPoint,
	};
	const panel = controls.panel(block, { specs: SPECS, buttons, changed });
	changed();
}

Explorables.register("train", setUp);
})(window.Explorables);
