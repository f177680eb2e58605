/*
 * catalog.js
 *
 * What the page knows of servers, backups, jobs and restored servers, and how old
 * that is.  Draws nothing.
 */

const catalog = {
	servers: [],
	of: new Map(), /* server -> {checks, backups, disks, drill, archive, …}, each {value, at, error} */
	jobs: null,
	instances: null,
	results: new Map(), /* job -> what it ended with, which never changes */
};

/* How old an answer may be before it is asked for again, in milliseconds */
const FRESH = 15000;

function known(server, what) {
	const of = catalog.of.get(server);
	return of && of[what] && of[what].value !== undefined ? of[what].value : null;
}

function failure(server, what) {
	const of = catalog.of.get(server);
	return of && of[what] ? of[what].error : null;
}

const READS = {
	checks: (server) => ask(ofServer(server, 'check')).then((answer) => answer.checks),
	backups: (server) => ask(ofServer(server, 'backups')).then((answer) => backupsOf(answer.backups)),
	disks: (server) => ask(ofServer(server, 'disks')).then((answer) => answer.disks),
	drill: (server) => ask(ofServer(server, 'drills', 'last')).then((answer) => answer.drill),
	windows: (server) => ask(ofServer(server, 'windows')).then((answer) => windowsOf(answer.windows)),
	forecast: (server) => ask(ofServer(server, 'forecast')).then((answer) => answer.forecast),
	archive: (server) => ask(ofServer(server, 'files', 'wals')).then((answer) => archiveOf(answer)),
	marks: (server) => ask(ofServer(server, 'marks')).then((answer) => marksOf(answer.marks)),
};

/* Reads something of a server unless it is fresh; true if there is news. */
async function learn(server, what) {
	if (!catalog.of.has(server))
		catalog.of.set(server, {});
	const of = catalog.of.get(server);
	const now = of[what] || (of[what] = {});
	if (now.pending)
		return now.pending;
	if (now.at && Date.now() - now.at < FRESH)
		return false;
	now.pending = READS[what](server).then((value) => {
		now.value = value;
		now.error = null;
	}, (error) => {
		now.error = error;
	}).then(() => {
		now.at = Date.now();
		now.pending = null;
		return true;
	});
	return now.pending;
}

async function learnServers() {
	catalog.servers = (await ask('/v1/servers')).servers;
	for (const gone of [...catalog.of.keys()].filter((name) => !catalog.servers.some((one) => one.server === name)))
		catalog.of.delete(gone);
}

async function learnJobs() {
	catalog.jobs = (await ask('/v1/jobs')).jobs;
}

async function learnInstances() {
	catalog.instances = (await ask('/v1/instances')).instances;
}

/* What an ended job ended with */
async function learnResult(job) {
	if (!catalog.results.has(job.id))
		catalog.results.set(job.id, (await ask('/v1/jobs/' + encodeURIComponent(job.id) + '?after=2147483647')).job);
	return catalog.results.get(job.id);
}

/* Backups with their times as numbers, each with its depth in the tree; the oldest first */
function backupsOf(list) {
	const backups = list.map((one) => Object.assign({}, one, {
		begin: timeOf(one.begin_time), end: timeOf(one.end_time), children: [], depth: 0, parent: null,
	}));
	const byIdentifier = new Map(backups.map((one) => [one.backup_id, one]));
	for (const one of backups) {
		if (!Number.isFinite(one.end))
			one.end = Number.isFinite(one.begin) ? one.begin : NaN;
		if (!Number.isFinite(one.begin))
			one.begin = one.end;
		one.parent = one.parent_id && one.parent_id !== one.backup_id ? byIdentifier.get(one.parent_id) || null : null;
		if (one.parent)
			one.parent.children.push(one);
	}
	backups.sort((a, b) => a.begin - b.begin);
	for (const one of backups)
		one.depth = chainOf(one).length - 1;
	return backups;
}

/* The marks that databases have set, with their times, the oldest first */
function marksOf(list) {
	return list.map((one) => Object.assign({}, one, {time: timeOf(one.at)})).filter((one) => Number.isFinite(one.time))
		.sort((a, b) => a.time - b.time);
}

/* A backup and what it is an increment of, the full one first */
function chainOf(backup) {
	const chain = [];
	for (let one = backup; one !== null && !chain.includes(one); one = one.parent)
		chain.unshift(one);
	return chain;
}

function isGood(backup) {
	return backup.status === 'DONE';
}

/* The drills that ended, with their times, the newest first: those whose results have been read */
function drillsOf(server) {
	return (catalog.jobs || []).filter((job) => job.kind === 'drill' && (server === null || job.server === server))
		.map((job) => drillOf(job, (catalog.results.get(job.id) || {}).result));
}

function drillOf(job, result) {
	const drill = {job, at: timeOf(job.ended || job.created), ok: null, rto: NaN, rpo: NaN, result: result || null};
	if (result) {
		drill.ok = result.ok === true;
		drill.rto = (result.restore_seconds || 0) + (result.recovery_seconds || 0) || NaN;
		drill.recovered = timeOf(result.recovered_time);
		drill.rpo = Math.max(0, (timeOf(job.started) - drill.recovered) / 1000);
	} else if (job.state === 'failed' || job.state === 'lost') {
		drill.ok = false;
	}
	return drill;
}

/* Reads the results of the newest drills. */
async function learnDrills(server, most) {
	const ended = (catalog.jobs || []).filter((job) => job.kind === 'drill' && job.state === 'done' &&
		(server === null || job.server === server)).slice(0, most);
	await Promise.all(ended.map((job) => learnResult(job).catch(() => null)));
}
