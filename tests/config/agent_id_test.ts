import assert from "node:assert/strict";
import fc from "fast-check";
import { loadOrCreateAgentId } from "../../lib/config/agent_id.ts";
import { ConfigError } from "../../lib/config/config_error.ts";
import { TempFolder } from "./temp_folder.ts";

const UUID_V4 = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const ID = "0b52a3cb-7a4e-4c6c-9f6d-0d4a1c3e5f70";
const namesIn = (path: string) => [...Deno.readDirSync(path)].map(({ name }) => name).sort();

Deno.test("a folder without an identity gets one, for its owner alone, and keeps it", async () => {
  await using folder = new TempFolder();
  const id = await loadOrCreateAgentId(folder.path);
  assert.match(id, UUID_V4);
  assert.equal(Deno.readTextFileSync(folder.at("agent_id")), `${id}\n`);
  assert.equal((Deno.statSync(folder.at("agent_id")).mode ?? 0) & 0o777, 0o600);
  assert.deepEqual(namesIn(folder.path), ["agent_id"]);
  assert.equal(await loadOrCreateAgentId(folder.path), id);
});

Deno.test("an identity written by hand is taken, with or without its line break", async () => {
  for (const text of [ID, `${ID}\n`, `${ID}\r\n`]) {
    await using folder = new TempFolder();
    folder.write("agent_id", text);
    assert.equal(await loadOrCreateAgentId(folder.path), ID);
  }
});

Deno.test("creators that race in one process all get the one identity", async () => {
  await using folder = new TempFolder();
  const ids = await Promise.all(Array.from({ length: 40 }, () => loadOrCreateAgentId(folder.path)));
  assert.equal(new Set(ids).size, 1);
  assert.equal(Deno.readTextFileSync(folder.at("agent_id")), `${ids[0]}\n`);
  assert.deepEqual(namesIn(folder.path), ["agent_id"]);
});

Deno.test("creators that race in several processes all get the one identity", async () => {
  await using folder = new TempFolder();
  Deno.mkdirSync(folder.at("state"));
  const module = JSON.stringify(new URL("../../lib/config/agent_id.ts", import.meta.url).href);
  const state = JSON.stringify(folder.at("state"));
  const script = folder.write(
    "creator.ts",
    `import { loadOrCreateAgentId } from ${module};
     await Deno.stdin.read(new Uint8Array(1)); // all set off together
     console.log(await loadOrCreateAgentId(${state}));`,
  );
  const creators = Array.from({ length: 4 }, () =>
    new Deno.Command(Deno.execPath(), {
      args: ["run", "--quiet", "--allow-read", `--allow-write=${folder.path}`, "--no-config", script],
      stdin: "piped",
      stdout: "piped",
      stderr: "inherit",
      env: { DENO_NO_UPDATE_CHECK: "1" },
    }).spawn());
  for (const creator of creators) {
    const writer = creator.stdin.getWriter();
    await writer.write(new Uint8Array([10]));
    await writer.close();
  }
  const outputs = await Promise.all(creators.map((creator) => creator.output()));
  const ids = outputs.map(({ stdout }) => new TextDecoder().decode(stdout).trim());
  assert.match(ids[0] ?? "", UUID_V4);
  assert.equal(new Set(ids).size, 1);
  assert.deepEqual(namesIn(folder.at("state")), ["agent_id"]);
});

Deno.test("a creator that loses at the last moment takes the winner's identity", async () => {
  await using folder = new TempFolder();
  const id = await loadOrCreateAgentId(folder.path, {
    randomUuid() {
      folder.write("agent_id", `${ID}\n`); // after the look for a file, before our own
      return "11111111-1111-4111-8111-111111111111";
    },
  });
  assert.equal(id, ID);
});

Deno.test("what a killed creator left behind harms nobody and is swept away", async () => {
  await using folder = new TempFolder();
  folder.write(".agent_id.dead.tmp", ID.slice(0, 11));
  const id = await loadOrCreateAgentId(folder.path);
  assert.match(id, UUID_V4);
  assert.notEqual(id, ID);
  assert.deepEqual(namesIn(folder.path), ["agent_id"]);
});

Deno.test("an identity that every user may read is closed to them", async () => {
  await using folder = new TempFolder();
  folder.write("agent_id", ID, 0o644);
  assert.equal(await loadOrCreateAgentId(folder.path), ID);
  assert.equal((Deno.statSync(folder.at("agent_id")).mode ?? 0) & 0o777, 0o600);
});

for (
  const [what, text, why] of [
    ["empty", "", /it is empty/],
    ["blank", " \n", /it is empty/],
    ["torn", ID.slice(0, 20), /it is not a UUIDv4/],
    ["doubled", `${ID}\n${ID}\n`, /it is not a UUIDv4/],
    ["of another version", ID.replace("-4c6c", "-1c6c"), /it is not a UUIDv4/],
    ["of another variant", ID.replace("-9f6d", "-7f6d"), /it is not a UUIDv4/],
    ["surrounded by blanks", ` ${ID} `, /it is not a UUIDv4/],
    ["endless", "0".repeat(5000), /it is longer than/],
  ] as const
) {
  Deno.test(`an identity that is ${what} is an error that says how to mend it, never a new identity`, async () => {
    await using folder = new TempFolder();
    const path = folder.write("agent_id", text);
    await assert.rejects(loadOrCreateAgentId(folder.path), (error) => {
      assert.ok(error instanceof ConfigError);
      assert.match(error.message, why);
      assert.match(
        error.message,
        /agent_id: .*restore it from a backup, or delete it to get a new identity$/,
      );
      return true;
    });
    assert.equal(Deno.readTextFileSync(path), text);
  });
}

Deno.test("no prefix of an identity, as a torn write leaves it, passes for one", async () => {
  await using folder = new TempFolder();
  await fc.assert(
    fc.asyncProperty(fc.uuid({ version: 4 }), fc.nat({ max: 35 }), async (id, length) => {
      folder.write("agent_id", id.slice(0, length));
      await assert.rejects(loadOrCreateAgentId(folder.path), ConfigError);
    }),
    { numRuns: 30 },
  );
});

Deno.test("an identity that cannot be read is an error, never a new identity", async () => {
  await using folder = new TempFolder();
  Deno.mkdirSync(folder.at("agent_id"));
  await assert.rejects(
    loadOrCreateAgentId(folder.path),
    /cannot read the agent's identity .*: it is a folder; restore/,
  );
  Deno.removeSync(folder.at("agent_id"));
  Deno.symlinkSync(folder.at("nowhere"), folder.at("agent_id"));
  await assert.rejects(
    loadOrCreateAgentId(folder.path),
    /cannot keep the agent's identity .*: it is not a plain file/,
  );
  assert.deepEqual(namesIn(folder.path), ["agent_id"]);
});

Deno.test({
  name: "an identity that permissions hide is an error, never a new identity",
  permissions: { read: false, write: true },
  async fn() {
    await assert.rejects(
      loadOrCreateAgentId("/nowhere"),
      /^ConfigError: cannot read the agent's identity from \/nowhere\/agent_id: the sandbox does not grant/,
    );
  },
});

Deno.test("a folder that cannot keep an identity is an error", async () => {
  await using folder = new TempFolder();
  await assert.rejects(
    loadOrCreateAgentId(folder.at("absent")),
    /^ConfigError: cannot keep the agent's identity in .*absent\/agent_id: it does not exist; make the folder writable/,
  );
});
