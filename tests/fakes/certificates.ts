/** An authority and what it signed, made by openssl for one test file. */

/** A certificate and its key, PEM. */
export interface Leaf {
  readonly cert: string;
  readonly key: string;
}

/** Makes leaves, one after the other. */
export interface TestAuthority {
  /** Its own certificate. */
  readonly ca: string;
  /** Signs a certificate for 127.0.0.1 and `name`; `days` below 0: it is over. */
  sign(name: string, days?: number): Promise<Leaf>;
}

const EC = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];

/** Whether this machine has openssl; without it nothing can be signed. */
export const hasOpenssl: boolean = await new Deno.Command("openssl", {
  args: ["version"],
  stdout: "null",
  stderr: "null",
}).output().then(({ success }) => success, () => false);

/** A new authority, whose files are in the folder `dir`, which must exist. */
export async function testAuthority(dir: string): Promise<TestAuthority> {
  const read = (file: string) => Deno.readTextFile(`${dir}/${file}`);
  await openssl(
    dir,
    ...["req", "-x509", ...EC, "-keyout", "ca.key", "-out", "ca.pem", "-days", "2", "-subj", "/CN=Test CA"],
  );
  return {
    ca: await read("ca.pem"),
    async sign(name, days = 1) {
      await Deno.writeTextFile(
        `${dir}/${name}.ext`,
        `subjectAltName=IP:127.0.0.1,DNS:${name}\nbasicConstraints=CA:FALSE\n`,
      );
      await openssl(
        dir,
        ...["req", ...EC, "-keyout", `${name}.key`, "-out", `${name}.csr`, "-subj", `/CN=${name}`],
      );
      await openssl(
        dir,
        ...["x509", "-req", "-in", `${name}.csr`, "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial"],
        ...["-out", `${name}.pem`, "-days", String(days), "-extfile", `${name}.ext`],
      );
      return { cert: await read(`${name}.pem`), key: await read(`${name}.key`) };
    },
  };
}

async function openssl(cwd: string, ...args: string[]): Promise<void> {
  const { success, stderr } = await new Deno.Command("openssl", {
    args,
    cwd,
    stdout: "null",
    stderr: "piped",
  }).output();
  if (!success) throw new Error(`openssl ${args[0]} failed: ${new TextDecoder().decode(stderr)}`);
}
