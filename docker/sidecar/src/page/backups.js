/*
 * backups.js
 *
 * The view of one server: what can be restored, its backups as a tree, its
 * checks, drills and disks.
 */

const ROW = 46;

/* Full backups with their increments below them, the newest full one first */
function treeOf(backups) {
	const rows = [];
	const add = (one) => {
		rows.push(one);
		one.children.forEach(add);
	};
	for (let i = backups.length - 1; i >= 0; i--) {
		if (backups[i].parent === null)
			add(backups[i]);
	}
	return rows;
}

function backupRow(one) {
	const level = Math.min(one.depth, 6);
	return element('span', {class: 'cells'},
		element('span', {class: 'cell name level' + level}, one.depth ? element('span', {'aria-hidden': 'true'}, '└ ') : null, one.backup_id,
			one.name ? element('b', {}, ' ' + one.name) : null),
		element('span', {class: 'cell'}, sign(statusKind(one), one.status.toLowerCase().replace(/_/g, ' '))),
		element('span', {class: 'cell type'}, one.type || 'unknown'),
		element('span', {class: 'cell number'}, sizeText(one.size)),
		element('span', {class: 'cell time'}, timeText(one.end)),
		element('span', {class: 'cell quiet extra'}, one.retention && one.retention !== '-' ? one.retention : ''));
}

function checksOf(server) {
	const checks = known(server, 'checks');
	if (checks === null)
		return failure(server, 'checks') ? complaint(failure(server, 'checks')) : element('p', {class: 'quiet'}, 'Barman is checking …');
	const bad = checks.filter((one) => !one.ok);
	const line = (one) => element('li', {}, sign(one.ok ? 'good' : 'bad', one.check_name.replace(/_/g, ' ')),
		one.hint ? element('span', {class: 'quiet'}, ' ' + one.hint) : null);
	return element('div', {},
		bad.length ? element('ul', {class: 'checks'}, bad.map(line)) : element('p', {}, sign('good', 'all ' + checks.length + ' checks pass')),
		element('details', {}, element('summary', {}, countText(checks.length - bad.length, 'check that passes', 'checks that pass')),
			element('ul', {class: 'checks'}, checks.filter((one) => one.ok).map(line))));
}

/* What the page itself can tell of a point: enough while it is moved */
function targetPanel(server, time, fixed, mark) {
	const found = reach(server, time);
	const node = element('div', {class: 'target'}, targetHeading(found, found.problem === null),
		found.problem ? element('p', {}, found.problem) : null,
		found.backup === null ? null : facts([
			['Backup', backupTitle(found.backup)],
			['Chain', found.chain.map((one) => one.backup_id).join(' → ')],
		]),
		fixed ? null : element('p', {class: 'quiet'}, 'A click or Enter keeps this point, and tells WAL, time, disk and the SQL.'));
	if (fixed && found.problem === null)
		planOf(found).then((plan) => node.replaceChildren(...planPanel(found, plan)), (error) => node.append(complaint(error)));
	return element('div', {}, node, mark === null ? null : markPanel(server, mark, fixed));
}

/* What can be proven of a mark, and how */
function markPanel(server, mark, fixed) {
	return element('div', {class: 'target'}, element('p', {}, markTitle(mark)),
		fixed ? copyable('SELECT * FROM poc_restore_drill(' + quoted(mark.name + '@' + mark.lsn) + ', server => ' + quoted(server) + ');',
			'the SQL that proves it') : null);
}

function targetHeading(found, goes) {
	const verdicts = {true: ['good', 'can be done'], false: ['bad', 'cannot be done'], null: ['odd', 'nothing known is in the way']};
	return element('h3', {}, 'Restore to ' + timeText(found.time) + ' UTC: ', sign(...verdicts[goes]));
}

/* The same as the sidecar would do it, with the SQL */
function planPanel(found, plan) {
	if (plan === null)
		return [targetHeading(found, null), element('p', {class: 'quiet'}, 'A sidecar without a token plans nothing for web pages.'),
			copyable(restoreStatement(found, found.backup.backup_id), 'the SQL')];
	const needed = plan.disk.needed_bytes === null ? 'not known' : sizeText(plan.disk.needed_bytes) + ' needed, ' +
		(plan.disk.free_bytes === null ? 'free is not known' : sizeText(plan.disk.free_bytes) + ' free, of which ' +
			sizeText(plan.disk.reserved_bytes + plan.disk.kept_free_bytes) + ' are kept');
	return [targetHeading(found, plan.ok),
		element('ul', {class: 'checks'}, plan.items.filter((one) => one.ok !== true).map((one) => element('li', {},
			sign(one.ok === false ? 'bad' : 'odd', one.item), ' ' + one.finding, one.remedy ? element('span', {class: 'quiet'}, ' ' + one.remedy) : null))),
		facts([
			['Backup', plan.backup_id === null ? 'none serves' : [plan.backup_id, plan.why ? element('span', {class: 'quiet'}, ' ' + plan.why) : null]],
			['Chain', plan.chain.slice().reverse().map((one) => one.backup_id + ' (' + (one.type || 'unknown type') + ', ' + sizeText(one.size) + ')').join(' → ')],
			['WAL to replay', plan.wal === null ? 'not known' : (plan.wal.at_most ? 'at most ' : '') + countText(plan.wal.segments, 'segment', 'segments') +
				', ' + sizeText(plan.wal.bytes) + ', from ' + plan.wal.first_wal + ' to ' + plan.wal.last_wal],
			['Expected time', expectedText(plan.expected)],
			['Disk', needed],
		]),
		plan.backup_id === null || plan.ok === false ? null : copyable(restoreStatement(found, plan.backup_id), 'the SQL')].filter(Boolean);
}

function expectedText(expected) {
	if (expected.restore_seconds === null)
		return 'not known: the sidecar remembers no restore of this server';
	return durationText(expected.restore_seconds) + ' to restore' + (expected.recovery_seconds === null ? ', recovery is not known'
		: ', ' + durationText(expected.recovery_seconds) + ' to recover') + ', as the last ' + countText(expected.restores, 'restore', 'restores') + ' went';
}

function serverView(server) {
	const panel = element('div', {id: 'target', 'aria-live': 'polite'}, element('p', {class: 'quiet'}, 'Point at the time line: what can be restored then, and how?'));
	const line = timeline(server, (time, fixed, mark) => {
		panel.setAttribute('aria-live', fixed ? 'polite' : 'off');
		panel.replaceChildren(targetPanel(server, time, fixed, mark));
	});
	const list = virtualList('Backups of ' + server, ROW, backupRow, (one) => line.point(one.end));
	const parts = {checks: element('div'), disks: element('div'), drills: element('div'), count: element('span', {class: 'quiet'}),
		trouble: element('div')};
	const heading = element('h2', {}, server);
	return {
		title: server,
		node: element('div', {}, heading, parts.trouble,
			element('section', {'aria-label': 'Time line'}, element('h3', {}, 'What can be restored'), line.node, panel),
			element('section', {}, element('h3', {}, 'Backups ', parts.count), list.node),
			element('div', {class: 'columns'},
				element('section', {}, element('h3', {}, 'Checks'), parts.checks),
				element('section', {}, element('h3', {}, 'Disk'), parts.disks)),
			element('section', {}, element('h3', {}, 'Drills'), parts.drills)),
		async refresh() {
			await Promise.all([learnServers(), learn(server, 'backups'), learnJobs()]);
			this.draw();
			await Promise.all([learn(server, 'archive').then(() => this.draw()), learnDrills(server, 50).then(() => this.draw()),
				...['windows', 'checks', 'disks', 'forecast', 'marks'].map((what) => learn(server, what).then(() => this.draw()))]);
		},
		draw() {
			const one = catalog.servers.find((each) => each.server === server);
			heading.replaceChildren(server, one && one.description ? element('span', {class: 'quiet'}, ' ' + one.description) : '');
			const failed = ['backups', 'windows', 'archive'].map((what) => failure(server, what)).filter(Boolean);
			parts.trouble.replaceChildren(...failed.map(complaint));
			if (!one && catalog.servers.length)
				parts.trouble.append(complaint({message: 'Barman has no such server, or the token does not reach it'}));
			drawBackups(server, list, parts.count);
			line.draw();
			parts.checks.replaceChildren(checksOf(server));
			parts.disks.replaceChildren(disksOf(server));
			parts.drills.replaceChildren(drillCharts(server));
		},
		filter() { drawBackups(server, list, parts.count); },
	};
}

/* Draws the list only if there is another: it may be scrolled. */
function drawBackups(server, list, count) {
	const backups = known(server, 'backups') || [];
	const words = filterWords();
	const rows = words.length === 0 ? treeOf(backups)
		: backups.filter((one) => matches(words, [one.backup_id, one.name, one.type, one.status])).reverse();
	const archive = known(server, 'archive');
	count.textContent = rows.length + (rows.length === backups.length ? '' : ' of ' + backups.length) +
		(archive && archive.truncated ? '; the archive has more segments than the sidecar lists: the time line shows the WAL of the windows alone' : '');
	const state = JSON.stringify(rows.map((one) => [one.backup_id, one.status, one.size, one.retention]));
	if (list.state !== state || list.words !== words.join(' '))
		list.show(rows);
	list.state = state;
	list.words = words.join(' ');
}
