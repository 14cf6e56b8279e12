import assert from "node:assert/strict";
import { AuthenticationError, DialError } from "../../lib/link/dial_error.ts";
import { dial, type DialOptions, type OpenSocket } from "../../lib/link/websocket_client.ts";
import type { FakeHub } from "../fakes/fake_hub.ts";

export const PATH = "/api/v1/agent/ws";
export const never = new AbortController().signal;

/** The endpoint of a hub, or of a port of this machine. */
export function endpoint(hub: FakeHub | number, protocol = "ws"): URL {
  return new URL(`${protocol}://127.0.0.1:${typeof hub === "number" ? hub : hub.port}${PATH}`);
}

/** Dials a hub. */
export function dialHub(hub: FakeHub, options: Partial<DialOptions> = {}): Promise<OpenSocket> {
  return dial({ url: endpoint(hub), headers: {}, ...options }, never);
}

/** The error of a dial that must fail. Its message must be one line of the house's form. */
export async function failureOf(dialling: Promise<OpenSocket>): Promise<AuthenticationError | DialError> {
  try {
    await dialling;
  } catch (error) {
    assert.ok(error instanceof AuthenticationError || error instanceof DialError, `${error}`);
    assert.doesNotMatch(error.message, /\n/);
    if (error instanceof DialError) {
      assert.match(error.message, /^cannot connect to \S+(?: through the proxy \S+)?: .+[;,] .+$/);
    }
    return error;
  }
  assert.fail("the dial should have failed");
}
