/* Quizzes: each question with its options and its folded feedback becomes a choice that answers. */
(function () {
"use strict";

const QUESTIONS = 'p[id^="quiz-"], p[id^="placement-"]';
const START = "where-to-start"; // the sentence of the placement test that says where to begin

/** A new HTML element. */
function html(tag, attributes = {}, children = []) {
	const made = document.createElement(tag);
	for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
	made.append(...children);
	return made;
}

/** What a list item holds; moved, never copied as text, so that formulas stay what they are. */
function content(entry) {
	return [...(entry.querySelector("p") ?? entry).childNodes];
}

/** Give `target` the words of `source` as its name: what MathJax draws has none, so TeX is read. */
function name(target, source) {
	if (!source.querySelector(".math")) return;
	const copy = source.cloneNode(true);
	for (const formula of copy.querySelectorAll(".math")) {
		const tex = (formula.dataset.tex ?? formula.textContent).slice(2, -2); // without \( and \)
		formula.replaceWith(tex.replace(/\\[,;:! ]/g, " ").replaceAll("\\", ""));
	}
	target.setAttribute("aria-label", copy.textContent);
}

/** Tell whether a paragraph is followed by the options and the answers of a quiz. */
function isQuestion(paragraph) {
	const options = paragraph.nextElementSibling;
	return options?.tagName === "UL" && options.nextElementSibling?.tagName === "DETAILS";
}

/**
 * Call `choose(k)` when the reader answers with radio button k, and `move()` when the arrow keys
 * pass it: they check every button on their way, which is no answer yet.
 */
function listen(radios, choose, move) {
	let arrow = false;
	for (const [k, radio] of radios.entries()) {
		radio.addEventListener("keydown", (event) => {
			arrow = event.key.startsWith("Arrow");
			if (event.key === "Enter") radio.checked = true;
			if ((event.key === "Enter" || event.key === " ") && radio.checked) choose(k);
		});
		radio.addEventListener("keyup", () => (arrow = false));
		radio.addEventListener("click", () => {
			if (arrow) move();
			else choose(k);
		});
	}
}

/** Turn one question into a group of radio buttons; `changed()` is called after a first choice. */
function item(question, changed) {
	const list = question.nextElementSibling;
	const folded = list.nextElementSibling;
	const hint = html("p", {}, ["Press Space or Enter to answer."]);
	const source = folded.querySelector("p:last-child:not(li p)");
	const feedback = [...folded.querySelectorAll("li")].map((entry) => html("p", {}, content(entry)));
	const status = html("div", { class: "quiz-feedback", role: "status" }, [hint, ...feedback, source]);
	const choices = [...list.children].map((entry) => {
		const radio = html("input", { type: "radio", name: question.id, autocomplete: "off" });
		return html("label", {}, [radio, html("span", {}, content(entry))]);
	});
	const group = html("fieldset", { class: "quiz-item", id: question.id }, [
		html("legend", {}, [...question.childNodes]),
		...choices,
		status,
	]);
	const radios = choices.map((choice) => choice.firstChild);
	const made = { group, source, first: null, clear };

	function show(...visible) {
		for (const part of status.children) part.hidden = !visible.includes(part);
	}
	function clear() {
		made.first = null;
		for (const radio of radios) radio.checked = false;
		for (const choice of choices) delete choice.dataset.verdict;
		show();
	}
	function choose(k) {
		const right = feedback[k].textContent.startsWith("Right.");
		choices[k].dataset.verdict = right ? "right" : "wrong";
		show(feedback[k], source);
		if (made.first !== null) return;
		made.first = right;
		changed();
	}
	listen(radios, choose, () => show(hint));
	name(group, group.firstChild);
	for (const radio of radios) name(radio, radio.nextSibling);
	clear();
	question.replaceWith(group);
	list.remove();
	folded.remove();
	return made;
}

/** What a placement test says once all is answered: where to start, and what was missed. */
function advice(items, kit) {
	const missed = items.filter((entry) => !entry.first).map((entry) => entry.source);
	const links = missed.map((source) => [...source.querySelectorAll("a")]);
	if (!missed.length) {
		return [html("p", {}, ["All right. Go on with the ", kit.cloneNode(true), "."])];
	}
	const sections = links.map(([section]) => html("li", {}, [section.cloneNode(true)]));
	return [
		html("p", {}, ["Start with ", links[0].at(-1).cloneNode(true), ". You missed:"]),
		html("ul", {}, sections),
	];
}

/** Set up the questions of one quiz, its score and its button. */
function quiz(questions) {
	const score = html("p", { role: "status" });
	const again = html("button", { type: "button" }, ["Start again"]);
	const bar = html("div", { class: "quiz-score" }, [score, again]);
	const items = questions.map((question) => item(question, count));
	const start = items[0].group.parentElement.querySelector(`#${START}`);
	const result = html("div", { class: "quiz-result", role: "status" });
	items.at(-1).group.after(bar);
	if (start) {
		start.before(result);
		result.append(start);
	}

	function count() {
		const answered = items.filter((entry) => entry.first !== null).length;
		const right = items.filter((entry) => entry.first).length;
		const open = answered < items.length ? ` (${answered} answered)` : "";
		score.textContent = `Score: ${right} of ${items.length}${open}. Your first choice counts.`;
		if (start && !open) result.replaceChildren(...advice(items, start.querySelector("a")));
		else if (start) result.replaceChildren(start);
	}
	again.addEventListener("click", () => {
		for (const entry of items) entry.clear();
		count();
		items[0].group.querySelector("input").focus();
	});
	count();
}

/** Set up every quiz of the page: the questions of one section belong together. */
function setUp() {
	const questions = [...document.querySelectorAll(QUESTIONS)].filter(isQuestion);
	for (const section of new Set(questions.map((question) => question.parentElement))) {
		quiz(questions.filter((question) => question.parentElement === section));
	}
}

setUp();
})();
