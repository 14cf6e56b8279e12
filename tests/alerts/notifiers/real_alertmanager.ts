import { TempFolder } from "../../config/temp_folder.ts";
import { until } from "../../fakes/until.ts";

/** One alert as the API lists it; what is resolved is not listed. */
export interface ListedAlert {
  labels: Record<string, string>;
  annotations: Record<string, string>;
  startsAt: string;
  endsAt: string;
  status: { state: string };
}

const EXECUTABLES = ["prometheus-alertmanager", "alertmanager"];

/** Where Alertmanager is installed, by the PATH; undefined where it is not. */
export const alertmanagerPath: string | undefined = (Deno.env.get("PATH") ?? "").split(":")
  .flatMap((folder) => EXECUTABLES.map((name) => `${folder}/${name}`))
  .find((path) => {
    try {
      return Deno.statSync(path).isFile;
    } catch {
      return false;
    }
  });

/** A port that was free a moment ago. */
export function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}

/** Options of {@linkcode RealAlertmanager.start}. */
export interface RealAlertmanagerOptions {
  /** @default a free one */
  port?: number;
  /** Where notifications are posted; @default nowhere */
  webhook?: URL;
}

/** The real Alertmanager, alone and on loopback, with all it writes in a folder of its own. */
export class RealAlertmanager implements AsyncDisposable {
  readonly url: URL;
  readonly #folder: TempFolder;
  readonly #process: Deno.ChildProcess;

  private constructor(url: URL, folder: TempFolder, process: Deno.ChildProcess) {
    this.url = url;
    this.#folder = folder;
    this.#process = process;
  }

  /** Resolves once it is ready. */
  static async start(
    { port = freePort(), webhook }: RealAlertmanagerOptions = {},
  ): Promise<RealAlertmanager> {
    const folder = new TempFolder();
    const receiver = webhook ? { name: "test", webhook_configs: [{ url: webhook.href }] } : { name: "test" };
    const route = { receiver: "test", group_by: ["..."], group_wait: "0s", group_interval: "1s" };
    const config = folder.write("alertmanager.yml", JSON.stringify({ route, receivers: [receiver] }));
    const process = new Deno.Command(alertmanagerPath ?? EXECUTABLES[0] ?? "", {
      args: [
        `--config.file=${config}`,
        `--storage.path=${folder.at("data")}`,
        `--web.listen-address=127.0.0.1:${port}`,
        "--cluster.listen-address=",
      ],
      stdin: "null",
      stdout: "null",
      stderr: "null",
    }).spawn();
    const manager = new RealAlertmanager(new URL(`http://127.0.0.1:${port}/`), folder, process);
    let ended = false;
    void process.status.then(() => ended = true);
    await until("Alertmanager is ready", async () => {
      if (ended) throw new Error("Alertmanager ended before it was ready");
      const response = await fetch(new URL("-/ready", manager.url)).catch(() => undefined);
      await response?.body?.cancel();
      return response?.ok;
    });
    return manager;
  }

  /** What is open there. */
  async alerts(): Promise<ListedAlert[]> {
    const response = await fetch(new URL("api/v2/alerts", this.url));
    return await response.json();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      this.#process.kill("SIGKILL");
    } catch {
      // It has ended already.
    }
    await this.#process.status;
    await this.#folder[Symbol.asyncDispose]();
  }
}
