import assert from "node:assert/strict";
import { ConfigError } from "../../lib/config/config_error.ts";
import { openStateDir, resolveStateDir } from "../../lib/config/state_dir.ts";
import { TempFolder } from "./temp_folder.ts";

const modeOf = (path: string) => (Deno.statSync(path).mode ?? 0) & 0o777;

Deno.test("the state folder is the flag's, the file's, the service's, root's, the user's, in this order", () => {
  const all = { STATE_DIRECTORY: "/srv/a:/srv/b", XDG_STATE_HOME: "/xdg", HOME: "/home/u" };
  const find = (env: object, uid: number | null, flag?: string, config?: string) =>
    resolveStateDir({ flag, config, env: new Map(Object.entries(env)), uid, cwd: "/work" });
  assert.equal(find(all, 1000, "here", "/of/file"), "/work/here");
  assert.equal(find(all, 1000, undefined, "/of/file"), "/of/file");
  assert.equal(find(all, 0), "/srv/a");
  assert.equal(find({ ...all, STATE_DIRECTORY: "" }, 0), "/var/lib/pawl");
  assert.equal(find({ XDG_STATE_HOME: "/xdg", HOME: "/home/u" }, 1000), "/xdg/pawl");
  assert.equal(find({ XDG_STATE_HOME: "relative", HOME: "/home/u" }, 1000), "/home/u/.local/state/pawl");
  assert.equal(find({ HOME: "/home/u" }, null), "/home/u/.local/state/pawl");
  assert.throws(
    () => find({}, 1000),
    /^ConfigError: cannot find a state folder: HOME is not set; name one with/,
  );
  assert.throws(() => find(all, 1000, ""), /--state-dir must not be empty/);
});

Deno.test("a missing state folder is made, with its parents, for its owner alone", async () => {
  await using folder = new TempFolder();
  await using state = await openStateDir(folder.at("a/b/state"));
  assert.equal(state.path, folder.at("a/b/state"));
  assert.equal(modeOf(state.path), 0o700);
  assert.equal(modeOf(`${state.path}/lock`), 0o600);
  assert.match(state.agentId, /^[0-9a-f-]{36}$/);
});

Deno.test("a folder keeps its identity from one agent to the next", async () => {
  await using folder = new TempFolder();
  const ids: string[] = [];
  for (let run = 0; run < 2; run++) {
    await using state = await openStateDir(folder.path);
    ids.push(state.agentId);
  }
  assert.equal(ids[0], ids[1]);
});

Deno.test("an empty folder, or one of an agent's, is closed to other users", async () => {
  await using folder = new TempFolder();
  Deno.chmodSync(folder.path, 0o777);
  await (await openStateDir(folder.path))[Symbol.asyncDispose]();
  assert.equal(modeOf(folder.path), 0o700);
  folder.write("journal.db", "");
  Deno.chmodSync(folder.path, 0o755);
  await (await openStateDir(folder.path))[Symbol.asyncDispose]();
  assert.equal(modeOf(folder.path), 0o700);
});

Deno.test("an open folder that holds other files is refused and left as it is", async () => {
  await using folder = new TempFolder();
  folder.write("somebody's", "");
  Deno.chmodSync(folder.path, 0o755);
  await assert.rejects(
    openStateDir(folder.path),
    /^ConfigError: .* is open to other users and holds other files/,
  );
  assert.equal(modeOf(folder.path), 0o755);
  assert.deepEqual([...Deno.readDirSync(folder.path)].map(({ name }) => name), ["somebody's"]);
});

Deno.test("a folder that cannot be made, or is none, is refused in one line", async () => {
  await using folder = new TempFolder();
  const file = folder.write("file", "");
  for (
    const [path, why] of [
      [file, /cannot use the state folder .*file: a file of that name is in the way; /],
      [`${file}/below`, /a part of its path is not a folder; /],
      ["/proc/pawl", /cannot use the state folder \/proc\/pawl: .*; make it writable or name another/],
      ["/dev/null", /a file of that name is in the way/],
    ] as const
  ) {
    await assert.rejects(openStateDir(path), (error) => {
      assert.ok(error instanceof ConfigError);
      assert.match(error.message, why);
      assert.doesNotMatch(error.message, /\n/);
      return true;
    });
  }
});

Deno.test("a folder whose lock cannot be written is refused", async () => {
  await using folder = new TempFolder();
  Deno.mkdirSync(folder.at("lock"));
  await assert.rejects(
    openStateDir(folder.path),
    /^ConfigError: cannot use the state folder .*: it is a folder; /,
  );
});

Deno.test({
  name: "a folder that the sandbox does not let be written is refused",
  permissions: { read: true, write: false, sys: true },
  async fn() {
    await assert.rejects(
      openStateDir("/var/lib/pawl-absent"),
      /^ConfigError: .*\/var\/lib\/pawl-absent: the sandbox does not grant access to it; /,
    );
  },
});

Deno.test("a second agent in the folder is told who holds it and since when; when that one ends, it may", async () => {
  await using folder = new TempFolder();
  const first = await openStateDir(folder.path, { wallMs: () => Date.UTC(2030, 0, 2, 3, 4, 5) });
  await assert.rejects(
    openStateDir(folder.path),
    (error) => {
      assert.ok(error instanceof ConfigError);
      assert.match(
        error.message,
        new RegExp(`another agent holds it \\(pid ${Deno.pid}, since 2030-01-02T03:04:05`),
      );
      return true;
    },
  );
  await first[Symbol.asyncDispose]();
  await first[Symbol.asyncDispose]();
  await using second = await openStateDir(folder.path);
  assert.equal(second.agentId, first.agentId);
});

Deno.test("the lock ends with its process, however that ends", async () => {
  await using folder = new TempFolder();
  const module = JSON.stringify(new URL("../../lib/config/state_dir.ts", import.meta.url).href);
  const folderText = JSON.stringify(folder.path);
  const script = folder.write(
    "holder.ts",
    `import { openStateDir } from ${module};
     const state = await openStateDir(${folderText} + "/state");
     console.log(state.agentId);
     setInterval(() => {}, 1000);`,
  );
  const holder = new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "--allow-all", "--no-config", script],
    stdin: "null",
    stdout: "piped",
    stderr: "inherit",
    env: { DENO_NO_UPDATE_CHECK: "1" },
  }).spawn();
  const reader = holder.stdout.getReader();
  const { value } = await reader.read();
  await assert.rejects(
    openStateDir(folder.at("state")),
    new RegExp(`another agent holds it \\(pid ${holder.pid},`),
  );
  holder.kill("SIGKILL");
  await holder.status;
  await reader.cancel();
  await using state = await openStateDir(folder.at("state"));
  assert.equal(state.agentId, new TextDecoder().decode(value).trim());
});

Deno.test("a damaged identity keeps the folder from being used, and leaves it free", async () => {
  await using folder = new TempFolder();
  folder.write("agent_id", "damaged");
  await assert.rejects(openStateDir(folder.path), /cannot use the agent's identity/);
  Deno.removeSync(folder.at("agent_id"));
  await using state = await openStateDir(folder.path);
  assert.equal(state.path, folder.path);
});
