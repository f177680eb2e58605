/*
 * disks.js
 *
 * How full the disks are, and when they will be.
 */

/* Below this part of a disk it is short */
const SHORT = 0.1;

/* When a disk of these areas is full, by the history of sizes that the sidecar keeps */
function forecastText(server, areas) {
	const forecast = known(server, 'forecast');
	if (forecast === null)
		return failure(server, 'forecast') ? failure(server, 'forecast').message : '';
	const one = forecast.find((each) => each.areas.some((area) => areas.includes(area)));
	if (!one)
		return areas.includes('base') ? 'No forecast: the sidecar has kept no size yet.' : '';
	const growth = one.growth_bytes_per_day === null ? '' : ' Backups and WAL grow by ' + sizeText(one.growth_bytes_per_day) + ' a day' +
		(one.wal_bytes_per_day === null ? '.' : ', WAL alone by ' + sizeText(one.wal_bytes_per_day) + '.');
	const full = timeOf(one.full_at);
	return (Number.isFinite(full) ? 'Full in ' + durationText((full - Date.now()) / 1000) + ', on ' + timeText(full).slice(0, 10) + '.'
		: 'No forecast: ' + one.reason + (one.reason && one.reason.endsWith('.') ? '' : '.')) + growth;
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
			element('div', {class: 'quiet'}, forecastText(server, one.areas)));
	}));
}

function disksView() {
	const list = element('ul', {class: 'cards'});
	return {
		title: 'Disks',
		node: element('section', {}, element('h2', {}, 'Disks'), list),
		async refresh() {
			await learnServers();
			await Promise.all(catalog.servers.flatMap((one) => [learn(one.server, 'disks'), learn(one.server, 'forecast')]));
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
