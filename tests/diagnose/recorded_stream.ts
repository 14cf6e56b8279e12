import type { StreamCallback, StreamStage } from "../../lib/sessions/runners.ts";

/** Keeps what a runner streams. */
export class RecordedStream {
  readonly pieces: [stage: StreamStage, delta: string][] = [];

  readonly callback: StreamCallback = (stage, delta) => {
    this.pieces.push([stage, delta]);
    return Promise.resolve();
  };

  of(stage: StreamStage): string[] {
    return this.pieces.filter(([one]) => one === stage).map(([, delta]) => delta);
  }
}
