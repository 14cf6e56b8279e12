import assert from "node:assert/strict";
import { createServer, type TLSSocket } from "node:tls";
import { type AddressInfo, createServer as createPlainServer } from "node:net";
import { dial } from "../../lib/link/websocket_client.ts";
import { parseHead, upgradeText } from "../fakes/fake_hub/handshake.ts";
import { endpoint, failureOf, never } from "./dialling.ts";

/** An authority, and certificates that it signed. */
interface Certificates {
  ca: string;
  cert: string;
  key: string;
  wrongName: { cert: string; key: string };
  expired: { cert: string; key: string };
}

async function openssl(cwd: string, ...args: string[]): Promise<void> {
  const { success, stderr } = await new Deno.Command("openssl", {
    args,
    cwd,
    stdout: "null",
    stderr: "piped",
  })
    .output();
  if (!success) throw new Error(`openssl ${args[0]} failed: ${new TextDecoder().decode(stderr)}`);
}

async function makeCertificates(): Promise<Certificates> {
  const dir = await Deno.makeTempDir();
  const ec = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
  try {
    await openssl(
      dir,
      "req",
      "-x509",
      ...ec,
      "-keyout",
      "ca.key",
      "-out",
      "ca.pem",
      "-days",
      "2",
      "-subj",
      "/CN=Test CA",
    );
    const leaf = async (name: string, subjectAltName: string, days = "1") => {
      await Deno.writeTextFile(
        `${dir}/${name}.ext`,
        `subjectAltName=${subjectAltName}\nbasicConstraints=CA:FALSE\n`,
      );
      await openssl(dir, "req", ...ec, "-keyout", `${name}.key`, "-out", `${name}.csr`, "-subj", "/CN=hub");
      await openssl(
        dir,
        ...["x509", "-req", "-in", `${name}.csr`, "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial"],
        ...["-out", `${name}.pem`, "-days", days, "-extfile", `${name}.ext`],
      );
      return {
        cert: await Deno.readTextFile(`${dir}/${name}.pem`),
        key: await Deno.readTextFile(`${dir}/${name}.key`),
      };
    };
    return {
      ca: await Deno.readTextFile(`${dir}/ca.pem`),
      ...await leaf("right", "IP:127.0.0.1"),
      wrongName: await leaf("wrong", "DNS:elsewhere.test"),
      expired: await leaf("expired", "IP:127.0.0.1", "-1"),
    };
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

/** A server that takes WebSockets over TLS and nothing more. */
async function startTlsServer({ cert, key }: { cert: string; key: string }) {
  const sockets = new Set<TLSSocket>();
  const server = createServer({ cert, key }, (socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    socket.once("close", () => sockets.delete(socket));
    socket.once("data", (head: Buffer) => {
      socket.write(upgradeText(parseHead(head.toString("latin1").split("\r\n\r\n")[0] ?? "", 0)));
    });
  });
  server.on("tlsClientError", () => {}); // the client found the certificate wanting
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    port: (server.address() as AddressInfo).port,
    async [Symbol.asyncDispose]() {
      const closed = new Promise((resolve) => server.close(resolve));
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

const hasOpenssl = await new Deno.Command("openssl", { args: ["version"], stdout: "null", stderr: "null" })
  .output()
  .then(({ success }) => success, () => false);
const reason = hasOpenssl ? "" : " (skipped: openssl is missing, so no certificates can be made)";
const ignore = !hasOpenssl;
const certificates = ignore ? undefined : await makeCertificates();

function test(name: string, body: (certificates: Certificates) => Promise<void>): void {
  Deno.test({ name: name + reason, ignore, fn: () => body(certificates as Certificates) });
}

test("a server whose authority is known by configuration is connected to", async ({ ca, cert, key }) => {
  await using server = await startTlsServer({ cert, key });
  using client = Deno.createHttpClient({ caCerts: [ca] });
  const socket = await dial({ url: endpoint(server.port, "wss"), headers: {}, client }, never);
  socket.abandon();
});

test("a server whose authority is unknown: set ca_file", async ({ cert, key }) => {
  await using server = await startTlsServer({ cert, key });
  using client = Deno.createHttpClient({});
  const error = await failureOf(dial({ url: endpoint(server.port, "wss"), headers: {}, client }, never));
  assert.match(error.message, /UnknownIssuer.*set \[server\] ca_file/);
});

test("a certificate for another name: use that", async ({ ca, wrongName }) => {
  await using server = await startTlsServer(wrongName);
  using client = Deno.createHttpClient({ caCerts: [ca] });
  const error = await failureOf(dial({ url: endpoint(server.port, "wss"), headers: {}, client }, never));
  assert.match(error.message, /elsewhere.*for another name/);
});

test("a certificate that is over: check its dates and this host's clock", async ({ ca, expired }) => {
  await using server = await startTlsServer(expired);
  using client = Deno.createHttpClient({ caCerts: [ca] });
  const error = await failureOf(dial({ url: endpoint(server.port, "wss"), headers: {}, client }, never));
  assert.match(error.message, /expired.*dates and this host's clock/i);
});

test("plain WebSocket to a TLS port: try wss", async ({ cert, key }) => {
  await using server = await startTlsServer({ cert, key });
  const error = await failureOf(dial({ url: endpoint(server.port), headers: {}, diagnoseMs: 500 }, never));
  assert.match(error.message, /wss:\/\//);
});

Deno.test("TLS to a plain port: use ws", async () => {
  const server = createPlainServer((socket) => {
    socket.on("error", () => {});
    socket.once("data", () => socket.end("HTTP/1.1 400 Bad Request\r\n\r\n"));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = endpoint((server.address() as AddressInfo).port, "wss");
  const error = await failureOf(dial({ url, headers: {} }, never));
  assert.match(error.message, /speaks no TLS/);
  await new Promise((resolve) => server.close(resolve));
});
