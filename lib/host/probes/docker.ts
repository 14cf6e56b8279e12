/** Asking a container engine over the Docker API on its unix socket. It sends GET and nothing else. */
import type { Clock } from "../../clock.ts";
import { cleanLine } from "../foreign_text.ts";
import { ByteStream } from "./byte_stream.ts";
import type { DockerContainer, DockerInspection, DockerStats } from "./docker_answers.ts";
import { ByteReader, readBody, readHead } from "./http_answer.ts";
import { DOCKER_SOCKET } from "./service_places.ts";

/** Options of {@linkcode DockerClient}. */
export interface DockerClientOptions {
  clock: Clock;
  /** @default "/var/run/docker.sock" */
  socket?: string;
  /** @default 2000 */
  connectMs?: number;
  /** How long one answer may take, from the request to its last byte. @default 5000 */
  answerMs?: number;
  /** @default 4194304 */
  maxAnswerBytes?: number;
}

/** The engine answered with a status other than 200. */
export class DockerStatusError extends Error {
  override readonly name = "DockerStatusError";
  readonly status: number;

  constructor(message: string, status: number) {
    super(message);
    this.status = status;
  }
}

/** Each call makes a connection of its own; calls may run side by side. Nothing is held between calls. */
export class DockerClient {
  readonly #clock: Clock;
  readonly #socket: string;
  readonly #connectMs: number;
  readonly #answerMs: number;
  readonly #maxAnswerBytes: number;

  constructor(options: DockerClientOptions) {
    const {
      clock,
      socket = DOCKER_SOCKET,
      connectMs = 2000,
      answerMs = 5000,
      maxAnswerBytes = 4 * 1024 * 1024,
    } = options;
    this.#clock = clock;
    this.#socket = socket;
    this.#connectMs = connectMs;
    this.#answerMs = answerMs;
    this.#maxAnswerBytes = maxAnswerBytes;
  }

  /** Every container, those that do not run included. */
  async containers(signal: AbortSignal): Promise<DockerContainer[]> {
    const { dockerContainers } = await answers();
    return dockerContainers(await this.get("/containers/json?all=1", signal));
  }

  /** One container's settings and state. @throws DockerStatusError with status 404 where there is none of the name. */
  async inspect(nameOrId: string, signal: AbortSignal): Promise<DockerInspection> {
    const { dockerInspection } = await answers();
    return dockerInspection(await this.get(`/containers/${checkedName(nameOrId)}/json`, signal));
  }

  /** One reading of a container's counters: only differences say how busy it is. */
  async stats(nameOrId: string, signal: AbortSignal): Promise<DockerStats> {
    const path = `/containers/${checkedName(nameOrId)}/stats?stream=false&one-shot=true`;
    const { dockerStats } = await answers();
    return dockerStats(await this.get(path, signal));
  }

  /**
   * The JSON at a path of the API.
   * @throws FactUnavailableError where the socket may not be opened, DockerStatusError for a status other than 200,
   *   `TimeoutError` when it takes too long, Error where the answer is none.
   */
  async get(path: string, signal: AbortSignal): Promise<unknown> {
    const { status, text } = await this.#exchange(path, signal);
    if (status !== 200) {
      const reason = cleanLine(messageIn(text), 200);
      throw new DockerStatusError(`the container engine answered ${status} to ${path}: ${reason}`, status);
    }
    try {
      return JSON.parse(text);
    } catch (error) {
      throw new Error(`cannot read the container engine's answer to ${path}: it is no JSON`, {
        cause: error,
      });
    }
  }

  async #exchange(path: string, signal: AbortSignal): Promise<{ status: number; text: string }> {
    const address = { transport: "unix", path: this.#socket } as const;
    using stream = await ByteStream.open({ address, clock: this.#clock, connectMs: this.#connectMs }, signal);
    const request =
      `GET ${path} HTTP/1.1\r\nHost: docker\r\nAccept: application/json\r\nConnection: close\r\n\r\n`;
    // What the stream hands out is overwritten by its next read.
    const reader = new ByteReader(async () => (await stream.read())?.slice());
    const maxBytes = this.#maxAnswerBytes;
    return await stream.within(this.#answerMs, `answer to ${path}`, signal, async () => {
      try {
        await stream.write(new TextEncoder().encode(request));
        const head = await readHead(reader);
        const { bytes, truncated } = await readBody(reader, { head, method: "GET", maxBytes });
        if (truncated) throw new RangeError(`it is longer than ${maxBytes} bytes`);
        return { status: head.status, text: new TextDecoder().decode(bytes) };
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error);
        throw new Error(`cannot read the container engine's answer to ${path}: ${reason}`, { cause: error });
      }
    });
  }
}

/** A container's name or id as the engine allows it: nothing in it can lead to another path. */
export function isContainerName(text: string): boolean {
  return /^[A-Za-z0-9][A-Za-z0-9_.-]{0,254}$/.test(text);
}

function checkedName(text: string): string {
  if (isContainerName(text)) return text;
  throw new TypeError("cannot ask for a container: its name has letters, digits, _ . and - only");
}

/** The engine explains itself as `{"message": "…"}`. */
function messageIn(text: string): string {
  try {
    const parsed: unknown = JSON.parse(text);
    if (typeof parsed === "object" && parsed !== null && "message" in parsed) return String(parsed.message);
  } catch {
    // as it is
  }
  return text;
}

/** Loaded when an engine is asked: its schemas cost every start a little, and few hosts need them. */
function answers() {
  return import("./docker_answers.ts");
}
