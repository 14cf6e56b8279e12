/** The key that a hub signs with: Ed25519, kept as PKCS #8 in PEM. */
import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  sign,
} from "node:crypto";

/** A private key. What it holds is shown by {@linkcode SigningKey.toPem} alone. */
export class SigningKey {
  /** The first 16 hexadecimal digits of the SHA-256 of the public key. */
  readonly keyId: string;
  /** What agents are told to trust: a line for `[remote] trusted_keys`. */
  readonly publicLine: string;
  readonly #key: KeyObject;

  private constructor(key: KeyObject) {
    const bytes = createPublicKey(key.export({ type: "pkcs8", format: "pem" }))
      .export({ type: "spki", format: "der" })
      .subarray(-32); // the rest only says that it is Ed25519
    this.keyId = createHash("sha256").update(bytes).digest("hex").slice(0, 16);
    this.publicLine = `ed25519:${this.keyId}:${bytes.toString("base64")}`;
    this.#key = key;
  }

  /** A new one. */
  static generate(): SigningKey {
    return new SigningKey(generateKeyPairSync("ed25519").privateKey);
  }

  /** @throws TypeError if `pem` is no Ed25519 private key; it never shows what it is. */
  static fromPem(pem: string): SigningKey {
    let key: KeyObject;
    try {
      key = createPrivateKey(pem);
    } catch {
      // Without the cause: it might quote the text.
      throw new TypeError(
        "cannot use the signing key: it is no private key in PEM; make one with pawl keygen",
      );
    }
    if (key.asymmetricKeyType !== "ed25519") {
      throw new TypeError(
        `cannot use the signing key: it is of the type ${key.asymmetricKeyType}, not ed25519; ` +
          "make one with pawl keygen",
      );
    }
    return new SigningKey(key);
  }

  /** The private key, for a file that nobody else can read. */
  toPem(): string {
    return String(this.#key.export({ type: "pkcs8", format: "pem" }));
  }

  /** The signature of `text`, in Base64. */
  sign(text: string): string {
    return sign(null, new TextEncoder().encode(text), this.#key).toString("base64");
  }
}
