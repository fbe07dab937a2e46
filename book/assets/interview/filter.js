/* Search and filters over the entries of a page; without this script every entry is shown. */
(function () {
"use strict";

// How the choices of a filter are sorted; others stay in the order of the page.
const RANKS = ["screen", "standard", "deep"];
RANKS.push("correct", "conditional", "imprecise", "outdated", "wrong");

const html = (...parts) => Explorables.controls.html(...parts);

/** A text as it is compared: case and width of the letters do not count. */
function plain(text) {
	return text.normalize("NFKC").toLowerCase().trim();
}

/** What a value of a data attribute is called: 01_zero_initialization is Zero initialization. */
function title(value) {
	const words = value.replace(/^\d+_/, "").replaceAll("_", " ");
	return words.charAt(0).toUpperCase() + words.slice(1);
}

/** A list of the values that the entries have under a name. */
function choice(name, entries) {
	const values = [...new Set(entries.map(({ node }) => node.dataset[name]))];
	values.sort((one, other) => RANKS.indexOf(one) - RANKS.indexOf(other));
	const items = values.map((value) => html("option", { value }, [title(value)]));
	return html("select", { name }, [html("option", { value: "" }, ["All"]), ...items]);
}

function labeled(words, control) {
	return html("label", {}, [html("span", {}, [words]), control]);
}

function button(words, act) {
	const made = html("button", { type: "button" }, [words]);
	made.addEventListener("click", act);
	return made;
}

/** The form on top of the entries. */
function build(block, entries, reset) {
	const search = html("input", { type: "search", autocomplete: "off", spellcheck: "false" });
	const names = block.dataset.filters.split(" ");
	const choices = names.map((name) => choice(name, entries));
	const status = html("p", { class: "filter-status", role: "status" });
	const again = button("Show all", reset);
	const form = html("form", { class: "filter-form", role: "search", "aria-label": "Entries" }, [
		labeled("Search", search),
		...choices.map((list) => labeled(title(list.name), list)),
		button("Reset", reset),
	]);
	form.addEventListener("submit", (event) => event.preventDefault());
	block.prepend(form, status, again);
	return { form, search, choices, status, again };
}

/** Set up one block of entries; the result shows the entry with the id in the address. */
function setUp(block) {
	const entries = [...block.querySelectorAll(".entry")].map((node) => ({
		node,
		text: plain(`${node.textContent} ${node.dataset.words ?? ""}`),
	}));
	const parts = build(block, entries, reset);
	const { form, search, choices, status, again } = parts;

	function matches({ node, text }) {
		return (
			plain(search.value).split(/\s+/).every((word) => text.includes(word)) &&
			choices.every(({ name, value }) => !value || node.dataset[name] === value)
		);
	}

	function update() {
		const found = entries.filter(matches);
		for (const entry of entries) entry.node.hidden = !found.includes(entry);
		for (const section of block.querySelectorAll("section")) {
			section.hidden = !section.querySelector(".entry:not([hidden])");
		}
		again.hidden = found.length > 0;
		status.textContent = found.length
			? `${found.length} of ${entries.length} match.`
			: "Nothing matches all of this.";
	}

	function reset() {
		form.reset();
		update();
		search.focus();
	}

	/** Show what the address names, though the filters leave it out. */
	function show(target) {
		for (let node = target; node && node !== block; node = node.parentElement) {
			node.hidden = false;
			if (node.tagName === "DETAILS") node.open = true;
			if (node.matches(".entry")) node.querySelector("details")?.setAttribute("open", "");
		}
		if (target.matches("section")) for (const { node } of entries) {
			if (target.contains(node)) node.hidden = false;
		}
		target.scrollIntoView();
	}

	form.addEventListener("input", update);
	update();
	return (target) => block.contains(target) && show(target);
}

function start() {
	const shows = [...document.querySelectorAll(".filterable")].map(setUp);
	function follow() {
		const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
		if (target) for (const show of shows) show(target);
	}
	addEventListener("hashchange", follow);
	follow();
}

document.addEventListener("DOMContentLoaded", start);
})();
