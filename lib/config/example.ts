/** A configuration file that says everything there is to say. */
import { CHECKS } from "../checks/registry.ts";
import { exampleTable } from "./check_reference.ts";
import { exampleAfter, exampleBefore } from "./reference.ts";

const HEAD = `# Configuration of pawl. Check it with: pawl config check --config FILE
# Every table may be left out, and every key that has a default. \${NAME} in a string stands for that environment
# variable, $\${ for a plain \${. Relative paths start at this file's folder. Durations: "30s", "5m", "1h30m", "7d".
# Sizes: "512KiB", "64MiB", "1GiB", or plain bytes.
`;

const CHECKS_HEAD =
  `# The checks. Without any [[check.…]] those that fit every host run: the ones that are not commented out here. With
# one, only those that the file names. Each table is one instance. A figure at or above a threshold is an alert; 0
# turns that threshold off.
`;

/**
 * A configuration file with every key there is. What has a default stands with it; what has none is commented out
 * by a `#` right before the key, and so are the checks that do not run by default and the destinations.
 */
export const EXAMPLE: string = [
  HEAD,
  exampleBefore(),
  CHECKS_HEAD,
  ...CHECKS.map((definition) => {
    const table = exampleTable(definition);
    return definition.byDefault ? table : table.replaceAll(/^(?=[a-z[])/gm, "#");
  }),
  exampleAfter(),
].join("\n");
