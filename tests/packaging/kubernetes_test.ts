import assert from "node:assert/strict";
import { TempFolder } from "../config/temp_folder.ts";
import { pawl } from "../cli/pawl_process.ts";
import { checkersMissing, READ_INPUT, runChecker, whySkipped } from "./outside_tool.ts";

const FOLDER = new URL("../../packaging/kubernetes/", import.meta.url);
const ignore = checkersMissing !== undefined;

// deno-lint-ignore no-explicit-any -- a manifest is what its schema says, and that is what is tested
type Manifest = any;

async function manifests(name: string): Promise<Manifest[]> {
  const { ok, out, err } = await runChecker(
    `import { parseAllDocuments } from "yaml";
${READ_INPUT}
const documents = parseAllDocuments(input, { strict: true, uniqueKeys: true });
for (const { errors, warnings } of documents) for (const problem of [...errors, ...warnings]) throw problem;
console.log(JSON.stringify(documents.map((one) => one.toJS())));`,
    await Deno.readTextFile(new URL(name, FOLDER)),
  );
  assert.ok(ok, err);
  return JSON.parse(out);
}

/** By the schema's validator, and by the compiler: the schemas let unknown fields pass, the types do not. */
async function complaint(manifest: Manifest): Promise<string | undefined> {
  const { apiVersion, kind } = manifest;
  const { ok, err } = await runChecker(
    `import { ${kind}, type I${kind} } from "kubernetes-models/${apiVersion}";
const manifest: I${kind} = ${JSON.stringify(manifest)};
new ${kind}(manifest).validate();`,
  );
  return ok ? undefined : err;
}

for (const name of ["agent-daemonset.yaml", "hub-deployment.yaml"]) {
  Deno.test({
    name: `${name} is what the schemas of Kubernetes ask for, without unknown fields${whySkipped}`,
    ignore,
    async fn() {
      for (const manifest of await manifests(name)) {
        assert.equal(await complaint(manifest), undefined, manifest.kind);
      }
    },
  });

  Deno.test({
    name: `${name}: pods run as nobody, change nothing, and are probed and bounded${whySkipped}`,
    ignore,
    async fn() {
      for (const { kind, spec } of await manifests(name)) {
        if (kind !== "DaemonSet" && kind !== "Deployment") continue;
        const pod = spec.template.spec;
        assert.deepEqual(spec.template.metadata.labels, spec.selector.matchLabels);
        assert.equal(pod.automountServiceAccountToken, false);
        assert.equal(pod.securityContext.runAsNonRoot, true);
        assert.deepEqual(pod.securityContext.seccompProfile, { type: "RuntimeDefault" });
        for (const container of [...pod.initContainers ?? [], ...pod.containers]) {
          const { securityContext, resources } = container;
          assert.equal(securityContext.allowPrivilegeEscalation, false);
          assert.equal(securityContext.readOnlyRootFilesystem, true);
          assert.deepEqual(securityContext.capabilities.drop, ["ALL"]);
          assert.equal(securityContext.privileged, undefined);
          assert.ok(resources.limits.memory, "a bound");
        }
        const [main] = pod.containers;
        assert.equal(main.securityContext.capabilities.add, undefined);
        assert.equal(main.livenessProbe.httpGet.path, "/livez");
        assert.equal(main.readinessProbe.httpGet.path, "/readyz");
      }
    },
  });
}

Deno.test({
  name: `what the schemas do not have is found${whySkipped}`,
  ignore,
  async fn() {
    const agent = (await manifests("agent-daemonset.yaml")).find(({ kind }) => kind === "DaemonSet");
    const [container] = agent.spec.template.spec.containers;
    container.securityContext.readOnlyRootFileSystem = true;
    assert.match(await complaint(agent) ?? "", /readOnlyRootFileSystem/);
    delete container.securityContext.readOnlyRootFileSystem;
    container.livenessProbe.periodSeconds = "20";
    assert.match(await complaint(agent) ?? "", /periodSeconds|not assignable/);
  },
});

Deno.test({
  name: `the agent sees the node's /proc and /sys where its configuration says, read-only${whySkipped}`,
  ignore,
  async fn() {
    const documents = await manifests("agent-daemonset.yaml");
    const { spec } = documents.find(({ kind }) => kind === "DaemonSet").spec.template;
    const mounts = new Map<string, Manifest>(
      spec.containers[0].volumeMounts.map((mount: Manifest) => [mount.mountPath, mount]),
    );
    const volumes = new Map<string, Manifest>(spec.volumes.map((volume: Manifest) => [volume.name, volume]));
    for (const [path, source] of [["/host/proc", "/proc"], ["/host/sys", "/sys"]] as const) {
      assert.equal(mounts.get(path).readOnly, true);
      assert.equal(volumes.get(mounts.get(path).name).hostPath.path, source);
    }
    const written = [...mounts.values()].filter(({ readOnly }) => readOnly !== true);
    assert.deepEqual(written.map(({ mountPath }) => mountPath), ["/var/lib/pawl"]);
  },
});

Deno.test({
  name: `the agent's configuration is valid, and names the hub's service and the probes' port${whySkipped}`,
  ignore,
  async fn() {
    const [agent, hub] = [await manifests("agent-daemonset.yaml"), await manifests("hub-deployment.yaml")];
    const text: string = agent.find(({ kind }) => kind === "ConfigMap").data["pawl.toml"];
    await using folder = new TempFolder();
    folder.write("token", "of-the-hub");
    folder.write("local-token", "of-the-node");
    const path = folder.write("pawl.toml", text.replaceAll("/etc/pawl/secret/", `${folder.path}/`));
    const { code, err } = await pawl(["config", "check", "--config", path]);
    assert.deepEqual([code, err], [0, ""]);
    const service = hub.find(({ kind }) => kind === "Service");
    const { name, namespace } = service.metadata;
    const [{ port }] = service.spec.ports;
    assert.match(text, new RegExp(`address = "ws://${name}\\.${namespace}\\.svc\\.cluster\\.local:${port}"`));
    const { spec } = agent.find(({ kind }) => kind === "DaemonSet").spec.template;
    const { httpGet } = spec.containers[0].livenessProbe;
    assert.match(text, new RegExp(`listen = "${httpGet.host}:${httpGet.port}"`));
    const deployment = hub.find(({ kind }) => kind === "Deployment");
    assert.deepEqual(service.spec.selector, deployment.spec.selector.matchLabels);
  },
});
