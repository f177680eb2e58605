/*
 * views.js
 *
 * Which view is shown, by the part of the address after "#", and when it asks
 * again: only while it is in sight.
 */

/* The sidecar answers from its cache, so this costs little */
const REFRESH_MS = 15000;

const VIEWS = [
	['servers', 'Servers', serversView], ['jobs', 'Jobs', jobsView], ['instances', 'Instances', instancesView],
	['drills', 'Drills', drillsView], ['disks', 'Disks', disksView],
];

let shown = null;
let stop = null; /* of what the shown view waits for */
let timer = 0;

function wordsOfAddress() {
	try {
		return location.hash.replace(/^#\/?/, '').split('/').map(decodeURIComponent);
	} catch (error) {
		return [''];
	}
}

function makeView(words) {
	const of = {server: serverView, job: jobView}[words[0]];
	if (of && words[1])
		return of(words[1]);
	return (VIEWS.find((one) => one[0] === words[0]) || VIEWS[0])[2]();
}

function show() {
	const words = wordsOfAddress();
	leave();
	byId('filter').value = '';
	shown = makeView(words);
	for (const link of byId('views').children) {
		const mine = link.getAttribute('href').slice(2);
		const here = mine === words[0] || mine === {server: 'servers', job: 'jobs'}[words[0]] || (mine === 'servers' && words[0] === '');
		if (here)
			link.setAttribute('aria-current', 'page');
		else
			link.removeAttribute('aria-current');
	}
	document.title = harmless(shown.title) + ' – Barman';
	byId('content').replaceChildren(shown.node);
	shown.draw();
	scrollTo(0, 0);
	refresh();
}

function leave() {
	clearTimeout(timer);
	if (stop)
		stop.abort();
}

/* Notes that an answer came. */
function told() {
	byId('age').textContent = 'as of ' + timeText(Date.now()).slice(11) + ' UTC';
	byId('trouble').hidden = true;
}

async function refresh() {
	const mine = shown;
	const control = new AbortController();

	clearTimeout(timer);
	stop = control;
	try {
		await mine.refresh(control.signal);
		if (!control.signal.aborted)
			told();
	} catch (error) {
		if (control.signal.aborted || mine !== shown)
			return;
		byId('trouble').replaceChildren(complaint(error));
		byId('trouble').hidden = false;
	}
	if (!control.signal.aborted && mine === shown && !document.hidden && !mine.ended)
		timer = setTimeout(refresh, REFRESH_MS);
}

/* Whether the sidecar wants a token, without asking for what it would refuse */
async function enter() {
	if (sessionStorage.getItem(TOKEN_KEY) !== null)
		return;
	try {
		if ((await send('/healthz', {})).version === undefined)
			await openDoor({sent: null});
	} catch (error) {
		/* the view says it, and asks again */
	}
}

async function begin() {
	byId('views').replaceChildren(...VIEWS.map(([word, text]) => element('a', {view: [word]}, text)));
	byId('forget').addEventListener('click', forgetToken);
	byId('forget').hidden = sessionStorage.getItem(TOKEN_KEY) === null;
	byId('filter').addEventListener('input', () => shown && shown.filter());
	byId('skip').addEventListener('click', (event) => {
		/* the address says which view is shown */
		event.preventDefault();
		byId('content').focus();
	});
	addEventListener('hashchange', () => shown && show());
	addEventListener('keydown', (event) => {
		if (event.key === '/' && !/^(INPUT|TEXTAREA)$/.test(event.target.tagName)) {
			event.preventDefault();
			byId('filter').focus();
		}
	});
	document.addEventListener('visibilitychange', () => {
		leave();
		if (shown && !document.hidden && !shown.ended)
			refresh();
	});
	await enter();
	show();
}

begin();
