import { UnixServer, writeAll } from "./unix_server.ts";

/** How a path is answered. */
export type DockerAnswer =
  | { status?: number; json: unknown; chunked?: boolean }
  /** Bytes as they are. */
  | { raw: string }
  /** Never. */
  | { hang: true };

/** A container engine on a unix socket that answers what a test tells it to. */
export class FakeDocker implements AsyncDisposable {
  /** By path without its query. */
  readonly answers = new Map<string, DockerAnswer>();
  /** What was asked, in order: method and path with its query. */
  readonly requests: string[] = [];
  readonly #server: UnixServer;

  constructor() {
    this.#server = new UnixServer(async (conn, server) => {
      const text = await readHead(conn);
      const [method = "", path = ""] = text.split(" ");
      this.requests.push(`${method} ${path}`);
      const answer = this.answers.get(path.replace(/\?.*$/, "")) ??
        { status: 404, json: { message: `No such container: ${path}` } };
      if ("hang" in answer) return await server.ended;
      // Byte by byte: no answer comes in one piece for sure.
      if ("raw" in answer) return await writeAll(conn, new TextEncoder().encode(answer.raw), 7);
      await writeAll(conn, httpAnswer(answer), 1000);
    });
  }

  get socket(): string {
    return this.#server.path;
  }

  /** Adds a container to all answers that tell of it. */
  add(
    name: string,
    { id = name.padEnd(12, "0"), state = {}, host = {}, restarts = 0, stats }: FakeContainer = {},
  ): void {
    const status = state["Status"] ?? "running";
    const listed = this.answers.get("/containers/json");
    const list = listed !== undefined && "json" in listed ? listed.json as unknown[] : [];
    const entry = {
      Id: id,
      Names: [`/${name}`],
      Image: "redis:7",
      State: status,
      Status: "Up 2 hours",
      Created: 1,
    };
    const ports = [{ IP: "0.0.0.0", PrivatePort: 6379, PublicPort: 16379, Type: "tcp" }];
    this.answers.set("/containers/json", { json: [...list, { ...entry, Ports: ports }], chunked: true });
    this.answers.set(`/containers/${id}/json`, {
      json: {
        Id: id,
        Name: `/${name}`,
        RestartCount: restarts,
        Path: "docker-entrypoint.sh",
        Args: ["redis-server", "--requirepass", "hunter2secret"],
        State: {
          Status: "running",
          ExitCode: 0,
          OOMKilled: false,
          Error: "",
          Pid: 4711,
          StartedAt: "2023-11-14T22:00:00.123456789Z",
          FinishedAt: "0001-01-01T00:00:00Z",
          ...state,
        },
        HostConfig: {
          Memory: 0,
          NanoCpus: 0,
          RestartPolicy: { Name: "no" },
          LogConfig: { Type: "json-file" },
          ...host,
        },
        Config: {
          Image: "redis:7",
          Env: ["PATH=/usr/bin", "REDIS_PASSWORD=hunter2secret", "URL=http://u:hunter2secret@h/"],
          Labels: { "com.example.team": "db" },
        },
        Mounts: [{ Source: "/srv/data", Destination: "/data", RW: true }],
        NetworkSettings: { Networks: { bridge: { IPAddress: "172.17.0.2" } } },
      },
    });
    this.answers.set(
      `/containers/${name}/json`,
      this.answers.get(`/containers/${id}/json`) ?? { hang: true },
    );
    if (stats !== undefined) this.answers.set(`/containers/${id}/stats`, { json: stats });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#server[Symbol.asyncDispose]();
  }
}

/** What {@linkcode FakeDocker.add} can be told. */
export interface FakeContainer {
  id?: string;
  state?: Record<string, unknown>;
  host?: Record<string, unknown>;
  restarts?: number;
  stats?: unknown;
}

/** As an engine answers for a container that used `cpuSec` of processor time by second `atSec`. */
export function dockerStatsOf(
  { atSec, cpuSec, usedBytes = 0, limitBytes = 0, cachedBytes = 0, cpus = 2 }: {
    atSec: number;
    cpuSec: number;
    usedBytes?: number;
    limitBytes?: number;
    cachedBytes?: number;
    cpus?: number;
  },
) {
  return {
    read: new Date(1_700_000_000_000 + atSec * 1000).toISOString(),
    cpu_stats: { cpu_usage: { total_usage: cpuSec * 1e9 }, online_cpus: cpus },
    memory_stats: { usage: usedBytes, limit: limitBytes, stats: { inactive_file: cachedBytes } },
    pids_stats: { current: 3 },
  };
}

async function readHead(conn: Deno.Conn): Promise<string> {
  const buffer = new Uint8Array(4096);
  let text = "";
  while (!text.includes("\r\n\r\n")) {
    const count = await conn.read(buffer);
    if (count === null) break;
    text += new TextDecoder().decode(buffer.subarray(0, count));
  }
  return text;
}

function httpAnswer(
  { status = 200, json, chunked = false }: { status?: number; json: unknown; chunked?: boolean },
) {
  const body = new TextEncoder().encode(JSON.stringify(json));
  const head = `HTTP/1.1 ${status} Fine\r\nContent-Type: application/json\r\n`;
  const encoder = new TextEncoder();
  if (!chunked) {
    return Uint8Array.from([...encoder.encode(`${head}Content-Length: ${body.length}\r\n\r\n`), ...body]);
  }
  const parts = [...encoder.encode(`${head}Transfer-Encoding: chunked\r\n\r\n`)];
  for (let at = 0; at < body.length; at += 100) {
    const part = body.subarray(at, at + 100);
    parts.push(...encoder.encode(`${part.length.toString(16)}\r\n`), ...part, 13, 10);
  }
  return Uint8Array.from([...parts, ...encoder.encode("0\r\n\r\n")]);
}
