/** Events as they are, to any address that takes JSON. */
import { HttpEndpoint, type HttpMethod, type HttpTransportOptions } from "./http_request.ts";
import type { Sender } from "./sender.ts";

/** Options of {@linkcode webhookSender}. */
export interface WebhookOptions extends HttpTransportOptions {
  /** `http` or `https`. User info in it is sent as basic authentication. */
  url: string | URL;
  /** How it is sent. @default "POST" */
  method?: HttpMethod;
  /** Sent with each request. @default {} */
  headers?: Readonly<Record<string, string>>;
  /** Whether a request carries an array of up to 100 events, or one event alone. @default false */
  batch?: boolean;
}

/** How many events one request carries when it may carry several. */
const BATCH_EVENTS = 100;

/**
 * Sends each event as the JSON object that the hub gets, or arrays of them. Any 2xx counts as delivered.
 *
 * @throws TypeError for an address, method or header that cannot be used.
 */
export function webhookSender(options: WebhookOptions): Sender {
  const { method = "POST", batch = false } = options;
  const endpoint = new HttpEndpoint({ ...options, method });
  return {
    maxBatch: batch ? BATCH_EVENTS : 1,
    send: (events, signal) => endpoint.send(() => batch ? events : events[0], signal),
  };
}
