// Keeps one connection for NOTIFY and advisory locks, through which replicas know of each other.
import { EventEmitter } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';

const RETRY_MS = 500;
const KEY = 'hashtextextended($1, 0)';

/** A lock lasts as long as this connection: a process that dies frees its locks at once. */
export class Listener {
  private readonly emitter = new EventEmitter().setMaxListeners(0);
  private readonly channels = new Set<string>();
  private readonly held = new Map<string, () => void>();
  private client: pg.Client | null = null;
  private isClosed = false;

  constructor(
    private readonly url: string,
    private readonly onError: (error: unknown) => void,
  ) {}

  async start(channels: readonly string[]): Promise<void> {
    for (const channel of channels) this.channels.add(channel);
    await this.connect();
  }

  /** Calls the handler with each payload on the channel; returns a function that removes it. */
  on(channel: string, handler: (payload: string) => void): () => void {
    this.emitter.on(channel, handler);
    return () => this.emitter.off(channel, handler);
  }

  /** False if another connection, or this one, already has the lock. `onLost` is called if the lock is lost. */
  async tryLock(name: string, onLost: () => void): Promise<boolean> {
    if (this.held.has(name)) return false;
    this.held.set(name, onLost);
    try {
      if (await this.lock(name)) return true;
    } catch (error) {
      this.held.delete(name);
      throw error;
    }
    this.held.delete(name);
    return false;
  }

  async unlock(name: string): Promise<void> {
    if (!this.held.delete(name)) return;
    // Without a connection the lock is already free.
    await this.client?.query(`select pg_advisory_unlock(${KEY})`, [name]).catch(this.onError);
  }

  async close(): Promise<void> {
    this.isClosed = true;
    this.held.clear();
    const { client } = this;
    this.client = null;
    await client?.end().catch(() => undefined);
  }

  private async lock(name: string): Promise<boolean> {
    if (!this.client) return false;
    const { rows } = await this.client.query<{ got: boolean }>(`select pg_try_advisory_lock(${KEY}) as got`, [name]);
    return rows[0]?.got === true;
  }

  private async connect(): Promise<void> {
    const client = new pg.Client({ connectionString: this.url, keepAlive: true, connectionTimeoutMillis: 10_000 });
    client.on('notification', ({ channel, payload }) => this.emitter.emit(channel, payload ?? ''));
    client.on('error', this.onError);
    await client.connect();
    for (const channel of this.channels) await client.query(`listen ${client.escapeIdentifier(channel)}`);
    client.once('end', () => {
      if (this.client !== client) return;
      this.client = null;
      void this.reconnect();
    });
    this.client = client;
  }

  private async reconnect(): Promise<void> {
    while (!this.isClosed && !this.client) {
      try {
        await sleep(RETRY_MS, undefined, { ref: false });
        await this.connect();
      } catch (error) {
        this.onError(error);
      }
    }
    for (const [name, onLost] of [...this.held]) {
      if (await this.lock(name)) continue;
      this.held.delete(name);
      onLost();
    }
  }
}
