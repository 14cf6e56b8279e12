/** The house rules that the linter enforces. */
export default { name: "house", rules: {} } satisfies Deno.lint.Plugin;
