/*
 * jobs.js
 *
 * The view of all jobs, and of one with its log, which comes line by line.
 */

/* How long the sidecar may hold the request for news of a job */
const POLL_SECONDS = 30;

const STATES = {queued: 'busy', running: 'busy', done: 'good', failed: 'bad', cancelled: 'odd', lost: 'bad'};

function stateSign(job) {
	return sign(STATES[job.state] || 'none', job.state);
}

function hasEnded(job) {
	return STATES[job.state] !== 'busy';
}

function jobRow(job) {
	return element('span', {class: 'cells of-job'},
		element('span', {class: 'cell name'}, element('a', {view: ['job', job.id], tabindex: '-1'}, job.kind), ' ', job.server || 'all servers'),
		element('span', {class: 'cell'}, stateSign(job)),
		element('span', {class: 'cell time'}, timeText(timeOf(job.created))),
		element('span', {class: 'cell number'}, job.started ? durationText(job.elapsed_seconds) : ''),
		element('span', {class: 'cell quiet extra'}, job.error ? job.error.message : hasEnded(job) ? '' : job.phase || ''));
}

function jobsView() {
	const list = virtualList('Jobs', ROW, jobRow, (job) => { location.hash = '#/job/' + encodeURIComponent(job.id); }, '75vh');
	const told = element('p', {class: 'quiet', role: 'status'});
	return {
		title: 'Jobs',
		node: element('section', {}, element('h2', {}, 'Jobs'), told, list.node),
		async refresh() {
			await learnJobs();
			this.draw();
		},
		draw() {
			const words = filterWords();
			const shown = (catalog.jobs || []).filter((job) => matches(words, [job.id, job.kind, job.server, job.state, job.error && job.error.message]));
			told.textContent = catalog.jobs === null ? '' : countText(shown.length, 'job', 'jobs') + ' of the last thirty days';
			const state = JSON.stringify(shown);
			if (this.shown !== state)
				list.show(shown);
			this.shown = state;
		},
		filter() { this.draw(); },
	};
}

function logLine(line) {
	return element('div', {class: 'line ' + line.level}, element('span', {class: 'quiet'}, timeText(timeOf(line.at)).slice(11) + ' '),
		line.level === 'error' || line.level === 'warning' ? element('b', {}, line.level + ': ') : null, line.text);
}

function jobHead(job) {
	const running = !hasEnded(job);
	return [
		element('p', {id: 'job-state', role: 'status'}, stateSign(job), running && job.phase ? ' ' + job.phase.replace(/_/g, ' ') : '',
			running && job.needs === 'wal' ? ' – waits for WAL that only the primary can write' : ''),
		running && typeof job.progress === 'number'
			? element('progress', {max: 1, value: job.progress, 'aria-label': 'Progress'}) : null,
		job.error ? complaint(job.error) : null,
		facts([['Server', job.server || 'all'], ['Began', timeText(timeOf(job.started))],
			job.ended ? ['Ended', timeText(timeOf(job.ended))] : null, ['Took', durationText(job.elapsed_seconds)]]),
	].filter(Boolean);
}

function resultOf(job) {
	if (!job.result)
		return [];
	return [element('details', {}, element('summary', {}, 'Result'), element('pre', {tabindex: '0'}, JSON.stringify(job.result, null, 2)))];
}

function jobView(id) {
	const head = element('div');
	const log = element('div', {class: 'log', role: 'log', tabindex: '0', 'aria-label': 'Log of the job'});
	const tail = element('div');
	const heading = element('h2', {}, 'Job');
	const view = {
		title: 'Job', follows: true, after: 0,
		node: element('section', {}, heading, head, element('h3', {}, 'Log'), log, tail),
		draw() {},
		filter() {
			const words = filterWords();
			for (const line of log.children)
				line.hidden = !matches(words, [line.textContent]);
		},
		take(answer) {
			const below = log.scrollHeight - log.scrollTop - log.clientHeight < 30;
			const words = filterWords();
			heading.textContent = harmless(answer.job.kind + ' ' + answer.job.id);
			head.replaceChildren(...jobHead(answer.job));
			for (const line of answer.log) {
				const made = log.appendChild(logLine(line));
				made.hidden = !matches(words, [made.textContent]);
				view.after = line.n;
			}
			if (below)
				log.scrollTop = log.scrollHeight;
			view.ended = hasEnded(answer.job) && !answer.more;
			if (view.ended)
				tail.replaceChildren(...resultOf(answer.job));
		},
		/* Follows the job to its end, as long as it is in sight. */
		async refresh(signal) {
			const path = '/v1/jobs/' + encodeURIComponent(id) + '?after=';
			while (!view.ended && !signal.aborted) {
				const wait = head.firstChild ? '&wait=' + POLL_SECONDS : '';
				view.take(await ask(path + view.after + wait, {signal, waits: wait !== ''}));
				told();
			}
		},
	};
	return view;
}
