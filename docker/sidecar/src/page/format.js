/*
 * format.js
 *
 * Sizes, times and durations as text.  Times are UTC, as the sidecar's.
 */

const UNITS = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'];
const DAY = 86400000;

function sizeText(bytes) {
	if (typeof bytes !== 'number')
		return 'unknown';
	let unit = 0;
	while (Math.abs(bytes) >= 1024 && unit < UNITS.length - 1) {
		bytes /= 1024;
		unit++;
	}
	return (unit === 0 || Math.abs(bytes) >= 100 ? Math.round(bytes) : bytes.toFixed(1)) + ' ' + UNITS[unit];
}

/* "2026-11-22 08:15:30" of milliseconds */
function timeText(ms) {
	if (!Number.isFinite(ms) || Math.abs(ms) > 8.64e15)
		return 'unknown';
	return new Date(ms).toISOString().slice(0, 19).replace('T', ' ');
}

/* Milliseconds of a time as the sidecar writes it; NaN: unknown */
function timeOf(text) {
	return typeof text === 'string' ? Date.parse(text) : NaN;
}

function durationText(seconds) {
	if (typeof seconds !== 'number' || !Number.isFinite(seconds))
		return 'unknown';
	if (seconds < 0)
		return '0 s';
	if (seconds < 10)
		return seconds.toFixed(1) + ' s';
	if (seconds < 120)
		return Math.round(seconds) + ' s';
	if (seconds < 7200)
		return Math.round(seconds / 60) + ' min';
	if (seconds < 172800)
		return Math.round(seconds / 3600) + ' h';
	return Math.round(seconds / 86400) + ' days';
}

function agoText(ms) {
	return Number.isFinite(ms) ? durationText((Date.now() - ms) / 1000) + ' ago' : 'never';
}

function countText(number, one, many) {
	return number + ' ' + (number === 1 ? one : many);
}

/* A literal of SQL, whatever the text holds */
function quoted(text) {
	const doubled = String(text).replace(/'/g, "''");
	return doubled.includes('\\') ? " E'" + doubled.replace(/\\/g, '\\\\') + "'" : "'" + doubled + "'";
}

/* The middle of some numbers; NaN of none */
function median(numbers) {
	const sorted = numbers.filter(Number.isFinite).sort((a, b) => a - b);
	return sorted.length ? sorted[Math.floor((sorted.length - 1) / 2)] : NaN;
}
