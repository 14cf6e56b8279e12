/** The checks' options as people read them: in the example, and in the reference. */
import type { CheckDefinition } from "../checks/definition.ts";
import { paceOptions } from "./check_schema.ts";
import { type OptionRow, rowsOf, tomlText } from "./option_rows.ts";

/** What could stand where there is no default. */
const EXAMPLES: Readonly<Record<string, unknown>> = {
  "mount.mounts": [{ path: "/data", fstype: "ext4", options: ["noexec"] }],
  "mount.fstab": "/etc/fstab",
  "ntp.servers": ["192.0.2.1"],
  "dns.names": ["www.example.com"],
  "net.targets": ["tcp://127.0.0.1:22"],
  "net.send": "PING\r\n",
  "net.expect": "PONG",
  "http.urls": ["https://www.example.com/health"],
  "http.body": "ready",
  "http.ca_file": "/etc/pawl/ca.pem",
  "cert.remotes": ["www.example.com:443"],
  "cert.sni": "www.example.com",
  "cert.starttls": "smtp",
  "cert.ca_file": "/etc/pawl/ca.pem",
  "filecheck.paths": ["/etc/passwd"],
  "logfile.paths": ["/var/log/app/*.log"],
  "exec.name": "raid",
  "exec.program": "/usr/local/lib/check_raid",
  "systemd.systemctl": "/usr/bin/systemctl",
  "redis.username": "pawl",
  "redis.password": "${REDIS_PASSWORD}",
  "redis.password_file": "/etc/pawl/redis_password",
  "redis.ca_file": "/etc/pawl/ca.pem",
  "redis.expected_role": "master",
};

/** The options of a kind of check alone, in the order of its definition. */
export function optionRows({ plugin, options }: CheckDefinition): OptionRow[] {
  return rowsOf(options()).map((row) => {
    const example = EXAMPLES[`${plugin}.${row.key}`];
    return example === undefined ? row : { ...row, exampleText: tomlText(example) };
  });
}

/** The options that every check has, with the defaults of this kind. */
export function paceRows(definition: Pick<CheckDefinition, "pace">): OptionRow[] {
  return rowsOf(paceOptions(definition));
}

/** One `[[check.<plugin>]]` table with every key; what has no default is commented out by a `#` right before it. */
export function exampleTable(definition: CheckDefinition): string {
  const lines = [`# ${definition.summary}`, `[[check.${definition.plugin}]]`];
  for (const row of [...optionRows(definition), ...paceRows(definition)]) {
    const { key, defaultText, exampleText, description } = row;
    const written = `${key} = ${exampleText ?? defaultText ?? '""'}`;
    lines.push(`# ${description}`, defaultText === undefined ? `#${written}` : written);
  }
  return `${lines.join("\n")}\n`;
}
