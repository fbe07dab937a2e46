/* Charts of the explorables as SVG: axes, lines, points, bars. No mathematics of networks here. */
(function (root) {
"use strict";

const NAMESPACE = "http://www.w3.org/2000/svg";
const MARGIN = { left: 58, right: 12, top: 10, bottom: 38 };

/** Return a new SVG element. */
function element(tag, attributes = {}, children = []) {
  const made = document.createElementNS(NAMESPACE, tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

/** Return a number in few characters: 0.0123, 1.5, 3e-7. */
function short(value) {
  if (value === 0 || !Number.isFinite(value)) return String(value);
  const size = Math.abs(value);
  if (size < 1e-3 || size >= 1e4) return value.toExponential(1).replace(".0e", "e");
  return String(Number(value.toPrecision(3)));
}

/** Return a map from values to pixels; on a logarithmic axis values are clipped to its ends. */
function scale({ min, max, log = false }, from, to) {
  const place = log ? Math.log10 : (value) => value;
  const [low, high] = [place(min), place(max)];
  return (value) => {
    const inside = log ? Math.min(Math.max(value, min), max) : value;
    return from + ((place(inside) - low) / (high - low)) * (to - from);
  };
}

function ticks({ min, max, log = false, count = 5, integer = false }) {
  if (log) return powersOfTen(min, max, count);
  const raw = (max - min) / count;
  const power = 10 ** Math.floor(Math.log10(raw));
  let step = [1, 2, 5, 10].map((k) => k * power).find((s) => s >= raw);
  if (integer) step = Math.max(1, Math.round(step));
  const first = Math.ceil(min / step);
  const number = Math.floor(max / step + 1e-9) - first + 1;
  return Array.from({ length: number }, (_, k) => (first + k) * step);
}

function powersOfTen(min, max, count) {
  const [low, high] = [Math.ceil(Math.log10(min) - 1e-9), Math.floor(Math.log10(max) + 1e-9)];
  const step = Math.max(1, Math.ceil((high - low) / count));
  const exponents = [];
  for (let e = Math.ceil(low / step) * step; e <= high; e += step) exponents.push(e);
  return exponents.map((e) => 10 ** e);
}

/**
 * Return an empty chart {svg, x, y, line, points, bars, text}. `x` and `y` in the options are
 * axes {min, max, label, log}; as members they map values to pixels.
 */
function chart({ width, height, x: xAxis, y: yAxis, label }) {
  const svg = element("svg", {
    class: "explorable-chart",
    viewBox: `0 0 ${width} ${height}`,
    width,
    height,
    role: "img",
    "aria-label": label,
  });
  const x = scale(xAxis, MARGIN.left, width - MARGIN.right);
  const y = scale(yAxis, height - MARGIN.bottom, MARGIN.top);
  const plot = element("svg", plotBox(width, height));
  svg.append(...axes({ width, height, x, y, xAxis, yAxis }), plot);
  const add = (tag, attributes, children) => plot.append(element(tag, attributes, children));
  const place = (points) => points.map(([u, v]) => `${x(u).toFixed(1)},${y(v).toFixed(1)}`);
  return {
    svg,
    x,
    y,
    line: (points, name) => add("polyline", { class: name, points: place(points).join(" ") }),
    area: (points, name) => add("polygon", { class: name, points: place(points).join(" ") }),
    points: (points, name, radius = 3) =>
      points.forEach(([u, v]) => add("circle", { class: name, cx: x(u), cy: y(v), r: radius })),
    text: (u, v, words, name, anchor = "end") =>
      add("text", { class: name, x: x(u), y: y(v) - 6, "text-anchor": anchor }, [words]),
  };
}

/** Return the place of an inner picture that cuts off what lies outside the axes. */
function plotBox(width, height) {
  const [x, y] = [MARGIN.left - 6, MARGIN.top - 6];
  const [w, h] = [width - MARGIN.right + 6 - x, height - MARGIN.bottom + 6 - y];
  return { x, y, width: w, height: h, viewBox: `${x} ${y} ${w} ${h}` };
}

function axes({ width, height, x, y, xAxis, yAxis }) {
  const [bottom, right] = [height - MARGIN.bottom, width - MARGIN.right];
  const parts = [];
  for (const value of ticks(yAxis)) {
    const at = y(value);
    parts.push(element("line", { class: "grid", x1: MARGIN.left, x2: right, y1: at, y2: at }));
    const label = { class: "tick", x: MARGIN.left - 6, y: at + 4, "text-anchor": "end" };
    parts.push(element("text", label, [short(value)]));
  }
  for (const value of ticks({ count: width < 420 ? 4 : 8, ...xAxis })) {
    const label = { class: "tick", x: x(value), y: bottom + 15, "text-anchor": "middle" };
    parts.push(element("text", label, [short(value)]));
  }
  const middle = (MARGIN.left + right) / 2;
  const xTitle = { class: "title", x: middle, y: height - 6, "text-anchor": "middle" };
  const turned = `translate(12 ${(MARGIN.top + bottom) / 2}) rotate(-90)`;
  const yTitle = { class: "title", transform: turned, "text-anchor": "middle" };
  parts.push(element("line", { class: "axis", x1: MARGIN.left, x2: right, y1: bottom, y2: bottom }));
  parts.push(element("text", xTitle, [xAxis.label]), element("text", yTitle, [yAxis.label]));
  return parts;
}

/** Return a histogram without a vertical axis, in a box of this size. */
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
  const label = (x, y, anchor, words) =>
    element("text", { class: "tick", x, y, "text-anchor": anchor }, [words]);
  return element("svg", { viewBox: `0 0 ${width} ${height}`, width, height, "aria-hidden": true }, [
    element("path", { class: "bars", d: path.join("") }),
    label(width / 2, 11, "middle", title),
    label(width / 2, height - 4, "middle", `± ${short(half)}`),
  ]);
}

/**
 * Return the chart of RMS per layer: `measured` is {signal, gradient}, drawn as points, `theory` the
 * same or null, drawn as dashed lines.
 */
function profile(measured, theory, { width, height, label }) {
  const series = [measured, theory || measured].flatMap((m) => [...m.signal, ...m.gradient]);
  const sizes = series.filter((v) => v > 0 && v < Infinity);
  const power = (value, turn) => 10 ** turn(Math.log10(value));
  const low = power(Math.min(0.5, ...sizes) / 2, Math.floor);
  const high = power(Math.max(0.5, ...sizes) * 2, Math.ceil);
  const depth = measured.signal.length;
  const plot = chart({
    width,
    height,
    x: { min: 1, max: Math.max(2, depth), label, integer: true },
    y: { min: low, max: high, log: true, label: "RMS" },
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

const chartTools = { chart, element, histogram, profile, short };
(root.Explorables = root.Explorables || {}).chart = chartTools;
})(this);
