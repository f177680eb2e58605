/*
 * virtual.js
 *
 * A list of which only the rows in sight exist, however many there are.  Rows
 * have one height; arrow keys, Page Up and Down, Home and End move the chosen one.
 */

const OVERSCAN = 6;
let lists = 0;

/*
 * {node, show(items), choose(item), chosen()}: draw(item) gives the content of a
 * row, chosen(item) is told which was chosen by mouse or keyboard.
 */
function virtualList(label, height, draw, chosen, most = '60vh') {
	const list = {items: [], at: -1, rows: new Map(), prefix: 'list' + (++lists) + '-'};
	const space = element('div', {class: 'space', role: 'presentation'});
	const node = element('div', {class: 'virtual', role: 'listbox', tabindex: '0', 'aria-label': label}, space);

	function place() {
		const first = Math.max(0, Math.floor(node.scrollTop / height) - OVERSCAN);
		const last = Math.min(list.items.length, Math.ceil((node.scrollTop + node.clientHeight) / height) + OVERSCAN);
		for (const [index, row] of list.rows) {
			if (index < first || index >= last) {
				row.remove();
				list.rows.delete(index);
			}
		}
		for (let index = first; index < last; index++) {
			if (!list.rows.has(index))
				list.rows.set(index, space.appendChild(rowAt(index)));
		}
	}

	function rowAt(index) {
		const row = element('div', {class: 'row', role: 'option', id: list.prefix + index, 'aria-posinset': index + 1,
			'aria-setsize': list.items.length, 'aria-selected': index === list.at ? 'true' : 'false'}, draw(list.items[index]));
		row.style.transform = 'translateY(' + index * height + 'px)';
		row.addEventListener('click', () => move(index, true));
		return row;
	}

	function mark(index) {
		const old = list.rows.get(list.at);
		if (old)
			old.setAttribute('aria-selected', 'false');
		list.at = index;
		if (list.rows.has(index)) {
			list.rows.get(index).setAttribute('aria-selected', 'true');
			node.setAttribute('aria-activedescendant', list.prefix + index);
		}
	}

	function move(index, tell) {
		if (index < 0 || index >= list.items.length)
			return;
		const top = index * height;
		if (top < node.scrollTop)
			node.scrollTop = top;
		else if (top + height > node.scrollTop + node.clientHeight)
			node.scrollTop = top + height - node.clientHeight;
		place();
		mark(index);
		if (tell)
			chosen(list.items[index]);
	}

	node.addEventListener('scroll', () => requestAnimationFrame(place), {passive: true});
	node.addEventListener('keydown', (event) => {
		const page = Math.max(1, Math.floor(node.clientHeight / height) - 1);
		const to = {ArrowDown: list.at + 1, ArrowUp: list.at - 1, PageDown: list.at + page, PageUp: list.at - page,
			Home: 0, End: list.items.length - 1}[event.key];
		if (to === undefined || event.ctrlKey || event.metaKey || event.altKey)
			return;
		event.preventDefault();
		move(Math.max(0, Math.min(list.items.length - 1, to)), true);
	});
	new ResizeObserver(place).observe(node);

	return {
		node,
		show(items) {
			const kept = list.items[list.at];
			list.items = items;
			list.rows.forEach((row) => row.remove());
			list.rows.clear();
			space.style.height = items.length * height + 'px';
			node.style.height = 'min(' + most + ', ' + (Math.max(1, items.length) * height + 2) + 'px)';
			list.at = kept === undefined ? -1 : items.findIndex((one) => sameThing(one, kept));
			place();
			mark(list.at);
		},
		choose(item) {
			move(list.items.findIndex((one) => sameThing(one, item)), false);
		},
	};
}

/* Answers are read again, so things are known by their names. */
function sameThing(a, b) {
	return a === b || (a.backup_id !== undefined && a.backup_id === b.backup_id) || (a.id !== undefined && a.id === b.id);
}
