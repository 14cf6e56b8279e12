/** What whoever keeps the hub running asks it: is it alive, and may agents be sent to it. */

/** The answer to `/livez` and `/readyz`, undefined for any other path. Needs no token, tells nothing else. */
export function healthOf(request: Request, { stopping }: { stopping: boolean }): Response | undefined {
  const { pathname } = new URL(request.url);
  if (pathname !== "/livez" && pathname !== "/readyz") return undefined;
  if (request.method !== "GET" && request.method !== "HEAD") {
    return new Response("use GET\n", { status: 405, headers: { allow: "GET, HEAD" } });
  }
  return pathname === "/readyz" && stopping
    ? new Response("the hub is stopping\n", { status: 503 })
    : new Response("ok\n");
}
