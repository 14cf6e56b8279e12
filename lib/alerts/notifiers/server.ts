import type { Delivery } from "../delivery.ts";
import type { AlertEvent } from "../event.ts";
import type { AlertQueue } from "../queue.ts";
import type { Notifier } from "./notifier.ts";

/** Forwards events to the control server: into the queue, from where {@linkcode Delivery} takes them. */
export class ServerNotifier implements Notifier {
  readonly name = "server";
  readonly #queue: AlertQueue<AlertEvent>;
  readonly #delivery: Delivery;

  constructor(queue: AlertQueue<AlertEvent>, delivery: Delivery) {
    this.#queue = queue;
    this.#delivery = delivery;
  }

  /** Always true: the queue takes every event, connected or not. */
  forward(event: AlertEvent): boolean {
    this.#queue.push(event);
    this.#delivery.wake();
    return true;
  }
}
