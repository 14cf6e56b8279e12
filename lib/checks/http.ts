/** Whether web servers answer, and what. */
import { lazyCheck } from "./lazy_check.ts";
import { maskSecrets } from "../host/mask_secrets.ts";
import { hostPort } from "../host/probes/endpoint.ts";
import type { Check } from "./check.ts";
import { defineCheck } from "./definition.ts";
import { httpDimensions, httpOptions, type HttpSettings } from "./http_options.ts";
import { secretsOfAddress, secretsOfHeaders } from "./http_secrets.ts";

/** Web addresses that have to answer. */
export const HTTP_CHECK = defineCheck({
  plugin: "http",
  summary: "whether web addresses answer as they should, in time, and how long their certificates last",
  dimensions: httpDimensions,
  options: httpOptions,
  byDefault: false,
  targets: (settings) => {
    assertConsistent(settings);
    return settings.urls.map(targetOf);
  },
  needs: ({ urls, ca_file }) => [
    ...urls.map((url) => ({ net: addressOf(new URL(url)) })),
    ...(ca_file === undefined ? [] : [{ read: ca_file }]),
  ],
  secrets: ({ headers, urls }) => [...secretsOfHeaders(headers), ...urls.flatMap(secretsOfAddress)],
  make(settings, seams): Check[] {
    assertConsistent(settings);
    return settings.urls.map((url) =>
      lazyCheck({ plugin: "http", target: targetOf(url) }, async () => {
        const { HttpLook } = await import("./http_look.ts");
        return new HttpLook(new URL(url), settings, seams);
      })
    );
  },
});

function assertConsistent({ method, body, expect_body, insecure, ca_file }: HttpSettings): void {
  if (body !== undefined && ["GET", "HEAD"].includes(method)) {
    throw new TypeError(`check.http has a body, but ${method} sends none; set method to "POST" or "PUT"`);
  }
  if (method === "HEAD" && expect_body.length > 0) {
    throw new TypeError("check.http expects something of the body, but HEAD gets none; use another method");
  }
  if (insecure && ca_file !== undefined) {
    throw new TypeError("check.http has a ca_file, but insecure accepts any certificate; keep one");
  }
}

/** An address may carry a token in its query. */
export function targetOf(url: string): string {
  return maskSecrets(url);
}

function addressOf(url: URL): string {
  const port = url.port || (url.protocol === "https:" ? "443" : "80");
  return hostPort(url.hostname.replaceAll(/[[\]]/g, ""), Number(port));
}
