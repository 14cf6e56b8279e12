/** TLS in front of a server that has none. */

/** The authority that signed {@linkcode TlsFront}'s certificate. Valid from 2020 to 2120; its key is gone. */
export const FRONT_AUTHORITY = `-----BEGIN CERTIFICATE-----
MIIBdTCCARugAwIBAgIBATAKBggqhkjOPQQDAjAhMR8wHQYDVQQDDBZBdXRob3Jp
dHkgb2YgdGhlIHRlc3RzMCAXDTIwMDEwMTAwMDAwMFoYDzIxMjAwMTAxMDAwMDAw
WjAhMR8wHQYDVQQDDBZBdXRob3JpdHkgb2YgdGhlIHRlc3RzMFkwEwYHKoZIzj0C
AQYIKoZIzj0DAQcDQgAEF81/am432mwcv6JFt04I5LpuD8a2Pm23xhV1mkj1Geay
GuwdCztoRSUxXl42eYHCeMA3nimHC68lZDEoZsPQR6NCMEAwDwYDVR0TAQH/BAUw
AwEB/zAOBgNVHQ8BAf8EBAMCAgQwHQYDVR0OBBYEFDFJeiI3+Ld3zE/pAv0vyJqB
JoGWMAoGCCqGSM49BAMCA0gAMEUCIQDWzRnDAlSqWU29WIMCq1pCNbjJyEQKV1Sl
CxnUIwysMAIgchsOBNQdyZucCFcsv0wrlNWyGDPvBCdE3SW0F/td6fY=
-----END CERTIFICATE-----
`;

/** For localhost and 127.0.0.1. */
const CERTIFICATE = `-----BEGIN CERTIFICATE-----
MIIBqDCCAU6gAwIBAgIBAjAKBggqhkjOPQQDAjAhMR8wHQYDVQQDDBZBdXRob3Jp
dHkgb2YgdGhlIHRlc3RzMCAXDTIwMDEwMTAwMDAwMFoYDzIxMjAwMTAxMDAwMDAw
WjAUMRIwEAYDVQQDDAlsb2NhbGhvc3QwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNC
AAQC/nq/ZNr3QEN+4/NSUU3Ul0uER4xOlTiOn5sQMTKfF/G+OdrHybqssElaxt1U
VeshhMJLI1E7YIzNMCfjqn0wo4GBMH8wDAYDVR0TAQH/BAIwADAaBgNVHREEEzAR
gglsb2NhbGhvc3SHBH8AAAEwEwYDVR0lBAwwCgYIKwYBBQUHAwEwHQYDVR0OBBYE
FAyX0KOZEjevOXQp875BvpZj9ICJMB8GA1UdIwQYMBaAFDFJeiI3+Ld3zE/pAv0v
yJqBJoGWMAoGCCqGSM49BAMCA0gAMEUCIQCSjiRihVZeiLVjXsNOFbB3KQeqDyNh
AQi6Ij3gruGn2AIgZWyzKAzjJd21PT4RKe/UwR1qvGvcpCArKbCdOHHPQms=
-----END CERTIFICATE-----
`;

/** Protects nothing: it is for {@linkcode CERTIFICATE} alone. */
const KEY = `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgkBy8juspc1RaxLTu
dtm7EBkJTwYps0R8RVgM13Fh+XShRANCAAQC/nq/ZNr3QEN+4/NSUU3Ul0uER4xO
lTiOn5sQMTKfF/G+OdrHybqssElaxt1UVeshhMJLI1E7YIzNMCfjqn0w
-----END PRIVATE KEY-----
`;

/** Passes what comes in over TLS on to a plain port of this machine, and back. */
export class TlsFront implements AsyncDisposable {
  readonly #listener: Deno.TlsListener;
  readonly #targetPort: number;
  readonly #connections = new Set<Deno.Conn>();
  readonly #work: Promise<unknown>[] = [];

  constructor(targetPort: number) {
    this.#targetPort = targetPort;
    this.#listener = Deno.listenTls({ hostname: "127.0.0.1", port: 0, cert: CERTIFICATE, key: KEY });
    this.#work.push(this.#accept());
  }

  get port(): number {
    return (this.#listener.addr as Deno.NetAddr).port;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener.close();
    for (const connection of this.#connections) close(connection);
    await Promise.allSettled(this.#work);
  }

  async #accept(): Promise<void> {
    for await (const outer of this.#listener) this.#work.push(this.#pass(outer));
  }

  async #pass(outer: Deno.TlsConn): Promise<void> {
    this.#connections.add(outer);
    try {
      await outer.handshake();
      const inner = await Deno.connect({ hostname: "127.0.0.1", port: this.#targetPort });
      this.#connections.add(inner);
      await Promise.allSettled([copy(outer, inner), copy(inner, outer)]);
    } catch {
      // A client that does not trust the certificate: nothing is to be passed on.
    } finally {
      close(outer);
    }
  }
}

/** Until one end is gone; then the other goes too. */
async function copy(from: Deno.Conn, to: Deno.Conn): Promise<void> {
  const buffer = new Uint8Array(65536);
  try {
    for (;;) {
      const count = await from.read(buffer);
      if (count === null) break;
      for (let written = 0; written < count;) written += await to.write(buffer.subarray(written, count));
    }
  } finally {
    close(from);
    close(to);
  }
}

function close(connection: Deno.Conn): void {
  try {
    connection.close();
  } catch (error) {
    if (!(error instanceof Deno.errors.BadResource)) throw error; // closed already
  }
}
