/**
 * The house rules that the linter enforces: `house/arrows` (who may import whom under `lib/`), `house/pure` (what keeps
 * no clock, timer, chance or I/O of its own) and `house/small-zod` (what would make the executable carry all of zod).
 */

/** Any part may import these; they import nothing of the house. */
const LEAVES = [
  "lib/clock.ts",
  "lib/log.ts",
  "lib/once.ts",
  "lib/retry_after.ts",
  "lib/version.ts",
  "lib/zod.ts",
];

/** What the agent is put together from. */
const AGENT_PARTS: readonly string[] = [
  "lib/local/",
  "lib/sessions/",
  "lib/checks/",
  "lib/diagnose/",
  "lib/tools/",
  "lib/link/",
  "lib/alerts/",
  "lib/config/",
  "lib/host/",
  "lib/protocol/",
];

/**
 * Who may import whom. A key is a part: a folder (ends in `/`) or a file. It may import itself, the leaves (except
 * `protocol`, which stands alone, and `main.ts`, which is but a table), and what is listed: folders, or single files.
 */
const ARROWS: Readonly<Record<string, readonly string[]>> = {
  "main.ts": ["lib/cli/"],
  "lib/cli/": [
    "lib/agent.ts",
    // What a start needs of it, and no more.
    "lib/agent/",
    "lib/alerts/notifiers/",
    "lib/sessions/limiter.ts",
    "lib/hub/",
    "lib/config/",
    "lib/checks/",
    "lib/tools/",
    "lib/diagnose/",
    "lib/host/",
    "lib/alerts/event.ts",
    "lib/sessions/audit/",
  ],
  "lib/agent.ts": ["lib/agent/", ...AGENT_PARTS],
  "lib/agent/": AGENT_PARTS,
  "lib/local/": ["lib/config/config_error.ts", "lib/alerts/", "lib/sessions/"],
  "lib/sessions/": ["lib/tools/", "lib/protocol/", "lib/host/text_glob.ts", "lib/host/known_secrets.ts"],
  "lib/diagnose/": ["lib/tools/", "lib/host/", "lib/checks/", "lib/sessions/runners.ts"],
  "lib/tools/": ["lib/host/", "lib/config/fields.ts"],
  "lib/checks/": ["lib/host/", "lib/alerts/event.ts", "lib/config/fields.ts"],
  "lib/link/": ["lib/protocol/"],
  "lib/alerts/": ["lib/protocol/"],
  "lib/hub/": ["lib/protocol/"],
  // What a file may say about checks and tools is theirs to say.
  "lib/config/": ["lib/checks/", "lib/tools/", "lib/host/"],
  "lib/host/": [],
  "lib/protocol/": ["lib/once.ts", "lib/zod.ts"],
  "lib/clock.ts": [],
  "lib/log.ts": [],
  "lib/once.ts": [],
  "lib/retry_after.ts": [],
  "lib/version.ts": [],
  "lib/zod.ts": [],
};

/** The parts that may not import the leaves. */
const WITHOUT_LEAVES = ["main.ts", "lib/protocol/"];

/** What is pure. */
const PURE = ["lib/protocol/", "lib/link/backoff.ts", "lib/link/outbox.ts", "lib/alerts/ring_buffer.ts"];

/** What pure files do without, wherever it is mentioned as a global. */
const IMPURE_GLOBALS = new Set([
  "Deno",
  "Date",
  "performance",
  "crypto",
  "console",
  "fetch",
  "setTimeout",
  "setInterval",
  "setImmediate",
  "clearTimeout",
  "clearInterval",
  "queueMicrotask",
  "globalThis",
  "process",
]);

const ROOT = decodeURIComponent(new URL("../", import.meta.url).pathname);

/** The path from the repository's root, with `/`; a path that is relative already stays. */
function fromRoot(filename: string): string {
  const path = filename.replaceAll("\\", "/");
  return path.startsWith(ROOT) ? path.slice(ROOT.length) : path;
}

function covers(area: string, path: string): boolean {
  return area.endsWith("/") ? path.startsWith(area) : path === area;
}

function partOf(path: string): string | undefined {
  return Object.keys(ARROWS).find((area) => covers(area, path));
}

/** What keeps `path` from importing `target`, or undefined when nothing does. */
function refusal(path: string, target: string): string | undefined {
  const part = partOf(path);
  if (part === undefined) {
    return path.startsWith("lib/") ? `${path} belongs to no part of the house` : undefined;
  }
  if (covers(part, target)) return undefined;
  if (LEAVES.includes(part)) return `${part} is a leaf: it imports nothing of the house`;
  const allowed = [...ARROWS[part] ?? [], ...(WITHOUT_LEAVES.includes(part) ? [] : LEAVES)];
  if (allowed.some((area) => covers(area, target))) return undefined;
  return `${part} may not import ${target}`;
}

function resolve(path: string, specifier: string): string | undefined {
  if (!/^\.\.?\//.test(specifier)) return undefined;
  return decodeURIComponent(new URL(specifier, `file:///${path}`).pathname).slice(1);
}

const arrows: Deno.lint.Rule = {
  create(context) {
    const path = fromRoot(context.filename);
    if (path !== "main.ts" && !path.startsWith("lib/")) return {};
    function check(source: Deno.lint.Node | null | undefined): void {
      if (source?.type !== "Literal" || typeof source.value !== "string") return;
      const target = resolve(path, source.value);
      const message = target && refusal(path, target);
      if (!message) return;
      const hint =
        "Imports point one way (the table of arrows is in tools/lint_house.ts): pass it in, or move it.";
      context.report({ node: source, message, hint });
    }
    return {
      ImportDeclaration: (node) => check(node.source),
      ExportNamedDeclaration: (node) => check(node.source),
      ExportAllDeclaration: (node) => check(node.source),
      ImportExpression: (node) => check(node.source),
      TSImportType: ({ argument }) => check(argument.type === "TSLiteralType" ? argument.literal : undefined),
    };
  },
};

const pure: Deno.lint.Rule = {
  create(context) {
    const path = fromRoot(context.filename);
    if (!PURE.some((area) => covers(area, path))) return {};
    const hint = "Take the figure or the function as an argument.";
    const reported = new Set<number>(); // in `{ fetch }`, key and value are one identifier, visited twice
    function checkSource(node: Deno.lint.Node): void {
      if (node.type !== "Literal" || typeof node.value !== "string") return;
      if (!node.value.startsWith("node:")) return;
      context.report({ node, message: `${path} is pure: it may not import ${node.value}`, hint });
    }
    return {
      ImportDeclaration: (node) => checkSource(node.source),
      ImportExpression: (node) => checkSource(node.source),
      Identifier(node) {
        if (!IMPURE_GLOBALS.has(node.name) || isName(node) || reported.has(node.range[0])) return;
        reported.add(node.range[0]);
        context.report({ node, message: `${path} is pure: it may not use ${node.name}`, hint });
      },
      MemberExpression(node) {
        const { object, property } = node;
        if (object.type !== "Identifier" || object.name !== "Math") return;
        const isRandom = property.type === "Identifier" && property.name === "random";
        if (isRandom) context.report({ node, message: `${path} is pure: it may not use Math.random`, hint });
      },
    };
  },
};

/** What may be imported of zod, and where. */
function zodRefusal(path: string, specifier: string): string | undefined {
  if (!/^(?:npm:)?zod(?:$|[@/])/.test(specifier)) return undefined;
  if (specifier === "zod/mini") return undefined;
  if (path === "lib/zod.ts" && specifier === "zod/v4/locales/en.js") return undefined;
  return `the small build of zod is the one in use, not ${specifier}`;
}

const smallZod: Deno.lint.Rule = {
  create(context) {
    const path = fromRoot(context.filename);
    if (!path.startsWith("lib/")) return {};
    const asNamespace = 'Write `import * as z from "zod/mini"`';
    function check(source: Deno.lint.Node | null | undefined): void {
      if (source?.type !== "Literal" || typeof source.value !== "string") return;
      const message = zodRefusal(path, source.value);
      if (message === undefined) return;
      context.report({
        node: source,
        message,
        hint: `${asNamespace}: the large build is a fifth of a start.`,
      });
    }
    return {
      ImportDeclaration(node) {
        const { source, specifiers } = node;
        check(source);
        const isNamespace = specifiers.every(({ type, local }) =>
          type === "ImportNamespaceSpecifier" && local.name === "z"
        );
        if (source.value !== "zod/mini" || isNamespace) return;
        const hint =
          `${asNamespace}: anything else would bundle 300 KB of translations, or hide that it does.`;
        context.report({ node: source, message: "zod is imported as the namespace z", hint });
      },
      ExportNamedDeclaration: (node) => check(node.source),
      ExportAllDeclaration: (node) => check(node.source),
      ImportExpression: (node) => check(node.source),
      // As a value; types do no harm.
      MemberExpression(node) {
        const { object, property } = node;
        if (object.type !== "Identifier" || object.name !== "z" || property.type !== "Identifier") return;
        if (property.name !== "core" && property.name !== "locales") return;
        const hint =
          "Use what `z` itself has: bundled, this would bring all of zod, and 300 KB of translations.";
        context.report({ node, message: `z.${property.name} is for types alone`, hint });
      },
    };
  },
};

/** Whether an identifier is merely the name of a property: `x.fetch`, `{ fetch: … }`, a method or an interface's member. */
function isName(node: Deno.lint.Identifier): boolean {
  const parent = node.parent as Deno.lint.Node & {
    property?: unknown;
    key?: unknown;
    computed?: boolean;
    shorthand?: boolean;
  };
  if (parent.computed || parent.shorthand) return false;
  // Nodes are made anew on each access: compare where they stand.
  return [parent.property, parent.key].some((part) =>
    (part as Deno.lint.Node | undefined)?.range?.[0] === node.range[0]
  );
}

export default { name: "house", rules: { arrows, pure, "small-zod": smallZod } } satisfies Deno.lint.Plugin;
