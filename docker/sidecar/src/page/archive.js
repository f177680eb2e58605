/*
 * archive.js
 *
 * The archive of WAL as ranges without a gap, from the names and times of its
 * segments.  A segment's time is when it was closed, so its range begins when
 * the one before was.
 */

const SEGMENT = /(?:^|\/)([0-9A-F]{8})([0-9A-F]{8})([0-9A-F]{8})(?:\.[a-z0-9]+)?$/;

/* PostgreSQL's sizes are powers of two from 1 MB to 1 GB: the least that fits all names */
function segmentsOfFile(segments) {
	let size = 1;
	for (const one of segments) {
		while (one.low >= size)
			size *= 2;
	}
	return Math.max(size, 4);
}

/* {ranges, gaps, truncated}, of all timelines, the oldest first */
function archiveOf(listing) {
	const segments = [];
	for (const file of listing.files) {
		const parts = SEGMENT.exec(file.name);
		if (parts && !file.is_directory)
			segments.push({timeline: parseInt(parts[1], 16), high: parseInt(parts[2], 16), low: parseInt(parts[3], 16),
				name: parts[1] + parts[2] + parts[3], time: timeOf(file.modified), bytes: file.bytes});
	}
	const per = segmentsOfFile(segments);
	segments.forEach((one) => { one.number = one.high * per + one.low; });
	segments.sort((a, b) => a.timeline - b.timeline || a.number - b.number);
	const archive = {ranges: [], gaps: [], truncated: listing.truncated === true};
	let before = null;
	for (const one of segments) {
		const last = archive.ranges[archive.ranges.length - 1];
		if (before !== null && before.timeline === one.timeline && before.number + 1 === one.number) {
			extend(last, one);
		} else {
			if (before !== null && before.timeline === one.timeline)
				archive.gaps.push({timeline: one.timeline, from: before.time, until: one.time,
					missing: one.number - before.number - 1, after: before.name, before: one.name});
			archive.ranges.push({timeline: one.timeline, first: one.name, from: one.time, segments: []});
			extend(archive.ranges[archive.ranges.length - 1], one);
		}
		before = one;
	}
	return archive;
}

function extend(range, segment) {
	range.last = segment.name;
	/* copies may carry older times; a range never ends before it has begun */
	range.until = Math.max(segment.time, range.until || segment.time);
	range.from = Math.min(range.from, segment.time);
	range.segments.push(segment);
}

/* Gaps that are missed: what lies before the oldest backup nobody needs */
function gapsThatMatter(archive, backups) {
	const good = backups.filter(isGood);
	const oldest = good.length ? good[0].begin : Infinity;
	return archive.gaps.filter((gap) => gap.until >= oldest);
}

/* When the archive ends: the newest time of any segment; NaN: it is empty */
function archiveEnd(archive) {
	return archive.ranges.reduce((end, range) => Number.isNaN(end) ? range.until : Math.max(end, range.until), NaN);
}

/* The windows to which the server can be restored, with their times as numbers; the oldest first */
function windowsOf(list) {
	return list.map((one) => Object.assign({}, one, {from: timeOf(one.from_time), until: timeOf(one.until_time)}))
		.sort((a, b) => (a.until || a.from) - (b.until || b.from));
}
