/*
 * disks.js
 *
 * How full the disks are, and when they will be.
 */

/* Below this part of a disk it is short */
const SHORT = 0.1;

/* Bytes a day that backups and their WAL took of late; NaN if they tell too little */
function growthOf(server) {
	const backups = (known(server, 'backups') || []).filter(isGood);
	if (backups.length < 2)
		return NaN;
	const end = backups[backups.length - 1].end;
	const begin = Math.max(backups[0].begin, end - 30 * DAY);
	if (end - begin < 3600000)
		return NaN;
	const bytes = backups.filter((one) => one.begin > begin).reduce((sum, one) => sum + (one.size || 0) + (one.wal_size || 0), 0);
	return bytes / ((end - begin) / DAY);
}

function forecastText(server, free) {
	const growth = growthOf(server);
	if (!(growth > 0))
		return 'No forecast: the backups span less than an hour.';
	return 'Backups and WAL take ' + sizeText(growth) + ' a day: full in ' + durationText(free / growth * 86400) + ' if nothing is deleted.';
}

/* Areas on the same file system, together */
function fileSystems(disks) {
	const found = new Map();
	for (const disk of disks) {
		const key = disk.total_bytes + '/' + disk.free_bytes;
		if (found.has(key))
			found.get(key).areas.push(disk.area);
		else
			found.set(key, {areas: [disk.area], free: disk.free_bytes, total: disk.total_bytes});
	}
	return [...found.values()];
}

function disksOf(server) {
	const disks = known(server, 'disks');
	if (disks === null)
		return failure(server, 'disks') ? complaint(failure(server, 'disks')) : element('p', {class: 'quiet'}, 'asking …');
	return element('ul', {class: 'disks'}, fileSystems(disks).map((one) => {
		const part = one.total > 0 ? one.free / one.total : 0;
		const text = sizeText(one.free) + ' of ' + sizeText(one.total) + ' free (' + Math.floor(part * 100) + ' %)';
		return element('li', {}, element('div', {}, sign(part < SHORT ? 'bad' : 'good', one.areas.join(', ')), ' ', text),
			element('meter', {min: 0, max: 1, value: 1 - part, high: 1 - SHORT, optimum: 0, 'aria-label': 'used of ' + one.areas.join(', ')}),
			one.areas.includes('base') ? element('div', {class: 'quiet'}, forecastText(server, one.free)) : null);
	}));
}

function disksView() {
	const list = element('ul', {class: 'cards'});
	return {
		title: 'Disks',
		node: element('section', {}, element('h2', {}, 'Disks'), list),
		async refresh() {
			await learnServers();
			await Promise.all(catalog.servers.flatMap((one) => [learn(one.server, 'disks'), learn(one.server, 'backups')]));
			this.draw();
		},
		draw() {
			const words = filterWords();
			keepFocus(list, () => list.replaceChildren(...catalog.servers.filter((one) => matches(words, [one.server])).map((one) =>
				element('li', {class: 'card'}, element('h3', {}, element('a', {view: ['server', one.server]}, one.server)), disksOf(one.server)))));
		},
		filter() { this.draw(); },
	};
}
