/*
 * target.js
 *
 * What a point in time could be restored from: at once by what the page knows,
 * and then by the plan that the sidecar makes of it.
 */

/* Times of windows are those of commits, and a mouse is not that exact */
const SLACK = 1000;

/* The newest good backup that ended before a time, and after another: of backups sorted by begin */
function backupFor(backups, time, since) {
	let low = 0;
	let high = backups.length;
	while (low < high) {
		const middle = (low + high) >> 1;
		if (backups[middle].begin <= time)
			low = middle + 1;
		else
			high = middle;
	}
	for (let i = low - 1; i >= 0; i--) {
		const one = backups[i];
		if (isGood(one) && one.end <= time && one.end >= since && chainOf(one).every(isGood))
			return one;
	}
	return null;
}

/* The window that has a time, of the newest timeline */
function windowAt(windows, time) {
	return windows.filter((one) => one.from_lsn !== null && one.from - SLACK <= time && time <= one.until + SLACK)
		.reduce((best, one) => best === null || one.timeline > best.timeline ? one : best, null);
}

/* Why no window has that time */
function whyNot(windows, time) {
	const before = windows.filter((one) => one.from_lsn !== null && one.until < time).pop();
	if (!before)
		return windows.length ? 'No backup that can be restored had ended by then.' : 'There is no backup that can be restored.';
	if (before.gap_segments)
		return 'The archive has a gap: ' + countText(before.gap_segments, 'segment is', 'segments are') + ' missing from ' +
			before.gap_first_wal + ' on, and no backup that can be restored had ended since.';
	return 'The archive ends with ' + timeText(before.until) + ', its last transaction' +
		(before.until_time_source === 'file' ? ' or so' : '') + '.';
}

/* {time, backup, chain, window, problem}: problem tells why it cannot be reached, or is null. */
function reach(server, time) {
	const windows = known(server, 'windows');
	const found = {server, time, backup: null, chain: [], window: null, problem: null};
	if (windows !== null) {
		found.window = windowAt(windows, time);
		if (found.window === null)
			found.problem = whyNot(windows, time);
	}
	/* a timeline that begins within another is reached from its backups, too */
	const since = found.window && found.window.parent_timeline === null ? found.window.from - SLACK : -Infinity;
	found.backup = found.problem ? null : backupFor(known(server, 'backups') || [], Math.max(time, found.window ? found.window.from : time), since);
	if (found.backup)
		found.chain = chainOf(found.backup);
	else
		found.problem = found.problem || 'No good backup had ended by then.';
	return found;
}

/* What the sidecar would restore; null where it refuses web pages, for it has no token */
function planOf(found) {
	if (sessionStorage.getItem(TOKEN_KEY) === null)
		return Promise.resolve(null);
	const target = {target_time: new Date(found.time).toISOString().replace('Z', '000Z')};
	if (found.window)
		target.target_timeline = found.window.timeline;
	return ask(ofServer(found.server, 'restores', 'plan'), {body: target}).then((answer) => answer.plan);
}

/* The statement that restores to it, for the primary's psql */
function restoreStatement(found, backup) {
	const newest = Math.max(...(known(found.server, 'windows') || []).map((one) => one.timeline));
	return 'SELECT * FROM poc_restore(' + quoted('restored') +
		',\n    backup_id => ' + quoted(backup) +
		',\n    server => ' + quoted(found.server) +
		(found.window && found.window.timeline < newest ? ',\n    target_timeline => ' + found.window.timeline : '') +
		',\n    target_time => ' + quoted(timeText(found.time) + '+00') + ');';
}
