import assert from "node:assert/strict";
import fc from "fast-check";
import { readHttpUrl } from "../../lib/config/http_url.ts";

for (
  const [text, href] of [
    ["https://events.example.com/v2/enqueue", "https://events.example.com/v2/enqueue"],
    ["HTTP://Hook.Example:8080", "http://hook.example:8080/"],
    ["https://h/a?b=c@d", "https://h/a?b=c@d"],
    ["http://[::1]:9093/", "http://[::1]:9093/"],
  ] as const
) {
  Deno.test(`events can be sent to ${text}`, () => {
    const reading = readHttpUrl(text);
    assert.ok("url" in reading);
    assert.equal(reading.url.href, href);
  });
}

for (
  const [text, part] of [
    ["", /it is empty/],
    ["h.example/x", /no http or https URL/],
    ["ftp://h", /no http or https URL/],
    ["https:h", /no http or https URL/],
    ["https:///path", /host or port is not valid/],
    ["https://", /host or port is not valid/],
    ["https://h:99999", /host or port is not valid/],
    ["https://:80/hunter2", /host or port is not valid/],
    ["https://h\\hunter2", /backslash/],
    ["https://h/a hunter2", /white space/],
    ["https://h/\n", /white space/],
    ["https://me:hunter2@h", /user info .* use headers, such as Authorization/],
    ["https://hunter2@h", /user info/],
    ["https://h/#hunter2", /has a fragment/],
  ] as const
) {
  Deno.test(`events cannot be sent to ${JSON.stringify(text)}: ${part.source}`, () => {
    const reading = readHttpUrl(text);
    assert.ok("problem" in reading);
    assert.match(reading.problem, part);
    assert.doesNotMatch(reading.problem, /hunter2|\n/);
  });
}

Deno.test("whatever is written, it is refused or an http address without credentials and fragment", () => {
  const piece = fc.constantFrom(
    "http://",
    "https://",
    "h",
    "[::1]",
    ":80",
    ":",
    "/",
    "?q",
    "#f",
    "u:p@",
    ".",
    "%",
    "\\",
  );
  const written = fc.oneof(fc.string({ unit: "binary" }), fc.array(piece).map((pieces) => pieces.join("")));
  fc.assert(fc.property(written, (text) => {
    const reading = readHttpUrl(text);
    if ("problem" in reading) return;
    const { protocol, username, password, hash, hostname } = reading.url;
    assert.match(protocol, /^https?:$/);
    assert.equal(username + password + hash, "");
    assert.notEqual(hostname, "");
  }));
});
