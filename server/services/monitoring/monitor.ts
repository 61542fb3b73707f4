// Tells metrics and traces of each answer that ends, with the times at which its message came and was checked.
import type { EndedAnswer } from './answer';
import { Metrics } from './metrics';
import type { Traces } from './traces';

/** Of answers whose end another process writes, nobody asks for the times. */
const MOST_HELD = 1000;

export class Monitor {
  readonly metrics = new Metrics();
  private readonly received = new Map<string, NonNullable<EndedAnswer['received']>>();

  constructor(private readonly traces: Traces | null) {}

  noteReceived(generationIds: readonly string[], at: Date, checkedAt: Date): void {
    if (!this.traces) return;
    for (const id of generationIds) this.received.set(id, { at, checkedAt });
    for (const id of this.received.keys()) {
      if (this.received.size <= MOST_HELD) return;
      this.received.delete(id);
    }
  }

  noteEnd(answer: Omit<EndedAnswer, 'received'>): void {
    const received = this.received.get(answer.generationId) ?? null;
    this.received.delete(answer.generationId);
    this.metrics.count({ ...answer, received });
    this.traces?.send({ ...answer, received });
  }

  async close(): Promise<void> {
    await this.traces?.close();
  }
}
