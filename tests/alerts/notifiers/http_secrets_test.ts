import assert from "node:assert/strict";
import { HttpEndpoint } from "../../../lib/alerts/notifiers/http_request.ts";
import { secretsOfUrl, withoutSecrets } from "../../../lib/alerts/notifiers/secret_text.ts";
import { HttpReceiver } from "./http_receiver.ts";

const PASSWORD = "p@ss/wörd 1";
const TOKEN = 'quote"d-token\\value';
const KEY = "routing-key-0123";
const PATH = "T0123456789/B0123456789ABCDEFGH";
const QUERY = "sig-0123456789abcdef";

const forever = new AbortController().signal;

/** An error as a log would show it, causes and all. */
function shown(error: unknown): string {
  const parts: string[] = [];
  for (let next = error; next !== undefined; next = next instanceof Error ? next.cause : undefined) {
    parts.push(next instanceof Error ? `${next.message} ${next.stack}` : String(next));
  }
  return parts.join("\n");
}

function assertNoSecret(text: string): void {
  for (
    const secret of [
      PASSWORD,
      encodeURIComponent(PASSWORD),
      "operator",
      TOKEN,
      KEY,
      "B0123456789ABCDEFGH",
      QUERY,
    ]
  ) {
    assert.ok(!text.includes(secret), `${secret} shows in: ${text}`);
    assert.ok(!text.includes(JSON.stringify(secret).slice(1, -1)), `${secret} shows escaped in: ${text}`);
  }
  assert.ok(!text.includes(btoa("operator:").slice(0, 10)), `basic authentication shows in: ${text}`);
}

function endpointAt(host: string): HttpEndpoint {
  const userInfo = `operator:${encodeURIComponent(PASSWORD)}`;
  return new HttpEndpoint({
    url: `http://${userInfo}@${host}/services/${PATH}?sig=${QUERY}`,
    method: "POST",
    headers: { "X-Token": TOKEN, "X-Bearer": `Bearer ${TOKEN}` },
    secrets: [KEY],
  });
}

Deno.test("user info travels as basic authentication, headers as they are configured", async () => {
  await using receiver = new HttpReceiver();
  await endpointAt(receiver.url.host).send(() => [], forever);
  const [request] = receiver.requests;
  assert.ok(request);
  const expected = btoa(String.fromCharCode(...new TextEncoder().encode(`operator:${PASSWORD}`)));
  assert.equal(request.headers.get("authorization"), `Basic ${expected}`);
  assert.equal(request.headers.get("x-token"), TOKEN);
  assert.equal(request.headers.get("content-type"), "application/json");
  assert.equal(request.path, `/services/${PATH}?sig=${QUERY}`);
});

Deno.test("a server that quotes all it was sent gets no secret into a message", async () => {
  for (const status of [400, 404, 503, 302]) {
    for (const form of ["text", "json"]) {
      await using receiver = new HttpReceiver(({ path, headers, text }) => {
        const quoted = { routing: KEY, path, text, headers: Object.fromEntries(headers) };
        const body = form === "json"
          ? JSON.stringify(quoted)
          : Object.values(quoted.headers).join(" ") + path + KEY;
        return new Response(body, { status, headers: { location: `http://x.example/${PATH}?sig=${QUERY}` } });
      });
      const error = await endpointAt(receiver.url.host).send(() => ({}), forever).catch((error) => error);
      assertNoSecret(shown(error));
    }
  }
});

Deno.test("a connection that fails tells no secret, in the error or its causes", async () => {
  const receiver = new HttpReceiver();
  const { host } = receiver.url;
  await receiver[Symbol.asyncDispose]();
  for (const target of [host, "localhost:1"]) { // port 1: the runtime itself refuses to ask it
    const error = await endpointAt(target).send(() => ({}), forever).catch((error) => error);
    assert.match(shown(error), /cannot send to /);
    assertNoSecret(shown(error));
  }
});

Deno.test("a header that is malformed is refused without its value", () => {
  for (const value of [`a\n${TOKEN}\n`, `${TOKEN}\r\nX-Other: 1`, `${TOKEN}\0`, `${TOKEN}\u{1f525}`]) {
    const make = () => new HttpEndpoint({ url: "http://h", method: "POST", headers: { "X-Token": value } });
    assert.throws(make, (error) => {
      assert.match(shown(error), /TypeError: .*the header "X-Token" is malformed/);
      assertNoSecret(shown(error));
      return true;
    });
  }
});

Deno.test("secrets are taken out in every form, the longest first, and short ones left", () => {
  assert.equal(withoutSecrets("say abcd and abcdef", ["abcd", "abcdef"]), "say [redacted] and [redacted]");
  assert.equal(withoutSecrets('{"k":"a\\"bcd"} a%22bcd', ['a"bcd']), '{"k":"[redacted]"} [redacted]');
  assert.equal(withoutSecrets("it is a cat", ["a", "cat", ""]), "it is a cat");
  assert.equal(withoutSecrets("\ud800 stays", ["lone \ud800 half"]), "\ud800 stays");
});

Deno.test("an address without secrets has none", () => {
  assert.deepEqual(secretsOfUrl(new URL("http://alerts.example:9093/api/v2/alerts?x=100%")), []);
});
