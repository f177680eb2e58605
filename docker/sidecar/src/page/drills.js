/*
 * drills.js
 *
 * Drills over time: how long restoring took, and how old the newest data was.
 */

function verdictOf(drill) {
	if (drill.ok === null)
		return hasEnded(drill.job) ? sign('odd', drill.job.state) : stateSign(drill.job);
	return drill.ok ? sign('good', 'proven') : sign('bad', 'not proven');
}

function failedSteps(drill) {
	if (drill.job.error)
		return drill.job.error.message;
	return ((drill.result && drill.result.steps) || []).filter((one) => !one.ok).map((one) => one.step + ': ' + one.detail).join('; ');
}

/* The charts and the table of drills, of one server or of all */
function drillCharts(server, words = []) {
	const drills = drillsOf(server).filter((one) => matches(words, [one.job.server, one.job.state, one.ok ? 'proven' : '', failedSteps(one)]));
	if (drills.length === 0)
		return element('p', {class: 'quiet'}, 'No drill is on record here: SELECT * FROM poc_restore_drill() makes one.');
	const points = (key) => drills.map((one) => ({at: one.at, value: one[key], ok: one.ok === true,
		title: one.job.server + ', ' + timeText(one.at) + ': ' + durationText(one[key]) + (one.ok ? '' : ', not proven')}));
	const room = byId('content').clientWidth - 40;
	const wide = room > 800 ? Math.min(640, room / 2 - 24) : Math.max(280, room);
	return element('div', {},
		element('div', {class: 'charts'},
			chart('RTO: restore and recovery', 'circle', points('rto'), wide),
			chart('RPO: age of the newest data', 'square', points('rpo'), wide)),
		table('Drills, the newest first', ['Ended', 'Server', 'Verdict', 'RTO', 'RPO', 'Backup', 'Tables', 'What failed'],
			drills.slice(0, 100).map((one) => [
				element('a', {view: ['job', one.job.id]}, timeText(one.at)), one.job.server, verdictOf(one), durationText(one.rto),
				durationText(one.rpo), one.result ? one.result.backup_id : '', one.result ? String(one.result.tables) : '', failedSteps(one)])));
}

function drillsView() {
	const charts = element('div');
	return {
		title: 'Drills',
		node: element('section', {}, element('h2', {}, 'Drills'), charts),
		async refresh() {
			await learnJobs();
			await learnDrills(null, 100);
			this.draw();
		},
		draw() {
			if (catalog.jobs !== null)
				keepFocus(charts, () => charts.replaceChildren(drillCharts(null, filterWords())));
		},
		filter() { this.draw(); },
	};
}
