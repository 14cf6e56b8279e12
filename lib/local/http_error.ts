/** Whatever a request is answered with instead of what it asked for. */

/** Options of {@linkcode HttpError}. */
export interface HttpErrorOptions extends ErrorOptions {
  /** Besides `content-type`. */
  headers?: Readonly<Record<string, string>>;
  /** Fields of the body besides `error`. */
  details?: Readonly<Record<string, unknown>>;
}

/** Thrown on the way to an answer; the server turns it into `{"error": message, …details}`. */
export class HttpError extends Error {
  override readonly name = "HttpError";
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly details: Readonly<Record<string, unknown>>;

  constructor(status: number, message: string, options: HttpErrorOptions = {}) {
    super(message, options);
    this.status = status;
    this.headers = options.headers ?? {};
    this.details = options.details ?? {};
  }
}

/** "Come again later", with the time in whole seconds, at least 1. */
export function comeAgain(status: 429 | 503, message: string, retryAfterSec: number): HttpError {
  const seconds = Math.max(1, Math.ceil(retryAfterSec));
  return new HttpError(status, message, { headers: { "retry-after": String(seconds) } });
}
