// The engine as the other processes see it: requests that survive a lost connection or a restarted engine.
import net from 'node:net';
import { AttuneError } from '@/core/errors';
import type { ClientInput, EngineMessage, EngineStatus, GenerateInput, ScoreRequest } from './protocol';
import { encodeLine, LineDecoder } from './protocol';

export type TokensEvent = Extract<EngineMessage, { type: 'tokens' }>;
export type FinishedEvent = Extract<EngineMessage, { type: 'finished' }>;
/** Each token of a completion once and in order, then `finished`. */
export type GenerateEvent = TokensEvent | FinishedEvent;

export interface EngineClientOptions {
  /** How long a request waits for an engine that does not answer, in milliseconds. */
  deadlineMs?: number;
  /**
   * A request that lost its connection this many times without progress fails, because it may be what kills the engine.
   */
  maxAttempts?: number;
}

const RETRY_MS = { first: 50, most: 1000 };

/** A request under way; `message` is called for each new connection, because it contains what has been received. */
interface Exchange {
  message(): ClientInput;
  receive(message: EngineMessage): void;
  fail(error: AttuneError): void;
  attempts: number;
  /** When it began to wait for a connection, in milliseconds; null while it has one. */
  waitingSince: number | null;
}

export class EngineClient {
  private readonly exchanges = new Map<string, Exchange>();
  private socket: net.Socket | null = null;
  private isConnected = false;
  private isClosed = false;
  private retryMs = RETRY_MS.first;
  private retry: NodeJS.Timeout | null = null;
  private counter = 0;
  private readonly deadlineMs: number;
  private readonly maxAttempts: number;

  constructor(
    readonly socketPath: string,
    options: EngineClientOptions = {},
  ) {
    this.deadlineMs = options.deadlineMs ?? 60_000;
    this.maxAttempts = options.maxAttempts ?? 5;
  }

  /** Streams an answer. The signal ends it with reason `aborted`; leaving the loop early aborts it too. */
  async *generate(request: Omit<GenerateInput, 'type'>, signal?: AbortSignal): AsyncGenerator<GenerateEvent> {
    const { requestId } = request;
    const wireId = this.nextId(requestId);
    const received = [...(request.emittedIds ?? [])];
    const inbox = new Inbox<GenerateEvent>();
    const abort = () => {
      this.forget(wireId, true);
      inbox.push({
        type: 'finished',
        requestId,
        reason: 'aborted',
        promptTokens: request.promptIds.length,
        completionTokens: received.length,
      });
    };
    if (signal?.aborted) abort();
    else {
      this.begin(wireId, {
        message: () => ({ ...request, type: 'generate', requestId: wireId, emittedIds: [...received] }),
        receive: (message) => {
          if (message.type === 'tokens') received.push(...message.ids);
          if (message.type === 'tokens' || message.type === 'finished') inbox.push({ ...message, requestId });
        },
        fail: (error) => inbox.fail(error),
      });
      signal?.addEventListener('abort', abort, { once: true });
    }
    try {
      for (;;) {
        const event = await inbox.next();
        yield event;
        if (event.type === 'finished') return;
      }
    } finally {
      signal?.removeEventListener('abort', abort);
      this.forget(wireId, true);
    }
  }

  /** log p of each completion token, temperature 1. */
  async score(request: Omit<ScoreRequest, 'type' | 'requestId'>, signal?: AbortSignal): Promise<number[]> {
    const reply = await this.ask('scored', (requestId) => ({ ...request, type: 'score', requestId }), signal);
    return reply.logprobs;
  }

  /** Probability of each label of an exported classifier, for each text. */
  async classify(directory: string, texts: readonly string[], signal?: AbortSignal): Promise<Record<string, number>[]> {
    const ask = (requestId: string) => ({ type: 'classify' as const, requestId, directory, texts: [...texts] });
    return (await this.ask('classified', ask, signal)).verdicts;
  }

  async load(versionId: string): Promise<void> {
    await this.ask('ok', (requestId) => ({ type: 'load', requestId, versionId }));
  }

  async unload(versionId: string): Promise<void> {
    await this.ask('ok', (requestId) => ({ type: 'unload', requestId, versionId }));
  }

  /** The engine computes nothing until `release`: requests made between the two begin together. */
  async hold(): Promise<void> {
    await this.ask('ok', (requestId) => ({ type: 'hold', requestId }));
  }

  async release(): Promise<void> {
    await this.ask('ok', (requestId) => ({ type: 'release', requestId }));
  }

  async status(): Promise<EngineStatus> {
    return (await this.ask('status', (requestId) => ({ type: 'status', requestId }))).status;
  }

  /** Fails the requests under way and stops connecting. */
  close(reason = 'The engine client was closed.'): void {
    this.isClosed = true;
    if (this.retry) clearTimeout(this.retry);
    this.socket?.destroy();
    this.failAll(new AttuneError('UNAVAILABLE', reason));
  }

  private ask<T extends EngineMessage['type']>(
    type: T,
    message: (requestId: string) => ClientInput,
    signal?: AbortSignal,
  ): Promise<Extract<EngineMessage, { type: T }>> {
    const requestId = this.nextId(type);
    return new Promise((resolve, reject) => {
      const cancel = () => {
        this.forget(requestId, true);
        reject(new AttuneError('CANCELLED', 'The request to the engine was cancelled.'));
      };
      if (signal?.aborted) return cancel();
      signal?.addEventListener('abort', cancel, { once: true });
      this.begin(requestId, {
        message: () => message(requestId),
        receive: (reply) => {
          signal?.removeEventListener('abort', cancel);
          this.forget(requestId, false);
          if (reply.type === type) resolve(reply as Extract<EngineMessage, { type: T }>);
          else reject(new AttuneError('INTERNAL', `The engine answered ${reply.type} where ${type} was asked for.`));
        },
        fail: (error) => {
          signal?.removeEventListener('abort', cancel);
          reject(error);
        },
      });
    });
  }

  /** A separate id for each exchange, so that late messages for an aborted one do not reach the next. */
  private nextId(name: string): string {
    return `${name}#${++this.counter}`;
  }

  private begin(requestId: string, parts: Pick<Exchange, 'message' | 'receive' | 'fail'>): void {
    if (this.isClosed) throw new AttuneError('UNAVAILABLE', 'The engine client is closed. Make another.');
    const exchange: Exchange = { ...parts, attempts: 0, waitingSince: Date.now() };
    this.exchanges.set(requestId, exchange);
    if (this.isConnected) this.send(exchange);
    else if (!this.socket && !this.retry) this.connect();
    this.socket?.ref();
  }

  /** Ends an exchange on this side; an idle socket does not keep the process alive. */
  private forget(requestId: string, shouldAbort: boolean): void {
    if (!this.exchanges.delete(requestId)) return;
    if (shouldAbort && this.isConnected) this.socket!.write(encodeLine({ type: 'abort', requestId }));
    if (this.exchanges.size === 0) this.socket?.unref();
  }

  /** Requests made in one turn of the event loop are written together, so that the engine begins them together. */
  private send(exchange: Exchange): void {
    const socket = this.socket!;
    exchange.waitingSince = null;
    socket.cork();
    socket.write(encodeLine(exchange.message()));
    process.nextTick(() => socket.uncork());
  }

  private connect(): void {
    this.retry = null;
    const lines = new LineDecoder();
    const socket = net.connect(this.socketPath).setEncoding('utf8');
    let cause: unknown;
    this.socket = socket;
    socket.on('connect', () => {
      this.isConnected = true;
      this.retryMs = RETRY_MS.first;
      for (const exchange of this.exchanges.values()) this.send(exchange);
    });
    socket.on('data', (chunk: string) => {
      try {
        for (const line of lines.push(chunk)) this.receive(JSON.parse(line) as EngineMessage);
      } catch (error) {
        socket.destroy(error as Error); // whatever answers there is no engine
      }
    });
    socket.on('error', (error) => {
      cause = error; // `close` follows
    });
    socket.on('close', () => this.reconnect(cause));
  }

  private receive(message: EngineMessage): void {
    const exchange = this.exchanges.get(message.requestId);
    if (!exchange) return; // aborted on this side, or a message about the connection, which then closes
    if (message.type === 'tokens') exchange.attempts = 0;
    if (message.type === 'finished') this.forget(message.requestId, false);
    if (message.type === 'failed') {
      this.forget(message.requestId, false);
      exchange.fail(new AttuneError(message.code, message.message));
    } else exchange.receive(message);
  }

  private reconnect(cause: unknown): void {
    this.socket = null;
    this.isConnected = false;
    if (this.isClosed) return;
    const now = Date.now();
    for (const [requestId, exchange] of this.exchanges) {
      const error = this.whyGivenUp(exchange, now, cause);
      if (!error) continue;
      this.exchanges.delete(requestId);
      exchange.fail(error);
    }
    if (this.exchanges.size === 0) return; // the next request connects
    this.retry = setTimeout(() => this.connect(), this.retryMs);
    this.retryMs = Math.min(this.retryMs * 1.5, RETRY_MS.most);
  }

  private whyGivenUp(exchange: Exchange, now: number, cause: unknown): AttuneError | null {
    if (exchange.waitingSince === null) {
      exchange.attempts++;
      exchange.waitingSince = now;
    }
    if (exchange.attempts >= this.maxAttempts) {
      const message = `The engine was lost ${exchange.attempts} times during this request, before any token came.`;
      return new AttuneError('UNAVAILABLE', message, { cause });
    }
    if (now - exchange.waitingSince < this.deadlineMs) return null;
    const message = `No engine answered on ${this.socketPath} for ${this.deadlineMs / 1000} s. Start it, or see its log.`;
    return new AttuneError('UNAVAILABLE', message, { cause });
  }

  private failAll(error: AttuneError): void {
    const exchanges = [...this.exchanges.values()];
    this.exchanges.clear();
    for (const exchange of exchanges) exchange.fail(error);
  }
}

/** Holds events between a socket that pushes and a loop that pulls; a request's maxTokens bounds its size. */
class Inbox<T> {
  private readonly events: T[] = [];
  private error: AttuneError | null = null;
  private wake = () => {};

  push(event: T): void {
    this.events.push(event);
    this.wake();
  }

  fail(error: AttuneError): void {
    this.error = error;
    this.wake();
  }

  /** The next event; throws the failure once every event before it has been taken. */
  async next(): Promise<T> {
    while (this.events.length === 0) {
      if (this.error) throw this.error;
      await new Promise<void>((resolve) => {
        this.wake = resolve;
      });
    }
    return this.events.shift()!;
  }
}
