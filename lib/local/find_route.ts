/** Which route a request is for. */
import { HttpError } from "./http_error.ts";
import { pathOf } from "./request_path.ts";
import { type Route, routes } from "./routes.ts";

/** A route, and what follows its path. */
export interface FoundRoute {
  readonly route: Route;
  /** See `Call.rest`. */
  readonly rest: string;
}

/** @throws HttpError 404 where there is nothing, 405 with `allow` where another method would do. */
export function findRoute({ method, url }: Request): FoundRoute {
  const path = pathOf(url);
  const there = routes.flatMap(([at, route]): FoundRoute[] => {
    if (path === at && !at.endsWith("/")) return [{ route, rest: "" }];
    const rest = at.endsWith("/") && path.startsWith(at) ? path.slice(at.length) : "";
    return rest === "" || rest.includes("/") ? [] : [{ route, rest }];
  });
  if (there.length === 0) throw new HttpError(404, `there is nothing at ${path.slice(0, 100)}`);
  const found = there.find(({ route }) =>
    method === route.method || (method === "HEAD" && route.method === "GET")
  );
  if (found !== undefined) return found;
  const allow = there.map(({ route }) => route.method === "GET" ? "GET, HEAD" : route.method).join(", ");
  throw new HttpError(405, `${path} takes ${allow}`, { headers: { allow } });
}
