/*
 * servers.js
 *
 * The view of all servers: the state of each in a line.
 */

function filterWords() {
	return byId('filter').value.toLowerCase().split(/\s+/).filter(Boolean);
}

/* Whether each word is in one of the texts */
function matches(words, texts) {
	const all = texts.filter(Boolean).join(' ').toLowerCase();
	return words.every((word) => all.includes(word));
}

function checkSummary(server) {
	const checks = known(server, 'checks');
	if (failure(server, 'checks'))
		return sign('bad', 'not checked: ' + failure(server, 'checks').message);
	if (checks === null)
		return sign('none', 'checking');
	const bad = checks.filter((one) => !one.ok);
	if (bad.length === 0)
		return sign('good', countText(checks.length, 'check passes', 'checks pass'));
	return element('span', {}, sign('bad', countText(bad.length, 'check fails', 'checks fail')),
		element('span', {class: 'quiet hint'}, ' ' + bad.map((one) => one.check_name.replace(/_/g, ' ') + (one.hint ? ': ' + one.hint : '')).join('; ')));
}

function backupSummary(server) {
	const backups = known(server, 'backups');
	if (failure(server, 'backups'))
		return sign('bad', failure(server, 'backups').message);
	if (backups === null)
		return element('span', {class: 'quiet'}, 'asking');
	const good = backups.filter(isGood);
	if (good.length === 0)
		return sign('bad', backups.length ? 'no good backup of ' + backups.length : 'no backup');
	const latest = backups[backups.length - 1];
	const newest = good[good.length - 1];
	return element('span', {}, latest.status === 'FAILED' ? sign('odd', 'the latest failed') : sign('good', agoText(newest.end)),
		element('span', {class: 'quiet'}, ' ' + countText(backups.length, 'backup', 'backups') + ', ' +
			sizeText(backups.reduce((sum, one) => sum + (one.size || 0), 0))));
}

function proofSummary(server) {
	const drill = known(server, 'drill');
	if (drill === null)
		return element('span', {class: 'quiet'}, failure(server, 'drill') ? failure(server, 'drill').message : 'asking');
	if (drill.ended === null)
		return sign('none', 'never proven');
	return element('span', {}, drill.ok ? sign('good', 'proven ' + agoText(timeOf(drill.passed))) : sign('bad', 'the last drill failed'),
		drill.rto_seconds === null ? null : element('span', {class: 'quiet'}, ' RTO ' + durationText(drill.rto_seconds)));
}

/* Which of a server's lines is in need of somebody, for the order */
function need(server) {
	const checks = known(server, 'checks') || [];
	return checks.filter((one) => !one.ok).length ? 0 : 1;
}

function serverLine(one) {
	const usual = one.state === 'active';
	return element('li', {class: 'server'},
		element('a', {view: ['server', one.server], class: 'name'}, one.server),
		usual ? null : sign('odd', one.state),
		one.description ? element('span', {class: 'quiet description'}, one.description) : null,
		element('span', {class: 'fact'}, element('span', {class: 'label'}, 'Checks'), checkSummary(one.server)),
		element('span', {class: 'fact'}, element('span', {class: 'label'}, 'Backups'), backupSummary(one.server)),
		element('span', {class: 'fact'}, element('span', {class: 'label'}, 'Proof'), proofSummary(one.server)));
}

function serversView() {
	const list = element('ul', {class: 'servers'});
	const told = element('p', {class: 'quiet', role: 'status'});
	return {
		title: 'Servers',
		node: element('section', {}, element('h2', {}, 'Servers'), told, list),
		async refresh() {
			await learnServers();
			this.draw();
			const later = () => {
				clearTimeout(this.timer);
				this.timer = setTimeout(() => this.draw(), 100);
			};
			await Promise.all(catalog.servers.map((one) => Promise.all(['backups', 'drill', 'checks']
				.map((what) => learn(one.server, what).then((news) => news && later())))));
			this.draw();
		},
		draw() {
			const words = filterWords();
			const shown = catalog.servers.filter((one) => matches(words, [one.server, one.description, one.state, ...failedChecks(one.server)]));
			shown.sort((a, b) => need(a.server) - need(b.server) || a.server.localeCompare(b.server));
			told.textContent = catalog.servers.length === 0 ? 'Barman has no server that this token reaches.'
				: shown.length === catalog.servers.length ? countText(shown.length, 'server', 'servers') : shown.length + ' of ' + catalog.servers.length + ' servers';
			keepFocus(list, () => list.replaceChildren(...shown.map(serverLine)));
		},
		filter() { this.draw(); },
	};
}

function failedChecks(server) {
	return (known(server, 'checks') || []).filter((one) => !one.ok).flatMap((one) => ['failing', one.check_name, one.hint]);
}

/* Draws anew, and leaves the focus on the link that had it. */
function keepFocus(node, draw) {
	const had = node.contains(document.activeElement) ? document.activeElement.getAttribute('href') : null;
	draw();
	if (had !== null) {
		for (const link of node.querySelectorAll('a')) {
			if (link.getAttribute('href') === had)
				link.focus();
		}
	}
}
