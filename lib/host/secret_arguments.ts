/** Secrets on command lines, where a program has its own way of taking them. */
import { isSecretName } from "./secret_names.ts";
import { MASK } from "./secret_shapes.ts";

/** Which options carry a secret, for programs where their names do not tell. A trailing `+`: the value is attached. */
const OPTIONS: Readonly<Record<string, readonly string[]>> = {
  mysql: ["-p+"],
  mysqldump: ["-p+"],
  mysqladmin: ["-p+"],
  mysqlimport: ["-p+"],
  mysqlcheck: ["-p+"],
  mysqlbinlog: ["-p+"],
  mariadb: ["-p+"],
  "mariadb-dump": ["-p+"],
  "mariadb-admin": ["-p+"],
  "redis-cli": ["-a"],
  sshpass: ["-p", "-p+"],
  curl: ["-u", "--user", "-u+", "-U", "--proxy-user"],
  mongo: ["-p"],
  mongosh: ["-p"],
  mongodump: ["-p"],
  ldapsearch: ["-w", "-w+"],
  ldapmodify: ["-w", "-w+"],
  docker: ["-p"],
  podman: ["-p"],
  smbclient: ["-U", "-U+"],
  snmpget: ["-c", "-A", "-X"],
  snmpwalk: ["-c", "-A", "-X"],
  sqlcmd: ["-P", "-P+"],
  rabbitmqadmin: ["-p"],
  openconnect: ["-p"],
  xfreerdp: ["/p:+"],
};

/** The characters that programs are separated by where several stand on one line. */
const NEXT_COMMAND = /^(?:\||\|\||&&|;)$/;

/**
 * Masks the values of options that only the program's name explains: `mysql -pSECRET`, `redis-cli -a SECRET`. Works on
 * the words of one command line, in place of which it gives others; the rest is left to `maskSecrets`.
 */
export function maskProgramOptions(words: readonly string[]): string[] {
  let options: readonly string[] = [];
  let hideNext = false;
  return words.map((word) => {
    const base = word.slice(word.lastIndexOf("/") + 1).replace(/^["'(]+/, "");
    if (hideNext) {
      hideNext = false;
      return keepUser(word);
    }
    if (NEXT_COMMAND.test(word)) options = [];
    else if (Object.hasOwn(OPTIONS, base)) {
      options = OPTIONS[base] ?? [];
      // Elsewhere `-p` names a port.
      if ((base === "docker" || base === "podman") && !words.includes("login")) options = [];
    } else if (options.includes(word)) hideNext = true;
    else {
      const option = options.find((name) => name.endsWith("+") && word.startsWith(name.slice(0, -1)));
      if (option !== undefined && word.length >= option.length) {
        const start = option.length - 1;
        return word.slice(0, start) + keepUser(word.slice(start));
      }
    }
    return word;
  });
}

/** `user:password` and `user%password` keep their first half. */
function keepUser(value: string): string {
  const user = /^[A-Za-z0-9._@-]{1,64}[:%](?=.)/.exec(value);
  return `${user?.[0] ?? ""}${MASK}`;
}

/**
 * A command line that nobody has joined yet: each argument by itself, so that a secret with blanks in it is hidden
 * whole.
 */
export function maskOptionValues(args: readonly string[]): string[] {
  let hideNext = false;
  return maskProgramOptions(args).map((arg) => {
    if (hideNext) {
      hideNext = false;
      // The next option, unless it is one of a kind that no option looks like.
      if (!/^--?[A-Za-z]/.test(arg)) return MASK;
    }
    const assigned = /^(-{0,2}[A-Za-z0-9_.-]{1,128})=/.exec(arg);
    if (assigned?.[1] !== undefined && isSecretName(assigned[1])) return `${assigned[0]}${MASK}`;
    hideNext = /^--?[A-Za-z]/.test(arg) && isSecretName(arg);
    return arg;
  });
}
