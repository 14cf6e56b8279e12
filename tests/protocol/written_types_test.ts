import assert from "node:assert/strict";
import type * as z from "zod/mini";
import type * as protocol from "../../lib/protocol/mod.ts";

/** `true` when each may stand for the other; anything else does not compile below. */
type Same<A, B> = [A] extends [B] ? ([B] extends [A] ? true : "the second lacks something")
  : "the first lacks something";

type Read<Schema extends () => z.core.$ZodType> = z.output<ReturnType<Schema>>;

Deno.test("the types that embedders see are those of the schemas", () => {
  // Whether they are is decided when this file is compiled.
  const same: [
    Same<protocol.AlertEvent, Read<typeof protocol.alertEventSchema>>,
    Same<protocol.EventStatus, Read<typeof protocol.eventStatus>>,
    Same<protocol.Heartbeat, Read<typeof protocol.heartbeat>>,
    Same<protocol.MessageAuth | undefined, Read<typeof protocol.messageAuth>>,
    Same<protocol.HeartbeatQueue, Read<typeof protocol.queueFigures>>,
    Same<protocol.SessionParams, Read<typeof protocol.sessionParams>>,
    Same<protocol.Stage, Read<typeof protocol.stage>>,
  ] = [true, true, true, true, true, true, true];
  assert.ok(same.every((one) => one));
});
