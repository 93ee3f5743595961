/* Drawing: a chart into an element, as SVG of its own size. What the numbers mean is said by whoever calls: a chart is
 * { kind, points: [{ value, at, text, label }], ticks(value), … }. A plot is a slider, so that it can be walked through
 * by keyboard and a screen reader says each point. */
"use strict";

const Charts = (() => {
	const NS = "http://www.w3.org/2000/svg";
	const TOP = 12, BOTTOM = 24, RIGHT = 10, LETTER = 6.7;

	const add = (parent, name, attributes, text) => {
		const e = document.createElementNS(NS, name);
		for (const key in attributes)
			e.setAttribute(key, attributes[key]);
		if (text !== undefined)
			e.textContent = text;
		parent.append(e);
		return e;
	};

	/* About as wide as it is drawn: an ideograph or a picture takes two letters' place. */
	const letters_of = (letter) => (letter.codePointAt(0) >= 0x1100 ? 2 : 1);
	const width_of = (text) => [...text].reduce((sum, letter) => sum + letters_of(letter), 0) * LETTER;
	const fit = (text, width) => {
		if (width_of(text) <= width)
			return text;
		let used = LETTER, cut = "";
		for (const letter of text) {
			used += letters_of(letter) * LETTER;
			if (used > width)
				break;
			cut += letter;
		}
		return cut + "…";
	};

	/* Round values from below the least to above the greatest. */
	const ticks_of = (low, high, unit, count) => {
		let step = round_step((high - low) / count || 1);
		if (unit === "minutes")
			step = [1, 2, 5, 10, 15, 30, 60, 120, 180, 360, 720, 1440].find((s) => s * count >= high - low) ?? step;
		if (unit !== "minutes" && step < 1)
			step = 1;
		const values = [];
		for (let k = Math.floor(low / step); k <= Math.ceil(high / step); k++)
			values.push(k * step);
		if (values.length < 2)
			values.push(values[0] + step);
		return values;
	};

	const begin = (plot) => {
		plot.replaceChildren();
		const width = Math.max(200, plot.clientWidth), height = Math.max(120, plot.clientHeight);
		const svg = add(plot, "svg", { width, height, viewBox: `0 0 ${width} ${height}`, "aria-hidden": "true", focusable: "false" });
		return { svg, width, height };
	};

	const y_axis = (d, chart, low, high) => {
		const ticks = ticks_of(Math.min(0, low), Math.max(0, high), chart.unit, 5), texts = ticks.map(chart.tick);
		const left = Math.max(...texts.map((t) => t.length)) * LETTER + 10;
		const bottom = d.height - BOTTOM, from = ticks[0], to = ticks[ticks.length - 1];
		const y = (v) => bottom - ((v - from) / (to - from)) * (bottom - TOP);
		ticks.forEach((t, i) => {
			add(d.svg, "line", { class: t === 0 ? "zero" : "grid", x1: left, x2: d.width - RIGHT, y1: Math.round(y(t)) + 0.5, y2: Math.round(y(t)) + 0.5 });
			add(d.svg, "text", { x: left - 6, y: y(t) + 4, "text-anchor": "end" }, texts[i]);
		});
		return { left, right: d.width - RIGHT, bottom, y };
	};

	/* As many labels as fit, always the first; a label is written under its point. */
	const x_labels = (d, axis, points, x) => {
		const widest = Math.max(...points.map((p) => p.label.length)) * LETTER + 14;
		const every = Math.max(1, Math.ceil(points.length / Math.max(1, Math.floor((axis.right - axis.left) / widest))));
		let free = -Infinity;
		points.forEach((p, i) => {
			const half = (p.label.length * LETTER) / 2, at = Math.min(Math.max(x(i), half), d.width - half);
			if (i % every === 0 && at - half >= free) {
				add(d.svg, "text", { x: at, y: d.height - 6, "text-anchor": "middle" }, p.label);
				free = at + half + 8;
			}
		});
	};

	const extent = (points) => points.reduce(([a, b], p) => [Math.min(a, p.value), Math.max(b, p.value)], [Infinity, -Infinity]);

	const draw_line = (d, chart) => {
		const { points } = chart, [low, high] = extent(points), axis = y_axis(d, chart, low, high);
		const first = points[0].at, span = points[points.length - 1].at - first;
		const x = (i) => axis.left + 8 + (span ? ((points[i].at - first) / span) * (axis.right - axis.left - 16) : (axis.right - axis.left) / 2 - 8);
		const place = points.map((p, i) => `${x(i).toFixed(1)} ${axis.y(p.value).toFixed(1)}`);
		if (points.length > 1)
			add(d.svg, "path", { class: "area", d: `M${x(0).toFixed(1)} ${axis.y(0).toFixed(1)}L${place.join("L")}L${x(points.length - 1).toFixed(1)} ${axis.y(0).toFixed(1)}Z` });
		add(d.svg, "path", { class: "line", d: `M${place.join("L")}` });
		if (points.length <= 60)
			points.forEach((p, i) => add(d.svg, "circle", { class: "dots", cx: x(i), cy: axis.y(p.value), r: points.length > 30 ? 2 : 3 }));
		x_labels(d, axis, points, x);
		return { x, y: (i) => axis.y(points[i].value), top: TOP, bottom: axis.bottom };
	};

	const draw_bars = (d, chart) => {
		const { points } = chart, [low, high] = extent(points), axis = y_axis(d, chart, low, high);
		const first = points[0].at, span = points[points.length - 1].at - first + 1;
		const slot = (axis.right - axis.left) / span, wide = Math.max(0.6, chart.kind === "histogram" ? slot - 1 : slot * 0.72);
		const x = (i) => axis.left + (points[i].at - first + 0.5) * slot;
		const paths = { bars: "", "bars late": "" };
		points.forEach((p, i) => {
			const a = axis.y(Math.max(0, p.value)), b = axis.y(Math.min(0, p.value));
			if (p.value !== 0)
				paths[p.late ? "bars late" : "bars"] += `M${(x(i) - wide / 2).toFixed(1)} ${a.toFixed(1)}h${wide.toFixed(1)}V${b.toFixed(1)}h${(-wide).toFixed(1)}Z`;
		});
		for (const name in paths)
			if (paths[name])
				add(d.svg, "path", { class: name, d: paths[name] });
		x_labels(d, axis, points, x);
		return { x, y: (i) => axis.y(points[i].value), top: TOP, bottom: axis.bottom };
	};

	/* Lying bars, the names before them. */
	const draw_names = (d, chart) => {
		const { points } = chart, row = Math.min(40, (d.height - 8) / points.length), high = extent(points)[1] || 1;
		const left = Math.min(d.width * 0.5, Math.max(...points.map((p) => width_of(p.label))) + 12);
		const right = d.width - RIGHT - 48;
		const y = (i) => 4 + (i + 0.5) * row;
		points.forEach((p, i) => {
			const wide = (p.value / high) * (right - left);
			add(d.svg, "text", { x: left - 8, y: y(i) + 4, "text-anchor": "end" }, fit(p.label, left - 12));
			add(d.svg, "rect", { class: "bars", x: left, y: y(i) - row * 0.34, width: Math.max(1, wide), height: row * 0.68, rx: 2 });
			add(d.svg, "text", { x: left + wide + 6, y: y(i) + 4 }, chart.tick(p.value));
		});
		return { x: (i) => left + (points[i].value / high) * (right - left), y, vertical: true, row };
	};

	/* Many points of one place are one larger dot. */
	const gathered = (pairs, cell) => {
		const cells = new Map();
		for (const p of pairs) {
			const key = `${Math.round(p.promised / cell)} ${Math.round(p.real / cell)}`, c = cells.get(key);
			if (c)
				c.n++;
			else
				cells.set(key, { ...p, n: 1 });
		}
		return [...cells.values()];
	};

	const NARROWEST = 20; /* minutes that a scatter is at least wide, so that its line is seen to rise */
	const draw_scatter = (d, chart) => {
		const { pairs, points } = chart, high_y = pairs.reduce((m, p) => Math.max(m, p.real), 0);
		let high_x = pairs.reduce((m, p) => Math.max(m, p.promised), 0), low_x = pairs.reduce((m, p) => Math.min(m, p.promised), Infinity);
		const lacking = Math.max(0, NARROWEST - (high_x - low_x)) / 2;
		[low_x, high_x] = [low_x - lacking, high_x + lacking];
		const axis = y_axis(d, { unit: "minutes", tick: chart.tick }, 0, high_y);
		const ticks = ticks_of(low_x, high_x, "minutes", Math.max(2, Math.floor((axis.right - axis.left) / 90)));
		const from = ticks[0], to = ticks[ticks.length - 1];
		const x = (v) => axis.left + 6 + ((v - from) / (to - from)) * (axis.right - axis.left - 12);
		const many = pairs.length > 1500, dots = many ? gathered(pairs, Math.max(1, high_y / 90)) : pairs;
		const most = dots.reduce((m, p) => Math.max(m, p.n ?? 1), 1), end = Math.min(to, high_y);
		ticks.forEach((t) => add(d.svg, "text", { x: x(t), y: d.height - 6, "text-anchor": "middle" }, chart.tick(t)));
		if (end > from)
			add(d.svg, "line", { class: "diagonal", x1: x(Math.max(0, from)), y1: axis.y(Math.max(0, from)), x2: x(end), y2: axis.y(end) });
		for (const p of dots)
			add(d.svg, "circle", {
				class: `dots${many ? " many" : ""}${p.real > p.promised ? " late" : ""}`, cx: x(p.promised).toFixed(1), cy: axis.y(p.real).toFixed(1),
				r: many ? (1.5 + 6 * Math.sqrt(p.n / most)).toFixed(1) : 2.6,
			});
		return { x: (i) => x(points[i].at), y: (i) => axis.y(points[i].value), top: TOP, bottom: axis.bottom };
	};

	const draw = { line: draw_line, bar: draw_bars, histogram: draw_bars, names: draw_names, scatter: draw_scatter };

	/* ---- walking through the points ---- */

	const show = (plot) => {
		const { chart, where, cursor, tip, mark } = plot.state, i = plot.state.at, p = chart.points[i];
		const x = where.x(i), y = where.y(i);
		plot.setAttribute("aria-valuenow", i);
		plot.setAttribute("aria-valuetext", p.text);
		tip.hidden = mark.style.display === "none" && !plot.matches(":focus, :hover");
		tip.textContent = p.text;
		if (where.vertical)
			cursor.setAttribute("d", "");
		else
			cursor.setAttribute("d", `M${x} ${where.top}V${where.bottom}`);
		mark.setAttribute("cx", x);
		mark.setAttribute("cy", y);
		const half = tip.offsetWidth / 2;
		tip.style.left = `${Math.max(0, Math.min(plot.clientWidth - 2 * half, x - half))}px`;
		tip.style.top = where.vertical ? `${Math.max(0, y + where.row / 2)}px` : "-14px";
	};

	const set_visible = (plot, visible) => {
		const s = plot.state;
		if (!s?.where)
			return;
		s.mark.style.display = s.cursor.style.display = visible ? "" : "none";
		s.tip.hidden = !visible;
		if (visible)
			show(plot);
	};

	const step = (plot, event) => {
		const s = plot.state, last = s?.where ? s.chart.points.length - 1 : -1;
		const moves = { ArrowLeft: -1, ArrowUp: s?.where?.vertical ? -1 : 1, ArrowRight: 1, ArrowDown: s?.where?.vertical ? 1 : -1, PageUp: 10, PageDown: -10, Home: -Infinity, End: Infinity };
		if (last < 0 || !(event.key in moves) || event.altKey || event.ctrlKey || event.metaKey)
			return;
		event.preventDefault();
		s.at = Math.min(last, Math.max(0, s.at + moves[event.key]));
		set_visible(plot, true);
	};

	const point_at = (plot, event) => {
		const s = plot.state;
		if (!s?.where)
			return;
		const box = plot.getBoundingClientRect(), at = s.where.vertical ? event.clientY - box.top : event.clientX - box.left;
		let best = 0, distance = Infinity;
		for (let i = 0; i < s.chart.points.length; i++) {
			const away = Math.abs((s.where.vertical ? s.where.y(i) : s.where.x(i)) - at);
			if (away < distance)
				[best, distance] = [i, away];
		}
		s.at = best;
		set_visible(plot, true);
	};

	/* Once for each plot. */
	const make = (plot, label) => {
		plot.tabIndex = 0;
		plot.setAttribute("role", "slider");
		plot.setAttribute("aria-label", label);
		plot.setAttribute("aria-roledescription", "chart");
		plot.addEventListener("keydown", (e) => step(plot, e));
		plot.addEventListener("focus", () => set_visible(plot, true));
		plot.addEventListener("blur", () => set_visible(plot, false));
		plot.addEventListener("pointermove", (e) => point_at(plot, e));
		plot.addEventListener("pointerleave", () => set_visible(plot, plot === document.activeElement));
	};

	const render = (plot, chart) => {
		const d = begin(plot), n = chart.points.length;
		plot.setAttribute("aria-valuemin", 0);
		plot.setAttribute("aria-valuemax", Math.max(0, n - 1));
		if (!n) {
			const none = document.createElement("p");
			none.className = "none";
			none.textContent = "No orders fit the filters.";
			plot.append(none);
			plot.setAttribute("aria-valuenow", 0);
			plot.setAttribute("aria-valuetext", "No orders fit the filters.");
			plot.state = { chart };
			return;
		}
		const where = draw[chart.kind](d, chart);
		const tip = document.createElement("div");
		tip.className = "tip";
		tip.setAttribute("aria-hidden", "true");
		plot.append(tip);
		plot.state = {
			chart, where, tip, at: Math.min(plot.state?.at ?? n - 1, n - 1),
			cursor: add(d.svg, "path", { class: "cursor" }), mark: add(d.svg, "circle", { class: "mark", r: 4.5 }),
		};
		show(plot);
		set_visible(plot, plot === document.activeElement);
	};

	return { make, render };
})();
