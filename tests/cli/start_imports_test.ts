import assert from "node:assert/strict";

interface Module {
  readonly specifier: string;
  readonly dependencies?: readonly {
    readonly code?: { readonly specifier?: string };
    readonly isDynamic?: boolean;
  }[];
}

/** What `entry` imports before it runs, from the root: not what it imports when it needs it. */
async function importsOf(entry: string): Promise<Set<string>> {
  const { stdout } = await new Deno.Command(Deno.execPath(), { args: ["info", "--json", entry] }).output();
  const { roots, modules } = JSON.parse(new TextDecoder().decode(stdout)) as {
    roots: string[];
    modules: Module[];
  };
  const bySpecifier = new Map(modules.map((module) => [module.specifier, module]));
  const found = new Set<string>();
  const visit = (specifier: string): void => {
    if (found.has(specifier)) return;
    found.add(specifier);
    for (const { code, isDynamic } of bySpecifier.get(specifier)?.dependencies ?? []) {
      if (code?.specifier !== undefined && !isDynamic) visit(code.specifier);
    }
  };
  roots.forEach(visit);
  return new Set([...found].map((specifier) => specifier.replace(/^.*\/(?=lib\/)/, "")));
}

/** What a start with default checks, no other destination and no session does without. */
const NEEDLESS = [
  /^lib\/agent\.ts$/,
  /^lib\/hub\//,
  /^lib\/host\/probes\//,
  /^lib\/alerts\/notifiers\/(?:console|webhook|alertmanager|pagerduty|http_request)\.ts$/,
  /^lib\/diagnose\/(?!lazy_runners\.ts)/,
  /^lib\/tools\/(?!(?:policy|output|tool_error)\.ts)/,
  /^lib\/checks\/(?:registry|configured|\w+_look)\.ts$/,
  /^lib\/cli\/(?:reload|sandbox_report)\.ts$/,
  /^lib\/config\/(?:check_schema|file_schema|known_keys|problem|permissions|granted|reference)\.ts$/,
  /^lib\/link\/dial_diagnosis\.ts$/,
  /^lib\/local\/(?:routes|intake|metrics_text)\.ts$/,
];

Deno.test("a start loads what it needs: not what looks, tells of mistakes, diagnoses or reads the configuration again", async () => {
  const imported = await importsOf("lib/cli/run.ts");
  assert(imported.has("lib/agent/agent.ts"), "the test reads what is imported");
  const zod = [...imported].filter((specifier) => specifier.startsWith("npm:/zod@"));
  assert.deepEqual(zod.map((specifier) => specifier.replace(/^npm:\/zod@[^/]*\//, "")).sort(), [
    "mini",
    "v4/locales/en.js",
  ]);
  const needless = [...imported].filter((path) => NEEDLESS.some((pattern) => pattern.test(path)));
  assert.deepEqual(needless, []);
});
