/*
 * Formulas: MathJax draws those in view at once, even before the page is read to its end, each other
 * one when it comes near, and all of them for print, so that a long page is not held up by hundreds.
 * Until then the formula's TeX stands there.
 */
(function () {
"use strict";

const { MathJax: config } = window;
if (!config) return; // a page without formulas
const NEAR = "100%"; // of the window's height, above and below it
const GROUP = 4; // formulas drawn before the page may answer again
const waiting = [];

function inView(formula) {
	const { top, bottom } = formula.getBoundingClientRect();
	return bottom > 0 && top < innerHeight;
}

/** The formulas not drawn yet; their TeX is kept for scripts that read it. */
function undrawn() {
	const all = [...document.querySelectorAll(".math")];
	const formulas = all.filter((formula) => !formula.querySelector("mjx-container"));
	for (const formula of formulas) formula.dataset.tex = formula.textContent;
	return formulas;
}

/** Draw the first window until a formula below it is read; a link into the page leads elsewhere. */
function drawEarly() {
	if (document.readyState !== "loading" || location.hash) return;
	const formulas = undrawn().slice(0, -1); // the last one may have come in part only
	const first = formulas.filter(inView);
	try {
		if (first.length) MathJax.typeset(first);
	} catch {
		return; // a part of MathJax is still loading; start() waits for it
	}
	if (formulas.length === first.length) requestAnimationFrame(drawEarly);
}

async function drawWaiting() {
	while (waiting.length) {
		await MathJax.typesetPromise(waiting.slice(0, GROUP));
		await new Promise((resume) => setTimeout(resume));
		waiting.splice(0, GROUP);
	}
}

/** Draw the formulas of these changes that came near; two runs never overlap. */
function approach(changes, watcher) {
	const near = changes.filter((change) => change.isIntersecting).map(({ target }) => target);
	const idle = !waiting.length;
	for (const formula of near) watcher.unobserve(formula);
	waiting.push(...near);
	if (idle) drawWaiting();
}

async function start() {
	const formulas = undrawn();
	const first = formulas.filter(inView);
	if (first.length) await MathJax.typesetPromise(first);
	const watcher = new IntersectionObserver(approach, { rootMargin: NEAR });
	for (const formula of formulas) if (!first.includes(formula)) watcher.observe(formula);
}

config.startup.ready = () => {
	MathJax.startup.defaultReady();
	MathJax.startup.promise = MathJax.startup.promise.then(start);
	addEventListener("beforeprint", () => MathJax.typeset());
	drawEarly();
};
})();
