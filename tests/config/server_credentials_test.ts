import assert from "node:assert/strict";
import { fileCredentials, type NamedFile } from "../../lib/config/server_credentials.ts";
import { grantsFor } from "../../lib/config/permissions.ts";
import { hasOpenssl, testAuthority } from "../fakes/certificates.ts";
import { loadFrom, refusal } from "./load_from.ts";
import { TempFolder } from "./temp_folder.ts";

const NONE = { token: undefined, ca: undefined, cert: undefined, key: undefined };

/** The source of a token file. */
function tokenAt(path: string) {
  const token: NamedFile = { path, setting: "server.token_file" };
  const source = fileCredentials({ files: { ...NONE, token }, fixedToken: undefined });
  assert.ok(source);
  return source;
}

Deno.test("credentials in no file have nothing to be watched", () => {
  assert.equal(fileCredentials({ files: NONE, fixedToken: "t" }), undefined);
});

Deno.test("a token file that is written, replaced, or led elsewhere by a link is another one; else it is the same", async () => {
  await using folder = new TempFolder();
  // As a secret is mounted into a container: the file is a link through a link, and the one in the middle is swapped.
  Deno.mkdirSync(folder.at("one"));
  Deno.mkdirSync(folder.at("two"));
  folder.write("one/token", "first\n");
  folder.write("two/token", "third\n");
  Deno.symlinkSync("one", folder.at("data"));
  Deno.symlinkSync("data/token", folder.at("token"));
  const source = tokenAt(folder.at("token"));
  const seen = [await source.fingerprint()];
  assert.equal(await source.fingerprint(), seen[0]);
  assert.equal((await source.read()).token, "first");

  Deno.renameSync(folder.write("fresh", "other\n"), folder.at("one/token"));
  seen.push(await source.fingerprint());
  assert.equal((await source.read()).token, "other");

  Deno.symlinkSync("two", folder.at("data.new"));
  Deno.renameSync(folder.at("data.new"), folder.at("data"));
  seen.push(await source.fingerprint());
  assert.equal((await source.read()).token, "third");

  folder.write("two/token", "longer than before\n");
  seen.push(await source.fingerprint());

  Deno.removeSync(folder.at("two/token"));
  seen.push(await source.fingerprint());
  await assert.rejects(source.read(), /server\.token_file: cannot read the token/);
  assert.equal(new Set(seen).size, seen.length, seen.join("\n"));
});

Deno.test("who is to hide the token hears of it before anybody can use it", async () => {
  await using folder = new TempFolder();
  const token = { path: folder.write("token", "s3cret\n"), setting: "t" };
  const heard: (string | undefined)[] = [];
  const source = fileCredentials({
    files: { ...NONE, token },
    fixedToken: undefined,
    onRead: (credentials) => heard.push(credentials.token),
  });
  await source?.read();
  assert.deepEqual(heard, ["s3cret"]);
});

Deno.test({
  name:
    "a certificate is taken with its key alone, and a key that is another's, encrypted or none is refused",
  ignore: !hasOpenssl,
  async fn() {
    await using folder = new TempFolder();
    const authority = await testAuthority(folder.path);
    const [one, two] = [await authority.sign("one"), await authority.sign("two")];
    const load = (key: string) =>
      loadFrom('[server]\ncert_file = "c.pem"\nkey_file = "c.key"\n', {
        files: { "c.pem": one.cert + authority.ca, "c.key": key },
      });
    const { server, files } = await load(one.key);
    assert.equal(server.clientCertificate?.key, one.key);
    assert.equal(server.clientCertificate?.cert.match(/BEGIN CERTIFICATE/g)?.length, 2);
    assert.deepEqual(files.map(({ setting }) => setting?.join(".")), [
      "",
      "server.cert_file",
      "server.key_file",
    ]);
    await assert.rejects(
      load(two.key),
      /the key in \S+c\.key is not the one of the certificate in \S+c\.pem/,
    );
    await assert.rejects(load("no key\n"), /holds no usable private key/);
    assert.match(
      await refusal('[server]\ncert_file = "c.pem"\n'),
      /server\.cert_file needs server\.key_file/,
    );
    assert.match(await refusal('[server]\nkey_file = "c.key"\n'), /server\.key_file needs server\.cert_file/);
  },
});

Deno.test("servers are listed once each; a flag stands for all", async () => {
  const toml = '[server]\naddress = "a:1"\naddresses = ["b:2", "wss://a:1", "c:3"]\n';
  const { server } = await loadFrom(toml);
  assert.deepEqual(server.urls.map(({ host }) => host), ["a:1", "b:2", "c:3"]);
  assert.equal(server.url, server.urls[0]);
  const flagged = await loadFrom(toml, { flags: { server: "d:4" } });
  assert.deepEqual(flagged.server.urls.map(({ host }) => host), ["d:4"]);
  assert.match(await refusal('[server]\naddresses = ["a b"]\n'), /server\.addresses cannot be used/);
});

Deno.test("a proxy's user info is taken off its address, decoded, and kept secret", async () => {
  const { server, secrets } = await loadFrom(
    '[server]\naddress = "h:1"\nproxy = "http://us%40er:p%3Ass@proxy.test:3128"\n',
  );
  assert.equal(server.proxy?.url.href, "http://proxy.test:3128/");
  assert.deepEqual([server.proxy?.username, server.proxy?.password], ["us@er", "p:ss"]);
  assert.ok(secrets.includes("p:ss"));
});

for (
  const [proxy, why] of [
    ["proxy.test:3128", "no http URL"],
    ["https://proxy.test:3128", "no http URL"],
    ["http://s3cret:s3cret@proxy.test", "no port"],
    ["http://s3cret@proxy.test:3128/s3cret", "no port"],
    ["http://:s3cret@proxy.test:3128", "names no user"],
    ["http://s3cret%:x@proxy.test:3128", "percent"],
    ["http://s3cret%00:x@proxy.test:3128", "control character"],
    ["http://", "no valid URL"],
  ] as const
) {
  Deno.test(`a proxy that cannot be used is refused without being quoted: ${why}`, async () => {
    const text = await refusal(`[server]\naddress = "h:1"\nproxy = "${proxy}"\n`);
    assert.match(text, new RegExp(`server\\.proxy cannot be used: .*${why}`));
    assert.ok(!text.includes("s3cret"), text);
  });
}

Deno.test("what is no proxy at all is not quoted either", async () => {
  assert.doesNotMatch(await refusal('[server]\nproxy = ["s3cret"]\n'), /s3cret/);
});

Deno.test("the sandbox is asked for every server, the proxy and each file, and for nothing they lead to", async () => {
  const config = await loadFrom(
    `[server]
     address = "a.test"
     addresses = ["wss://b.test:8443"]
     proxy = "http://p.test:3128"
     token_file = "token"
     `,
    { files: { token: "t0ken" } },
  );
  const grants = grantsFor(config, { stateDir: "/state" });
  const asked = (kind: string, key: string) =>
    grants.filter((grant) => grant.kind === kind && grant.setting?.[1] === key).map(({ value }) => value);
  assert.deepEqual(asked("net", "address"), ["a.test:443"]);
  assert.deepEqual(asked("net", "addresses"), ["b.test:8443"]);
  assert.deepEqual(asked("net", "proxy"), ["p.test:3128"]);
  assert.deepEqual(asked("read", "token_file"), [config.server.credentialFiles.token?.path]);
});
