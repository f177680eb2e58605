'use strict';
/*
 * element.js
 *
 * Makes elements.  Text from outside becomes text nodes and values of attributes
 * here, and nowhere else: never markup.
 */

const SVG = 'http://www.w3.org/2000/svg';

/* Attributes that could be more than text: nothing here sets them. */
const REFUSED = /^(on|style$|href$|src|formaction$)/i;

function fill(made, attributes, children) {
	for (const [name, value] of Object.entries(attributes || {})) {
		if (name === 'on') {
			for (const [event, handler] of Object.entries(value))
				made.addEventListener(event, handler);
		} else if (name === 'view') {
			made.setAttribute('href', '#/' + value.map(encodeURIComponent).join('/'));
		} else if (REFUSED.test(name)) {
			throw new Error('attribute ' + name);
		} else if (value !== null && value !== undefined && value !== false) {
			made.setAttribute(name, value === true ? '' : name === 'value' ? String(value) : harmless(String(value)));
		}
	}
	for (const child of children.flat(Infinity)) {
		if (child !== null && child !== undefined && child !== false)
			made.append(child instanceof Node ? child : document.createTextNode(harmless(String(child))));
	}
	return made;
}

/*
 * What a terminal or a browser would obey, as the extension shows it: no name is written backwards, and
 * what is copied is what is seen.
 */
function harmless(text) {
	return text.replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g,
		(one) => '<U+' + one.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0') + '>');
}

/* An element; "view" is where a link leads within the page, a list of words */
function element(name, attributes, ...children) {
	return fill(document.createElement(name), attributes, children);
}

function drawn(name, attributes, ...children) {
	return fill(document.createElementNS(SVG, name), attributes, children);
}

function byId(id) {
	return document.getElementById(id);
}

/* A state as shape and word, so that nobody needs to see its colour */
const SIGNS = {
	good: '✔', bad: '✖', odd: '▲', busy: '▶', none: '–',
};

function sign(kind, word) {
	return element('span', {class: 'sign ' + kind},
		element('span', {'aria-hidden': 'true'}, SIGNS[kind]), ' ', word);
}

/* Rows of a name and a value */
function facts(pairs) {
	return element('dl', {class: 'facts'}, pairs.filter((pair) => pair !== null)
		.map(([name, value]) => element('div', {}, element('dt', {}, name), element('dd', {}, value))));
}

function table(caption, head, rows) {
	return element('div', {class: 'wide', tabindex: '0', role: 'region', 'aria-label': caption},
		element('table', {}, element('caption', {}, caption),
			element('thead', {}, element('tr', {}, head.map((word) => element('th', {scope: 'col'}, word)))),
			element('tbody', {}, rows.map((row) => element('tr', {}, row.map((cell) => element('td', {}, cell)))))));
}

/* Text to copy, where the browser lets us; else it is selected. */
function copyable(text, what) {
	const copied = harmless(text);
	const made = element('pre', {class: 'sql', tabindex: '0'}, copied);
	const told = element('span', {role: 'status', class: 'quiet'});
	const button = element('button', {type: 'button', on: {click: () => {
		const range = document.createRange();
		range.selectNodeContents(made);
		getSelection().removeAllRanges();
		getSelection().addRange(range);
		const done = navigator.clipboard ? navigator.clipboard.writeText(copied) : Promise.reject();
		done.then(() => { told.textContent = 'copied'; }, () => { told.textContent = 'selected: copy it by the keyboard'; });
	}}}, 'Copy ' + what);
	return element('div', {class: 'copyable'}, made, button, ' ', told);
}

/* What went wrong, as the sidecar says it */
function complaint(error) {
	return element('p', {class: 'complaint'}, sign('bad', error.message),
		error.detail ? element('span', {}, ' ', error.detail) : null,
		error.hint ? element('span', {class: 'quiet'}, ' ', error.hint) : null);
}
