import assert from "node:assert/strict";
import fc from "fast-check";
import { isLoopback, parseServerAddress } from "../../lib/config/address.ts";
import { ConfigError } from "../../lib/config/config_error.ts";

for (
  const [text, endpoint] of [
    ["hub.example.com", "wss://hub.example.com/api/v1/agent/ws"],
    ["hub.example.com:8443", "wss://hub.example.com:8443/api/v1/agent/ws"],
    ["hub.example.com/", "wss://hub.example.com/api/v1/agent/ws"],
    ["http://hub.example.com", "ws://hub.example.com/api/v1/agent/ws"],
    ["https://hub.example.com:9443/", "wss://hub.example.com:9443/api/v1/agent/ws"],
    ["ws://10.0.0.7:8080", "ws://10.0.0.7:8080/api/v1/agent/ws"],
    ["wss://hub", "wss://hub/api/v1/agent/ws"],
    ["HTTPS://Hub.Example.com", "wss://hub.example.com/api/v1/agent/ws"],
    ["localhost", "ws://localhost/api/v1/agent/ws"],
    ["localhost:8080", "ws://localhost:8080/api/v1/agent/ws"],
    ["127.0.0.1:8080", "ws://127.0.0.1:8080/api/v1/agent/ws"],
    ["127.8.9.1", "ws://127.8.9.1/api/v1/agent/ws"],
    ["[::1]:8080", "ws://[::1]:8080/api/v1/agent/ws"],
    ["[2001:db8::5]:8080", "wss://[2001:db8::5]:8080/api/v1/agent/ws"],
    ["https://localhost:8080", "wss://localhost:8080/api/v1/agent/ws"],
    ["localhost.example.com", "wss://localhost.example.com/api/v1/agent/ws"],
    ["127.0.0.1.example.com", "wss://127.0.0.1.example.com/api/v1/agent/ws"],
  ] as const
) {
  Deno.test(`the address ${text} leads to ${endpoint}`, () => {
    assert.equal(parseServerAddress(text).href, endpoint);
  });
}

for (
  const [text, part] of [
    ["", /it is empty/],
    ["hub example", /white space/],
    ["hub\n", /white space/],
    ["ftp://hub", /scheme "ftp"/],
    ["://hub", /scheme ""/],
    ["wss://", /host is empty/],
    [":8080", /host is empty/],
    ["//hub", /host is empty/],
    ["http:///x", /host is empty/],
    ["hub:", /port ""/],
    ["hub:0", /port "0"/],
    ["hub:65536", /port "65536"/],
    ["hub:http", /port "http"/],
    ["hub:80.5", /port "80.5"/],
    ["hub/agents", /has a path/],
    ["https://hub//", /has a path/],
    ["hub\\x", /has a path/],
    ["hub?a=b", /has a query/],
    ["hub/?", /has a query/],
    ["https://hub#top", /has a fragment/],
    ["https://user:hunter2@hub", /has user info/],
    ["user@hub", /has user info/],
    ["::1", /in brackets/],
    ["[::1", /in brackets/],
    ["[::zz]:80", /host "\[::zz\]" is not valid/],
    ["hub%zz", /host "hub%zz" is not valid/],
  ] as const
) {
  Deno.test(`the address ${JSON.stringify(text)} is refused, naming what is wrong: ${part.source}`, () => {
    assert.throws(() => parseServerAddress(text), (error) => {
      assert.ok(error instanceof ConfigError);
      assert.match(error.message, part);
      assert.doesNotMatch(error.message, /hunter2|\n/);
      return true;
    });
  });
}

Deno.test("whatever is written, it is refused as a configuration error or leads to the endpoint", () => {
  const piece = fc.constantFrom(
    "http://",
    "wss://",
    "hub",
    "[::1]",
    ":80",
    ":",
    "/",
    "?q",
    "#f",
    "u:p@",
    ".",
    "%",
  );
  const written = fc.oneof(fc.string({ unit: "binary" }), fc.array(piece).map((pieces) => pieces.join("")));
  fc.assert(fc.property(written, (text) => {
    let url: URL;
    try {
      url = parseServerAddress(text);
    } catch (error) {
      assert.ok(error instanceof ConfigError, String(error));
      return;
    }
    assert.match(url.protocol, /^wss?:$/);
    assert.equal(url.pathname, "/api/v1/agent/ws");
    assert.equal(url.username + url.password + url.search + url.hash, "");
    assert.notEqual(url.hostname, "");
  }));
});

Deno.test("only names and addresses of this machine are its loopback", () => {
  const loopback = (host: string) => isLoopback(new URL(`ws://${host}/`));
  assert.ok(["localhost", "127.0.0.1", "127.255.0.9", "[::1]"].every(loopback));
  assert.ok(!["hub", "128.0.0.1", "[::2]", "localhost.example.com", "127.example.com"].some(loopback));
});
