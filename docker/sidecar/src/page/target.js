/*
 * target.js
 *
 * What a point in time could be restored from, as far as the page can tell by
 * itself.
 */

/* The newest good backup that ended before a time: index of backups sorted by begin */
function backupFor(backups, time) {
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
		if (isGood(one) && one.end <= time && chainOf(one).every(isGood))
			return one;
	}
	return null;
}

/* How this server's drills went: bytes restored per second, seconds of recovery */
function experienceOf(server) {
	const drills = drillsOf(server).filter((one) => one.ok && one.result);
	return {
		count: drills.length,
		rate: median(drills.map((one) => one.result.bytes / one.result.restore_seconds)),
		recovery: median(drills.map((one) => one.result.recovery_seconds)),
	};
}

/*
 * {time, backup, chain, segments, bytes, size, seconds, problem}: problem tells
 * why it cannot be reached, or is null.
 */
function reach(server, time) {
	const backups = known(server, 'backups') || [];
	const archive = known(server, 'archive');
	const backup = backupFor(backups, time);
	const found = {time, backup, chain: backup ? chainOf(backup) : [], segments: null, bytes: null, size: null,
		seconds: NaN, problem: null};
	if (backup === null) {
		found.problem = 'No good backup had ended by then.';
		return found;
	}
	found.size = found.chain.reduce((sum, one) => sum + (one.size || 0), 0);
	const experience = experienceOf(server);
	if (experience.count > 0)
		found.seconds = found.size / experience.rate + experience.recovery;
	if (archive === null)
		return found;
	const gap = archive.gaps.find((one) => one.until >= backup.begin && one.from <= time);
	if (gap)
		found.problem = 'The archive has a gap: ' + countText(gap.missing, 'segment is', 'segments are') +
			' missing after ' + gap.after + '.';
	else if (!(time <= archiveEnd(archive)))
		found.problem = archive.ranges.length === 0 ? 'The archive is empty.'
			: 'The archive ends at ' + timeText(archiveEnd(archive)) + '.';
	const replayed = archive.ranges.flatMap((range) => range.until < backup.begin || range.from > time ? []
		: range.segments.filter((one) => one.time >= backup.begin && one.time <= time));
	found.segments = replayed.length;
	found.bytes = replayed.reduce((sum, one) => sum + one.bytes, 0);
	return found;
}

/* The statement that restores to it, for the primary's psql */
function restoreStatement(server, found) {
	return 'SELECT * FROM poc_restore(' + quoted('restored') +
		',\n    backup_id => ' + quoted(found.backup.backup_id) +
		',\n    server => ' + quoted(server) +
		',\n    target_time => ' + quoted(timeText(found.time) + '+00') + ');';
}
