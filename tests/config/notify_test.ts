import assert from "node:assert/strict";
import { loadFrom, refusal } from "./load_from.ts";

Deno.test("destinations arrive in the file's order, with what their senders need", async () => {
  const { notify, file } = await loadFrom(
    `
[notify.screen]
type = "console"
[notify.hook_2]
type = "webhook"
url = "https://events.example.com/pawl?team=a"
method = "PUT"
headers = { X-Team = " a ", Accept = "*/*" }
batch = true
[notify.am-1]
type = "alertmanager"
url = "http://127.0.0.1:9093/alerts/"
[notify.on-call]
type = "pagerduty"
routing_key_file = "key"
url = "https://events.eu.pagerduty.com/v2/enqueue"
source = "db1"
`,
    { files: { key: "\n r0uting \n" } },
  );
  assert.ok(file);
  assert.deepEqual(notify, [
    { name: "screen", type: "console" },
    {
      name: "hook_2",
      type: "webhook",
      url: new URL("https://events.example.com/pawl?team=a"),
      method: "PUT",
      headers: { "X-Team": "a", Accept: "*/*" },
      batch: true,
    },
    { name: "am-1", type: "alertmanager", url: new URL("http://127.0.0.1:9093/alerts/"), headers: {} },
    {
      name: "on-call",
      type: "pagerduty",
      url: new URL("https://events.eu.pagerduty.com/v2/enqueue"),
      routingKey: "r0uting",
      source: "db1",
    },
  ]);
});

Deno.test("variables work in addresses, headers and keys", async () => {
  const { notify } = await loadFrom(
    '[notify.h]\ntype = "webhook"\nurl = "https://${HOST}/x"\nheaders.Authorization = "Bearer ${T}"\n' +
      '[notify.p]\ntype = "pagerduty"\nrouting_key = "${K}"\n',
    { env: { HOST: "h.example", T: "t0ken\n", K: "r0uting" } },
  );
  const [hook, pagerduty] = notify;
  assert.ok(hook?.type === "webhook" && pagerduty?.type === "pagerduty");
  assert.equal(hook.url.href, "https://h.example/x");
  assert.deepEqual(hook.headers, { Authorization: "Bearer t0ken" });
  assert.equal(pagerduty.routingKey, "r0uting");
  assert.equal(pagerduty.source, undefined);
});

const types = "console, webhook, alertmanager, pagerduty";
const hook = '[notify.h]\ntype = "webhook"\nurl = "https://h"\n';
const pagerduty = '[notify.p]\ntype = "pagerduty"\n';
const badName = "is no name for a destination; use up to 32 of a-z, 0-9, _ and -, with a letter first";

for (
  const [what, toml, text] of [
    [
      "a missing type",
      '[notify.x]\nurl = "https://h"\n',
      `:1: notify.x.type is missing; it must be one of ${types}`,
    ],
    [
      "an unknown type",
      '[notify.x]\nurl = "https://h"\ntype = "slack"\n',
      `:3: notify.x.type must be one of ${types}; it is "slack"`,
    ],
    [
      "a type that is no text",
      "[notify.x]\ntype = 5\n",
      `:2: notify.x.type must be one of ${types}; it is the number 5`,
    ],
    [
      "a misspelt key, with the nearest of the type's",
      `${pagerduty}routing_kye = "k"\n`,
      ':3: unknown key "routing_kye" in [notify.p]; did you mean "routing_key"?',
    ],
    [
      "a key with letters that changed places",
      '[notify.h]\ntype = "webhook"\nulr = "https://h"\n',
      ':3: unknown key "ulr" in [notify.h]; did you mean "url"?',
    ],
    [
      "the start of a key",
      `${pagerduty}routing = "k"\n`,
      ':3: unknown key "routing" in [notify.p]; did you mean "routing_key"?',
    ],
    [
      "another type's key, with the type's own",
      '[notify.a]\ntype = "alertmanager"\nurl = "http://h"\nbatch = true\n',
      ':4: unknown key "batch" in [notify.a]; known here for the type alertmanager: type, url, headers',
    ],
    [
      "a key of a console",
      '[notify.c]\ntype = "console"\nlevel = "info"\n',
      ':3: unknown key "level" in [notify.c]; known here for the type console: type',
    ],
    ["a name in capitals", '[notify.Hook]\ntype = "console"\n', `:1: notify.Hook ${badName}`],
    ["a name with a path in it", '[notify."../x"]\ntype = "console"\n', `:1: notify."../x" ${badName}`],
    [
      "a long name",
      `[notify.${"x".repeat(33)}]\ntype = "console"\n`,
      `:1: notify.${"x".repeat(33)} ${badName}`,
    ],
    [
      "the server's name",
      '[notify.server]\ntype = "console"\n',
      ":1: notify.server is taken, for it means the control server; choose another name",
    ],
    [
      "a destination without a name",
      '[notify]\ntype = "console"\n',
      ":2: notify.type must be a table; it is a string; write [notify.NAME]",
    ],
    [
      "a list of destinations",
      '[[notify.x]]\ntype = "console"\n',
      ":1: notify.x must be a table; it is a list; write [notify.x]",
    ],
    [
      "a list for all",
      '[[notify]]\ntype = "console"\n',
      ":1: notify must be a table; it is a list; write [notify.NAME]",
    ],
    [
      "a missing address",
      '[notify.h]\ntype = "webhook"\n',
      ":1: notify.h.url is missing; it must be a string",
    ],
    [
      "an address with user info",
      '[notify.h]\ntype = "webhook"\nurl = "https://me:hunter2@h"\n',
      ":3: notify.h.url cannot be used: it has user info (the part before @); " +
      "leave it out and use headers, such as Authorization with ${NAME}",
    ],
    [
      "an Alertmanager's address with the API's path",
      '[notify.a]\ntype = "alertmanager"\nurl = "http://h:9093/api/v2/alerts"\n',
      ":3: notify.a.url cannot be used: it has the API's path (from /api on), which is added; leave it out",
    ],
    [
      "an Alertmanager's address with a query",
      '[notify.a]\ntype = "alertmanager"\nurl = "http://h:9093/?x"\n',
      ":3: notify.a.url cannot be used: it has a query (the part from ? on); leave it out",
    ],
    [
      "an Alertmanager's address that is none",
      '[notify.a]\ntype = "alertmanager"\nurl = "h:9093"\n',
      /^:3: notify\.a\.url cannot be used: it is no http or https URL; write http or https:/,
    ],
    [
      "a method without a body",
      `${hook}method = "GET"\n`,
      ':4: notify.h.method must be one of POST, PUT, PATCH; it is "GET"',
    ],
    ["half a batch", `${hook}batch = 1\n`, ":4: notify.h.batch must be true or false; it is the number 1"],
    [
      "headers that are no table",
      `${hook}headers = "X: y"\n`,
      ":4: notify.h.headers must be a table; it is a string",
    ],
    [
      "a header that is no text",
      `${hook}headers = { X = 5 }\n`,
      ":4: notify.h.headers.X must be a string; it is a number",
    ],
    [
      "an empty header",
      `${hook}headers = { X = " " }\n`,
      ":4: notify.h.headers.X must not be empty; fill it in or leave it out",
    ],
    [
      "a header of two lines",
      `${hook}headers = { X = "a\\nhunter2" }\n`,
      ":4: notify.h.headers.X has a control or non-ASCII character; use printable ASCII on one line",
    ],
    [
      "a header that is all name",
      `${hook}headers = { "Authorization: Bearer hunter2" = "" }\n`,
      ':4: notify.h.headers has a name that is no header\'s; write { Name = "value" }',
    ],
    [
      "a header that is the runtime's",
      `${hook}headers = { Content-Length = "5" }\n`,
      ":4: notify.h.headers has one of connection, content-length, te, trailer, transfer-encoding, upgrade, " +
      "which the agent sets itself; leave it out",
    ],
    ["no routing key", pagerduty, ":1: notify.p.routing_key is missing; set it, or routing_key_file"],
    [
      "two routing keys",
      `${pagerduty}routing_key = "a"\nrouting_key_file = "b"\n`,
      ":4: notify.p.routing_key_file cannot stand beside routing_key; keep one of them",
    ],
    [
      "a routing key that is blank",
      `${pagerduty}routing_key = " "\n`,
      ":3: notify.p.routing_key: the routing key is empty; fill it in or leave it out",
    ],
    [
      "a routing key file that is absent",
      `${pagerduty}routing_key_file = "gone"\n`,
      ":3: notify.p.routing_key_file: cannot read the routing key from gone: it does not exist; " +
      "name a file that the agent can read",
    ],
    [
      "the first mistake in the file's order",
      `${pagerduty}routing_key = "k"\nsource = ""\n[notify.z]\ntype = "x"\n`,
      ":4: notify.p.source must not be empty; fill it in or leave it out",
    ],
    [
      "a destination's key in the server's table",
      '[server]\nmethod = "PUT"\n',
      /:2: .*; known here: address,/,
    ],
    ["a destination's key at the top", 'routing_key = "k"\n', /:1: .*; it belongs in \[notify\.NAME\]$/],
  ] as const
) {
  Deno.test(`one line tells of ${what}`, async () => {
    const message = (await refusal(toml)).replace(/^(?:cannot load )?pawl\.toml/, "");
    if (typeof text === "string") assert.equal(message, text);
    else assert.match(message, text);
    assert.doesNotMatch(message, /\n|hunter2/);
  });
}
