/*
 * client.js
 *
 * Asks the sidecar, with the token that this tab keeps.  The token goes into a
 * header, never into an address.
 */

const TOKEN_KEY = 'barman-sidecar-token';

/* Barman takes a second for an answer: more at a time only queue there. */
const AT_A_TIME = 4;

/* How often a request is sent again that the sidecar has no room for */
const TRIES = 4;

class Refusal extends Error {
	constructor(status, error) {
		super(error.message || 'the sidecar answers ' + status);
		this.status = status;
		this.code = error.code;
		this.detail = error.detail;
		this.hint = error.hint;
	}
}

let asking = 0;
const turns = [];
let opened = null; /* the promise of a token while it is asked for */

async function takeTurn() {
	if (asking >= AT_A_TIME)
		await new Promise((resolve) => turns.push(resolve));
	else
		asking++;
}

function endTurn() {
	const next = turns.shift();
	if (next)
		next();
	else
		asking--;
}

function pause(ms) {
	return new Promise((resolve) => setTimeout(resolve, ms));
}

async function send(path, options) {
	const headers = {};
	const token = sessionStorage.getItem(TOKEN_KEY);
	if (token !== null)
		headers.Authorization = 'Bearer ' + token;
	if (options.body)
		headers['Content-Type'] = 'application/json';
	let response;
	try {
		response = await fetch(path, {
			method: options.body ? 'POST' : 'GET', headers, credentials: 'omit', cache: 'no-store',
			body: options.body && JSON.stringify(options.body), signal: options.signal,
		});
	} catch (error) {
		if (error.name === 'AbortError')
			throw error;
		throw new Refusal(0, {message: 'the sidecar does not answer', hint: 'The page goes on asking.'});
	}
	const text = await response.text();
	let value;
	try {
		value = JSON.parse(text);
	} catch (error) {
		value = {error: {message: 'the answer of the sidecar is no JSON'}};
	}
	if (!response.ok || value.error)
		throw Object.assign(new Refusal(response.status, value.error || {}),
			{after: Number(response.headers.get('Retry-After')) || 1, sent: token});
	return value;
}

/* What the sidecar answers; asks for a token as often as that is refused. */
async function ask(path, options = {}) {
	for (let tries = 1; ; tries++) {
		if (!options.waits)
			await takeTurn();
		try {
			return await send(path, options);
		} catch (error) {
			if (error.status === 401 || (error.status === 400 && error.sent && !isToken(error.sent)))
				await openDoor(error);
			else if ((error.status === 429 || error.status === 503) && tries < TRIES)
				await pause(Math.min(error.after, 10) * 1000 * (0.5 + Math.random()));
			else
				throw error;
		} finally {
			if (!options.waits)
				endTurn();
		}
	}
}

function isToken(text) {
	return /^[\x21-\x7e]+$/.test(text);
}

/* Asks the reader for a token, once for all requests that were refused. */
function openDoor(refusal) {
	const kept = sessionStorage.getItem(TOKEN_KEY);

	/* another request was refused with a token that has been replaced meanwhile */
	if (kept !== null && kept !== refusal.sent)
		return Promise.resolve();
	if (opened !== null)
		return opened;
	const door = byId('door');
	byId('door-trouble').textContent = kept !== null ? 'The sidecar refuses this token: ' + harmless(refusal.message) + '.' : '';
	sessionStorage.removeItem(TOKEN_KEY);
	opened = new Promise((resolve) => {
		byId('door-form').onsubmit = (event) => {
			event.preventDefault();
			const token = byId('token').value.trim();
			if (!isToken(token)) {
				byId('door-trouble').textContent = 'A token has letters, digits and punctuation alone.';
				return;
			}
			sessionStorage.setItem(TOKEN_KEY, token);
			byId('token').value = '';
			byId('forget').hidden = false;
			door.close();
			opened = null;
			resolve();
		};
	});
	door.oncancel = (event) => event.preventDefault();
	if (!door.open)
		door.showModal();
	byId('token').focus();
	return opened;
}

function forgetToken() {
	sessionStorage.removeItem(TOKEN_KEY);
	location.reload();
}

/* The address of something of a server's */
function ofServer(server, ...words) {
	return ['/v1/servers', ...[server, ...words].map(encodeURIComponent)].join('/');
}
