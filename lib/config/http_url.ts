/** The addresses that alert events are sent to by HTTP. */

/** What {@linkcode readHttpUrl} returns. `problem` quotes nothing that could be a credential. */
export type HttpUrlReading = { url: URL } | { problem: string };

const howToWrite = "write http or https://host[:port][/path]";

/** Reads an absolute http or https URL without user info and fragment. */
export function readHttpUrl(text: string): HttpUrlReading {
  if (text === "") return { problem: `it is empty; ${howToWrite}` };
  // The URL parser would drop or turn these round in silence.
  // deno-lint-ignore no-control-regex
  if (/[\s\u0000-\u001f\u007f\\]/.test(text)) {
    return { problem: "it contains white space, a control character or a backslash; remove it" };
  }
  const [, authority] = /^https?:\/\/([^/?#]*)/i.exec(text) ?? [];
  if (authority === undefined) return { problem: `it is no http or https URL; ${howToWrite}` };
  if (authority.includes("@")) {
    return {
      problem: "it has user info (the part before @); leave it out and use headers, " +
        "such as Authorization with ${NAME}",
    };
  }
  if (text.includes("#")) return { problem: "it has a fragment (the part from # on); leave it out" };
  const url = authority === "" ? null : URL.parse(text);
  return url === null ? { problem: `its host or port is not valid; ${howToWrite}` } : { url };
}
