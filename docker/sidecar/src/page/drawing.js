/*
 * drawing.js
 *
 * Axes of time and charts of numbers over time.
 */

const STEPS = [1e3, 5e3, 15e3, 60e3, 300e3, 900e3, 3600e3, 3 * 3600e3, 6 * 3600e3, 12 * 3600e3, DAY, 2 * DAY, 4 * DAY, 7 * DAY,
	14 * DAY, 30 * DAY, 90 * DAY, 365 * DAY, 5 * 365 * DAY];

/* Times at which an axis from one to another of such a width has its marks */
function ticks(from, until, width) {
	const most = Math.max(2, Math.floor(width / 90));
	const step = STEPS.find((one) => (until - from) / one <= most) || (until - from) / most;
	const list = [];
	for (let at = Math.ceil(from / step) * step; at <= until; at += step)
		list.push({at, text: step >= DAY ? timeText(at).slice(0, 10) : at % DAY === 0 ? timeText(at).slice(5, 10)
			: timeText(at).slice(11, step < 60e3 ? 19 : 16)});
	return list;
}

function axis(from, until, width, height, x) {
	return ticks(from, until, width - 40).map((tick) => [
		drawn('line', {class: 'grid', x1: x(tick.at), x2: x(tick.at), y1: 0, y2: height - 16}),
		drawn('text', {class: 'axis', x: x(tick.at), y: height - 3, 'text-anchor': 'middle'}, tick.text),
	]);
}

/* The hatching of gaps, which shows without colour */
function hatching() {
	return drawn('defs', {},
		drawn('pattern', {id: 'gap-hatch', width: 6, height: 6, patternUnits: 'userSpaceOnUse', patternTransform: 'rotate(45)'},
			drawn('rect', {class: 'gap-ground', width: 6, height: 6}), drawn('rect', {class: 'gap-line', width: 2.5, height: 6})),
		drawn('pattern', {id: 'wait-hatch', width: 5, height: 5, patternUnits: 'userSpaceOnUse', patternTransform: 'rotate(-45)'},
			drawn('rect', {class: 'wait-ground', width: 5, height: 5}), drawn('rect', {class: 'wait-line', width: 1.5, height: 5})));
}

/* Shapes of points, so that series and failures differ without colour */
function point(shape, x, y, kind, title) {
	const shapes = {
		circle: () => drawn('circle', {cx: x, cy: y, r: 4.5}),
		square: () => drawn('rect', {x: x - 4, y: y - 4, width: 8, height: 8}),
		cross: () => drawn('path', {d: 'M' + (x - 5) + ' ' + (y - 5) + 'l10 10m0 -10l-10 10'}),
	};
	return drawn('g', {class: 'point ' + kind + ' ' + shape}, drawn('title', {}, title), shapes[shape]());
}

/*
 * A chart of points {at, value, ok, title} over time, value in seconds, on a
 * scale from nothing to the largest.
 */
function chart(title, shape, points, width) {
	const height = 150;
	const known_ = points.filter((one) => Number.isFinite(one.value) && Number.isFinite(one.at));
	const from = Math.min(...known_.map((one) => one.at));
	const until = Math.max(...known_.map((one) => one.at), from + 60000);
	const most = Math.max(...known_.map((one) => one.value), 1);
	const x = (at) => 52 + (width - 80) * (at - from) / (until - from);
	const y = (value) => 12 + (height - 40) * (1 - value / most);
	const sorted = known_.slice().sort((a, b) => a.at - b.at);
	const line = sorted.filter((one) => one.ok).map((one, i) => (i ? 'L' : 'M') + x(one.at) + ' ' + y(one.value)).join('');
	return element('figure', {class: 'chart'}, element('figcaption', {}, title),
		known_.length === 0 ? element('p', {class: 'quiet'}, 'No drill has told this.')
			: drawn('svg', {viewBox: '0 0 ' + width + ' ' + height, width, height, role: 'img', 'aria-label': title + ': ' +
				countText(known_.length, 'drill', 'drills') + ', at most ' + durationText(most)},
			axis(from, until, width, height, x),
			[0, 0.5, 1].map((part) => [
				drawn('line', {class: 'grid', x1: 52, x2: width - 24, y1: y(most * part), y2: y(most * part)}),
				drawn('text', {class: 'axis', x: 47, y: y(most * part) + 4, 'text-anchor': 'end'}, durationText(most * part))]),
			line ? drawn('path', {class: 'series', d: line}) : null,
			sorted.map((one) => point(one.ok ? shape : 'cross', x(one.at), y(one.value), one.ok ? 'good' : 'bad', one.title))));
}
