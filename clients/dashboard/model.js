/* What the dashboards count: the orders of the page, a filter, and series by the rules of the daemon's statistics
 * (docs/dbus-api.md). Days are whole numbers since 1970-01-01 in the person's time, so that no zone is needed here.
 * Money is a BigInt of minor units. No document is touched. */
"use strict";

const Dates = (() => {
	/* Proleptic Gregorian; Date in UTC does it exactly. */
	const DAY = 86400000;
	const civil = (day) => {
		const d = new Date(day * DAY);
		return { year: d.getUTCFullYear(), month: d.getUTCMonth(), mday: d.getUTCDate() };
	};
	const fromCivil = (year, month, mday) => Math.round(Date.UTC(year, month, mday) / DAY);
	const weekday = (day) => (((day + 3) % 7) + 7) % 7; /* Monday is 0 */
	const pad = (n, width) => String(n).padStart(width, "0");
	const iso = (day) => {
		const c = civil(day);
		return `${pad(c.year, 4)}-${pad(c.month + 1, 2)}-${pad(c.mday, 2)}`;
	};
	const parse = (text) => {
		const m = /^(\d{4,6})-(\d\d)-(\d\d)$/.exec(text);
		return m ? fromCivil(+m[1], +m[2] - 1, +m[3]) : null;
	};
	return { civil, fromCivil, weekday, iso, parse, pad };
})();

/* Periods by their number, counted on from one to the next. */
const Periods = {
	day: { index: (day) => day, start: (i) => i, label: (i) => Dates.iso(i) },
	week: {
		index: (day) => Math.floor((day + 3) / 7),
		start: (i) => i * 7 - 3,
		label: (i) => {
			/* ISO 8601: a week belongs to the year of its Thursday. */
			const thursday = i * 7, year = Dates.civil(thursday).year;
			return `${year}-W${Dates.pad(Math.floor((thursday - Dates.fromCivil(year, 0, 1)) / 7) + 1, 2)}`;
		},
	},
	month: {
		index: (day) => { const c = Dates.civil(day); return c.year * 12 + c.month; },
		start: (i) => Dates.fromCivil(Math.floor(i / 12), i % 12, 1),
		label: (i) => `${Math.floor(i / 12)}-${Dates.pad((i % 12) + 1, 2)}`,
	},
	year: { index: (day) => Dates.civil(day).year, start: (i) => Dates.fromCivil(i, 0, 1), label: (i) => String(i) },
	all: { index: () => 0, start: () => 0, label: () => "all" },
};

/* A model of the page's data; each order is [day, hour, status, place, total, cost, items, duration, promised]: status and
 * place by their number in the lists (-1: none), money null where it is in another currency, times in µs or null. */
function makeModel(data) {
	const n = data.orders.length;
	const day = new Int32Array(n), hour = new Uint8Array(n), status = new Int32Array(n), place = new Int32Array(n);
	const total = new BigInt64Array(n), cost = new BigInt64Array(n), counted = new Uint8Array(n);
	const items = new Float64Array(n), duration = new Float64Array(n), promised = new Float64Array(n);

	data.orders.forEach((o, i) => {
		[day[i], hour[i], status[i], place[i]] = o;
		counted[i] = o[4] === null ? 0 : 1;
		total[i] = BigInt(o[4] ?? 0);
		cost[i] = BigInt(o[5] ?? 0);
		items[i] = o[6];
		duration[i] = o[7] ?? NaN;
		promised[i] = o[8] ?? NaN;
	});
	/* The numbers of each order's periods, once. */
	const numbers = {};
	const indexes = (period) => (numbers[period] ??= Int32Array.from(day, Periods[period].index));

	const select = (filter) => {
		const found = [];
		for (let i = 0; i < n; i++) {
			if (filter.from !== null && day[i] < filter.from)
				continue;
			if (filter.to !== null && day[i] > filter.to)
				continue;
			if (!filter.statuses.has(status[i]) || (filter.places.size && !filter.places.has(place[i])))
				continue;
			found.push(i);
		}
		return found;
	};

	const half_up = (sum, count) => sum / count + (sum % count >= count - (sum % count) ? 1n : 0n);
	const MINUTE = 60000000;

	/* What an order adds, or null where it has nothing to say. */
	const metrics = {
		"total-amount": { unit: "money", zero: 0n, of: (i) => (counted[i] ? total[i] : null), mean: null },
		"item-cost": {
			unit: "money", zero: 0n, of: (i) => (counted[i] && items[i] > 0 ? cost[i] : null),
			weight: (i) => items[i], mean: (sum, count) => half_up(sum, BigInt(count)),
		},
		"orders": { unit: "count", zero: 0, of: () => 1, mean: null },
		"items": { unit: "count", zero: 0, of: (i) => items[i], mean: null },
		"delivery-duration": {
			unit: "minutes", gaps: true, zero: 0, of: (i) => (Number.isNaN(duration[i]) ? null : duration[i]),
			weight: () => 1, mean: (sum, count) => sum / count / MINUTE,
		},
		"delivery-delay": {
			unit: "minutes", gaps: true, zero: 0,
			of: (i) => (Number.isNaN(duration[i]) || Number.isNaN(promised[i]) ? null : duration[i] - promised[i]),
			weight: () => 1, mean: (sum, count) => sum / count / MINUTE,
		},
	};

	const add_up = (metric, selected, bucket_of, add) => {
		const m = metrics[metric];
		for (const i of selected) {
			const value = m.of(i);
			if (value !== null)
				add(bucket_of(i), value, m.weight ? m.weight(i) : 1);
		}
	};

	/* From the first to the last bucket that has any: those between that have none are 0, but for means of minutes. */
	const series = (metric, period, selected) => {
		const m = metrics[metric], p = Periods[period], number = indexes(period), sums = new Map();
		let first = Infinity, last = -Infinity;
		add_up(metric, selected, (i) => number[i], (b, value, weight) => {
			const s = sums.get(b);
			if (s) {
				s.sum += value;
				s.count += weight;
			} else
				sums.set(b, { sum: value, count: weight });
			if (b < first)
				first = b;
			if (b > last)
				last = b;
		});
		const points = [];
		for (let b = first; b <= last; b++) {
			const s = sums.get(b);
			if (!s && m.gaps)
				continue;
			points.push({ label: p.label(b), position: b, value: !s ? m.zero : m.mean ? m.mean(s.sum, s.count) : s.sum });
		}
		return { unit: m.unit, points };
	};

	const whole = (metric, selected) => series(metric, "all", selected).points[0]?.value ?? null;

	const by_hour = (selected) => {
		const hours = new Array(24).fill(0);
		for (const i of selected)
			hours[hour[i]]++;
		return { unit: "count", points: hours.map((value, h) => ({ label: String(h), position: h, value })) };
	};

	const by_place = (selected) => {
		const sums = new Map();
		for (const i of selected)
			if (place[i] >= 0)
				sums.set(place[i], (sums.get(place[i]) ?? 0) + 1);
		const points = [...sums].map(([p, value]) => ({ label: data.places[p], position: p, value }));
		points.sort((a, b) => b.value - a.value || a.position - b.position);
		return { unit: "count", points };
	};

	/* How often values of single orders fall into steps of equal width; at most 24 steps, of a round width. */
	const distribution = (metric, selected) => {
		const m = metrics[metric], values = [];
		for (const i of selected) {
			const value = m.of(i);
			if (value !== null && !(m.weight && m.weight(i) === 0))
				values.push(metric === "item-cost" ? Number(m.mean(value, items[i])) :
					    m.unit === "minutes" ? value / MINUTE : Number(value));
		}
		if (!values.length)
			return { unit: "count", of: m.unit, points: [] };
		const low = values.reduce((a, b) => Math.min(a, b)), high = values.reduce((a, b) => Math.max(a, b));
		const step = Math.max(round_step((high - low) / 24), m.unit === "minutes" ? 1 : 1), first = Math.floor(low / step);
		const points = [];
		for (let b = first; b <= Math.floor(high / step); b++)
			points.push({ from: b * step, to: (b + 1) * step, position: b, value: 0 });
		for (const v of values)
			points[Math.floor(v / step) - first].value++;
		return { unit: "count", of: m.unit, points };
	};

	/* Pairs of minutes after the order was made. */
	const deliveries = (selected) => {
		const pairs = [];
		for (const i of selected)
			if (!Number.isNaN(duration[i]) && !Number.isNaN(promised[i]))
				pairs.push({ promised: promised[i] / MINUTE, real: duration[i] / MINUTE });
		return pairs;
	};

	const count_of = (list, value) => list.reduce((sum, v) => sum + (v === value ? 1 : 0), 0);

	return {
		n, select, series, whole, by_hour, by_place, distribution, deliveries,
		first: n ? day.reduce((a, b) => Math.min(a, b)) : null, last: n ? day.reduce((a, b) => Math.max(a, b)) : null,
		status_count: (s) => count_of(status, s), place_count: (p) => count_of(place, p),
		other_currencies: (selected) => selected.reduce((sum, i) => sum + (counted[i] ? 0 : 1), 0),
	};
}

/* The next of 1, 2, 5 times a power of ten. */
function round_step(at_least) {
	if (!(at_least > 0))
		return 1;
	const power = 10 ** Math.floor(Math.log10(at_least));
	return [1, 2, 5, 10].map((k) => k * power).find((step) => step >= at_least * (1 - 1e-9));
}
