/** A request as it came in. */
export interface Received {
  method: string;
  path: string;
  headers: Headers;
  text: string;
  /** The body, read as JSON; undefined where it is none. */
  json: unknown;
}

/** Says what to answer to a request. */
export type Answer = (request: Received) => Response | Promise<Response>;

/** An HTTP server on loopback that remembers what it is sent. Answers 200 unless told otherwise. */
export class HttpReceiver implements AsyncDisposable {
  readonly requests: Received[] = [];
  answer: Answer;
  readonly #server: Deno.HttpServer<Deno.NetAddr>;
  readonly #abort = new AbortController();

  constructor(answer: Answer = () => new Response("fine")) {
    this.answer = answer;
    const options = { hostname: "127.0.0.1", port: 0, signal: this.#abort.signal, onListen() {} };
    this.#server = Deno.serve(options, (request) => this.#handle(request));
  }

  /** Where it listens. A new object each time. */
  get url(): URL {
    return new URL(`http://127.0.0.1:${this.#server.addr.port}/`);
  }

  async #handle(request: Request): Promise<Response> {
    const { method, headers } = request;
    const url = new URL(request.url);
    const text = await request.text();
    const received = { method, path: url.pathname + url.search, headers, text, json: parsed(text) };
    this.requests.push(received);
    return await this.answer(received);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#abort.abort(); // also what is still being answered
    await this.#server.finished;
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
