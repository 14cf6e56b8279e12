import assert from "node:assert/strict";
import { TempFolder } from "../config/temp_folder.ts";
import { bear, BORNE } from "./hostile_hub.ts";
import { pawl } from "./pawl_process.ts";

/** With everything in it that some encoding changes. */
const TOKEN = 'Zq7"Wm3\\Kx9/Rt5+Lp2=Hv8%Bn4&Yc6 Ds1~Gf0';

/** No shorter piece is looked for: it could be there by chance. */
const PIECE_CHARS = 8;

function assertWithout(output: string, token: string): void {
  const spellings = [
    token,
    JSON.stringify(token).slice(1, -1),
    encodeURIComponent(token),
    encodeURI(token),
    btoa(token),
  ];
  for (const spelling of spellings) {
    for (let at = 0; at + PIECE_CHARS <= spelling.length; at++) {
      const piece = spelling.slice(at, at + PIECE_CHARS);
      const found = output.indexOf(piece);
      const around = output.slice(Math.max(0, found - 200), found + 100);
      assert.ok(found < 0, `a piece of the token, ${JSON.stringify(piece)}, in: ${around}`);
    }
  }
}

Deno.test("no output at any level shows the token or a piece of it, whatever the hub sends back", async () => {
  const text = `your token is ${TOKEN}`;
  // The reason of a close frame has room for a part of the token only.
  const closeReason = `${"~".repeat(123 - 20)}${TOKEN.slice(0, 20)}`;
  const outcomes = await Promise.all(
    (["json", "pretty"] as const).map((format) =>
      bear({ text, header: TOKEN, closeReason, format, token: TOKEN })
    ),
  );
  for (const { code, out, err } of outcomes) {
    assert.equal(code, 0);
    for (const event of BORNE) assert.ok(err.includes(event), `${event} is missing in:\n${err}`);
    assert.ok(err.split("\n").filter((line) => line.includes("[redacted]")).length >= 8, err);
    assertWithout(out + err, TOKEN);
  }
});

Deno.test("a complaint about the configuration does not show the token, not even with its stack", async () => {
  await using folder = new TempFolder();
  const files = [
    `[server]\ntoken = "${TOKEN}`, // no end
    `[server]\ntoken = '${TOKEN}'\ntokenfile = 1\n`,
    `[server]\ntoken = '${TOKEN}\u00e9'\n`,
    `[server]\ntoken = ['${TOKEN}']\n`,
    `[server]\ntoken = '${TOKEN}'\ntoken_file = "x"\n`,
    `server = '${TOKEN}'\n`,
    "[server]\ntoken = '${SECRET}\u00e9'\naddress = '${SECRET}'\n",
    `[server]\naddress = 'wss://me:${encodeURIComponent(TOKEN)}@hub'\n`,
  ];
  for (const file of files) {
    const args = ["run", "--config", folder.write("pawl.toml", file), "--log-level", "debug"];
    const { code, out, err } = await pawl(args, { env: { SECRET: TOKEN } });
    assert.equal(code, 2, err);
    assert.match(err, /^pawl: [^\n]*pawl\.toml:\d/);
    assertWithout(out + err, TOKEN);
  }
});
