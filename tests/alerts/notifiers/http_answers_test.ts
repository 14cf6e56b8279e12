import assert from "node:assert/strict";
import { HttpEndpoint, type HttpEndpointOptions } from "../../../lib/alerts/notifiers/http_request.ts";
import { PermanentSendError, TransientSendError } from "../../../lib/alerts/notifiers/sender.ts";
import { FakeClock } from "../../fakes/fake_clock.ts";
import { until } from "../../fakes/until.ts";
import { HttpReceiver } from "./http_receiver.ts";

const forever = new AbortController().signal;

/** What sending to `url` fails with, or undefined. */
async function failure(url: URL | string, options: Partial<HttpEndpointOptions> = {}): Promise<unknown> {
  const endpoint = new HttpEndpoint({ url, method: "POST", ...options });
  return await endpoint.send(() => ({ n: 1 }), forever).then(() => undefined, (error: unknown) => error);
}

/** What an answer makes of sending. */
async function failureBy(answer: () => Response, options: Partial<HttpEndpointOptions> = {}): Promise<Error> {
  await using receiver = new HttpReceiver(answer);
  const error = await failure(receiver.url, options);
  assert.ok(error instanceof Error);
  return error;
}

Deno.test("any 2xx counts as delivered, with whatever body", async () => {
  for (
    const [status, body] of [[200, ""], [201, "{}"], [202, "x".repeat(200_000)], [204, null], [
      299,
      "?",
    ]] as const
  ) {
    await using receiver = new HttpReceiver(() => new Response(body, { status }));
    assert.equal(await failure(receiver.url), undefined, `${status}`);
    assert.deepEqual(receiver.requests.map(({ json }) => json), [{ n: 1 }]);
  }
});

Deno.test("what may go through later is tried again, what never will is not", async () => {
  for (const status of [401, 403, 404, 405, 407, 408, 410, 425, 429, 451, 500, 501, 502, 503, 504, 599]) {
    const error = await failureBy(() => new Response("", { status }));
    assert.ok(error instanceof TransientSendError, `${status}`);
    assert.match(
      error.message,
      new RegExp(`^cannot send to 127\\.0\\.0\\.1:\\d+: it answered HTTP ${status}; .+`),
    );
  }
  for (const status of [400, 409, 411, 413, 415, 422, 431]) {
    const error = await failureBy(() => new Response("", { status }));
    assert.ok(error instanceof PermanentSendError, `${status}`);
    assert.match(error.message, new RegExp(`it answered HTTP ${status}; .+`));
  }
});

Deno.test("a Retry-After is heeded, as seconds and as a date by the wall clock", async () => {
  const clock = new FakeClock();
  const date = new Date(clock.wallMs() + 90_000).toUTCString();
  const askedBy = async (status: number, retryAfter: string) => {
    const error = await failureBy(
      () => new Response("", { status, headers: { "retry-after": retryAfter } }),
      { clock },
    );
    assert.ok(error instanceof TransientSendError);
    return error.retryAfterSec;
  };
  assert.equal(await askedBy(429, "120"), 120);
  assert.equal(await askedBy(503, date), 90);
  assert.equal(await askedBy(500, "7"), 7);
  assert.equal(await askedBy(503, "soon"), undefined);
});

Deno.test("a redirect is not followed, and named by its host", async () => {
  await using other = new HttpReceiver();
  for (const status of [301, 302, 303, 307, 308]) {
    const location = `${other.url}secret/path?token=1`;
    const error = await failureBy(() => new Response("", { status, headers: { location } }));
    assert.ok(error instanceof TransientSendError, `${status}`);
    assert.ok(
      error.message.endsWith(`to http://${other.url.host}; configure the final address; retrying`),
    );
  }
  assert.deepEqual(other.requests, []);
  const lost = await failureBy(() => new Response("", { status: 302, headers: { location: "mailto:x@y" } }));
  assert.match(lost.message, /to nowhere;/);
  const relative = await failureBy(() => new Response("", { status: 302, headers: { location: "/login" } }));
  assert.match(relative.message, /to http:\/\/127\.0\.0\.1:\d+;/);
});

Deno.test("the server's own words are in the message: short, on one line, and inert", async () => {
  const error = await failureBy(() => new Response(`bad label\n\x1b[31m${"x".repeat(500)}`, { status: 400 }));
  assert.match(
    error.message,
    /it answered HTTP 400 \(bad label\\n\\u001b\[31mx+…\); it does not take this event$/,
  );
  assert.ok(error.message.length < 350);
});

Deno.test("a server that is not there, speaks no HTTP, or hangs up may be there later", async () => {
  const receiver = new HttpReceiver();
  await receiver[Symbol.asyncDispose]();
  const refused = await failure(receiver.url);
  assert.ok(refused instanceof TransientSendError);
  assert.match(refused.message, /^cannot send to 127\.0\.0\.1:\d+: .*[Rr]efused.*; retrying$/);

  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const closing = (async () => {
    for (const greeting of ["", "ni hao\r\n\r\n"]) {
      const connection = await listener.accept();
      await connection.read(new Uint8Array(1000));
      await connection.write(new TextEncoder().encode(greeting));
      connection.close();
    }
  })();
  for (const _ of ["hangs up", "speaks no HTTP"]) {
    const error = await failure(`http://127.0.0.1:${listener.addr.port}/`);
    assert.ok(error instanceof TransientSendError, `${error}`);
    assert.match(error.message, /^cannot send to 127\.0\.0\.1:\d+: .+; retrying$/);
  }
  await closing;

  await using plain = new HttpReceiver();
  const tls = await failure(`https://${plain.url.host}/`);
  assert.ok(tls instanceof TransientSendError);
});

Deno.test("an abort ends a request under way with the signal's reason", async () => {
  await using receiver = new HttpReceiver(() => new Promise<never>(() => {}));
  const stop = new AbortController();
  const endpoint = new HttpEndpoint({ url: receiver.url, method: "POST" });
  const sending = endpoint.send(() => ({}), stop.signal);
  const reason = new Error("enough");
  const rejected = assert.rejects(sending, reason);
  await until("the request has arrived", () => receiver.requests.length === 1);
  stop.abort(reason);
  await rejected;
});

Deno.test("once the status is there, a body that never ends or breaks off changes nothing", async () => {
  const endless = new ReadableStream<Uint8Array>({
    pull: (stream) => stream.enqueue(new Uint8Array(10_000)),
  });
  await using flooding = new HttpReceiver(() => new Response(endless));
  await new HttpEndpoint({ url: flooding.url, method: "POST" }).send(() => ({}), forever);

  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const tearing = listener.accept().then(async (connection) => {
    await connection.read(new Uint8Array(1000));
    await connection.write(new TextEncoder().encode("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\ntorn"));
    connection.close();
  });
  await new HttpEndpoint({ url: `http://127.0.0.1:${listener.addr.port}`, method: "POST" }).send(
    () => ({}),
    forever,
  );
  await tearing;
});

Deno.test("what cannot be written as JSON is never sent, and never will be", async () => {
  await using receiver = new HttpReceiver();
  const endpoint = new HttpEndpoint({ url: receiver.url, method: "POST" });
  await assert.rejects(endpoint.send(() => ({ n: 1n }), forever), PermanentSendError);
  const broken = () => {
    throw new Error("no body");
  };
  await assert.rejects(endpoint.send(broken, forever), PermanentSendError);
  assert.deepEqual(receiver.requests, []);
});

Deno.test("a client of the caller's is used", async () => {
  await using proxy = new HttpReceiver();
  using client = Deno.createHttpClient({ proxy: { url: proxy.url.href } });
  assert.equal(await failure("http://alerts.example/x", { client }), undefined);
  assert.deepEqual(proxy.requests.map(({ headers }) => headers.get("host")), ["alerts.example"]);
});

Deno.test("an address, method or header that cannot be used is refused when the sender is made", () => {
  const make = (options: Partial<HttpEndpointOptions>) => () =>
    new HttpEndpoint({ url: "http://127.0.0.1", method: "POST", ...options });
  assert.throws(make({ url: "127.0.0.1:80/x" }), TypeError);
  assert.throws(make({ url: "" }), /TypeError: .*no URL; write it as/);
  assert.throws(make({ url: "ftp://alerts.example" }), /TypeError: .* ftp: .*must be http or https/);
  assert.throws(make({ method: "GET" as "POST" }), /TypeError: .* GET: .*POST, PUT or PATCH/);
  assert.throws(make({ headers: { "x y": "v" } }), /TypeError: .*header "x y" is malformed/);
});
