import assert from "node:assert/strict";
import { correlate } from "../../lib/diagnose/correlate.ts";
import { EvidenceSet } from "../../lib/diagnose/evidence.ts";
import { readEvidence } from "../../lib/diagnose/readings/all_readings.ts";
import { finding } from "./scripted_checks.ts";

const GIB = 1024 ** 3;

/** What follows from these tools' data. */
function conclude(data: Record<string, unknown>, findings: Parameters<typeof correlate>[1] = []) {
  const evidence = new EvidenceSet(
    Object.entries(data).flatMap(([tool, one]) => readEvidence(tool.replace(/\W.*$/, ""), one)),
  );
  return correlate(evidence, findings);
}

function said(data: Record<string, unknown>, findings: Parameters<typeof correlate>[1] = []): string[] {
  return conclude(data, findings).conclusions.map(({ severity, text }) => `${severity}: ${text}`);
}

const busyDisk = {
  cpu_overview: { usage_pct: 30, iowait_pct: 45 },
  disk_io_latency: {
    devices: [{ device: "sda", busy_pct: 99.2, latency_ms: 12 }, { device: "sdb", busy_pct: 1 }],
  },
  io_top: {
    processes: [
      { pid: 88, name: "dd", written_bytes_per_sec: 200 * 1024 ** 2, read_bytes_per_sec: 0 },
      { pid: 89, name: "cp", written_bytes_per_sec: 10, read_bytes_per_sec: 20 },
    ],
  },
};

Deno.test("processors that wait, a device at its limit and one process that writes: that process", () => {
  assert.deepEqual(said(busyDisk).slice(0, 1), [
    "Warning: the device sda is at its limit: busy 99.2 % of the time; the processors wait for it 45 % of the time; " +
    'the most is written by pid 88 ("dd") with 200.0 MiB/s',
  ]);
  const idle = { ...busyDisk, io_top: { processes: [] } };
  assert.doesNotMatch(said(idle)[0] ?? "", /written by/);
});

Deno.test("memory under pressure and one process that holds most of it: that process", () => {
  const data = {
    mem_overview: { used_pct: 96.5, available_bytes: GIB / 2, swap_total_bytes: 0, swap_used_pct: 0 },
    psi_check: { pressure: { memory: { some: { avg60_pct: 35 }, full: { avg60_pct: 12 } } } },
    top_mem_processes: {
      processes: [
        { pid: 5, name: "java", rss_bytes: 12 * GIB, rss_pct: 75 },
        { pid: 6, name: "sshd", rss_bytes: 1000, rss_pct: 0.1 },
      ],
    },
  };
  assert.deepEqual(said(data), [
    "Critical: memory is used to 96.5 %, 512.0 MiB can still be had; tasks wait for memory 35 % of the time; " +
    'pid 5 ("java") holds the most, 12.0 GiB (75 % of all)',
  ]);
  const contentCheck = [finding("mem::memory_usage", "memory", 80)];
  const without = { ...data, psi_check: {} };
  assert.match(said(without, contentCheck)[0] ?? "", /^Info: /, "the check's threshold is higher, and rules");
  assert.match(said(data, contentCheck)[0] ?? "", /^Critical: /, "but that tasks wait is bad all the same");
});

Deno.test("swap that pages go to and come from", () => {
  const data = {
    mem_overview: { used_pct: 60, swap_total_bytes: GIB, swap_used_pct: 70 },
    vmstat_overview: { swapped_in_pages_per_sec: 1500, swapped_out_pages_per_sec: 200 },
    top_mem_processes: { processes: [{ pid: 5, name: "java", rss_bytes: GIB, swap_bytes: GIB / 2 }] },
  };
  assert.equal(
    said(data)[0],
    'Critical: the host thrashes: pages swapped at 1500 per s; swap is used to 70 %; most of it by pid 5 ("java") with 512.0 MiB',
  );
});

Deno.test("processes that the kernel ended are told while that is news", () => {
  const kill = (age_sec: number) => ({
    oom_history: {
      kills: [{ pid: 41, name: "node", age_sec }, { pid: 40, name: "old", age_sec: 9e6 }],
      kills_since_boot: 7,
    },
  });
  assert.deepEqual(said(kill(600)), [
    'Warning: the kernel has ended processes for lack of memory: the latest was pid 41 ("node"), 600 s ago; since it started: 7',
  ]);
  assert.match(said(kill(90_000))[0] ?? "", /^Info/);
  assert.deepEqual(said({ oom_history: { kills: [], kills_since_boot: 0 } }), []);
});

Deno.test("a full file system, and who holds a file on it: not on one mounted below or beside it", () => {
  const disk_overview = {
    file_systems: [
      { mount_point: "/data", used_pct: 99.6, available_bytes: 0, inodes_total: 10, inodes_used_pct: 3 },
      { mount_point: "/data/deep", used_pct: 10, available_bytes: GIB, inodes_total: 0, inodes_used_pct: 0 },
      { mount_point: "/iso", used_pct: 100, read_only: true },
      { mount_point: "/", used_pct: 50, available_bytes: GIB },
    ],
  };
  assert.deepEqual(said({ disk_overview }), ["Critical: the file system /data is used to 99.6 %, 0 B left"]);
  const open = (files: object[]) => ({ open_files: { pid: 12, files } });
  const onIt = open([{ kind: "deleted file", target: "/data/log (deleted)" }, {
    kind: "file",
    target: "/data/x",
  }]);
  assert.match(said({ disk_overview, ...onIt })[0] ?? "", /; pid 12 holds a deleted file on it/);
  const beside = open([{ kind: "file", target: "/data/deep/x" }, { kind: "file", target: "/database" }]);
  assert.doesNotMatch(said({ disk_overview, ...beside })[0] ?? "", /pid 12/);
  const raised = [finding("disk::space_usage", "/data", 20)];
  assert.match(said({ disk_overview }, raised)[0] ?? "", /^Info: /, "its check is content with that");
  const other = [finding("disk::space_usage", "/", 20)];
  assert.match(
    said({ disk_overview }, other)[0] ?? "",
    /^Critical: /,
    "another mount's check says nothing of it",
  );
});

Deno.test("inodes, and file systems that do not answer", () => {
  const disk_overview = {
    file_systems: [{ mount_point: "/var", used_pct: 5, inodes_total: 100, inodes_used_pct: 100 }],
    not_answering: [{ mount_point: "/nfs", hung: true }, { mount_point: "/secret", hung: false }],
  };
  assert.deepEqual(said({ disk_overview }), [
    "Critical: the inodes of /var are used to 100 %: too many small files",
    "Critical: the file system /nfs does not answer",
  ]);
});

Deno.test("a load without busy processors: those that wait for a device", () => {
  const data = {
    load: { load_5m_per_processor: 6 },
    cpu_overview: { usage_pct: 4, iowait_pct: 2, blocked: 12 },
    process_list: { processes: [{ pid: 70, name: "nfsd", state: "D" }, { pid: 71, name: "sh", state: "S" }] },
  };
  assert.equal(
    said(data)[0],
    'Critical: the load per processor is 6 while the processors are busy 4 %: processes that cannot be interrupted: pid 70 ("nfsd")',
  );
  const working = { load: { load_5m_per_processor: 6 }, cpu_overview: { usage_pct: 99, blocked: 0 } };
  assert.match(said(working).join("\n"), /more work is ready than the processors can do/);
});

Deno.test("zombies and the parent that does not wait for them", () => {
  const zombies = {
    zombies: 3,
    parents: [{ pid: 8, name: "sup", zombies: 2 }, { pid: 9, name: "x", zombies: 1 }],
  };
  assert.deepEqual(said({ zombies }), [
    'Warning: processes have ended that nobody waits for (zombies: 3); most are children of pid 8 ("sup") (2)',
  ]);
  assert.deepEqual(said({ zombies: { zombies: 0, parents: [] } }), []);
});

Deno.test("file handles of the system and of one process", () => {
  const data = {
    filefd_usage: { used_pct: 95 },
    filefd_top_procs: { processes: [{ pid: 3, name: "leak", open_files: 1020, used_pct: 99.6 }] },
  };
  assert.deepEqual(said(data), [
    'Critical: the system\'s file handles are used to 95 %; pid 3 ("leak") holds the most (1020)',
    'Critical: pid 3 ("leak") uses 99.6 % of the file descriptors it may have (1020 open)',
  ]);
});

Deno.test("connections that a program does not close: its pid and port", () => {
  const close_wait_owners = {
    close_wait: 480,
    holders: [
      { pid: 21, program: "shop", port: 8080, count: 470, unaccepted: false },
      { pid: 22, program: "cli", count: 10, unaccepted: false },
    ],
  };
  assert.deepEqual(
    said({ tcp_state_distribution: { total: 900, close_wait: 480, time_wait: 3 }, close_wait_owners }),
    [
      "Warning: connections pile up in CLOSE_WAIT (480): a program does not close them; " +
      'the most belong to port 8080 of pid 21 ("shop") (470)',
    ],
  );
  assert.deepEqual(said({ tcp_state_distribution: { close_wait: 7, time_wait: 3 } }), []);
  assert.match(
    said({ tcp_state_distribution: { close_wait: 0, time_wait: 6000 } })[0] ?? "",
    /TIME_WAIT \(6000\)/,
  );
});

Deno.test("a queue that nobody accepts from: the port and the process; one that is merely used is none", () => {
  const port = { port: 80, accept_queue: 129, pid: 30, program: "web" };
  const network_listen_ports = {
    ports: [{ ...port, half_open: 4 }, { port: 22, accept_queue: 0, half_open: 0 }],
  };
  assert.deepEqual(said({ network_listen_ports }), [
    'Critical: the listener on port 80 of pid 30 ("web") does not accept its connections: 129 wait, 4 more are half open',
  ]);
  const calm = { ports: [{ ...port, accept_queue: 2, half_open: 0 }] };
  assert.deepEqual(said({ network_listen_ports: calm }), []);
  const again = {
    overflows: 12,
    overflows_since_boot: 90,
    listeners: [{ ...port, accept_queue: 2, half_open: 0 }],
  };
  assert.deepEqual(said({ network_listen_ports: calm, listen_overflow: again }), [
    'Critical: the listener on port 80 of pid 30 ("web") does not accept its connections: 2 wait, and clients are turned away (12)',
  ]);
  assert.match(
    said({ listen_overflow: { overflows: 3, listeners: [] } })[0] ?? "",
    /^Warning: new connections are dropped/,
  );
});

Deno.test("tables of the kernel that are nearly full, and segments that are sent again", () => {
  const data = {
    conntrack_stat: { tracked: true, used_pct: 93.4 },
    arp_neigh: { tables: [{ family: "ipv4", used_pct: 80 }] },
    tcp_retrans_rate: { segments_sent: 5000, retransmitted_pct: 12 },
  };
  assert.deepEqual(said(data), [
    "Critical: TCP sends 12 % of its segments again: the way to some peer loses packets",
    "Critical: the connection tracking table is used to 93.4 %: when it is full, new connections are dropped",
    "Warning: the neighbour table is used to 80 %",
  ]);
  assert.deepEqual(said({ tcp_retrans_rate: { segments_sent: 5, retransmitted_pct: 40 } }), []);
});

Deno.test("services that failed, and heat", () => {
  const data = {
    service_list_failed: { failed: 1, units: [{ unit: "nginx.service", result: "exit-code" }] },
    docker_ps: {
      containers: [
        { name: "web", state: "running", status: "Up 3 days (unhealthy)" },
        { name: "job", state: "exited", status: "Exited (0)" },
      ],
    },
    thermal_zone: { sensors: [{ sensor: "cpu", celsius: 97 }] },
  };
  assert.deepEqual(said(data), [
    "Critical: cpu is at 97 °C: the processors may slow themselves down",
    'Warning: "nginx.service" is not as it should be (exit-code)',
    'Warning: "web" is not as it should be (unhealthy)',
  ]);
});

Deno.test("what no rule speaks of stays a finding of its own, the worst first", () => {
  const findings = [
    finding("redis::used_memory", "r1", 95),
    finding("dns::resolution", "a", 100),
    finding("cpu::cpu_usage", "cpu", 91),
  ];
  const { unexplained } = conclude({ cpu_overview: { usage_pct: 91 } }, findings);
  assert.deepEqual(unexplained.map(({ labels }) => labels.check), ["dns::resolution", "redis::used_memory"]);
});

Deno.test("a host where all is well gives nothing but what is worth knowing", () => {
  const data = {
    cpu_overview: { usage_pct: 3, iowait_pct: 0, steal_pct: 0, blocked: 0 },
    mem_overview: { used_pct: 20, available_bytes: GIB, swap_total_bytes: 0 },
    disk_overview: {
      file_systems: [{ mount_point: "/", used_pct: 10, inodes_total: 5, inodes_used_pct: 10 }],
    },
    zombies: { zombies: 0 },
  };
  assert(conclude(data).conclusions.every(({ severity }) => severity === "Info"));
});
