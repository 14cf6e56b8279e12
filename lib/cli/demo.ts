/** `pawl demo`: a hub and an agent on this machine, and what happens between them, told on the terminal. */
import { Command, InvalidArgumentError } from "@commander-js/extra-typings";
import { getLogger } from "@logtape/logtape";
import { setUpLogging } from "../log.ts";
import type { CliContext } from "./command.ts";
import { DemoNarrator } from "./demo_narrator.ts";
import { demoTour, startDemo } from "./demo_tour.ts";
import { stopOnSignal } from "./signals.ts";

/** See `CommandFactory`. */
export function command(context: CliContext) {
  return new Command("demo")
    .description("Start a hub and an agent on this machine and tell what happens; Ctrl-C ends both")
    .option("--once", "end after one tour; the exit code tells whether all of it happened")
    .option("--port <port>", "where the hub listens on 127.0.0.1 (default: a free port)", portNumber, 0)
    .option("--deadline <seconds>", "how long each step of the tour may take", seconds, 15)
    .action(async ({ once = false, port, deadline }) => {
      await using _logging = setUpLogging({ level: "warning", format: "pretty" });
      using stop = stopOnSignal({ logger: getLogger(["pawl", "demo"]) });
      const narrator = new DemoNarrator(
        (text) => context.out(text),
        Deno.stdout.isTerminal() && !Deno.noColor,
      );
      await using demo = await startDemo({ port, narrator });
      try {
        await demoTour({ demo, narrator, deadlineMs: deadline * 1000, signal: stop.signal });
      } catch (error) {
        if (stop.signal.aborted) return;
        throw error;
      }
      if (once || stop.signal.aborted) return;
      narrator.say("demo", "the tour is over; both go on, Ctrl-C ends them");
      await new Promise((resolve) => stop.signal.addEventListener("abort", resolve, { once: true }));
    });
}

function portNumber(text: string): number {
  const port = Number(text);
  if (/^\d+$/.test(text) && port <= 65535) return port;
  throw new InvalidArgumentError("it must be a number from 0 to 65535");
}

function seconds(text: string): number {
  const value = Number(text);
  if (value >= 1 && value <= 3600) return value;
  throw new InvalidArgumentError("it must be a number from 1 to 3600");
}
