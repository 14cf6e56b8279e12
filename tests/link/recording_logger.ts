import type { Logger } from "@logtape/logtape";

/** One log call. */
export interface LogRecord {
  level: string;
  event: string;
  fields: Record<string, unknown>;
}

/** A logger that keeps what it is told, for the parts' way of calling it: an event name, and fields. */
export class RecordingLogger {
  readonly records: LogRecord[] = [];
  readonly debug = this.#take("debug");
  readonly info = this.#take("info");
  readonly warn = this.#take("warning");
  readonly warning = this.#take("warning");
  readonly error = this.#take("error");

  /** Itself, as the parts want it. */
  get logger(): Logger {
    return this as unknown as Logger;
  }

  /** The names of the events of one level, or of all. */
  events(level?: string): string[] {
    return this.records.filter((record) => level === undefined || record.level === level)
      .map(({ event }) => event);
  }

  #take(level: string) {
    return (event: string, fields: Record<string, unknown> = {}) => {
      this.records.push({ level, event, fields });
    };
  }
}
