/*
 * instances.js
 *
 * The view of restored servers.
 */

const INSTANCE_STATES = {restoring: 'busy', recovering: 'busy', running: 'good', stopped: 'odd', failed: 'bad'};

function instanceCard(one) {
	return element('li', {class: 'card'},
		element('h3', {}, one.instance, ' ', sign(INSTANCE_STATES[one.state] || 'none', one.state)),
		one.error ? complaint(one.error) : null,
		facts([
			['Of', element('a', {view: ['server', one.server]}, one.server)],
			['Backup', one.backup_id],
			['Recovered to', [one.recovered_lsn || 'unknown', one.recovered_time ? ', ' + timeText(timeOf(one.recovered_time)) : '',
				one.timeline ? ', timeline ' + one.timeline : '']],
			['Restore and recovery', durationText(one.restore_seconds) + ' and ' + durationText(one.recovery_seconds)],
			['Size', sizeText(one.bytes)],
			['Since', timeText(timeOf(one.created))],
			['Isolation', one.isolation || 'not started'],
		]),
		one.conninfo ? copyable(one.conninfo, 'the connection string') : null);
}

function instancesView() {
	const list = element('ul', {class: 'cards'});
	const told = element('p', {class: 'quiet', role: 'status'});
	return {
		title: 'Instances',
		node: element('section', {}, element('h2', {}, 'Restored servers'), told, list),
		async refresh() {
			await learnInstances();
			this.draw();
		},
		draw() {
			const words = filterWords();
			const shown = (catalog.instances || []).filter((one) => matches(words, [one.instance, one.server, one.state, one.backup_id]));
			const state = JSON.stringify(shown);
			told.textContent = shown.length ? countText(shown.length, 'restored server', 'restored servers') : 'No restored server is there.';
			if (this.shown !== state)
				list.replaceChildren(...shown.map(instanceCard));
			this.shown = state;
		},
		filter() { this.draw(); },
	};
}
