/** Certificates for tests, made by openssl. */

/** A certificate with its key, as PEM. */
export interface IssuedCertificate {
  /** The certificate, then who signed it up to but without the root. */
  readonly chainPem: string;
  readonly pem: string;
  readonly keyPem: string;
}

/** What a certificate is to be like. */
export interface IssueOptions {
  /** @default ["DNS:localhost", "IP:127.0.0.1"] */
  names?: readonly string[];
  /** @default "localhost" */
  commonName?: string;
  /** When it begins and ends, in seconds from now. @default [-3600, 90 days] */
  validSec?: readonly [from: number, to: number];
  /** Signs with this instead of the root. */
  issuer?: IssuedCertificate;
  /** Lets it sign others. @default false */
  authority?: boolean;
}

/** A root that only tests know. The folder with its keys goes away with it. */
export class TestAuthority implements AsyncDisposable {
  readonly folder: string;
  rootPem = "";
  #rootKey = "";
  #count = 0;

  private constructor(folder: string) {
    this.folder = folder;
  }

  static async make(): Promise<TestAuthority> {
    const authority = new TestAuthority(await Deno.makeTempDir({ prefix: "pawl-ca-" }));
    const root = await authority.issue({
      commonName: "Test root",
      names: [],
      authority: true,
      validSec: [-86_400 * 365, 86_400 * 365],
    });
    authority.rootPem = root.pem;
    authority.#rootKey = root.keyPem;
    return authority;
  }

  async issue(options: IssueOptions = {}): Promise<IssuedCertificate> {
    const { names = ["DNS:localhost", "IP:127.0.0.1"], commonName = "localhost", authority = false } =
      options;
    const { validSec = [-3600, 86_400 * 90], issuer } = options;
    const base = `${this.folder}/${++this.#count}`;
    const write = (name: string, text: string) => Deno.writeTextFile(`${base}.${name}`, text);
    const isRoot = this.rootPem === "";
    const extensions = [
      names.length > 0 && `subjectAltName=${names.join(",")}`,
      authority && "basicConstraints=critical,CA:true",
    ].filter(Boolean).join("\n");
    await write("index", "");
    await write("issuer.pem", issuer?.pem ?? this.rootPem);
    await write("issuer.key", issuer?.keyPem ?? this.#rootKey);
    await write(
      "cnf",
      `[ca]\ndefault_ca=d\n[d]\ndatabase=${base}.index\nnew_certs_dir=${this.folder}\nrand_serial=yes\n` +
        `default_md=sha256\npolicy=p\nunique_subject=no\n[p]\ncommonName=supplied\n[e]\n${extensions}\n` +
        `[req]\ndistinguished_name=n\n[n]\n`,
    );
    await openssl([
      ...["req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"],
      ...[
        "-keyout",
        `${base}.key`,
        "-out",
        `${base}.csr`,
        "-subj",
        `/CN=${commonName}`,
        "-config",
        `${base}.cnf`,
      ],
    ]);
    await openssl([
      ...["ca", "-batch", "-notext", "-config", `${base}.cnf`, "-extensions", "e", "-in", `${base}.csr`],
      ...["-startdate", asn1Time(validSec[0]), "-enddate", asn1Time(validSec[1]), "-out", `${base}.pem`],
      ...(isRoot
        ? ["-selfsign", "-keyfile", `${base}.key`]
        : ["-cert", `${base}.issuer.pem`, "-keyfile", `${base}.issuer.key`]),
    ]);
    const [pem, keyPem] = [await Deno.readTextFile(`${base}.pem`), await Deno.readTextFile(`${base}.key`)];
    return { pem, keyPem, chainPem: pem + (issuer?.chainPem ?? "") };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.folder, { recursive: true });
  }
}

/** Runs openssl; what it prints on failure is the error. */
export async function openssl(args: readonly string[]): Promise<Uint8Array> {
  const output = await new Deno.Command("openssl", { args: [...args], stdout: "piped", stderr: "piped" })
    .output();
  if (!output.success) throw new Error(`openssl ${args[0]}: ${new TextDecoder().decode(output.stderr)}`);
  return output.stdout;
}

function asn1Time(fromNowSec: number): string {
  return new Date(Date.now() + fromNowSec * 1000).toISOString().replaceAll(/[-:T]|\.\d+/g, "");
}
