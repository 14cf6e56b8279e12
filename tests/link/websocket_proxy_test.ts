import assert from "node:assert/strict";
import { openClient } from "../../lib/link/link_settings.ts";
import { dial } from "../../lib/link/websocket_client.ts";
import { ConnectProxy } from "../fakes/connect_proxy.ts";
import { failureOf, never } from "./dialling.ts";

Deno.test("a proxy that never answers is given up at the deadline, and told of", async () => {
  await using proxy = await ConnectProxy.start("hang");
  const url = new URL("wss://hub.test/api/v1/agent/ws");
  using client = openClient({ urls: [url], caCerts: [], proxy: { url: new URL(`http://${proxy.host}`) } });
  const options = { url, via: proxy.host, headers: {}, client, dialMs: 100, diagnoseMs: 100 };
  const { message } = await failureOf(dial(options, never));
  assert.match(message, /hub\.test through the proxy 127\.0\.0\.1:\d+: no answer .*; check the proxy/);
  // The name is the proxy's to look up.
  assert.deepEqual([...new Set(proxy.asked)], ["CONNECT hub.test:443 HTTP/1.1"]);
});
