// The official SignalR client on the sandbox's push hub, by each transport it offers. Usage: test_hub.mjs SANDBOX
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { createInterface } from "node:readline";
import { HttpTransportType, HubConnectionBuilder, LogLevel } from "@microsoft/signalr";

const DEADLINE_MS = 60_000;
const PING_MS = 1000;

const sandboxes = [];

async function startSandbox(...options) {
	const child = spawn(process.argv[2], ["--port", "0", "--speed", "600", ...options],
		{ stdio: ["ignore", "pipe", "inherit"] });
	const ended = new Promise((resolve) => child.on("exit", resolve));
	const line = await new Promise((resolve) => createInterface({ input: child.stdout }).once("line", resolve));
	sandboxes.push({ child, ended });
	return line.split(" ").at(-1);
}

const usual = await startSandbox();
const hasty = await startSandbox("--ping-sec", "1", "--client-timeout-sec", "3");
let base = hasty;
let users = 0;

async function call(path, body, token) {
	const headers = { "Content-Type": "application/json" };
	if (token)
		headers.Authorization = `Bearer ${token}`;
	const answer = await fetch(base + path, body
		? { method: "POST", headers, body: JSON.stringify(body) } : { headers });
	assert.equal(answer.status, 200, `${path}: ${answer.status}`);
	return answer.json();
}

async function signUp(login) {
	const email = `${login}@example.com`, password = "correct horse";
	const added = await call("/AuthWebApi/AddUser",
		{ login, email, phoneNumber: `+1202555${1000 + users++}`, password, userType: "customer" });
	const { verificationCode } = await call(`/Sandbox/VerificationCode?email=${email}`);
	await call("/AuthWebApi/VerifySignUp",
		{ signUpGuid: added.signUpGuid, triesNumber: 1, signUpClosingCode: null, verificationCode });
	const { userUid, verificationGuid } = await call("/AuthWebApi/VerifyUserCredentials", { login, password });
	return (await call("/AuthWebApi/GetTokenByUserUid", { userUid, verificationGuid })).tokenGuid;
}

async function order(token) {
	const productIds = [1, 1, 54];
	const quote = await call("/CustomerBackend/MakeOrderQuote", { productIds }, token);
	const uid = randomUUID();
	await call("/CustomerBackend/MakeOrderRequest", {
		uid, productIds, city: "Vienna", address: "Ring 4", paymentType: "Cash", paymentMethod: "On delivery",
		paymentAmount: quote.totalPrice,
	}, token);
	return uid;
}

/** Collects what the hub sends and lets a test wait for it. */
class Recorder {
	#seen = [];
	#waiters = [];

	add(kind, value) {
		this.#seen.push({ kind, value });
		this.#waiters = this.#waiters.filter((w) => !w());
	}

	of(kind) {
		return this.#seen.filter((s) => s.kind === kind).map((s) => s.value);
	}

	until(what, test) {
		return new Promise((resolve, reject) => {
			const timer = setTimeout(() => reject(new Error(`never came: ${what}`)), DEADLINE_MS);
			const check = () => {
				if (!test(this))
					return false;
				clearTimeout(timer);
				resolve();
				return true;
			};
			if (!check())
				this.#waiters.push(check);
		});
	}
}

function connect(token, transport, recorder, tune) {
	const builder = new HubConnectionBuilder()
		.withUrl(`${base}/NotificationsBackend/hub`, { transport, headers: { Authorization: `Bearer ${token}` } })
		.configureLogging(LogLevel.None);
	tune(builder);
	const connection = builder.build();
	for (const target of ["OrderChanged", "CourierMoved", "ReceiveNotification"])
		connection.on(target, (value) => recorder.add(target, value));
	connection.onclose((error) => recorder.add("closed", error));
	return connection;
}

async function followOrder(name, transport, tune) {
	const token = await signUp(name);
	const recorder = new Recorder();
	const connection = connect(token, transport, recorder, tune);
	await connection.start();
	const uid = await order(token);

	await recorder.until("a delivered order", (r) => r.of("OrderChanged").some((o) => o.status === "Delivered"));
	await recorder.until("the request to rate", (r) => r.of("ReceiveNotification").some((n) => n.kind === "rate-request"));
	const states = [...new Set(recorder.of("OrderChanged").map((o) => o.status))];
	assert.deepEqual(states, ["Requested", "Processing", "In the process of cooking", "Ready to deliver", "In delivery",
		"Delivered"]);
	assert.ok(recorder.of("OrderChanged").every((o) => o.uid === uid));
	const dates = recorder.of("OrderChanged").map((o) => o.dateChanged);
	assert.deepEqual(dates, [...dates].sort());
	assert.ok(recorder.of("CourierMoved").length > 0);
	assert.ok(recorder.of("CourierMoved").every((m) => m.deliveryOrderUid === uid && m.latitude !== 0));
	const uids = recorder.of("ReceiveNotification").map((n) => n.uid);
	assert.equal(new Set(uids).size, uids.length);

	await assert.rejects(connection.invoke("NoSuchMethod", 1), /Unknown hub method/);
	assert.equal(connection.state, "Connected");
	return { connection, recorder };
}

async function stop({ connection, recorder }) {
	await connection.stop();
	await recorder.until("the end", (r) => r.of("closed").length === 1);
	assert.equal(recorder.of("closed")[0], undefined);
}

const cases = {
	"server-sent events": async () => stop(await followOrder("sse", HttpTransportType.ServerSentEvents,
		(b) => b.withKeepAliveInterval(PING_MS))),
	"long polling": async () => stop(await followOrder("poll", HttpTransportType.LongPolling,
		(b) => b.withKeepAliveInterval(PING_MS))),
	"the client's own defaults choose server-sent events": async () => {
		base = usual;
		const seen = await followOrder("default", undefined, () => {});
		const { requests } = await call("/Sandbox/Journal");
		const hub = requests.filter((r) => r.path === "/NotificationsBackend/hub").map((r) => r.method);
		assert.equal(hub.filter((m) => m === "GET").length, 1);
		await stop(seen);
		base = hasty;
	},
	"pings both ways keep an idle connection": async () => {
		const recorder = new Recorder();
		const connection = connect(await signUp("idle"), HttpTransportType.ServerSentEvents, recorder,
			(b) => b.withKeepAliveInterval(PING_MS).withServerTimeout(3 * PING_MS));
		await connection.start();
		const timer = setInterval(async () => {
			const { requests } = await call("/Sandbox/Journal");
			const posts = requests.filter((r) => r.login === "idle" && r.method === "POST" && r.path.endsWith("/hub"));
			recorder.add("posts", posts.length);
		}, PING_MS / 2);
		await recorder.until("the handshake and 6 pings", (r) => r.of("posts").some((n) => n >= 7));
		clearInterval(timer);
		assert.equal(connection.state, "Connected");
		assert.equal(recorder.of("closed").length, 0);
		await stop({ connection, recorder });
	},
	"who has pinged and falls silent is closed": async () => {
		const recorder = new Recorder();
		const connection = connect(await signUp("silent"), HttpTransportType.ServerSentEvents, recorder,
			(b) => b.withKeepAliveInterval(7 * PING_MS));
		await connection.start();
		await recorder.until("the end", (r) => r.of("closed").length === 1);
		assert.match(recorder.of("closed")[0].message, /not been heard of in time/);
	},
	"a missing token is refused": async () => {
		const connection = connect("00000000-0000-4000-8000-000000000000", HttpTransportType.ServerSentEvents,
			new Recorder(), () => {});
		await assert.rejects(connection.start(), /401/);
	},
};

let failed = 0;
for (const [name, run] of Object.entries(cases)) {
	try {
		await run();
		console.log(`ok ${name}`);
	} catch (error) {
		failed++;
		console.log(`not ok ${name}\n${error.stack}`);
	}
}
for (const { child, ended } of sandboxes) {
	child.kill("SIGTERM");
	assert.equal(await ended, 0);
}
console.log(`${Object.keys(cases).length} cases, ${failed} failed`);
process.exit(failed ? 1 : 0);
