/** What can be reached from this host: names, ports, web addresses, certificates, time servers. */
import { CERT_INSPECT_FILE, CERT_INSPECT_REMOTE } from "./reach_certificates.ts";
import { TCP_PING } from "./reach_connect.ts";
import { HTTP_PROBE } from "./reach_http.ts";
import { DNS_LOOKUP, DNS_RESOLVE, NTP_STATUS } from "./reach_names.ts";

/** The family `reach`. */
export const REACH_TOOLS = [
  DNS_LOOKUP,
  DNS_RESOLVE,
  TCP_PING,
  HTTP_PROBE,
  CERT_INSPECT_REMOTE,
  CERT_INSPECT_FILE,
  NTP_STATUS,
] as const;
