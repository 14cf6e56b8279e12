import assert from "node:assert/strict";
import { PawlProcess } from "../cli/pawl_process.ts";
import { TempFolder } from "../config/temp_folder.ts";
import { FakeHub } from "../fakes/fake_hub.ts";
import { SmallDisk } from "../fakes/small_disk.ts";
import { until } from "../fakes/until.ts";

const refusal = await SmallDisk.refusal();

Deno.test({
  name: "a file system that fills up is told to the hub by the agent that runs there, and so is its end" +
    (refusal === undefined ? "" : ` (skipped: ${refusal})`),
  ignore: refusal !== undefined,
  async fn() {
    await using disk = await SmallDisk.mount(4 * 1024 ** 2);
    await using folder = new TempFolder();
    await using hub = await FakeHub.start({ capabilities: ["alert_ack"] });
    const config = folder.write(
      "pawl.toml",
      `state_dir = "${
        folder.at("state")
      }"\n[labels]\nsite = "cellar"\n[server]\naddress = "${hub.address}"\n` +
        `[[check.disk]]\nmount_points = ["${disk.path}"]\ninterval = "1s"\nlabels = { team = "storage" }\n`,
    );
    await using agent = PawlProcess.start(["run", "--config", config, "--log-format", "json"]);
    await agent.logged("agent.started");
    const connection = await hub.nextConnection();
    const registered = await connection.next("register");
    assert.deepEqual(registered.payload.plugins, ["disk"]);
    const alerts = () => connection.receivedOf("alert_events").flatMap(({ payload }) => payload.events);
    disk.fill();
    const [full] = await until("the alert came", () => alerts().length > 0 && alerts());
    assert(full);
    const { from_agent, ...labels } = full.labels;
    assert.match(from_agent ?? "", /^[0-9a-f-]{36}$/);
    assert.deepEqual(labels, {
      check: "disk::space_usage",
      target: disk.path,
      site: "cellar",
      team: "storage",
    });
    assert.equal(full.event_status, "Critical");
    disk.empty();
    const over = await until("its end came", () => alerts()[1]);
    assert.deepEqual([over.event_status, over.alert_key], ["Ok", full.alert_key]);
    agent.kill("SIGTERM");
    assert.equal((await agent.ended()).code, 0);
  },
});
