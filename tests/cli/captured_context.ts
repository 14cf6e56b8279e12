import { type CommandFactory, runCommand } from "../../lib/cli/command.ts";

/** What a command printed, and its exit code. */
export interface Captured {
  code: number;
  out: string;
  err: string;
}

/** Runs a command as the executable would, and catches what it prints. */
export async function capture(factory: CommandFactory, ...argv: string[]): Promise<Captured> {
  const captured = { code: -1, out: "", err: "" };
  captured.code = await runCommand(factory, argv, {
    out: (text) => void (captured.out += text),
    err: (text) => void (captured.err += text),
    exitCode: 0,
  });
  return captured;
}
