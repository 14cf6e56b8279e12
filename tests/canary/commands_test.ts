import assert from "node:assert/strict";
import { pawl, PawlProcess } from "../cli/pawl_process.ts";
import { FakeHub } from "../fakes/fake_hub.ts";
import { PlantedHost } from "./planted_host.ts";

const permissions = ["-A"];

Deno.test("no command shows a secret of the configuration or of the host: what it prints, and what it complains of", async () => {
  await using hub = await FakeHub.start();
  await using host = await PlantedHost.start({ address: hub.address });
  const { canaries, config, pid, log } = host;
  const from = ["--config", config];
  const commands: (readonly string[])[] = [
    ["config", "check", ...from],
    ["check", ...from],
    ["check", "--json", ...from],
    ["doctor", ...from],
    ["doctor", "--json", ...from],
    ...["flags", "deno.json", "explain"].map((format) => ["permissions", "--format", format, ...from]),
    ["tools", "list", "--json", ...from],
    ...[
      ["process_list"],
      ["process_search", "pattern=planted-process"],
      ["process_detail", `pid=${pid}`],
      ["env_inspect", `pid=${pid}`],
      ["top_cpu_processes"],
      ["top_mem_processes"],
      ["log_tail", `file=${log}`],
      ["log_grep", `file=${log}`, "pattern=password"],
      ["log_tail", `file=${log}.none`],
      ["log_tail", "file=/etc/shadow"],
      ["redis_info"],
      ["redis_config_get", "pattern=*"],
    ].flatMap((
      words,
    ) => [["tools", "run", ...words, ...from], ["tools", "run", ...words, "--json", ...from]]),
    ["inspect", "http", ...from],
    ["inspect", "redis", ...from],
    ["inspect", "exec", "--json", ...from],
    ["diagnose", ...from],
    ["diagnose", "list", ...from],
    ["diagnose", "list", "--json", ...from],
    ["status", "--url", "http://127.0.0.1:1", ...from],
    ["silence", "check=x", "--for", "1h", ...from],
    ["audit", "show", ...from],
    ["run", "--nonsense", ...from],
    ["run", "--server", "wss://127.0.0.1:1/path", ...from],
  ];
  let shown = "";
  for (const words of commands) {
    const { code, out, err } = await pawl(words, { permissions, env: host.env });
    assert.ok(code >= 0 && code <= 2, `${words}: ${code} ${err}`);
    assert.doesNotMatch(err, /\n\s+at /, `${words} shows a stack`);
    canaries.assertNone(`pawl ${words.join(" ")}`, out + err);
    shown += out;
  }
  assert.match(shown, /DB_PASSWORD/, "the process's environment was shown");
  assert.match(shown, /password=\*\*\*/, "the log was shown");
  for await (const { path, bytes } of host.stateFiles()) canaries.assertNone(path, bytes);
});

Deno.test("a server that is no TLS server, and a private key for it: nothing of the key, the token or the proxy's password", async () => {
  await using hub = await FakeHub.start({ refuse: { status: 400 } });
  for (const proxied of [false, true]) {
    await using host = await PlantedHost.start({ address: `wss://127.0.0.1:${hub.port}` });
    const { canaries } = host;
    const secret = canaries.plantPlain("proxy password");
    const text = await Deno.readTextFile(host.config);
    const proxy = proxied ? `proxy = "http://agent:${secret}@127.0.0.1:${hub.port}"` : "";
    const { key, certificate } = await keyPair();
    canaries.add("private key", key.split("\n")[1] ?? "");
    host.write("key.pem", key);
    host.write("cert.pem", certificate);
    const more = `[server]\n${proxy}\ncert_file = "cert.pem"\nkey_file = "key.pem"\n`;
    const config = host.write("pawl.toml", text.replace("[server]\n", more));
    await using agent = PawlProcess.start(["run", "--config", config], { permissions, env: host.env });
    await agent.logged("link.dial_failed");
    agent.kill("SIGTERM");
    const { code, out, err } = await agent.ended();
    assert.equal(code, 0, err.slice(-1000));
    canaries.assertNone(`the output${proxied ? ", with a proxy" : ""}`, out + err);
  }
});

/** A self-signed certificate and its key, both PEM. */
async function keyPair(): Promise<{ key: string; certificate: string }> {
  const folder = await Deno.makeTempDir({ prefix: "pawl-key-" });
  try {
    const { success, stderr } = await new Deno.Command("openssl", {
      args: [
        ...["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"],
        ...["-subj", "/CN=agent", "-keyout", `${folder}/key`, "-out", `${folder}/cert`],
      ],
    }).output();
    assert.ok(success, new TextDecoder().decode(stderr));
    return {
      key: await Deno.readTextFile(`${folder}/key`),
      certificate: await Deno.readTextFile(`${folder}/cert`),
    };
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}
