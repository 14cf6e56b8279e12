/** Diagnosing on the host itself, without an agent: what `pawl inspect` and `pawl diagnose` have in common. */
import { userInfo } from "node:os";
import type { Diagnosis } from "../diagnose/playbook.ts";
import type { DiagnosisRecords } from "../diagnose/records.ts";
import { ConfigError } from "../config/config_error.ts";
import type { CliContext } from "./command.ts";

/** What the flags of both commands say. */
export interface DiagnosisFlags {
  json?: true | undefined;
  config?: string | undefined;
  stateDir?: string | undefined;
}

/** What is asked for. */
export interface LocalRequest {
  readonly mode: "inspect" | "alert";
  readonly plugin: string;
  readonly target: string;
}

/**
 * Runs one diagnosis and prints it: the steps on stderr, the report (with `--json`: the record) on stdout. SIGINT
 * cancels it.
 *
 * @throws ConfigError for a plugin that nobody knows, or a configuration that is wrong.
 */
export async function diagnoseHere(
  context: CliContext,
  request: LocalRequest,
  flags: DiagnosisFlags,
): Promise<void> {
  const [
    { openToolBench },
    { configuredChecks },
    { systemClock },
    { UnknownSubjectError },
    { Playbook },
    { StepPrinter },
    { setUpLogging },
  ] = await Promise.all([
    import("./tool_bench.ts"),
    import("../checks/configured.ts"),
    import("../clock.ts"),
    import("../diagnose/chosen_subject.ts"),
    import("../diagnose/playbook.ts"),
    import("./step_printer.ts"),
    import("../log.ts"),
  ]);
  const { config, host, tools } = await openToolBench(flags.config);
  const clock = systemClock;
  await using _logging = setUpLogging({
    level: "warning",
    format: "pretty",
    secrets: config.secrets,
  });
  const records = await openRecords(flags, config.stateDir).catch((error) => {
    if (flags.stateDir !== undefined) throw error;
    return undefined; // nothing names a folder: the report is all there is
  });
  const playbook = new Playbook({
    host,
    clock,
    makeChecks: () =>
      configuredChecks(config.checks, { host, clock }, config.secrets)
        .map(({ check }) => check),
    tools,
    ...(records && { records }),
  });
  using interrupt = onInterrupt();
  using printer = new StepPrinter(context, `${request.plugin}: looking`);
  const diagnosis = await playbook.diagnose(
    {
      sessionId: "local",
      userName: nameOfUser(),
      params: { plugin: request.plugin, target: request.target, message: "" },
      ...request,
    },
    printer.callback,
    interrupt.signal,
  ).catch((error) => {
    throw error instanceof UnknownSubjectError ? new ConfigError(error.message, { cause: error }) : error;
  });
  printer[Symbol.dispose]();
  context.out(flags.json ? `${JSON.stringify(jsonOf(diagnosis), undefined, 2)}\n` : diagnosis.report);
}

/** The records of this host's state folder. @throws ConfigError where nothing names one. */
export async function openRecords(
  flags: Pick<DiagnosisFlags, "stateDir">,
  configured: string | undefined,
): Promise<DiagnosisRecords> {
  const [{ resolveStateDir }, { DiagnosisRecords }, { systemClock }] = await Promise.all([
    import("../config/state_dir.ts"),
    import("../diagnose/records.ts"),
    import("../clock.ts"),
  ]);
  const stateDir = resolveStateDir({
    flag: flags.stateDir,
    config: configured,
    env: Deno.env,
    uid: Deno.uid(),
    cwd: Deno.cwd(),
  });
  return new DiagnosisRecords({ stateDir, clock: systemClock });
}

/** A record as programs read it, without an id where none was kept. */
function jsonOf({ id, ...record }: Diagnosis): object {
  return id === "" ? record : { id, ...record };
}

function nameOfUser(): string {
  try {
    return userInfo().username;
  } catch {
    return "local"; // not granted, or a user without a name
  }
}

/** Aborts on the first SIGINT or SIGTERM; a second one ends the process as it would without us. */
function onInterrupt(): Disposable & { readonly signal: AbortSignal } {
  const abort = new AbortController();
  const names = ["SIGINT", "SIGTERM"] as const;
  const release = () => {
    for (const name of names) Deno.removeSignalListener(name, listener);
  };
  const listener = () => {
    release();
    abort.abort(new Error("cancelled"));
  };
  for (const name of names) Deno.addSignalListener(name, listener);
  return {
    signal: abort.signal,
    [Symbol.dispose]: () => {
      if (!abort.signal.aborted) release();
    },
  };
}
