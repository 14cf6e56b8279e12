import assert from "node:assert/strict";
import { systemClock } from "../../../lib/clock.ts";
import { queryName } from "../../../lib/host/probes/dns_query.ts";
import { lookupName } from "../../../lib/host/probes/name_lookup.ts";
import { probeEndpoint } from "../../../lib/host/probes/send_expect.ts";
import { readSmallFile } from "../../../lib/host/probes/small_file.ts";
import { askTime } from "../../../lib/host/probes/sntp.ts";

const base = { clock: systemClock, signal: new AbortController().signal, timeoutMs: 20_000 };

const naming = (flag: string) => ({
  name: "FactUnavailableError",
  message: new RegExp(`grant --allow-${flag.replaceAll(/[[\]./]/g, "\\$&")}`),
});

Deno.test({
  name: "what the sandbox does not allow is unavailable, and the flag is named",
  permissions: { net: ["127.0.0.1:1", "0.0.0.0:0"] },
  async fn() {
    const tcp = { transport: "tcp", host: "127.0.0.1", port: 2 } as const;
    await assert.rejects(probeEndpoint({ ...base, endpoint: tcp }), naming("net=127.0.0.1:2"));
    const unix = { transport: "unix", path: "/run/x.sock" } as const;
    await assert.rejects(probeEndpoint({ ...base, endpoint: unix }), naming("net=unix:/run/x.sock"));
    await assert.rejects(askTime({ ...base, host: "127.0.0.1" }), naming("net=127.0.0.1:123"));
    await assert.rejects(askTime({ ...base, host: "time.example" }), naming("net=time.example"));
    await assert.rejects(lookupName("localhost", base.signal), naming("net=localhost"));
    const server = { host: "127.0.0.1", port: 53 };
    await assert.rejects(queryName({ ...base, name: "a.test", server }), naming("net=127.0.0.1:53"));
    await assert.rejects(readSmallFile("/etc/hostname", 100), naming("read=/etc/hostname"));
  },
});

Deno.test({
  name: "a unix socket needs its file, too",
  permissions: { net: true, read: ["/run/x.sock"] },
  async fn() {
    const unix = { transport: "unix", path: "/run/x.sock" } as const;
    await assert.rejects(probeEndpoint({ ...base, endpoint: unix }), naming("write=/run/x.sock"));
  },
});

Deno.test({
  name: "datagrams without a grant for a socket of one's own do not end the process",
  permissions: { net: ["127.0.0.1:123"] },
  async fn() {
    await assert.rejects(askTime({ ...base, host: "127.0.0.1" }), naming("net=0.0.0.0:0"));
  },
});

Deno.test({
  name: "a grant for the one host and port is enough to connect by name",
  permissions: { net: ["localhost:1"] },
  async fn() {
    const endpoint = { transport: "tcp", host: "localhost", port: 1 } as const;
    await assert.rejects(probeEndpoint({ ...base, endpoint, guarded: true }), { code: "ECONNREFUSED" });
  },
});
