/** Writes entries to the audit in the folder that it is given, two at once, and says which are on the disk. */
import { systemClock } from "../../../lib/clock.ts";
import { AuditLog } from "../../../lib/sessions/audit/log.ts";

const [folder = ""] = Deno.args;
const log = new AuditLog({ folder, clock: systemClock, maxBytes: 16_384, maxFiles: 100 });
const say = (n: number) => Deno.stdout.writeSync(new TextEncoder().encode(`${n}\n`));

async function write(step: number): Promise<void> {
  for (let n = Date.now() * 1000 + step;; n += 2) {
    await log.append({ event: "test", n, text: "x".repeat(n % 300) });
    say(n);
  }
}

await Promise.all([write(0), write(1)]);
