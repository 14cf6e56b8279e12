/** A configuration with one server, one http check and one log file, and what it talks to. */
import { FakeHub } from "../fakes/fake_hub.ts";
import { TempFolder } from "../config/temp_folder.ts";

/** Dispose of it to end the hub and the web server. */
export class ScopedConfig implements AsyncDisposable {
  readonly folder = new TempFolder();
  readonly hub: FakeHub;
  readonly web: Deno.HttpServer<Deno.NetAddr>;
  /** The configuration's path. */
  readonly path: string;
  readonly log: string;
  readonly stateDir = this.folder.at("state");

  private constructor(hub: FakeHub) {
    this.hub = hub;
    this.web = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, () => new Response("well"));
    Deno.mkdirSync(this.folder.at("logs"));
    this.log = this.folder.write("logs/app.log", "started\n");
    this.path = this.folder.write("pawl.toml", this.text());
  }

  static async start(): Promise<ScopedConfig> {
    return new ScopedConfig(await FakeHub.start({ capabilities: ["alert_ack", "heartbeat_ack"] }));
  }

  /** The file's text; `remote` is what stands in `[remote]`. */
  text(remote = ""): string {
    return `state_dir = "${this.stateDir}"
[server]
address = "${this.hub.address}"
[log]
format = "json"
[remote]
${remote}
[[check.http]]
urls = ["http://127.0.0.1:${this.web.addr.port}/health"]
interval = "1s"
timeout = "1s"
[[check.logfile]]
paths = ["${this.log}"]
initial = "start"
interval = "1s"
timeout = "1s"
`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.web.shutdown();
    await this.hub[Symbol.asyncDispose]();
    await this.folder[Symbol.asyncDispose]();
  }
}
