// Sends values one at a time: while one is on its way, only the newest of those that come is kept.

export class LatestWins<T> {
  readonly #send: (value: T) => Promise<unknown>;
  #flying = false;
  #next: { value: T } | null = null;

  constructor(send: (value: T) => Promise<unknown>) {
    this.#send = send;
  }

  push(value: T): void {
    this.#next = { value };
    if (!this.#flying) void this.#fly();
  }

  async #fly(): Promise<void> {
    this.#flying = true;
    while (this.#next !== null) {
      const { value } = this.#next;
      this.#next = null;
      // A refusal is worded where the command is run; the next value is sent all the same.
      await this.#send(value).catch(() => undefined);
    }
    this.#flying = false;
  }
}
