/** Environment variables that would lead requests elsewhere. */

const PROXY_VARIABLES = ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"];

/**
 * Takes the proxy variables out of this process's environment. The runtime's HTTP client obeys them even where the
 * sandbox does not allow the proxy's address: whoever can set the environment must not be able to lead a connection,
 * and the token in it, elsewhere. What the sandbox hides the client obeys all the same, and this cannot help it: the
 * agent asks for these variables at its start, and says so where it lacks them.
 *
 * @returns the names of those that were set, and could be taken out
 */
export function ignoreProxyVariables(): string[] {
  return PROXY_VARIABLES.filter((name) => {
    try {
      if (Deno.env.get(name) === undefined) return false;
      Deno.env.delete(name);
      return true;
    } catch (error) {
      if (error instanceof Deno.errors.NotCapable) return false;
      throw error;
    }
  });
}
