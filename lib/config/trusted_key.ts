/** A key whose signature counts, as `[remote] trusted_keys` names it: `ed25519:<key id>:<public key>`. */
import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import { readable } from "./fields.ts";

/** A key that was read. */
export interface TrustedKeyConfig {
  readonly keyId: string;
  /** Ed25519, 32 bytes. */
  readonly publicKey: Uint8Array;
}

const PUBLIC_KEY_BYTES = 32;

/** One of `trusted_keys`: a line as `pawl keygen` prints it. The key's id is its checksum: a slip of the hand is found. */
export const trustedKey = () =>
  readable((line) => {
    const reading = readTrustedKey(line);
    // Never quoted: whoever mistakes the files may have put the private key here.
    return "keyId" in reading
      ? reading
      : { problem: `${reading.problem}; put the line here that pawl keygen printed` };
  });

function readTrustedKey(line: string): TrustedKeyConfig | { problem: string } {
  const [, keyId, text] = /^ed25519:([0-9a-f]{16}):([A-Za-z0-9+/]{43}=)$/.exec(line.trim()) ?? [];
  if (keyId === undefined || text === undefined) {
    return { problem: 'it is not "ed25519:", a key id, ":" and a public key in Base64' };
  }
  const publicKey = new Uint8Array(Buffer.from(text, "base64"));
  if (publicKey.length !== PUBLIC_KEY_BYTES) return { problem: "its public key is not 32 bytes long" };
  const expected = createHash("sha256").update(publicKey).digest("hex").slice(0, keyId.length);
  return keyId === expected ? { keyId, publicKey } : { problem: "its key id does not fit its public key" };
}
