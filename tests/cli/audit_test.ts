import assert from "node:assert/strict";
import { join } from "node:path";
import { command } from "../../lib/cli/audit.ts";
import { AuditRig } from "../sessions/audit/audit_rig.ts";
import { capture } from "./captured_context.ts";

/** Runs `pawl audit …` on the rig's state folder. */
const audit = (rig: AuditRig, ...args: string[]) =>
  capture(command, ...args, "--state-dir", join(rig.folder, ".."));

async function withSessions(): Promise<AuditRig> {
  const rig = await AuditRig.make();
  await rig.log.append({ event: "session.started", session: "a", user: "ada\u001b[31m" });
  await rig.log.append({ event: "session.started", session: "b", user: "bob" });
  await rig.log.append({ event: "tool.asked", session: "a", tool: "log_tail", args: { path: "/var/log/x" } });
  return rig;
}

Deno.test("audit verify ends with 0 where the log is whole, and tells where it ends", async () => {
  await using rig = await withSessions();
  const { code, out, err } = await audit(rig, "verify");
  assert.deepEqual([code, err], [0, ""]);
  const head = `4:${rig.log.head?.hash}`;
  assert.equal(
    out,
    `whole: 4 entries (1 to 4) in 1 file of ${join(rig.folder, "..", "audit")}\nhead: ${head}\n`,
  );
  assert.equal((await audit(rig, "verify", "--head", head)).code, 0);
});

Deno.test("audit verify ends with 1 where it is not, and tells which line and what", async () => {
  await using rig = await withSessions();
  const head = `4:${rig.log.head?.hash}`;
  await rig.edit((lines) => lines.map((line) => line.replace("bob", "eve")));
  const { code, out } = await audit(rig, "verify");
  assert.equal(code, 1);
  assert.match(out, /^broken: audit\.jsonl, line 3: entry 3 was altered\n/);
  const asJson = await audit(rig, "verify", "--json");
  assert.equal(asJson.code, 1);
  assert.deepEqual(JSON.parse(asJson.out).problems, [{
    file: "audit.jsonl",
    line: 3,
    what: "entry 3 was altered",
  }]);
  await Deno.remove(rig.folder, { recursive: true });
  rig.restart();
  await rig.fill(1, 5);
  assert.equal((await audit(rig, "verify")).code, 0, "written anew from the start");
  assert.equal((await audit(rig, "verify", "--head", head)).code, 1);
  assert.equal((await audit(rig, "verify", "--head", "4")).code, 2);
});

Deno.test("audit show prints entries as people read them, without what a terminal would obey", async () => {
  await using rig = await withSessions();
  const { code, out } = await audit(rig, "show");
  assert.equal(code, 0);
  const lines = out.trimEnd().split("\n");
  assert.equal(lines.length, 4);
  assert.match(lines[1] ?? "", / {2}session\.started {3}session=a {2}user=ada\\u001b\[31m$/);
  assert.match(lines[3] ?? "", /tool=log_tail {2}args=\{"path":"\/var\/log\/x"\}$/);
});

Deno.test("audit show picks a session, and the last entries", async () => {
  await using rig = await withSessions();
  const ofA = await audit(rig, "show", "--session", "a", "--json");
  assert.deepEqual(ofA.out.trimEnd().split("\n").map((line) => JSON.parse(line).event), [
    "session.started",
    "tool.asked",
  ]);
  const last = await audit(rig, "show", "--last", "1", "--json");
  assert.equal(JSON.parse(last.out).event, "tool.asked");
  assert.equal((await audit(rig, "show", "--last", "0")).code, 2);
  const none = await audit(rig, "show", "--session", "zzz");
  assert.deepEqual([none.code, none.out], [0, ""]);
  assert.match(none.err, /no such entry is kept/);
});

Deno.test("audit show tells of lines that are none", async () => {
  await using rig = await withSessions();
  await rig.edit((lines) => lines.map((line, index) => index === 1 ? "garbage" : line));
  const { out, err } = await audit(rig, "show");
  assert.equal(out.trimEnd().split("\n").length, 3);
  assert.match(err, /1 lines are no entries/);
});

Deno.test("an agent that never ran has an audit that is whole", async () => {
  await using rig = await AuditRig.make();
  const { code, out } = await audit(rig, "verify");
  assert.equal(code, 0);
  assert.match(out, /^nothing is written down in /);
});
