import type { AuditWriter } from "../../lib/sessions/audit.ts";
import type { AuditEvent } from "../../lib/sessions/audit/line.ts";

/** An audit in memory, which a test can hold up or break. */
export class FakeAuditLog implements AuditWriter {
  /** What is "on the disk". */
  readonly events: AuditEvent[] = [];
  /** While true, nothing can be written. */
  broken = false;
  /** While true, what is appended waits for {@linkcode release}. */
  hold = false;
  #held: (() => void)[] = [];

  async append(...events: readonly AuditEvent[]): Promise<void> {
    if (this.hold) await new Promise<void>((resolve) => this.#held.push(resolve));
    if (this.broken) throw new Error("the audit log cannot be written");
    this.events.push(...events);
  }

  /** What waits is written, or fails. */
  release(): void {
    this.hold = false;
    for (const resolve of this.#held.splice(0)) resolve();
  }

  /** The entries of a kind. */
  of(event: string): AuditEvent[] {
    return this.events.filter((one) => one.event === event);
  }

  get kinds(): string[] {
    return this.events.map(({ event }) => event);
  }
}
