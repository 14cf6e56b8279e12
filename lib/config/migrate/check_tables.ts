/** From the plugin folders of catpaw to our tables of checks. */
import { CHECKS } from "../../checks/registry.ts";
import { parseDuration } from "../duration.ts";
import { durationText } from "./amounts.ts";
import { HOST_RULES } from "./host_rules.ts";
import { redis } from "./redis_rule.ts";
import type { PeerPlugin } from "./read_peer.ts";
import type { MigrationReport } from "./report.ts";
import type { OurSettings, Rule } from "./rule.ts";
import { SERVICE_RULES } from "./service_rules.ts";
import { escaped, isTable, type Layer, SourceTable, textsByName } from "./source_table.ts";

const RULES: Readonly<Record<string, Rule>> = { ...HOST_RULES, ...SERVICE_RULES, redis };

/** What catpaw looks at this seldom unless told otherwise. */
const OTHER_INTERVALS_MS: Readonly<Record<string, number>> = { cert: 3_600_000 };

/** Keys that say how much catpaw does at once: ours decides itself. */
const HOW_MUCH_AT_ONCE = ["concurrency", "partial"];

/** One of our tables, and what it was made of. */
export interface CheckTable {
  readonly plugin: string;
  readonly settings: Record<string, unknown>;
  /** `file:line` of the instance. */
  readonly place: string;
}

/** Our tables, in the order of the folders. */
export function checkTables(
  plugins: readonly PeerPlugin[],
  { globalIntervalMs, report }: { globalIntervalMs: number | undefined; report: MigrationReport },
): CheckTable[] {
  return plugins.flatMap((plugin) => {
    const tops = plugin.files.map(({ file, values }) =>
      new SourceTable([{ file, path: [], values }], report, plugin.name)
    );
    return tops.flatMap((top, at) => {
      const { file, values } = plugin.files[at] ?? { file: { name: "", text: "" }, values: {} };
      const ofPlugin = top.durationMs("interval");
      const labels = textsByName(top.take("labels"), escaped);
      const partials = plugin.files.flatMap(partialsOf);
      top.take("partials");
      top.take("instances");
      top.finish();
      const instances = Array.isArray(values["instances"]) ? values["instances"].filter(isTable) : [];
      return instances.flatMap((instance, index): CheckTable[] => {
        const own: Layer = { file, path: ["instances", index], values: instance };
        const partial = partials.filter((layer) => layer.values["id"] === instance["partial"]);
        const layers = instance["partial"] === undefined ? [own] : [own, ...partial];
        const source = new SourceTable(layers, report, plugin.name);
        const intervalMs = source.durationMs("interval") ?? ofPlugin ?? globalIntervalMs ??
          OTHER_INTERVALS_MS[plugin.name] ?? 30_000;
        return moved(plugin.name, { source, intervalMs, labels });
      });
    });
  });
}

function partialsOf({ file, values }: PeerPlugin["files"][number]): Layer[] {
  const list = Array.isArray(values["partials"]) ? values["partials"] : [];
  return list.flatMap((values, index) =>
    isTable(values) ? [{ file, path: ["partials", index], values }] : []
  );
}

interface Instance {
  source: SourceTable;
  intervalMs: number;
  labels: Readonly<Record<string, string>>;
}

function moved(plugin: string, { source, intervalMs, labels }: Instance): CheckTable[] {
  const rule = Object.hasOwn(RULES, plugin) ? RULES[plugin] : undefined;
  if (rule === undefined) {
    source.dropAll("there is no such check");
    return [];
  }
  for (const key of [...HOW_MUCH_AT_ONCE, "id", "diagnose"]) source.take(key);
  const alerting = source.table("alerting");
  if (alerting?.flag("disabled")) {
    source.dropAll("its alerts are disabled: the check is left out");
    return [];
  }
  const pace = paceOf(plugin, alerting, intervalMs);
  const ownLabels = { ...labels, ...textsByName(source.take("labels"), escaped) };
  const tables = rule(source, { intervalMs }).map((settings): CheckTable => {
    const { labels: more, ...others } = settings;
    const all = { ...ownLabels, ...(isTable(more) ? more : {}) };
    return {
      plugin,
      place: source.place(),
      settings: {
        ...written({ ...others, ...pace, timeout: others["timeout"] }),
        ...(Object.keys(all).length > 0 && { labels: all }),
      },
    };
  });
  // What looks at nothing has nothing to lose.
  if (tables.length > 0) source.finish();
  return tables;
}

function paceOf(plugin: string, alerting: SourceTable | undefined, intervalMs: number): OurSettings {
  const pace = CHECKS.find((check) => check.plugin === plugin)?.pace ?? {};
  const forMs = alerting?.durationMs("for_duration") ?? 0;
  const repeatMs = alerting?.durationMs("repeat_interval");
  const times = alerting?.number("repeat_number");
  return {
    interval: intervalMs === parseDuration(pace.interval ?? "30s") ? undefined : durationText(intervalMs),
    for: forMs === parseDuration(pace.for ?? "0s") ? undefined : durationText(forMs),
    repeat_interval: repeatMs ? durationText(repeatMs) : undefined,
    // Theirs counts the first one, too.
    repeat_count: times === undefined ? undefined : times === 0 ? "forever" : Math.max(0, times - 1),
    recovery: alerting?.flag("disable_recovery_notification") ? false : undefined,
  };
}

/** Without what is undefined or says nothing, at any depth. */
function written(settings: OurSettings): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(settings).filter(([, value]) =>
      value !== undefined && !(typeof value === "object" && value !== null && !Array.isArray(value) &&
        Object.keys(value).length === 0)
    ).map(([key, value]) => [key, isTable(value) ? written(value) : value]),
  );
}
