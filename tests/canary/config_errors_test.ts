import assert from "node:assert/strict";
import { pawl } from "../cli/pawl_process.ts";
import { TempFolder } from "../config/temp_folder.ts";
import { Canaries } from "./canaries.ts";

/** A configuration that is wrong at, or next to, the place of a secret. */
const WRONG: Readonly<Record<string, (secret: string) => string>> = {
  "an open string": (secret) => `[server]\ntoken = "${secret}`,
  "a token of the wrong kind": (secret) => `[server]\ntoken = ["${secret}"]`,
  "an unknown key": (secret) => `[server]\ntokn = "${secret}"`,
  "a table where none is": (secret) => `server = "${secret}"`,
  "an address with a password": (secret) => `[server]\naddress = "wss://me:${secret}@hub"`,
  "a proxy of the wrong kind": (secret) => `[server]\nproxy = "socks5://me:${secret}@proxy:1"`,
  "a proxy with a path": (secret) => `[server]\nproxy = "http://me:${secret}@proxy:1/${secret}"`,
  "a header that is no text": (secret) =>
    `[notify.h]\ntype = "webhook"\nurl = "https://h"\nheaders = { Authorization = ["${secret}"] }`,
  "a header with a line break": (secret) =>
    `[notify.h]\ntype = "webhook"\nurl = "https://h"\nheaders = { Authorization = "a\\n${secret}" }`,
  "a webhook with a password": (secret) => `[notify.h]\ntype = "webhook"\nurl = "https://u:${secret}@h/"`,
  "a webhook's address that is none": (secret) =>
    `[notify.h]\ntype = "webhook"\nurl = "h ttps://h/${secret}"`,
  "a routing key of the wrong kind": (secret) =>
    `[notify.p]\ntype = "pagerduty"\nrouting_key = { key = "${secret}" }`,
  "a header of a check": (secret) =>
    `[[check.http]]\nurls = ["https://h"]\nheaders = { Authorization = ["${secret}"] }`,
  "a header of a check with a line break": (secret) =>
    `[[check.http]]\nurls = ["https://h"]\nheaders = { Authorization = "a\\n${secret}" }`,
  "a check's address with a password": (secret) => `[[check.http]]\nurls = ["https://u:${secret}@h/"]`,
  "a check's body that is no text": (secret) => `[[check.http]]\nurls = ["https://h"]\nbody = ["${secret}"]`,
  "a password of the wrong kind": (secret) => `[[check.redis]]\npassword = ["${secret}"]`,
  "a password beside its file": (secret) => `[[check.redis]]\npassword = "${secret}"\npassword_file = "/x"`,
  "a variable of a program": (secret) =>
    `[[check.exec]]\nname = "a"\nprogram = "/bin/a"\nenv = { TOKEN = ["${secret}"] }`,
  "a variable of a program with a bad name": (secret) =>
    `[[check.exec]]\nname = "a"\nprogram = "/bin/a"\nenv = { "TO KEN" = "${secret}" }`,
  "a key that is signed for": (secret) => `[remote]\ntrusted_keys = ["ed25519:x:${secret}"]`,
  "an environment variable in the wrong place": () => '[log]\nlevel = "${SECRET}"',
  "an environment variable for an address": () => '[server]\naddress = "${SECRET}/x"',
};

for (const [what, text] of Object.entries(WRONG)) {
  Deno.test(`a complaint about ${what} does not quote the secret`, async () => {
    await using folder = new TempFolder();
    const canaries = new Canaries();
    const secret = canaries.plantPlain("secret");
    const config = folder.write("pawl.toml", `${text(secret)}\n`);
    const commands = [["config", "check"], ["run", "--log-level", "debug"]];
    for (const command of commands) {
      const { code, out, err } = await pawl([...command, "--config", config], { env: { SECRET: secret } });
      assert.equal(code, 2, `${command}: ${out}${err}`);
      assert.match(err, /^pawl: [^\n]*pawl\.toml:\d+/);
      canaries.assertNone(command.join(" "), out + err);
    }
  });
}
