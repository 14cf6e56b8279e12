import assert from "node:assert/strict";

Deno.test("what is wrong with a message is told in English, whoever imports the protocol alone", async () => {
  const module = new URL("../../lib/protocol/mod.ts", import.meta.url).href;
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      "eval",
      "-q",
      `import { decodeToHub } from ${JSON.stringify(module)};
       console.log(decodeToHub('{"type":"register","id":"1","payload":{"hostname":5}}').reason);`,
    ],
    cwd: new URL("../../", import.meta.url),
  }).output();
  const [out, err] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
  assert.equal(code, 0, err);
  assert.match(out ?? "", /^hostname: .*expected string, received number/);
});
