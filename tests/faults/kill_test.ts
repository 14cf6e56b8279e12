import assert from "node:assert/strict";
import { TempFolder } from "../config/temp_folder.ts";
import { type Behaviour, FakeHub } from "../fakes/fake_hub.ts";
import { SeededRandom } from "../fakes/seeded_random.ts";
import { until } from "../fakes/until.ts";
import { Accounting } from "./accounting.ts";
import { AgentLives } from "./agent_lives.ts";
import { HubRecord } from "./hub_record.ts";
import { countFrom, masterSeed } from "./from_environment.ts";
import { Producer } from "./producer.ts";
import { SentEvents } from "./sent_events.ts";
import { say } from "./say.ts";

/** `PAWL_KILLS` says how many. */
const kills = countFrom("PAWL_KILLS", 10);

Deno.test("kill -9 at any instant under load loses nothing that was answered 202", async () => {
  const seed = masterSeed();
  const random = new SeededRandom(seed);
  const record = new HubRecord();
  const sent = new SentEvents();
  const accounting = new Accounting();
  const welcomes = random.fork("welcomes");
  // Now and then a life finds no hub, so that what waits is much at one time and little at another.
  const behaviour = (): Behaviour => ({
    ...welcomes.chance(0.3) && { refuse: { status: 503 } },
    capabilities: ["alert_ack"],
    onMessage: (message, connection) => {
      if (message.type === "alert_events") record.take(connection, message, true);
    },
  });
  say(`${kills} kills from PAWL_SEED=${seed}`);
  await using folder = new TempFolder();
  await using hub = await FakeHub.start(behaviour);
  await using lives = new AgentLives({ address: hub.address, stateDir: folder.at("state") });

  let requests = 0;
  let over = false;
  const produce = async (producer: Producer, sizes: SeededRandom) => {
    while (!over) {
      const agent = await lives.current;
      const kept = accounting.promise(agent);
      if (await producer.post(agent, sizes.magnitude(1, 200)) === "accepted") kept();
      requests++;
    }
  };
  const producing = Array.from({ length: 4 }, (_, index) => {
    const keys = Array.from({ length: 8 }, (_, key) => `p${index}k${key}`);
    const own = random.fork(`producer ${index}`);
    return produce(new Producer(own, keys, sent), own.fork("sizes"));
  });
  const killThroughout = async () => {
    const instants = random.fork("instants");
    for (let kill = 0; kill < kills; kill++) {
      const before = requests;
      const work = instants.int(1, 60);
      await until("there was some work", () => requests >= before + work);
      await new Promise((resolve) => setTimeout(resolve, instants.int(0, 10)));
      accounting.note(await lives.current, await (await lives.current).server());
      await lives.restart("kill", instants.chance(0.15) ? [instants.int(50, 250)] : []);
    }
  };
  await Promise.all([...producing, killThroughout().finally(() => over = true)]).finally(() => over = true);

  const agent = await lives.current;
  const figures = await until("nothing waits any more", async () => {
    const figures = await agent.server();
    return figures.waiting === 0 && figures;
  }, 60_000);
  accounting.note(agent, figures);
  const again = `again: PAWL_SEED=${seed} PAWL_KILLS=${kills} deno test -P tests/faults/kill_test.ts`;
  const faults = [...accounting.faults, ...record.faults(sent, figures)];
  assert.deepEqual(faults, [], `${again}\n${lives.log}`);
  assert.ok(sent.counts.accepted >= kills, "there was load");
  say(`killed ${lives.kills} times, accepted ${sent.counts.accepted}, lost 0`);
});
