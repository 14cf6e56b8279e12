import assert from "node:assert/strict";

const { success: bound, code } = await bindMount("true");

/** Runs a shell line in a mount namespace of its own, in which this machine's /proc and /sys lie below `$M`, too. */
async function bindMount(line: string) {
  const script = 'M=$(mktemp -d) && mkdir "$M/proc" "$M/sys" && mount --bind /proc "$M/proc" && ' +
    `mount --bind /sys "$M/sys" && export M && { ${line}; }`;
  try {
    const { success, code, stdout, stderr } = await new Deno.Command("unshare", {
      args: ["--mount", "sh", "-c", script],
      cwd: new URL("../../", import.meta.url),
      env: { DENO_NO_UPDATE_CHECK: "1", DENO: Deno.execPath() },
    }).output();
    const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
    return { success, code, output: text(stdout), errors: text(stderr) };
  } catch (error) {
    return { success: false, code: -1, output: "", errors: String(error) };
  }
}

Deno.test({
  name:
    `a process that may read a mount of /proc and one of /sys, and nothing else, sees the kernel's files` +
    (bound ? "" : ` (skipped: no mount namespace of one's own here, code ${code})`),
  ignore: !bound,
  async fn() {
    const { success, output, errors } = await bindMount(
      '"$DENO" run -q --no-prompt --no-check --allow-read="$M/proc,$M/sys" tests/host/ask_mounted.ts "$M/proc" "$M/sys"',
    );
    assert(success, errors);
    const answers = JSON.parse(output) as Record<string, string>;
    const { hostname, environment, ...others } = answers;
    assert.match(hostname ?? "", /FactUnavailableError: .*--allow-sys=hostname/);
    assert.match(environment ?? "", /^ok$|FactUnavailableError: .*does not let this user/);
    for (const [name, answer] of Object.entries(others)) assert.equal(answer, "ok", name);
  },
});
