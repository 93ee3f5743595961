/* Drives one page in a headless Chromium, by keyboard alone and without a network, and says what it shows. A plan comes
 * as JSON on stdin: { file, chromium, scheme, width, shots, steps: [[verb, …], …] }; the answer goes out as JSON. The verbs are
 * the methods of `does`. What the answers ought to be is known by whoever made the plan. */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { createRequire } from 'node:module';
import { chromium } from 'playwright-core';

const plan = JSON.parse(fs.readFileSync(0, 'utf8'));
const profile = fs.mkdtempSync(path.join(os.tmpdir(), 'cc-page-'));
const context = await chromium.launchPersistentContext(profile, {
	executablePath: plan.chromium, headless: true, offline: true, locale: 'en-US', colorScheme: plan.scheme ?? 'light',
	viewport: { width: plan.width ?? 1400, height: 900 },
	args: ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
	       '--disable-component-update', '--disable-sync'],
});
const page = context.pages()[0], url = 'file://' + plan.file;
const result = { requests: [], complaints: [], answers: [] };

/* The browser's own count, below anything the page could hide from. */
const cdp = await context.newCDPSession(page);
await cdp.send('Network.enable');
await cdp.send('Page.enable');
/* A data: URL goes nowhere; the browser draws its own date field with one, the page's policy allows none. */
cdp.on('Network.requestWillBeSent', (e) => e.request.url !== url && !e.request.url.startsWith('data:') && result.requests.push(e.request.url));
cdp.on('Network.webSocketCreated', (e) => result.requests.push(e.url));
cdp.on('Page.windowOpen', (e) => result.requests.push(e.url));
page.on('pageerror', (e) => result.complaints.push(`error: ${e.message}`));
page.on('console', (m) => result.complaints.push(`${m.type()}: ${m.text()}`));
page.on('dialog', (d) => { result.complaints.push(`dialog: ${d.message()}`); d.dismiss(); });

const TABS_MAX = 400;

/* How many Tabs are likely to lead to what the selector means; at most so many are pressed at once. */
const likely = (selector) => page.evaluate((s) => {
	const stops = [...document.querySelectorAll('a[href], button, input, select, summary, [tabindex="0"]')].filter((e) =>
		(e.type !== 'radio' || e.checked) && e.checkVisibility());
	const at = stops.indexOf(document.activeElement), n = stops.length;
	/* Month, day, year and the picker are stops of their own. */
	const weight = (e) => (e.type === 'date' ? 4 : 1);
	let tabs = 0;
	for (let i = 1; i <= n; i++) {
		tabs += i === 1 ? 1 : weight(stops[(at + i - 1 + n) % n]);
		if (stops[(at + i + n) % n].matches(s))
			return tabs;
	}
	return 1;
}, selector);
const focused = (selector) => page.evaluate((s) => document.activeElement?.matches(s) ?? false, selector);
const value = () => page.evaluate(() => document.activeElement.value);

const does = {
	/* Tab, round the page if need be, to what the selector means. Where the focus is must be seen. */
	async tab(selector) {
		const first = await likely(selector);
		for (let i = 0; i < TABS_MAX; i++) {
			await Promise.all(Array.from({ length: i ? 1 : first }, () => page.keyboard.press('Tab')));
			if (await focused(selector))
				return await page.evaluate(() => {
					const e = document.activeElement, shown = [e, e.nextElementSibling].filter(Boolean);
					return shown.some((s) => getComputedStyle(s).outlineStyle !== 'none');
				});
		}
		throw new Error(`no Tab leads to ${selector}`);
	},
	async press(...keys) {
		for (const key of keys)
			await page.keyboard.press(key);
	},
	async type(text) {
		await page.keyboard.type(text);
	},
	/* An option of the select that has the focus. */
	async choose(wanted) {
		await page.keyboard.press('Home');
		for (let i = 0; i < 20 && (await value()) !== wanted; i++)
			await page.keyboard.press('ArrowDown');
		if ((await value()) !== wanted)
			throw new Error(`the option ${wanted} cannot be chosen`);
	},
	/* Opens every table, by its summary. */
	async tables() {
		const count = await page.locator('details.table').count();
		for (let i = 0; i < count; i++) {
			await does.tab('details.table > summary');
			await page.keyboard.press('Enter');
		}
		await page.waitForFunction(() => [...document.querySelectorAll('details.table')].every((d) => d.open && d.querySelector('table')));
	},
	/* What stands in the tiles and the tables. */
	async read() {
		return await page.evaluate(() => ({
			tiles: Object.fromEntries([...document.querySelectorAll('#tiles dd')].map((e) => [e.id.slice(5), e.dataset.value])),
			status: document.getElementById('status').textContent,
			range: document.getElementById('range').value,
			tables: Object.fromEntries([...document.querySelectorAll('section.card')].filter((s) => s.querySelector('table')).map((s) =>
				[s.id.slice(8), [...s.querySelectorAll('tbody tr')].map((row) => [row.cells[0].textContent, row.cells[1].dataset.value, row.cells[2]?.textContent])])),
		}));
	},
	async axe() {
		const found = await page.evaluate(async () => (await window.axe.run(document, { resultTypes: ['violations', 'incomplete'] })).violations);
		return found.map((v) => `${v.id}: ${v.help}: ${v.nodes.map((n) => `${n.target} ${n.failureSummary}`).join('; ')}`);
	},
	/* axe is brought in by the debugger: the page's own policy would not let it in. */
	async load_axe() {
		await page.evaluate(fs.readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8'));
	},
	async scheme(scheme) {
		await page.emulateMedia({ colorScheme: scheme });
	},
	async width(width) {
		await page.setViewportSize({ width, height: 900 });
		await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
	},
	async evaluate(expression) {
		return await page.evaluate(expression);
	},
	async shot(name) {
		if (plan.shots)
			await page.screenshot({ path: path.join(plan.shots, name), fullPage: true });
	},
};

try {
	const began = Date.now();
	await page.goto(url);
	result.loaded = Date.now() - began;
	for (const [verb, ...rest] of plan.steps)
		result.answers.push((await does[verb](...rest)) ?? null);
	result.markup = await page.evaluate(() => [...document.querySelectorAll('main img, main a, main iframe, main script, [onerror], [onload]')].map((e) => e.outerHTML));
} catch (e) {
	result.failed = e.stack;
} finally {
	await context.close();
	fs.rmSync(profile, { recursive: true, force: true });
}
process.stdout.write(JSON.stringify(result));
