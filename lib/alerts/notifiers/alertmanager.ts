/** Prometheus Alertmanager, by its API, version 2. */
import { systemClock } from "../../clock.ts";
import { AlertmanagerAlerts } from "./alertmanager_alerts.ts";
import { HttpEndpoint, type HttpTransportOptions } from "./http_request.ts";
import type { Sender } from "./sender.ts";

/** Options of {@linkcode alertmanagerSender}. */
export interface AlertmanagerOptions extends HttpTransportOptions {
  /** Where it is reached, with the path that it is served under, if any: `http://alerts.example:9093`. */
  url: string | URL;
  /** Sent with each request. @default {} */
  headers?: Readonly<Record<string, string>>;
}

/** How many events one request carries. */
const BATCH_EVENTS = 64;

/**
 * Opens one alert per alert key and severity, and ends it with the `Ok`. Any 2xx counts as delivered.
 *
 * @throws TypeError for an address or header that cannot be used.
 */
export function alertmanagerSender(options: AlertmanagerOptions): Sender {
  const { url, clock = systemClock } = options;
  const endpoint = new HttpEndpoint({ ...options, url: alertsUrl(url), method: "POST" });
  const alerts = new AlertmanagerAlerts();
  return {
    maxBatch: BATCH_EVENTS,
    async send(events, signal) {
      let arrived = () => {};
      await endpoint.send(() => {
        const translation = alerts.translate(events, clock.wallMs());
        arrived = translation.arrived;
        return translation.alerts;
      }, signal);
      arrived();
    },
  };
}

function alertsUrl(url: string | URL): URL | string {
  const base = URL.parse(url.toString());
  if (base === null) return url.toString(); // the endpoint says what is wrong with it
  base.pathname = `${base.pathname.replace(/\/$/, "")}/api/v2/alerts`;
  return base;
}
