/* The page: filters, tiles, a card for each dashboard with its chart and the same as a table. All text goes in as text,
 * never as markup. */
"use strict";

(() => {
	const parsed = JSON.parse(document.getElementById("data").textContent), data = { orders: parsed.orders, ...parsed.more };
	const model = makeModel(data);
	const $ = (id) => document.getElementById(id);
	const NOT_COUNTED = ["cancelled", "rejected", "submitting", "unknown"];
	const state = { from: null, to: null, period: "month", statuses: new Set(), places: new Set(), selected: [] };

	const element = (name, properties = {}, ...children) => {
		const e = document.createElement(name);
		Object.assign(e, properties);
		e.append(...children);
		return e;
	};

	/* ---- words for values ---- */

	const whole = new Intl.NumberFormat("en", { useGrouping: true });
	const money = (minor) => {
		const sign = minor < 0n ? "-" : "", text = String(minor < 0n ? -minor : minor).padStart(data.digits + 1, "0");
		const units = whole.format(BigInt(text.slice(0, text.length - data.digits)));
		return `${sign}${units}${data.digits ? "." + text.slice(-data.digits) : ""}`;
	};
	const minutes = (m) => (Math.abs(m) < 100 ? m.toFixed(1) : m.toFixed(0));
	const short = (v) => {
		const [size, letter] = [[1e12, "T"], [1e9, "G"], [1e6, "M"], [1e4, "k"]].find(([s]) => Math.abs(v) >= s) ?? [1, ""];
		return `${+(v / (letter === "k" ? 1e3 : size)).toPrecision(4)}${letter}`;
	};
	const tick = {
		money: (v) => short(v / 10 ** data.digits),
		count: short,
		minutes: (v) => String(+v.toFixed(1)),
	};
	const worded = {
		money: (v) => `${money(v)} ${data.currency}`,
		count: (v) => whole.format(v),
		minutes: (v) => `${minutes(v)} min`,
	};
	const plural = (n, word) => `${whole.format(n)} ${word}${n === 1 ? "" : "s"}`;

	/* ---- the dashboards ---- */

	const PERIOD_WORDS = { day: "by day", week: "by week", month: "by month", year: "by year", all: "all at once" };

	const UNIT_WORDS = { money: `, ${data.currency}`, count: "", minutes: ", minutes on average" };

	const point_of = (unit) => (p) => ({
		label: p.label, at: p.position, value: Number(p.value), raw: p.value, text: `${p.label}: ${worded[unit](p.value)}`,
	});

	/* A series by the chosen period, or how often its single values occur. */
	const timed = (metric, title, what) => ({
		id: metric, title, kinds: ["line", "bar", "histogram"],
		make(kind) {
			if (kind === "histogram")
				return spread(metric, what);
			const s = model.series(metric, state.period, state.selected);
			const points = s.points.map(point_of(s.unit));
			if (metric === "delivery-delay")
				points.forEach((p) => { p.late = p.value > 0; });
			return { unit: s.unit, points, tick: tick[s.unit], columns: ["Period", title], note: PERIOD_WORDS[state.period] + UNIT_WORDS[s.unit] };
		},
	});

	const spread = (metric, what) => {
		const s = model.distribution(metric, state.selected), word = tick[s.of] ?? tick.count;
		const points = s.points.map((p) => {
			const label = word(p.from), text = `${word(p.from)} to ${word(p.to)}${s.of === "minutes" ? " min" : s.of === "money" ? ` ${data.currency}` : ""}`;
			return { label, at: p.position, value: p.value, raw: p.value, row: text, text: `${text}: ${plural(p.value, "order")}`, late: metric === "delivery-delay" && p.from >= 0 };
		});
		return { unit: "count", points, tick: tick.count, columns: [what, "Orders"], note: `how often: ${what.toLowerCase()}` };
	};

	const PLACES_SHOWN = 12;
	const places_chart = () => {
		const s = model.by_place(state.selected), rows = s.points.map(point_of("count")), points = rows.slice(0, PLACES_SHOWN);
		return { unit: "count", points, rows, tick: tick.count, columns: ["Place", "Orders"],
			 note: rows.length > points.length ? `${points.length} of ${plural(rows.length, "place")}` : plural(rows.length, "place") };
	};

	/* By promised time, in steps: what a reader of the table or of the keyboard wants to know of the cloud. */
	const scatter_chart = () => {
		const pairs = model.deliveries(state.selected), steps = new Map();
		for (const p of pairs) {
			const at = Math.floor(p.promised / 5), s = steps.get(at) ?? { n: 0, sum: 0, late: 0 };
			s.n++;
			s.sum += p.real;
			s.late += p.real > p.promised ? 1 : 0;
			steps.set(at, s);
		}
		const points = [...steps].sort((a, b) => a[0] - b[0]).map(([at, s]) => {
			const row = `${at * 5} to ${at * 5 + 5} min`;
			return { label: row, row, at: at * 5 + 2.5, value: s.sum / s.n, raw: s.sum / s.n, more: [whole.format(s.n), whole.format(s.late)],
				 text: `promised ${row}: ${minutes(s.sum / s.n)} min on average, ${s.late} of ${s.n} late` };
		});
		return { unit: "minutes", pairs, points, tick: tick.minutes, columns: ["Promised", "Real, on average", "Orders", "Late"],
			 note: "minutes from the order; above the line is late" };
	};

	const hours_chart = () => {
		const s = model.by_hour(state.selected), points = state.selected.length ? s.points.map(point_of("count")) : [];
		points.forEach((p) => { p.text = `${p.label}:00 to ${p.label}:59: ${plural(p.value, "order")}`; });
		return { unit: "count", points, tick: tick.count, columns: ["Hour", "Orders"], note: "by hour of the day" };
	};

	const dashboards = [
		{ ...timed("total-amount", "Total amount", "Total of an order"), wide: true },
		{ ...timed("orders", "Number of orders", ""), kinds: ["bar", "line"] },
		timed("items", "Number of items", "Items in an order"),
		timed("item-cost", "Item cost", "Cost of an item"),
		{ id: "order-time", title: "Time of ordering", kinds: ["histogram", "line"], make: hours_chart },
		{ id: "delivery-place", title: "Place of delivery", kinds: ["names"], make: places_chart },
		timed("delivery-duration", "Delivery duration", "Minutes from order to door"),
		{ ...timed("delivery-delay", "Delivery delay", "Minutes after what was promised"), kinds: ["bar", "line", "histogram"] },
		{ id: "delivery", title: "Promised against real", kinds: ["scatter"], make: scatter_chart },
	];

	const NAMES = { line: "Line", bar: "Bars", histogram: "Histogram", names: "Bars", scatter: "Scatter" };

	const fill_table = (card) => {
		const { chart, box } = card, rows = chart.rows ?? chart.points;
		const head = element("tr", {}, ...chart.columns.map((c) => element("th", { scope: "col", textContent: c })));
		const body = element("tbody");
		for (const p of rows) {
			const value = element("td", { textContent: worded[chart.unit](p.raw) });
			value.dataset.value = p.raw;
			body.append(element("tr", {}, element("th", { scope: "row", textContent: p.row ?? p.label }), value,
					    ...(p.more ?? []).map((text) => element("td", { textContent: text }))));
		}
		box.replaceChildren(element("table", {}, element("caption", { className: "hidden", textContent: card.title }), element("thead", {}, head), body));
	};

	const draw_card = (card) => {
		const chart = card.make(card.kind);
		chart.kind = card.kind;
		card.chart = chart;
		card.note.textContent = chart.note;
		Charts.render(card.plot, chart);
		if (card.details.open)
			fill_table(card);
	};

	const make_card = (spec) => {
		const id = `card-${spec.id}`, plot = element("div", { className: "plot", id: `plot-${spec.id}` }), note = element("p");
		const box = element("div", { tabIndex: 0 });
		box.setAttribute("role", "region");
		box.setAttribute("aria-label", `${spec.title}, table`);
		const details = element("details", { className: "table" }, element("summary", { textContent: "As a table" }), box);
		const head = element("div", { className: "card-head" }, element("div", {}, element("h2", { id, textContent: spec.title }), note));
		const card = { ...spec, kind: spec.kinds[0], plot, note, box, details };
		if (spec.kinds.length > 1) {
			const select = element("select", { id: `kind-${spec.id}` }, ...spec.kinds.map((k) => element("option", { value: k, textContent: NAMES[k] })));
			select.setAttribute("aria-label", `Kind of chart: ${spec.title}`);
			select.addEventListener("change", () => { card.kind = select.value; draw_card(card); });
			head.append(select);
		}
		details.addEventListener("toggle", () => details.open && fill_table(card));
		Charts.make(plot, spec.title);
		const section = element("section", { id: `section-${spec.id}`, className: spec.wide ? "card wide" : "card" }, head, element("figure", {}, plot), details);
		section.setAttribute("aria-labelledby", id);
		$("cards").append(section);
		return card;
	};

	/* ---- tiles ---- */

	const tile = (id, name, text, value, small = "") => {
		const dd = element("dd", { id: `tile-${id}`, textContent: text });
		if (small)
			dd.append(" ", element("small", { textContent: small }));
		dd.dataset.value = value ?? "";
		return element("div", {}, element("dt", { textContent: name }), dd);
	};

	const draw_tiles = () => {
		const of = (metric) => model.whole(metric, state.selected), pairs = model.deliveries(state.selected);
		const total = of("total-amount") ?? 0n, cost = of("item-cost"), duration = of("delivery-duration"), delay = of("delivery-delay");
		const on_time = pairs.reduce((n, p) => n + (p.real <= p.promised ? 1 : 0), 0);
		$("tiles").replaceChildren(
			tile("total-amount", "Total amount", money(total), total, data.currency),
			tile("orders", "Orders", worded.count(state.selected.length), state.selected.length),
			tile("items", "Items", worded.count(of("items") ?? 0), of("items") ?? 0),
			tile("item-cost", "Mean cost of an item", cost === null ? "–" : money(cost), cost, cost === null ? "" : data.currency),
			tile("delivery-duration", "Mean delivery time", duration === null ? "–" : minutes(duration), duration, duration === null ? "" : "min"),
			tile("delivery-delay", "Mean delay", delay === null ? "–" : minutes(delay), delay, delay === null ? "" : "min"),
			tile("on-time", "On time", pairs.length ? `${Math.round((100 * on_time) / pairs.length)} %` : "–", on_time, pairs.length ? `of ${whole.format(pairs.length)}` : ""),
		);
	};

	/* What the numbers are of, in words: for ears, and on paper, where there are no filters. */
	const NAMED_MAX = 4;
	const draw_status = () => {
		const others = model.other_currencies(state.selected), parts = [`${whole.format(state.selected.length)} of ${plural(model.n, "order")}`];
		const named = (set, texts) => (set.size > NAMED_MAX ? `${set.size} of ${texts.length}` : [...set].map((i) => texts[i]).join(", ") || "none");
		if (state.from !== null || state.to !== null)
			parts.push(`${state.from === null ? "" : `from ${Dates.iso(state.from)} `}${state.to === null ? "" : `to ${Dates.iso(state.to)}`}`.trim());
		parts.push(`status ${named(state.statuses, data.statuses)}`);
		if (state.places.size)
			parts.push(`place ${named(state.places, data.places)}`);
		if (others)
			parts.push(`${whole.format(others)} in another currency, not in the amounts`);
		$("status").textContent = `${parts.join("; ")}.`;
	};

	/* ---- filters ---- */

	const RANGES = {
		"all": () => [null, null],
		"this-month": (t) => [Dates.fromCivil(t.year, t.month, 1), Dates.fromCivil(t.year, t.month + 1, 1) - 1],
		"last-month": (t) => [Dates.fromCivil(t.year, t.month - 1, 1), Dates.fromCivil(t.year, t.month, 1) - 1],
		"this-year": (t) => [Dates.fromCivil(t.year, 0, 1), Dates.fromCivil(t.year + 1, 0, 1) - 1],
		"last-year": (t) => [Dates.fromCivil(t.year - 1, 0, 1), Dates.fromCivil(t.year, 0, 1) - 1],
		"last-365": () => [data.today - 364, data.today],
	};

	const update = () => {
		state.selected = model.select(state);
		draw_tiles();
		draw_status();
		cards.forEach(draw_card);
	};

	const checked = (id) => new Set([...$(id).querySelectorAll("input:checked")].map((e) => Number(e.value)));

	const read_dates = () => {
		state.from = Dates.parse($("from").value);
		state.to = Dates.parse($("to").value);
	};

	const write_dates = () => {
		$("from").value = state.from === null ? "" : Dates.iso(state.from);
		$("to").value = state.to === null ? "" : Dates.iso(state.to);
	};

	const check = (value, text, count, on) => {
		const input = element("input", { type: "checkbox", value, checked: on, defaultChecked: on });
		input.dataset.text = text;
		return element("label", {}, input, element("span", { textContent: text }), element("span", { textContent: whole.format(count) }));
	};

	const SHOWN_PLACES = 100;
	let ranked_places = [];
	const draw_places = () => {
		const wanted = $("find").value.trim().toLowerCase();
		/* What is chosen stays in sight, or a change would take it away. */
		const chosen = ranked_places.filter((p) => state.places.has(p.index));
		const fits = [...chosen, ...ranked_places.filter((p) => !state.places.has(p.index) && p.text.toLowerCase().includes(wanted))];
		$("places").replaceChildren(...fits.slice(0, chosen.length + SHOWN_PLACES).map((p) => check(p.index, p.text, p.count, state.places.has(p.index))));
		$("places-hint").textContent = !fits.length ? "No place is called so." : fits.length > chosen.length + SHOWN_PLACES ?
			`The ${SHOWN_PLACES} with most orders of ${whole.format(fits.length)}. None chosen: all places.` : "None chosen: all places.";
	};

	const start_filters = () => {
		const given = data.filter;
		state.from = given.from;
		state.to = given.to;
		state.period = given.period;
		state.statuses = new Set(given.statuses ?? data.statuses.keys());
		if (!given.statuses)
			for (const name of NOT_COUNTED)
				state.statuses.delete(data.statuses.indexOf(name));
		state.places = new Set(given.places ?? []);
		$("range").value = state.from === null && state.to === null ? "all" : "custom";
		$("period").value = state.period;
		$("find").value = "";
		write_dates();
		$("statuses").replaceChildren(...data.statuses.map((s, i) => check(i, s, model.status_count(i), state.statuses.has(i))));
		draw_places();
	};

	const listen = () => {
		$("range").addEventListener("change", () => {
			const range = RANGES[$("range").value];
			if (range) {
				[state.from, state.to] = range(Dates.civil(data.today));
				write_dates();
			}
			update();
		});
		for (const id of ["from", "to"])
			$(id).addEventListener("change", () => { read_dates(); $("range").value = "custom"; update(); });
		$("period").addEventListener("change", () => { state.period = $("period").value; update(); });
		$("statuses").addEventListener("change", () => { state.statuses = checked("statuses"); update(); });
		$("places").addEventListener("change", () => { state.places = checked("places"); update(); });
		$("find").addEventListener("input", draw_places);
		$("form").addEventListener("submit", (e) => e.preventDefault());
		$("form").addEventListener("reset", (e) => { e.preventDefault(); start_filters(); update(); });
		$("theme").addEventListener("change", (e) => { document.documentElement.dataset.theme = e.target.value; });
		let due = 0;
		new ResizeObserver(() => { cancelAnimationFrame(due); due = requestAnimationFrame(() => cards.forEach(draw_card)); }).observe($("cards"));
	};

	ranked_places = data.places.map((text, index) => ({ text, index, count: model.place_count(index) })).sort((a, b) => b.count - a.count || a.index - b.index);
	if (window.matchMedia("(max-width: 60rem)").matches)
		$("filters").open = false;
	$("about").textContent = `${model.n ? `${Dates.iso(model.first)} to ${Dates.iso(model.last)}, ` : ""}written ${data.written}`;
	const cards = dashboards.map(make_card);
	start_filters();
	listen();
	update();
})();
