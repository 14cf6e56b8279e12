import assert from "node:assert/strict";
import { compareGrants, type QueryPermission } from "../../lib/config/granted.ts";
import type { Grant } from "../../lib/config/permissions.ts";

const NEEDED: readonly Grant[] = [
  { kind: "net", value: "hub.example.com:443", setting: ["server", "address"], why: "the control server" },
  {
    kind: "read",
    value: "/srv/logs/app/app.log",
    setting: ["check", "logfile", 0],
    why: "the check logfile",
  },
  { kind: "write", value: "/var/lib/pawl", setting: undefined, why: "the state folder" },
  { kind: "env", value: "HTTPS_PROXY", setting: undefined, why: "to take it out" },
  { kind: "sys", value: "hostname", setting: undefined, why: "to register by name" },
];

/** `net`, `net hub.example.com:443`: what is asked for. */
function nameOf(descriptor: Deno.PermissionDescriptor): string {
  const { name, ...rest } = descriptor;
  return [name, ...Object.values(rest)].join(" ");
}

/** Exactly what is needed, changed by `changes`. */
function sandbox(changes: Readonly<Record<string, Deno.PermissionState>> = {}): QueryPermission {
  const exact = NEEDED.map((
    { kind, value },
  ): [string, Deno.PermissionState] => [`${kind} ${value}`, "granted"]);
  const states = new Map([...exact, ...Object.entries(changes)]);
  return (descriptor) => states.get(nameOf(descriptor)) ?? "prompt";
}

Deno.test("exactly what is needed is neither too little nor too much", () => {
  assert.deepEqual(compareGrants(NEEDED, sandbox()), { missing: [], excess: [] });
});

Deno.test("what is missing is one line: what asks for it, the flag, and what to do", () => {
  const { missing } = compareGrants(NEEDED, sandbox({ "net hub.example.com:443": "prompt" }));
  assert.deepEqual(missing, [
    "server.address (the control server) needs --allow-net=hub.example.com:443, which this process was not given; " +
    'add it, or render all with "pawl permissions"',
  ]);
});

Deno.test("what a deny flag takes away is told as that", () => {
  const { missing } = compareGrants(NEEDED, sandbox({ "read /srv/logs/app/app.log": "denied" }));
  assert.equal(missing.length, 1);
  assert.match(
    missing[0] ?? "",
    /^check\.logfile .*; it is denied: take the --deny-read out that stands against it$/,
  );
});

for (
  const [granted, excess] of [
    ["net", "--allow-net grants every address; needed is --allow-net=hub.example.com:443"],
    ["read", "--allow-read grants every file to be read; needed is --allow-read=/srv/logs/app/app.log"],
    ["run", "--allow-run grants every program to be run; none is needed"],
    ["ffi", "--allow-ffi lets native code do anything; none is needed"],
    [
      "net hub.example.com",
      "--allow-net=hub.example.com is more than is needed; needed is --allow-net=hub.example.com:443",
    ],
    [
      "read /srv/logs",
      "--allow-read=/srv/logs is more than is needed; needed is --allow-read=/srv/logs/app/app.log",
    ],
    ["write /etc", "--allow-write=/etc is more than is needed; needed is --allow-write=/var/lib/pawl"],
    ["run /bin/sh", "--allow-run=/bin/sh is more than is needed; none is needed"],
    ["env LD_PRELOAD", "--allow-env=LD_PRELOAD is more than is needed; needed is --allow-env=HTTPS_PROXY"],
    ["sys homedir", "--allow-sys=homedir is more than is needed; needed is --allow-sys=hostname"],
  ] as const
) {
  Deno.test(`that ${granted} is granted though it is not needed is one line`, () => {
    assert.deepEqual(compareGrants(NEEDED, sandbox({ [granted]: "granted" })), {
      missing: [],
      excess: [excess],
    });
  });
}

Deno.test("of folders inside each other the outermost is told", () => {
  const { excess } = compareGrants(
    NEEDED,
    sandbox({ "write /": "granted", "write /etc": "granted", "write /var": "granted" }),
  );
  assert.deepEqual(excess, ["--allow-write=/ is more than is needed; needed is --allow-write=/var/lib/pawl"]);
});

Deno.test("what a runtime cannot be asked about is not called missing", () => {
  const query: QueryPermission = (descriptor) => {
    if (nameOf(descriptor) === "net unix:/run/pawl.sock") throw new TypeError("invalid port");
    return sandbox()(descriptor);
  };
  const socket: Grant = {
    kind: "net",
    value: "unix:/run/pawl.sock",
    setting: undefined,
    why: "its own HTTP",
  };
  assert.deepEqual(compareGrants([...NEEDED, socket], query), { missing: [], excess: [] });
});

Deno.test("where everything of a kind is needed, everything is not too much", () => {
  const all: Grant = { kind: "net", value: undefined, setting: undefined, why: "a general agent" };
  const query = sandbox({ net: "granted" });
  assert.deepEqual(compareGrants([...NEEDED, all], query), { missing: [], excess: [] });
});
