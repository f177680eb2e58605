/*
 * timeline.js
 *
 * The time line of a server: backups as bars, incrementals below what they build
 * on, the WAL beneath, gaps hatched in red, marks and proofs as pins.  A point is
 * chosen by mouse, finger or keyboard.
 */

const PINS = 24;
const LANE = 30;
const LANES = 4;
const BAND = 18;
const AXIS = 18;
const SIDE = 14;

/* More bars than this in sight are drawn as columns of their numbers */
const MANY = 400;

function timeline(server, pointed) {
	const state = {server, from: NaN, until: NaN, cursor: NaN, fixed: false, width: 0, whole: true, pointed};
	state.svg = drawn('svg', {class: 'timeline', role: 'slider', tabindex: '0', 'aria-label':
		'Point in time to restore to: arrow keys move, with Shift further; plus and minus zoom, Page Up and Down scroll, Enter keeps the point'});
	state.node = element('div', {class: 'timeline-frame'}, zoomButtons(state), state.svg,
		element('p', {class: 'quiet legend'}, legend()));
	state.svg.addEventListener('pointermove', (event) => !state.fixed && pointAt(state, timeAtEvent(state, event)));
	takePresses(state);
	state.svg.addEventListener('keydown', (event) => timelineKey(state, event));
	new ResizeObserver(() => {
		if (state.node.clientWidth && state.node.clientWidth !== state.width)
			drawTimeline(state);
	}).observe(state.node);
	state.draw = () => drawTimeline(state);
	state.point = (time) => { state.fixed = true; showTime(state, time); pointAt(state, time); };
	return state;
}

/*
 * A press keeps the point, unless it became a gesture.  No "click": there is none
 * if what was pressed is drawn anew meanwhile.
 */
function takePresses(state) {
	let pressed = null;
	state.svg.addEventListener('pointerdown', (event) => { pressed = event; });
	state.svg.addEventListener('pointercancel', () => { pressed = null; });
	state.svg.addEventListener('pointerup', (event) => {
		if (pressed && Math.hypot(event.clientX - pressed.clientX, event.clientY - pressed.clientY) < 8) {
			state.fixed = true;
			pointAt(state, timeAtEvent(state, event));
			state.svg.focus();
		}
		pressed = null;
	});
}

function legend() {
	return ['Bars are backups, higher ones larger; incrementals hang below what they build on. ', 'Solid: good; hatched: waits for WAL; ✖: failed. ',
		'Broad band: what can be restored; narrow: WAL that no backup leads to; red and hatched: a gap. ', '✔ ✖: proofs, ◆: marks, as the sidecar keeps them.'];
}

function zoomButtons(state) {
	const button = (text, label, change) => element('button', {type: 'button', 'aria-label': label, title: label, on: {click: change}}, text);
	return element('div', {class: 'zoom', role: 'group', 'aria-label': 'Part of the time line'},
		button('−', 'Zoom out', () => zoom(state, 2)), button('+', 'Zoom in', () => zoom(state, 0.5)),
		button('◀', 'Earlier', () => pan(state, -0.5)), button('▶', 'Later', () => pan(state, 0.5)),
		[['Day', 1], ['Week', 7], ['Month', 30]].map(([word, days]) => button(word, 'The last ' + word.toLowerCase(), () => {
			const end = extent(state)[1];
			setPart(state, end - days * DAY, end);
		})),
		button('All', 'All of it', () => { state.whole = true; drawTimeline(state); }));
}

/* From the first backup or segment to the end of the archive */
function extent(state) {
	const backups = known(state.server, 'backups') || [];
	const archive = known(state.server, 'archive') || {ranges: []};
	const times = [backups.length ? backups[0].begin : NaN, backups.length ? backups[backups.length - 1].end : NaN, archiveEnd(archive),
		...archive.ranges.map((range) => range.from), ...(known(state.server, 'windows') || []).map((one) => one.until)].filter(Number.isFinite);
	if (times.length === 0)
		return [Date.now() - DAY, Date.now()];
	const from = Math.min(...times);
	const until = Math.max(...times);
	const margin = Math.max((until - from) * 0.02, 5000);
	return [from - margin, until + margin];
}

function setPart(state, from, until) {
	state.whole = false;
	state.from = from;
	state.until = Math.max(until, from + 2000);
	drawTimeline(state);
}

function zoom(state, factor) {
	const middle = state.cursor >= state.from && state.cursor <= state.until ? state.cursor : (state.from + state.until) / 2;
	setPart(state, middle - (middle - state.from) * factor, middle + (state.until - middle) * factor);
}

function pan(state, part) {
	const by = (state.until - state.from) * part;
	setPart(state, state.from + by, state.until + by);
}

/* Scrolls to a time that is out of sight */
function showTime(state, time) {
	const half = (state.until - state.from) / 2;
	if (Number.isFinite(time) && (time < state.from || time > state.until))
		setPart(state, time - half, time + half);
}

function timelineKey(state, event) {
	if (event.ctrlKey || event.metaKey || event.altKey)
		return;
	const step = (state.until - state.from) * (event.shiftKey ? 0.1 : 0.01);
	const now = Number.isFinite(state.cursor) ? state.cursor : state.until;
	const [first, last] = extent(state);
	const move = (time) => { state.fixed = false; showTime(state, time); pointAt(state, time); };
	const keys = {
		ArrowLeft: () => move(now - step), ArrowRight: () => move(now + step), Home: () => move(first), End: () => move(last),
		PageUp: () => pan(state, -0.5), PageDown: () => pan(state, 0.5), '+': () => zoom(state, 0.5), '=': () => zoom(state, 0.5),
		'-': () => zoom(state, 2), Enter: () => { state.fixed = true; pointAt(state, now); },
		Escape: () => { state.fixed = false; pointAt(state, now); },
	};
	if (!keys[event.key])
		return;
	event.preventDefault();
	keys[event.key]();
}

function xOf(state, time) {
	return SIDE + (state.width - 2 * SIDE) * (time - state.from) / (state.until - state.from);
}

function timeAtEvent(state, event) {
	const x = event.clientX - state.svg.getBoundingClientRect().left;
	return state.from + (x - SIDE) / (state.width - 2 * SIDE) * (state.until - state.from);
}

/* Moves the cursor, and tells what is there: once a frame, however fast the mouse is */
function pointAt(state, time) {
	state.cursor = time;
	if (state.pending)
		return;
	state.pending = true;
	requestAnimationFrame(() => {
		state.pending = false;
		drawCursor(state);
		state.svg.setAttribute('aria-valuetext', timeText(state.cursor));
		state.svg.setAttribute('aria-valuenow', Math.round(state.cursor / 1000));
		state.pointed(state.cursor, state.fixed, markAt(state));
	});
}

/* The mark at the cursor, or null */
function markAt(state) {
	const near = 6 * (state.until - state.from) / state.width;
	return (known(state.server, 'marks') || []).filter((one) => Math.abs(one.time - state.cursor) <= near)
		.reduce((best, one) => best === null || Math.abs(one.time - state.cursor) < Math.abs(best.time - state.cursor) ? one : best, null);
}

function drawCursor(state) {
	if (state.line)
		state.line.remove();
	if (!(state.cursor >= state.from && state.cursor <= state.until))
		return;
	const x = xOf(state, state.cursor);
	state.line = state.svg.appendChild(drawn('g', {class: 'cursor' + (state.fixed ? ' fixed' : '')},
		drawn('line', {x1: x, x2: x, y1: 0, y2: state.height - AXIS}), drawn('path', {d: 'M' + (x - 6) + ' 0h12l-6 8z'})));
}

/* The backups that touch the part in sight, of a list sorted by begin */
function inSight(state, backups) {
	return backups.filter((one) => one.begin <= state.until && one.end >= state.from);
}

function drawTimeline(state) {
	const backups = known(state.server, 'backups') || [];
	const archive = drawnArchive(state.server);
	state.width = Math.max(280, state.node.clientWidth || 800);
	if (state.whole)
		[state.from, state.until] = extent(state);
	const seen = inSight(state, backups);
	const lanes = seen.length > MANY ? 2 : Math.min(LANES, 1 + seen.reduce((most, one) => Math.max(most, one.depth), 0));
	const timelines = [...new Set(archive.ranges.filter((one) => one.from <= state.until && one.until >= state.from)
		.map((one) => one.timeline))].sort((a, b) => a - b).slice(-LANES);
	const wal = PINS + lanes * LANE + 6;
	state.height = wal + Math.max(1, timelines.length) * BAND + 6 + AXIS;
	fill(state.svg, {viewBox: '0 0 ' + state.width + ' ' + state.height, width: state.width, height: state.height}, []);
	state.svg.replaceChildren(hatching(),
		...axis(state.from, state.until, state.width, state.height, (at) => xOf(state, at)).flat(),
		seen.length > MANY ? drawColumns(state, seen) : drawBars(state, seen, lanes),
		drawWal(state, archive, gapsThatMatter(archive, backups), timelines, wal), drawMarks(state), drawPins(state));
	state.svg.setAttribute('aria-valuemin', Math.round(state.from / 1000));
	state.svg.setAttribute('aria-valuemax', Math.round(state.until / 1000));
	state.line = null;
	drawCursor(state);
}

/* What is drawn of the archive: its segments; or the windows alone, if these are more than the sidecar lists */
function drawnArchive(server) {
	const archive = known(server, 'archive') || {ranges: [], gaps: [], truncated: true};
	const windows = (known(server, 'windows') || []).filter((one) => one.from_lsn !== null && Number.isFinite(one.from) && Number.isFinite(one.until));
	if (!archive.truncated)
		return {ranges: archive.ranges, gaps: archive.gaps, windows};
	return {windows, ranges: windows.map((one) => ({timeline: one.timeline, from: one.from, until: one.until, segments: null})),
		gaps: windows.filter((one) => one.gap_segments).map((one) => ({timeline: one.timeline, from: one.until, until: one.until,
			missing: one.gap_segments, after: 'before ' + one.gap_first_wal}))};
}

function backupTitle(one) {
	return one.backup_id + (one.name ? ' "' + one.name + '"' : '') + ', ' + (one.type || 'unknown type') + ', ' + one.status + ', ' + sizeText(one.size);
}

function statusKind(backup) {
	return isGood(backup) ? 'good' : backup.status === 'FAILED' ? 'bad' : 'odd';
}

function drawBars(state, seen, lanes) {
	const largest = Math.sqrt(Math.max(1, ...seen.map((one) => one.size || 0)));
	const box = (one) => {
		const x = Math.max(0, xOf(state, one.begin));
		const height = 7 + 15 * Math.sqrt(one.size || 0) / largest;
		const lane = Math.min(one.depth, lanes - 1);
		return {x, width: Math.max(9, Math.min(state.width, xOf(state, one.end)) - x), y: PINS + (lane + 1) * LANE - height - 2, height};
	};
	return drawn('g', {}, seen.map((one) => {
		const bar = box(one);
		const foot = bar.y + bar.height;
		const above = one.parent && one.depth < lanes ? box(one.parent) : null;
		return [
			above ? drawn('path', {class: 'tie', d: 'M' + (above.x + 4) + ' ' + (above.y + above.height) + 'V' + (foot - 5) + 'H' + bar.x}) : null,
			drawn('g', {class: 'bar ' + statusKind(one) + ' ' + (one.depth ? 'increment' : 'full')}, drawn('title', {}, backupTitle(one)),
				drawn('rect', {x: bar.x, y: bar.y, width: bar.width, height: bar.height, rx: one.depth ? 4 : 1}),
				isGood(one) ? null : drawn('text', {class: 'state', x: bar.x + bar.width / 2, y: bar.y - 2, 'text-anchor': 'middle'},
					one.status === 'FAILED' ? SIGNS.bad : SIGNS.odd),
				bar.width > 90 ? drawn('text', {class: 'inside', x: bar.x + 4, y: foot - 4}, sizeText(one.size)) : null),
		];
	}));
}

/* Too many to tell apart: how many there are, and whether any failed */
function drawColumns(state, seen) {
	const wide = 8;
	const columns = new Map();
	for (const one of seen) {
		const place = Math.floor(xOf(state, one.begin) / wide);
		const column = columns.get(place) || {count: 0, failed: 0, size: 0};
		column.count++;
		column.failed += isGood(one) ? 0 : 1;
		column.size += one.size || 0;
		columns.set(place, column);
	}
	const most = Math.max(...[...columns.values()].map((one) => one.count));
	return drawn('g', {}, [...columns].map(([place, one]) => {
		const height = 4 + (2 * LANE - 16) * one.count / most;
		const foot = PINS + 2 * LANE - 2;
		return drawn('g', {class: 'bar good'},
			drawn('title', {}, countText(one.count, 'backup', 'backups') + ', ' + sizeText(one.size) + (one.failed ? ', ' + one.failed + ' not good' : '')),
			drawn('rect', {x: place * wide, y: foot - height, width: wide - 1, height}),
			one.failed ? drawn('text', {class: 'state bad', x: place * wide + wide / 2, y: foot - height - 2, 'text-anchor': 'middle'}, SIGNS.bad) : null);
	}));
}

function drawWal(state, archive, gaps, timelines, top) {
	const place = (from, until, least) => {
		const x = Math.max(SIDE / 2, Math.min(state.width - SIDE / 2, xOf(state, from)));
		return {x, width: Math.max(least, Math.min(state.width - SIDE / 2, xOf(state, until)) - x)};
	};
	const lane = (timeline_) => top + Math.max(0, timelines.indexOf(timeline_)) * BAND;
	const sighted = (one) => timelines.includes(one.timeline) && one.from <= state.until && one.until >= state.from;
	const name = (range) => 'WAL of timeline ' + range.timeline + (range.segments === null ? ', from ' + timeText(range.from) + ' to ' + timeText(range.until)
		: ', ' + countText(range.segments.length, 'segment', 'segments') + ', ' + range.first + ' to ' + range.last);
	return drawn('g', {},
		timelines.length === 0 ? drawn('text', {class: 'axis', x: SIDE, y: top + 12}, 'no WAL in sight') : null,
		archive.ranges.filter(sighted).map((range) => drawn('g', {class: 'wal'},
			drawn('title', {}, name(range)),
			drawn('rect', {...place(range.from, range.until, 2), y: lane(range.timeline) + 6, height: BAND - 12, rx: 2}))),
		archive.windows.filter(sighted).map((one) => drawn('g', {class: 'window'},
			drawn('title', {}, 'Can be restored: timeline ' + one.timeline + ', from ' + timeText(one.from) + ' to ' + timeText(one.until)),
			drawn('rect', {...place(one.from, one.until, 2), y: lane(one.timeline) + 2, height: BAND - 4, rx: 2}))),
		gaps.filter(sighted).map((gap) => {
			const at = place(gap.from, gap.until, 10);
			return drawn('g', {class: 'gap'},
				drawn('title', {}, 'Gap: ' + countText(gap.missing, 'segment', 'segments') + ' missing after ' + gap.after),
				drawn('rect', {...at, y: lane(gap.timeline) + 1, height: BAND - 2, fill: 'url(#gap-hatch)'}),
				at.width > 34 ? drawn('text', {class: 'inside', x: at.x + at.width / 2, y: lane(gap.timeline) + 13, 'text-anchor': 'middle'}, 'gap') : null);
		}),
		timelines.length > 1 ? timelines.map((one) => drawn('text', {class: 'inside timeline-name', x: SIDE, y: lane(one) + 13}, 'timeline ' + one)) : null);
}

function markTitle(one) {
	return 'Mark "' + one.name + '" of database "' + one.database + '", ' + timeText(one.time) + ', ' + countText(one.tables, 'table', 'tables');
}

/* One in each place: more would cover each other */
function drawMarks(state) {
	const places = new Map();
	for (const one of known(state.server, 'marks') || []) {
		if (one.time >= state.from && one.time <= state.until)
			places.set(Math.floor(xOf(state, one.time) / 4), one);
	}
	return drawn('g', {}, [...places.values()].map((one) => drawn('g', {class: 'mark'}, drawn('title', {}, markTitle(one)),
		drawn('path', {d: 'M' + xOf(state, one.time) + ' 17l4 4l-4 4l-4 -4z'}))));
}

function pinTitle(one) {
	return (one.ok ? 'Proven' : 'Not proven') + ': drill of ' + timeText(one.at) + ' recovered to ' + timeText(one.recovered);
}

function drawPins(state) {
	const pins = drillsOf(state.server).filter((one) => one.result && one.recovered >= state.from && one.recovered <= state.until);
	/* where they would cover each other, those that passed are dots */
	const crowded = pins.length * 16 > state.width;
	return drawn('g', {}, pins.map((one) => {
		const x = xOf(state, one.recovered);
		if (crowded && one.ok)
			return drawn('g', {class: 'pin good dot'}, drawn('title', {}, pinTitle(one)), drawn('circle', {cx: x, cy: 8, r: 2.5}), drawn('path', {d: 'M' + x + ' 11v10'}));
		return drawn('g', {class: 'pin ' + (one.ok ? 'good' : 'bad')},
			drawn('title', {}, pinTitle(one)),
			drawn('path', {d: 'M' + x + ' 14v8'}),
			drawn('circle', {cx: x, cy: 8, r: 7}), drawn('text', {x, y: 12, 'text-anchor': 'middle'}, SIGNS[one.ok ? 'good' : 'bad']));
	}));
}
