/* Mock interview: a set of questions drawn at random, a clock, self-rating and a summary. */
(function () {
"use strict";

const KEY = "mock-interview";
const VERSION = 1; // of what is stored; anything else found there is left aside
const LEVELS = {
	screen: { minutes: 2, points: 2 },
	standard: { minutes: 5, points: 2 },
	deep: { minutes: 12, points: 3 },
};
const LENGTHS = [10, 30, 60];
const PLAIN_RUBRIC = [["0 points: missed"], ["1 point: partly"], ["2 points: well"]];

const html = (...parts) => Explorables.controls.html(...parts);

// Drawing a set

/** The items in random order. */
function shuffled(items, random = Math.random) {
	const rest = [...items];
	return items.map(() => rest.splice(Math.floor(random() * rest.length), 1)[0]);
}

/** The questions taken in turn from topics in random order, one of each topic before a second. */
function alternating(questions, random) {
	const turns = {};
	const placed = shuffled(questions, random).map((question) => {
		turns[question.topic] = (turns[question.topic] ?? 0) + 1;
		return { question, turn: turns[question.topic] };
	});
	return placed.sort((one, other) => one.turn - other.turn).map(({ question }) => question);
}

/** The questions that fit into the time, at least one, the short ones first. */
function draw(questions, level, minutes, random) {
	const fitting = questions.filter((question) => level === "all" || question.level === level);
	const drawn = [];
	let left = minutes;
	for (const question of alternating(fitting, random)) {
		const cost = LEVELS[question.level].minutes;
		if (cost > left && drawn.length) continue;
		drawn.push(question);
		left -= cost;
	}
	const order = Object.keys(LEVELS);
	return drawn.sort((one, other) => order.indexOf(one.level) - order.indexOf(other.level));
}

/** What the choices mean, in a sentence. */
function promise(questions, level, minutes) {
	if (level === "all") return `Questions of all levels that fill ${minutes} minutes.`;
	const count = draw(questions, level, minutes).length;
	const each = LEVELS[level].minutes;
	return `${count} question${count > 1 ? "s" : ""}, about ${each} minutes each.`;
}

/** Seconds as minutes and seconds. */
function clockFace(seconds) {
	const whole = Math.ceil(seconds);
	return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}

// What is stored

function isWhole(number, below) {
	return Number.isInteger(number) && number >= 0 && number < below;
}

/** Tell whether a stored state is one of ours and fits today's questions. */
function isSound(state, byId) {
	if (state?.version !== VERSION || !Array.isArray(state.ids) || !state.ids.length) return false;
	if (typeof state.ratings !== "object" || state.ratings === null) return false;
	const known = state.ids.every((id) => byId.has(id));
	const rated = Object.entries(state.ratings).every(
		([id, points]) => byId.has(id) && isWhole(points, LEVELS[byId.get(id).level].points + 1),
	);
	const clock = Number.isFinite(state.left) && state.left >= 0;
	return known && rated && clock && isWhole(state.position, state.ids.length + 1);
}

function stored(byId) {
	try {
		const state = JSON.parse(localStorage.getItem(KEY));
		return isSound(state, byId) ? state : null;
	} catch {
		return null;
	}
}

/** Store the state; tell whether the browser allows it. */
function store(state) {
	try {
		if (state) localStorage.setItem(KEY, JSON.stringify(state));
		else localStorage.removeItem(KEY);
		return true;
	} catch {
		return false;
	}
}

// The page

function button(words, act) {
	const made = html("button", { type: "button" }, [words]);
	made.addEventListener("click", act);
	return made;
}

function heading(words, tag = "h2") {
	return html(tag, { tabindex: "-1" }, [words]);
}

function typeset(node) {
	const mathjax = window.MathJax;
	mathjax?.startup?.promise?.then(() => mathjax.typesetPromise([node]));
}

function choice(words, name, options, value) {
	const items = options.map(([key, text]) => html("option", { value: key }, [text]));
	const list = html("select", { name }, items);
	list.value = value;
	return { list, label: html("label", {}, [html("span", {}, [words]), list]) };
}

/** The question of a template with copies of its parts. */
function read(template) {
	const { id, topic, level, chapter } = template.dataset;
	const part = (name) => template.content.querySelector(`.mock-${name}`).cloneNode(true);
	return { id, topic, level, chapter, part };
}

/** The texts for 0, 1, … points: the question's rubric, or plain words. */
function rubric(question) {
	const items = [...question.part("rubric").querySelectorAll("li")];
	if (!items.length) return PLAIN_RUBRIC;
	const texts = items.map((item) => [...(item.querySelector("p") ?? item).childNodes]);
	return [["0 points: nothing of this"], ...texts];
}

/** The radio buttons to rate oneself by. */
function rating(question, chosen, settle) {
	const legend = html("legend", {}, ["Rate yourself"]);
	const lines = rubric(question).map((words, points) => {
		const radio = html("input", { type: "radio", name: "points", value: points, required: "" });
		radio.checked = points === chosen;
		radio.addEventListener("change", () => settle(points));
		return html("label", {}, [radio, html("span", {}, words)]);
	});
	return html("fieldset", {}, [legend, ...lines]);
}

/** The rows of the summary: a question's points, and the section where points are missing. */
function summaryRow(question, points) {
	const most = LEVELS[question.level].points;
	const card = html("a", { href: `cards.html#q-${question.id}` });
	card.append(...question.part("question").firstElementChild.childNodes);
	const row = html("li", {}, [card, ` ${points ?? "–"} of ${most}`]);
	if (points === most) return row;
	const section = question.part("evidence").querySelector("a");
	row.append(html("br"), points === undefined ? "Not rated: " : "Read again: ", section);
	return row;
}

/** The interview in one block. */
function interview(block) {
	const questions = [...block.querySelectorAll("template")].map(read);
	const byId = new Map(questions.map((question) => [question.id, question]));
	const stage = html("div", { class: "mock-stage" });
	const status = html("p", { class: "mock-status", role: "status" });
	const time = html("span", { class: "mock-time", role: "timer", "aria-label": "Time left" });
	const pause = button("Pause", () => run(!state.running));
	const end = button("End and sum up", () => go(state.ids.length));
	const bar = html("div", { class: "mock-bar" }, [time, pause, end, button("Reset", reset)]);
	const choices = { level: "all", minutes: "30" };
	let state = stored(byId);
	let ticked = Date.now();

	/** Show something else; the focus goes to its heading, but not when the page opens. */
	function present(parts, focus = true) {
		stage.replaceChildren(...parts);
		typeset(stage);
		if (focus) stage.querySelector("[tabindex]").focus();
	}

	function showClock() {
		time.textContent = clockFace(state.left);
		pause.textContent = state.running ? "Pause" : "Continue";
		pause.hidden = state.left === 0;
	}

	function keep() {
		const kept = store(state);
		if (!kept) status.textContent = "This browser keeps nothing: a reload starts over.";
	}

	function run(running) {
		state.running = running;
		ticked = Date.now();
		showClock();
		keep();
	}

	function tick() {
		const now = Date.now();
		const passed = (now - ticked) / 1000;
		ticked = now;
		if (!state?.running) return;
		state.left = Math.max(0, state.left - passed);
		if (state.left === 0) {
			state.running = false;
			status.textContent = "Time is up. Finish your sentence, then rate yourself.";
		}
		showClock();
		store(state);
	}

	function reset() {
		state = null;
		store(state);
		status.textContent = "";
		show();
	}

	function begin(event) {
		event.preventDefault();
		const minutes = Number(choices.minutes);
		const ids = draw(questions, choices.level, minutes).map(({ id }) => id);
		state = { version: VERSION, ids, position: 0, ratings: {}, revealed: false };
		state.left = 60 * minutes;
		status.textContent = "";
		run(true);
		show();
	}

	function go(position) {
		Object.assign(state, { position, revealed: false });
		status.textContent = "";
		if (position === state.ids.length) state.running = false;
		keep();
		show();
	}

	function setUp(focus) {
		const levels = [["all", "All levels"], ...Object.keys(LEVELS).map((name) => [name, name])];
		const lengths = LENGTHS.map((minutes) => [minutes, `${minutes} minutes`]);
		const level = choice("Level", "level", levels, choices.level);
		const length = choice("Length", "minutes", lengths, choices.minutes);
		const words = html("p");
		const form = html("form", {}, [level.label, length.label, html("button", {}, ["Start"])]);
		function settle() {
			choices.level = level.list.value;
			choices.minutes = length.list.value;
			words.textContent = promise(questions, choices.level, Number(choices.minutes));
		}
		form.addEventListener("change", settle);
		form.addEventListener("submit", begin);
		settle();
		present([heading("Draw a set"), form, words], focus);
	}

	function ask(focus) {
		const question = byId.get(state.ids[state.position]);
		const { minutes } = LEVELS[question.level];
		const about = `${question.level} · ${question.chapter} · about ${minutes} minutes`;
		const reveal = button("Reveal answer", () => {
			state.revealed = true;
			keep();
			reveal.replaceWith(...answer(question));
			typeset(stage);
			stage.querySelector("h3").focus();
		});
		present([
			heading(`Question ${state.position + 1} of ${state.ids.length}`),
			html("p", { class: "mock-about" }, [about]),
			question.part("question"),
			...(state.revealed ? answer(question) : [reveal]),
		], focus);
	}

	function answer(question) {
		const last = state.position + 1 === state.ids.length;
		const form = html("form", {}, [
			rating(question, state.ratings[question.id], (points) => {
				state.ratings[question.id] = points;
				keep();
			}),
			html("button", {}, [last ? "Finish" : "Next question"]),
		]);
		form.addEventListener("submit", (event) => {
			event.preventDefault();
			go(state.position + 1);
		});
		return [heading("Answer", "h3"), question.part("answer"), question.part("evidence"), form];
	}

	function sumUp(focus) {
		const drawn = state.ids.map((id) => byId.get(id));
		const rated = drawn.filter(({ id }) => id in state.ratings);
		const points = rated.reduce((sum, { id }) => sum + state.ratings[id], 0);
		const most = rated.reduce((sum, { level }) => sum + LEVELS[level].points, 0);
		const rows = drawn.map((question) => summaryRow(question, state.ratings[question.id]));
		present([
			heading("Summary"),
			html("p", {}, [
				`${points} of ${most} points in ${rated.length} of ${drawn.length} questions.`,
			]),
			html("ol", {}, rows),
			button("Draw another set", reset),
		], focus);
	}

	/** Show the stage that the state asks for. */
	function show(focus = true) {
		bar.hidden = !state;
		if (!state) return setUp(focus);
		const over = state.position === state.ids.length;
		for (const part of [time, pause, end]) part.hidden = over;
		if (over) return sumUp(focus);
		showClock();
		return ask(focus);
	}

	block.replaceChildren(bar, status, stage);
	show(false);
	setInterval(tick, 1000);
}

function start() {
	for (const block of document.querySelectorAll(".mock")) interview(block);
}

if (typeof document === "object") document.addEventListener("DOMContentLoaded", start);
if (typeof module === "object") module.exports = { clockFace, draw, isSound };
})();
