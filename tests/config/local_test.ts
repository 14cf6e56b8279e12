import assert from "node:assert/strict";
import fc from "fast-check";
import { isReachable, readListen } from "../../lib/config/listen.ts";
import { loadFrom, refusal } from "./load_from.ts";

const tcp = (hostname: string, port: number) => ({ kind: "tcp", hostname, port });

for (
  const [text, listen] of [
    ["/run/pawl/pawl.sock", { kind: "unix", path: "/run/pawl/pawl.sock" }],
    ["/run/a b:1", { kind: "unix", path: "/run/a b:1" }],
    ["none", { kind: "none" }],
    ["127.0.0.1:9464", tcp("127.0.0.1", 9464)],
    ["127.0.0.1:0", tcp("127.0.0.1", 0)],
    ["127.1:80", tcp("127.0.0.1", 80)],
    ["localhost:9464", tcp("127.0.0.1", 9464)],
    ["LocalHost:9464", tcp("127.0.0.1", 9464)],
    ["[::1]:9464", tcp("::1", 9464)],
    ["[::]:65535", tcp("::", 65_535)],
    ["0.0.0.0:9464", tcp("0.0.0.0", 9464)],
    ["db1.example.com:9464", tcp("db1.example.com", 9464)],
  ] as const
) {
  Deno.test(`listening on ${text} is understood`, () => {
    assert.deepEqual(readListen(text), { listen });
  });
}

for (
  const [text, part] of [
    ["", /neither a path nor host:port/],
    ["pawl.sock", /neither a path nor host:port/],
    [":9464", /neither a path nor host:port/],
    ["9464", /neither a path nor host:port/],
    ["127.0.0.1", /neither a path nor host:port/],
    ["::1:9464", /neither a path nor host:port/],
    ["[::zz]:1", /neither a path nor host:port/],
    ["999.0.0.1:1", /neither a path nor host:port/],
    ["http://127.0.0.1:9464", /neither a path nor host:port/],
    ["me@127.0.0.1:9464", /neither a path nor host:port/],
    ["None", /neither a path nor host:port; .*"none"/],
    ["127.0.0.1:65536", /its port 65536 is not a number from 0 to 65535/],
    ["/", /names a folder/],
    ["/run/pawl/", /names a folder/],
    ["/run/a\0b", /control character/],
    ["/run/a\nb", /control character/],
    [`/${"é".repeat(60)}`, /its path has 121 bytes, and a unix socket's may have 10[37]; use a shorter one/],
  ] as const
) {
  Deno.test(`listening on ${JSON.stringify(text)} is refused: ${part.source}`, () => {
    const reading = readListen(text);
    assert.ok("problem" in reading);
    assert.match(reading.problem, part);
    assert.doesNotMatch(reading.problem, /\n/);
  });
}

Deno.test("whatever is written, it is refused or a place to listen on, and only this host's are unreachable", () => {
  const piece = fc.constantFrom(
    "/",
    "none",
    "127.0.0.1",
    "[::1]",
    "0",
    "h",
    ":",
    "80",
    "[",
    "]",
    ".",
    "-",
    "%",
    "é",
  );
  fc.assert(fc.property(fc.array(piece).map((pieces) => pieces.join("")), (text) => {
    const reading = readListen(text);
    if ("problem" in reading) return;
    const { listen } = reading;
    const isLocal = listen.kind !== "tcp" || listen.hostname === "::1" || listen.hostname.startsWith("127.");
    assert.equal(isReachable(listen), !isLocal, text);
  }));
});

Deno.test("left out, the local HTTP listens on the default socket, without a token", async () => {
  const { local, warnings } = await loadFrom("[local]\n");
  assert.deepEqual(local, { listen: { kind: "default" }, token: undefined, allowRemote: false });
  assert.deepEqual(warnings, []);
});

Deno.test("TCP takes its token from the file, trimmed, and the token is a secret", async () => {
  const config = await loadFrom('[local]\nlisten = "127.0.0.1:9464"\ntoken_file = "t"\n', {
    files: { t: " l0cal \n" },
  });
  assert.deepEqual(config.local, { listen: tcp("127.0.0.1", 9464), token: "l0cal", allowRemote: false });
  assert.deepEqual(config.secrets, ["l0cal"]);
  assert.deepEqual(config.warnings, []);
});

Deno.test("what others can reach is taken when it is asked for, with a warning", async () => {
  const { local, warnings } = await loadFrom(
    '[local]\nlisten = "0.0.0.0:9464"\ntoken_file = "t"\nallow_remote = true\n',
    { files: { t: "l0cal" } },
  );
  assert.deepEqual(local, { listen: tcp("0.0.0.0", 9464), token: "l0cal", allowRemote: true });
  assert.deepEqual(warnings, [
    "local.listen: callers send their token unencrypted; let only a network that you trust reach it",
  ]);
});

Deno.test("a token that nobody is asked for is a warning", async () => {
  const { warnings } = await loadFrom('[local]\ntoken_file = "t"\n', { files: { t: "l0cal" } });
  assert.deepEqual(warnings, ["local.token_file: nobody is asked for it without a TCP local.listen"]);
});

for (
  const [toml, text] of [
    [
      'listen = "0.0.0.0:9464"\ntoken_file = "t"',
      ":2: local.listen is an address that others than this host can reach; use 127.0.0.1, " +
      "or set local.allow_remote = true if that is what you want",
    ],
    [
      'allow_remote = false\nlisten = "[::]:1"',
      ":3: local.listen is an address that others than this host can reach; use 127.0.0.1, " +
      "or set local.allow_remote = true if that is what you want",
    ],
    [
      'listen = "127.0.0.1:9464"',
      ":2: local.listen is TCP, where every caller must show a token; " +
      "set local.token_file, or use a unix socket",
    ],
    [
      'listen = "0.0.0.0:9464"\nallow_remote = true',
      ":2: local.listen is TCP, where every caller must show a token; " +
      "set local.token_file, or use a unix socket",
    ],
    [
      'listen = "pawl.sock"',
      ":2: local.listen cannot be used: it is neither a path nor host:port; " +
      'write an absolute path, 127.0.0.1:PORT, [::1]:PORT or "none"',
    ],
    ["listen = 9464", ":2: local.listen must be a string; it is the number 9464"],
    ['allow_remote = "yes"', ':2: local.allow_remote must be true or false; it is "yes"'],
    ['token = "l0cal"', ':2: unknown key "token" in [local]; did you mean "token_file"?'],
    ['token_file = ""', ":2: local.token_file must not be empty; fill it in or leave it out"],
    [
      'listen = "127.0.0.1:1"\ntoken_file = "gone"',
      ":3: local.token_file: cannot read the token from gone: it does not exist; " +
      "name a file that the agent can read",
    ],
    [
      'listen = "127.0.0.1:1"\ntoken_file = "empty"',
      ":3: local.token_file: empty: the token is empty; fill it in or leave it out",
    ],
  ] as const
) {
  Deno.test(`[local] with ${JSON.stringify(toml)} is refused in one line`, async () => {
    const message = await refusal(`[local]\n${toml}\n`, { files: { t: "l0cal", empty: " \n" } });
    assert.equal(message.replace("cannot load ", "").replace("pawl.toml", ""), text);
  });
}
