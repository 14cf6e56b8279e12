/** A host with a secret in every place that can hold one, and servers that send back what they are sent. */
import { createServer, type Server } from "node:net";
import { TempFolder } from "../config/temp_folder.ts";
import { Canaries } from "./canaries.ts";

/** Options of {@linkcode PlantedHost.start}. */
export interface PlantedHostOptions {
  /** `[server] address`. */
  address: string;
  /** Lines of `[server]` besides. @default "" */
  server?: string;
  /** Lines of the whole file besides. @default "" */
  more?: string;
}

/** Disposing of it ends its process and its server and removes its files. */
export class PlantedHost implements AsyncDisposable {
  readonly canaries: Canaries = new Canaries();
  readonly #folder = new TempFolder();
  readonly #echo: Deno.HttpServer<Deno.NetAddr>;
  /** Speaks as a Redis does that quotes what it does not understand. */
  readonly #redis: Server;
  readonly #process: Deno.ChildProcess;
  /** What the server that sends everything back was sent. */
  readonly heard: string[] = [];
  readonly config: string;
  readonly stateDir: string;
  readonly log: string;
  /** What `pawl` needs of the environment. */
  readonly env: Record<string, string>;
  readonly localToken: string;
  readonly token: string;

  private constructor({ address, server = "", more = "" }: PlantedHostOptions, redis: Server) {
    this.#redis = redis;
    const redisPort = portOf(redis);
    const { canaries } = this;
    const folder = this.#folder;
    this.#echo = Deno.serve(
      { port: 0, hostname: "127.0.0.1", onListen: () => {} },
      (request) => this.#sendBack(request),
    );
    const url = `http://127.0.0.1:${this.#echo.addr.port}`;
    this.token = canaries.plant("token");
    this.localToken = canaries.plant("local token");
    this.stateDir = folder.at("state");
    folder.write("token", `${this.token}\n`);
    folder.write("local-token", this.localToken);
    folder.write("redis-password", canaries.plant("redis password in a file"));
    folder.write("routing-key", canaries.plantPlain("routing key in a file"));
    this.env = {
      MODEL_API_KEY: canaries.plant("model key"),
      HOOK_KEY: canaries.plant("webhook header from the environment"),
      NO_COLOR: "1",
    };
    this.log = folder.write("app.log", this.#logText());
    this.config = folder.write(
      "pawl.toml",
      `
state_dir = "${this.stateDir}"
[server]
address = "${address}"
token_file = "token"
${server}
[local]
listen = "127.0.0.1:0"
token_file = "local-token"
[log]
level = "debug"
format = "json"
[remote]
log_roots = ["${folder.path}"]
tools = ["*"]
[notify.hook]
type = "webhook"
url = "${url}/500/${canaries.plantPlain("webhook path")}?sig=${canaries.plantPlain("webhook query")}"
headers = { Authorization = "Bearer ${canaries.plant("webhook password")}", X-Api-Key = "\${HOOK_KEY}" }
[notify.am]
type = "alertmanager"
url = "${url}/500"
headers = { Cookie = "session=${canaries.plantPlain("alertmanager cookie")}" }
[notify.pd]
type = "pagerduty"
url = "${url}/400"
routing_key = "${canaries.plantPlain("routing key")}"
[notify.pdfile]
type = "pagerduty"
url = "${url}/400"
routing_key_file = "routing-key"
[[check.http]]
urls = ["${url}/500/health?token=${canaries.plantPlain("http query")}"]
method = "POST"
body = '{"password":"${canaries.plantPlain("http body")}"}'
expect_body = ["never there"]
interval = "5s"
[check.http.headers]
Authorization = "Bearer ${canaries.plant("http header")}"
X-Api-Key = "${canaries.plant("http key")}"
[[check.redis]]
targets = ["127.0.0.1:${redisPort}"]
password = "${canaries.plant("redis password")}"
interval = "5s"
[[check.redis]]
targets = ["localhost:${redisPort}"]
password_file = "${folder.at("redis-password")}"
interval = "5s"
[[check.exec]]
name = "deploy"
mode = "nagios"
program = "${
        folder.write(
          "deploy",
          "#!/bin/sh\necho it failed with DEPLOY_TOKEN=$DEPLOY_TOKEN\necho bare $DEPLOY_TOKEN >&2\nexit 2\n",
          0o700,
        )
      }"
interval = "5s"
[check.exec.env]
DEPLOY_TOKEN = "${canaries.plant("environment of a program")}"
[[check.logfile]]
name = "app"
paths = ["${this.log}"]
include = ["password", "Authorization"]
initial = "start"
interval = "5s"
[[check.cpu]]
[[check.mem]]
${more}`,
    );
    this.#process = new Deno.Command("/bin/sh", {
      args: [
        ...["-c", "read -r line", "planted-process"],
        ...["--password", canaries.plantPlain("password in a command line")],
        `--api-key=${canaries.plantPlain("key in a command line")}`,
        `postgres://app:${canaries.plantPlain("password in an address")}@db.example/app`,
      ],
      clearEnv: true,
      env: {
        PATH: "/usr/bin:/bin",
        DB_PASSWORD: canaries.plant("environment of a process"),
        AWS_SECRET_ACCESS_KEY: canaries.plantPlain("cloud key of a process"),
        DATABASE_URL: `mysql://u:${canaries.plantPlain("address in an environment")}@h/db`,
      },
      stdin: "piped",
      stdout: "null",
      stderr: "null",
    }).spawn();
  }

  static async start(options: PlantedHostOptions): Promise<PlantedHost> {
    const redis = createServer((socket) => {
      socket.on("error", () => {});
      socket.on("data", (data) => {
        const words = data.toString().replaceAll(/\r\n/g, " ");
        socket.write(`-ERR unknown command, with args beginning with: ${words}\r\n`);
      });
    });
    await new Promise<void>((resolve) => redis.listen(0, "127.0.0.1", resolve));
    return new PlantedHost(options, redis);
  }

  /** The process that has secrets in its environment and on its command line. */
  get pid(): number {
    return this.#process.pid;
  }

  /** Another file of the host's. */
  write(name: string, text: string, mode?: number): string {
    return this.#folder.write(name, text, mode);
  }

  /** Every file below the state folder. */
  async *stateFiles(folder: string = this.stateDir): AsyncGenerator<{ path: string; bytes: Uint8Array }> {
    for await (const { name, isDirectory, isFile } of Deno.readDir(folder)) {
      const path = `${folder}/${name}`;
      if (isDirectory) yield* this.stateFiles(path);
      else if (isFile) yield { path: path.slice(this.stateDir.length + 1), bytes: await Deno.readFile(path) };
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#process.kill("SIGKILL");
    await this.#process.stdin.close().catch(() => {});
    await this.#process.status;
    await this.#echo.shutdown();
    await new Promise((resolve) => this.#redis.close(resolve));
    await this.#folder[Symbol.asyncDispose]();
  }

  /** Whatever it was sent, with the status that the path begins with. */
  async #sendBack(request: Request): Promise<Response> {
    const headers = [...request.headers].map(([name, value]) => `${name}: ${value}`).join("\n");
    const text = `${request.method} ${request.url}\n${headers}\n\n${await request.text()}`;
    this.heard.push(text);
    const status = Number(/^\/(\d{3})/.exec(new URL(request.url).pathname)?.[1] ?? 500);
    return new Response(text, { status });
  }

  #logText(): string {
    const { canaries } = this;
    return [
      `connecting with password=${canaries.plantPlain("password in a log")} to db`,
      `> Authorization: Bearer ${canaries.plantPlain("bearer in a log")}`,
      `{"level":"info","api_key":"${canaries.plantPlain("key in a JSON log")}","msg":"password ok"}`,
      `password sent to the hub: ${this.token}`,
      `GET /?access_token=${canaries.plantPlain("token in an address of a log")} password`,
      "",
    ].join("\n");
  }
}

function portOf(server: Server): number {
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("it does not listen");
  return address.port;
}
