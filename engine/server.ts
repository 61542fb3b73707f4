// Serves the engine over a local socket to many clients, so that no client can hold up another.
import fs from 'node:fs';
import net from 'node:net';
import { AttuneError, toAttuneError } from '@/core/errors';
import { isAnswered, MAX_SOCKET_PATH_BYTES, makeSocketFolder } from '@/core/process/sockets';
import type { Engine } from './engine';
import { type ClientMessage, type EngineMessage, encodeLine, LineDecoder, parseClientMessage } from './protocol';
import type { TextClassifiers } from './text-classifiers';

/** Unread bytes after which a client is dropped: some 10 000 token events. */
const MAX_UNREAD_BYTES = 2 * 1024 * 1024;
/** How long a dropped client has to read the reason. */
const FAREWELL_MS = 1000;

/**
 * Listens; throws CONFLICT when another engine answers there. A socket file on which no process answers is replaced.
 */
export async function serve(
  engine: Engine,
  socketPath: string,
  classifiers: Pick<TextClassifiers, 'classify'>,
): Promise<net.Server> {
  const isPipe = process.platform === 'win32';
  if (!isPipe && Buffer.byteLength(socketPath) > MAX_SOCKET_PATH_BYTES) {
    throw new AttuneError(
      'BAD_INPUT',
      `The socket path ${socketPath} is longer than ${MAX_SOCKET_PATH_BYTES} bytes. Choose a shorter one.`,
    );
  }
  if (await isAnswered(socketPath)) {
    throw new AttuneError('CONFLICT', `Another engine answers on ${socketPath}. Stop it, or set ATTUNE_ENGINE_SOCKET.`);
  }
  if (!isPipe) {
    makeSocketFolder(socketPath);
    fs.rmSync(socketPath, { force: true });
  }
  const server = net.createServer((socket) => new Connection(engine, classifiers, socket));
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(socketPath, resolve);
  });
  if (!isPipe) fs.chmodSync(socketPath, 0o600);
  return server;
}

class Connection {
  private readonly lines = new LineDecoder();
  /** The functions that abort this client's live requests, by request id. */
  private readonly aborts = new Map<string, () => void>();
  private isClosed = false;
  /** Ends this client's hold on the engine; null while it has none. */
  private release: (() => void) | null = null;

  constructor(
    private readonly engine: Engine,
    private readonly classifiers: Pick<TextClassifiers, 'classify'>,
    private readonly socket: net.Socket,
  ) {
    socket.setEncoding('utf8');
    socket.on('data', (chunk: string) => this.receive(chunk));
    socket.on('error', () => socket.destroy()); // `close` follows
    socket.on('close', () => this.close());
  }

  private receive(chunk: string): void {
    if (this.isClosed) return;
    try {
      for (const line of this.lines.push(chunk)) {
        if (!this.isClosed) this.handle(parseClientMessage(line));
      }
    } catch (error) {
      this.drop(toAttuneError(error));
    }
  }

  private handle(message: ClientMessage): void {
    const { requestId } = message;
    const ok = () => this.send({ type: 'ok', requestId });
    const fail = (error: unknown) => {
      const { code, message: text } = toAttuneError(error);
      this.send({ type: 'failed', requestId, code, message: text });
    };
    try {
      switch (message.type) {
        case 'generate':
          this.start(requestId, (emit) => this.engine.generate(message, emit));
          break;
        case 'score':
          this.start(requestId, (emit) => this.engine.score(message, emit));
          break;
        case 'abort':
          this.abort(requestId);
          break;
        case 'classify':
          this.classifiers
            .classify(message.directory, message.texts)
            .then((verdicts) => this.send({ type: 'classified', requestId, verdicts }), fail);
          break;
        case 'load':
          this.engine.load(message.versionId).then(ok, fail);
          break;
        case 'unload':
          this.engine.unload(message.versionId);
          ok();
          break;
        case 'hold':
          this.release ??= this.engine.hold();
          ok();
          break;
        case 'release':
          this.endHold();
          ok();
          break;
        case 'status':
          this.send({ type: 'status', requestId, status: this.engine.status() });
      }
    } catch (error) {
      fail(error);
    }
  }

  private start(requestId: string, begin: (emit: (message: EngineMessage) => void) => () => void): void {
    if (this.aborts.has(requestId)) {
      throw new AttuneError('CONFLICT', `Request ${requestId} is already running. Use another requestId.`);
    }
    let isOver = false;
    const abort = begin((message) => {
      if (message.type !== 'tokens') {
        isOver = true;
        this.aborts.delete(requestId);
      }
      this.send(message);
    });
    if (!isOver) this.aborts.set(requestId, abort);
  }

  private abort(requestId: string): void {
    const abort = this.aborts.get(requestId);
    this.aborts.delete(requestId);
    abort?.();
  }

  private endHold(): void {
    this.release?.();
    this.release = null;
  }

  private send(message: EngineMessage): void {
    if (this.isClosed) return;
    this.socket.write(encodeLine(message));
    if (this.socket.writableLength <= MAX_UNREAD_BYTES) return;
    this.drop(
      new AttuneError('OVERLOADED', `The client left ${this.socket.writableLength} bytes unread. Read faster.`),
    );
  }

  /** Sends the reason, in case the client still reads, and ends the connection. */
  private drop({ code, message }: AttuneError): void {
    this.close();
    this.socket.end(encodeLine({ type: 'failed', requestId: '', code, message }));
    setTimeout(() => this.socket.destroy(), FAREWELL_MS).unref();
  }

  /** Ends the requests of a client that is gone; after reconnecting it sends them again with the tokens that it has. */
  private close(): void {
    this.isClosed = true;
    for (const abort of this.aborts.values()) abort();
    this.aborts.clear();
    this.endHold();
  }
}
