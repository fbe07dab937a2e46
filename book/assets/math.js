/*
 * Formulas: MathJax draws those in view at once, each other one when it comes near, and all of them
 * for print, so that a long page is not held up by hundreds. Until then the formula's TeX stands there.
 */
(function () {
"use strict";

const mathjax = window.MathJax;
if (!mathjax?.startup) return; // a page without formulas
const NEAR = "100%"; // of the window's height, above and below it
const GROUP = 4; // formulas drawn before the page may answer again
const waiting = [];

function inView(formula) {
	const { top, bottom } = formula.getBoundingClientRect();
	return bottom > 0 && top < innerHeight;
}

async function drawWaiting() {
	while (waiting.length) {
		await mathjax.typesetPromise(waiting.slice(0, GROUP));
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
	const formulas = [...document.querySelectorAll(".math")];
	const first = formulas.filter(inView);
	if (first.length) await mathjax.typesetPromise(first);
	const watcher = new IntersectionObserver(approach, { rootMargin: NEAR });
	for (const formula of formulas) if (!first.includes(formula)) watcher.observe(formula);
}

mathjax.startup.promise = mathjax.startup.promise.then(start);
addEventListener("beforeprint", () => mathjax.typeset());
})();
