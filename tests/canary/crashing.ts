/** The agent, with a fault of its own in it: what its first argument names, an error that holds $CRASH_SECRET. */
import { runCommand } from "../../lib/cli/command.ts";
import { command } from "../../lib/cli/run.ts";

const [how, ...argv] = Deno.args;
const crash = () => {
  const error = new Error(`the header was ${Deno.env.get("CRASH_SECRET")}`, {
    cause: new Error(`of ${Deno.env.get("CRASH_SECRET")}`),
  });
  if (how === "rejection") void Promise.reject(error);
  else throw error;
};
// Not before the agent runs: its socket says so.
const wait = setInterval(() => {
  try {
    Deno.statSync(`${Deno.env.get("STATE_DIRECTORY")}/pawl.sock`);
  } catch {
    return;
  }
  clearInterval(wait);
  crash();
}, 20);
Deno.exit(await runCommand(command, argv));
