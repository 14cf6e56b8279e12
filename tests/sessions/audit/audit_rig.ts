import assert from "node:assert/strict";
import { join } from "node:path";
import type { AuditEntry } from "../../../lib/sessions/audit/line.ts";
import { AuditLog, type AuditLogOptions } from "../../../lib/sessions/audit/log.ts";
import { readAudit } from "../../../lib/sessions/audit/read.ts";
import { verifyAudit } from "../../../lib/sessions/audit/verify.ts";
import { FakeClock } from "../../fakes/fake_clock.ts";

/** An audit log in a folder of its own. */
export class AuditRig implements AsyncDisposable {
  readonly clock = new FakeClock();
  readonly folder: string;
  readonly #parent: string;
  readonly #options: Partial<AuditLogOptions>;
  log: AuditLog;

  private constructor(parent: string, options: Partial<AuditLogOptions>) {
    this.#parent = parent;
    this.folder = join(parent, "audit");
    this.#options = options;
    this.log = this.#open();
  }

  static async make(options: Partial<AuditLogOptions> = {}): Promise<AuditRig> {
    return new AuditRig(await Deno.makeTempDir({ prefix: "pawl-audit-" }), options);
  }

  /** A log with entries `1` … `count`, each written by itself. */
  static async filled(count: number, options: Partial<AuditLogOptions> = {}): Promise<AuditRig> {
    const rig = await AuditRig.make(options);
    await rig.fill(1, count);
    return rig;
  }

  async fill(from: number, to: number): Promise<void> {
    for (let n = from; n <= to; n++) await this.log.append({ event: "test", n });
  }

  /** As a new process would: what the old one knew is forgotten. */
  restart(): void {
    this.log = this.#open();
  }

  at(name: string): string {
    return join(this.folder, name);
  }

  async files(): Promise<string[]> {
    const names = [];
    for await (const { name } of Deno.readDir(this.folder)) names.push(name);
    return names.sort();
  }

  async entries(): Promise<AuditEntry[]> {
    return (await readAudit(this.folder)).entries.map(({ entry }) => entry);
  }

  /** The events, in order, those of tests as their number. */
  async told(): Promise<unknown[]> {
    return (await this.entries()).map(({ event, n }) => event === "test" ? n : event);
  }

  /** What `verify` finds, one line each. */
  async problems(): Promise<string[]> {
    const { problems } = await verifyAudit(this.folder);
    return problems.map(({ file, line, what }) => `${file}${line === undefined ? "" : `:${line}`}: ${what}`);
  }

  /** Changes the lines of a file behind the log's back. */
  async edit(change: (lines: string[]) => string[], name = "audit.jsonl"): Promise<void> {
    const text = await Deno.readTextFile(this.at(name));
    const lines = text.trimEnd().split("\n");
    await Deno.writeTextFile(this.at(name), change(lines).map((line) => `${line}\n`).join(""));
  }

  async assertWhole(): Promise<void> {
    assert.deepEqual(await this.problems(), []);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.log.settled();
    await Deno.remove(this.#parent, { recursive: true });
  }

  #open(): AuditLog {
    return new AuditLog({ folder: this.folder, clock: this.clock, ...this.#options });
  }
}
