/** What could not be reached, answers that are errors, and certificates that are over. */
import { type Conclusion, type Rule, severityOf } from "../conclusion.ts";
import { subjectText } from "../evidence.ts";

/** Nothing took the connection. */
export const unreachable: Rule = (evidence) =>
  evidence.all("reach.connected").filter(({ value }) => value === 0).map((none): Conclusion => ({
    severity: "Critical",
    resource: "network",
    text: `${subjectText(none.subject)} took no connection (${none.text} made)`,
    evidence: [none],
    explains: ["net::connectivity", "http::connectivity", "cert::connectivity"],
    next: ["See whether it listens there, and what is between: a route, a firewall, a name that has moved."],
  }));

/** An answer that is an error. */
export const errorStatus: Rule = (evidence) =>
  evidence.all("http.status").flatMap((status): Conclusion[] => {
    const severity = severityOf(status.value, { warning: 400, critical: 500 });
    if (severity === undefined) return [];
    return [{
      severity,
      resource: "network",
      text: `the answer has the status ${status.text}`,
      evidence: [status],
      explains: ["http::status_code"],
      next: ["Read the log of what answers there."],
    }];
  });

/** A certificate that is over, or nearly. */
export const expiringCertificates: Rule = (evidence) =>
  evidence.all("certificate.days_left").reverse().flatMap((days): Conclusion[] => {
    const severity = severityOf(-days.value, { warning: -30, critical: -7 });
    if (severity === undefined) return [];
    return [{
      severity,
      resource: "network",
      text: days.value < 0
        ? `the certificate of ${subjectText(days.subject)} has expired (days left: ${days.text})`
        : `the certificate of ${subjectText(days.subject)} expires soon (days left: ${days.text})`,
      evidence: [days],
      explains: ["cert::remote_expiry", "cert::file_expiry", "http::cert_expiry"],
      next: ["Have it renewed, and let the service read it again."],
    }];
  });

/** All rules of this file. */
export const REACH_RULES: readonly Rule[] = [unreachable, errorStatus, expiringCertificates];
