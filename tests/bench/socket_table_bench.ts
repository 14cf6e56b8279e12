import { CLOSE_WAIT, eachSocket } from "../../lib/host/net/tcp_table.ts";

const LINES = 100_000;
const STATES = ["01", "06", "08", "0A"];

function line(index: number): string {
  const port = (1024 + index % 60_000).toString(16).toUpperCase().padStart(4, "0");
  const peer = (index % 65_536).toString(16).toUpperCase().padStart(4, "0");
  return `${String(index).padStart(4)}: 0100007F:${port} 0A0B${peer}:01BB ${STATES[index % STATES.length]} ` +
    `00000000:00000001 00:00000000 00000000  1000        0 ${
      100_000 + index
    } 1 0000000000000000 20 4 30 10 -1\n`;
}

const text = `  sl  local_address\n${Array.from({ length: LINES }, (_, index) => line(index)).join("")}`;

Deno.bench(`the states of ${LINES} sockets`, () => {
  let found = 0;
  eachSocket(text, ({ state }) => {
    if (state === CLOSE_WAIT) found++;
  });
  if (found !== LINES / STATES.length) throw new Error(`found ${found}`);
});

Deno.bench(`the inodes of those in CLOSE_WAIT, of ${LINES} sockets`, () => {
  const inodes = new Set<number>();
  eachSocket(text, (each) => {
    if (each.state === CLOSE_WAIT) inodes.add(each.inode ?? 0);
  });
  if (inodes.size !== LINES / STATES.length) throw new Error(`found ${inodes.size}`);
});
