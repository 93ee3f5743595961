// Leads each test's daemon through one validating proxy to that test's sandbox, and writes down what passed.
// Usage: front.mjs PROXY_PORT LOG. Prints "front PORT" and "back PORT".
//
//   daemon → front, /<sandbox's port>/<path> → proxy, the port in a header → back → sandbox
//
// Around the proxy go what it cannot carry: it holds a body as text until it has all of it, so a stream of events would
// never begin, and a file's bytes would not arrive as they were. test_contract.py sends it files that are text, with the
// header x-contract-through.
import { appendFileSync } from "node:fs";
import http from "node:http";

const AROUND = new Set(["/NotificationsBackend/hub", "/FileService/FileGet", "/FileService/FileUpload"]);
const PORT_HEADER = "x-contract-port", ID_HEADER = "x-contract-id";
const [proxyPort, log] = process.argv.slice(2);

/** Bodies as the sandbox wrote them, by request: the proxy writes them anew, with 12.5 for 12.50, and the daemon takes
 * that for a change of what it was told by push. */
const originals = new Map();
let requests = 0;

/** Sends a request on; `answered` gets the answer. */
function send(request, response, port, path, headers, answered) {
	const onward = http.request({ host: "127.0.0.1", port, path, method: request.method, headers }, answered);
	onward.on("error", () => response.destroy());
	response.on("close", () => onward.destroy());
	request.pipe(onward);
}

/** Hands the answer back as it comes; with an id its body is kept. */
function pass(request, response, port, path, headers, id) {
	send(request, response, port, path, headers, (answer) => {
		// The proxy reads JSON from what has no body.
		if (answer.statusCode === 304)
			delete answer.headers["content-type"];
		if (id && /json/.test(answer.headers["content-type"]))
			answer.on("data", (chunk) => originals.set(id, Buffer.concat([originals.get(id) ?? Buffer.alloc(0), chunk])));
		response.writeHead(answer.statusCode, answer.headers);
		response.flushHeaders();
		answer.on("error", () => response.destroy());
		answer.pipe(response);
	});
}

/** The proxy's own refusal: a problem without a code, which those of the services have. */
function ownRefusal(answer, text) {
	if (answer.statusCode < 400 || !/^application\/problem\+json/.test(answer.headers["content-type"]))
		return undefined;
	const problem = JSON.parse(text);
	return problem.code ? undefined : problem;
}

const front = http.createServer((request, response) => {
	const [, port, path] = /^\/([0-9]+)(\/.*)$/.exec(request.url);
	const call = path.replace(/\?.*/, "");
	const id = String(++requests);
	const headers = { ...request.headers, [PORT_HEADER]: port, [ID_HEADER]: id };
	if (AROUND.has(call) && !headers["x-contract-through"]) {
		pass(request, response, port, path, headers);
		return;
	}
	send(request, response, proxyPort, path, headers, async (answer) => {
		const chunks = [];
		for await (const chunk of answer)
			chunks.push(chunk);
		const text = Buffer.concat(chunks).toString(), original = originals.get(id);
		const refusal = ownRefusal(answer, text);
		originals.delete(id);
		// What the sandbox did not answer at all is no answer here either.
		if (/ECONNREFUSED|ECONNRESET|socket hang up/.test(refusal?.title)) {
			response.destroy();
			return;
		}
		appendFileSync(log, `${JSON.stringify({ port: Number(port), method: request.method, path: call, refusal,
			status: answer.statusCode, violations: answer.headers["sl-violations"] })}\n`);
		if (original && JSON.stringify(JSON.parse(original)) === text)
			response.writeHead(answer.statusCode, { ...answer.headers, "content-length": original.length }).end(original);
		else
			response.writeHead(answer.statusCode, answer.headers).end(Buffer.concat(chunks));
	});
});

const back = http.createServer((request, response) => {
	const { [PORT_HEADER]: port, [ID_HEADER]: id, ...headers } = request.headers;
	pass(request, response, port, request.url, headers, id);
});

for (const [name, server] of [["front", front], ["back", back]])
	server.listen(0, "127.0.0.1", () => console.log(`${name} ${server.address().port}`));
