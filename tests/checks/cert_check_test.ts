import assert from "node:assert/strict";
import { CERT_CHECK } from "../../lib/checks/cert.ts";
import { readText, ScriptedServer, silent, writeAll } from "../host/probes/scripted_server.ts";
import { openssl, TestAuthority } from "../host/probes/test_authority.ts";
import { checksOf, findingOf, findingsOf, statuses } from "./probe_rig.ts";

const DAY = 86_400;

Deno.test("a server's certificate is rated by what is left of it", async () => {
  await using authority = await TestAuthority.make();
  const cases = [
    [[-60, 40 * DAY], "Ok", /39 d left/],
    [[-60, 20 * DAY], "Warning", /19 d left/],
    [[-60, 5 * DAY], "Critical", /4 d left/],
    [[-3 * DAY, -DAY], "Critical", /expired 24 h ago/],
    [[DAY, 40 * DAY], "Critical", /not valid before/],
  ] as const;
  for (const [validSec, status, description] of cases) {
    await using server = new ScriptedServer(silent, await authority.issue({ validSec }));
    const found = await findingsOf(CERT_CHECK, { remotes: [`127.0.0.1:${server.port}`] });
    const expiry = findingOf(found, "cert::remote_expiry");
    assert.equal(expiry.status, status);
    assert.match(expiry.description, description);
    assert.deepEqual(expiry.labels, { check: "cert::remote_expiry", target: `127.0.0.1:${server.port}` });
    assert.equal(findingOf(found, "cert::connectivity").status, "Ok");
  }
});

Deno.test("an intermediate that ends first is what counts", async () => {
  await using authority = await TestAuthority.make();
  const issuer = await authority.issue({
    commonName: "Middle",
    names: [],
    authority: true,
    validSec: [-60, 3 * DAY],
  });
  await using server = new ScriptedServer(silent, await authority.issue({ issuer }));
  const found = findingOf(
    await findingsOf(CERT_CHECK, { remotes: [`127.0.0.1:${server.port}`] }),
    "cert::remote_expiry",
  );
  assert.equal(found.status, "Critical");
  assert.match(found.description, /certificate Middle: 71 h left|certificate Middle: 2 d left/);
});

Deno.test("trust is looked at where that is asked for", async () => {
  await using authority = await TestAuthority.make();
  await Deno.writeTextFile(`${authority.folder}/ca.pem`, authority.rootPem);
  await using server = new ScriptedServer(silent, await authority.issue());
  const remotes = [`127.0.0.1:${server.port}`];
  const strange = findingOf(await findingsOf(CERT_CHECK, { remotes, verify: true }), "cert::verification");
  assert.equal(strange.status, "Critical");
  const known = { remotes, verify: true, ca_file: `${authority.folder}/ca.pem` };
  assert.equal(findingOf(await findingsOf(CERT_CHECK, known), "cert::verification").status, "Ok");
  const other = findingOf(await findingsOf(CERT_CHECK, { ...known, sni: "x.example" }), "cert::verification");
  assert.match(other.description, /not for x\.example/);
  assert.equal("cert::verification" in statuses(await findingsOf(CERT_CHECK, { remotes })), false);
});

Deno.test("a server that shows no certificate is critical, with the reason", async () => {
  await using mail = new ScriptedServer(async (conn) => {
    await writeAll(conn, "554 not today\r\n");
    await readText(conn);
  });
  const table = { remotes: [`127.0.0.1:${mail.port}`], starttls: "smtp" };
  const found = await findingsOf(CERT_CHECK, table);
  assert.deepEqual(statuses(found), { "cert::connectivity": "Critical" });
  assert.match(found[0]?.description ?? "", /554 not today/);
});

Deno.test("files are read as PEM, with chains and keys, and as DER", async () => {
  await using authority = await TestAuthority.make();
  const leaf = await authority.issue({ validSec: [-60, 20 * DAY] });
  const long = await authority.issue({ validSec: [-60, 100 * DAY], commonName: "long" });
  const { folder } = authority;
  await Deno.writeTextFile(
    `${folder}/a.crt`,
    `${leaf.keyPem}noise\n${long.pem}${leaf.pem}${authority.rootPem}`,
  );
  await openssl(["x509", "-in", `${folder}/2.pem`, "-outform", "DER", "-out", `${folder}/b.der`]);
  for (const file of [`${folder}/a.crt`, `${folder}/b.der`]) {
    const found = await findingsOf(CERT_CHECK, { files: [file] });
    assert.deepEqual(statuses(found), { "cert::file_readable": "Ok", "cert::file_expiry": "Warning" }, file);
    assert.match(findingOf(found, "cert::file_expiry").description, /localhost: 19 d left/);
    assert.doesNotMatch(JSON.stringify(found), /PRIVATE/);
  }
});

Deno.test("of the files that fit a pattern, those without certificates are passed over", async () => {
  await using authority = await TestAuthority.make();
  const folder = `${authority.folder}/live`;
  await Deno.mkdir(`${folder}/one`, { recursive: true });
  const leaf = await authority.issue({ validSec: [-60, 20 * DAY] });
  await Deno.writeTextFile(`${folder}/one/fullchain.pem`, leaf.pem);
  await Deno.writeTextFile(`${folder}/one/privkey.pem`, leaf.keyPem);
  await Deno.writeTextFile(`${folder}/one/bad.pem`, leaf.pem.replace(/\n.{20}/, "\nAAAAAAAAAAAAAAAAAAAA"));
  await Deno.mkdir(`${folder}/one/folder.pem`);
  const pattern = `${folder}/*/*.pem`;
  const found = await findingsOf(CERT_CHECK, { files: [pattern] });
  assert.deepEqual(
    found.map(({ labels, status }) => [labels.check, labels.target.replace(folder, ""), status]),
    [
      ["cert::file_readable", "/*/*.pem", "Ok"],
      ["cert::file_readable", "/one/bad.pem", "Warning"],
      ["cert::file_readable", "/one/fullchain.pem", "Ok"],
      ["cert::file_expiry", "/one/fullchain.pem", "Warning"],
    ],
  );
  const cut = await findingsOf(CERT_CHECK, { files: [pattern], max_files: 2 });
  assert.equal(cut[0]?.status, "Warning");
  const none = await findingsOf(CERT_CHECK, { files: [`${folder}/*.none`] });
  assert.deepEqual(statuses(none), { "cert::file_readable": "Warning" });
});

Deno.test("a file that was named and is gone, or holds none, is an alert", async () => {
  await using authority = await TestAuthority.make();
  const file = `${authority.folder}/gone.pem`;
  const [gone] = await findingsOf(CERT_CHECK, { files: [file] });
  assert.match(gone?.description ?? "", /no such file/);
  await Deno.writeTextFile(file, "hello");
  const [empty] = await findingsOf(CERT_CHECK, { files: [file] });
  assert.deepEqual([empty?.status, empty?.attrs.current_value], ["Warning", "it holds no certificate"]);
  await Deno.writeTextFile(file, "x".repeat(3 * 1024 * 1024));
  const [large] = await findingsOf(CERT_CHECK, { files: [file] });
  assert.match(large?.description ?? "", /larger than/);
});

Deno.test("tables that make no sense are refused, and needs name what is read", () => {
  assert.throws(() => checksOf(CERT_CHECK, {}), /neither remotes nor files/);
  assert.throws(() => checksOf(CERT_CHECK, { files: ["/x"], verify: true }), /no remotes/);
  assert.throws(() => checksOf(CERT_CHECK, { remotes: ["a.example"], ca_file: "/x" }), /verify is off/);
  assert.throws(() => checksOf(CERT_CHECK, { files: ["x.pem"] }), /absolute/);
});
