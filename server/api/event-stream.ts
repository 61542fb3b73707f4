// A response body that sends something at once and during silence, and notices when its reader has stopped reading.

export interface StreamOptions {
  /** Bytes that mean nothing, sent first and whenever nothing else has come for `everyMs`. */
  heartbeat: string;
  everyMs: number;
  /** A reader that takes nothing for this long while something waits for it counts as gone. */
  unreadMs: number;
  onUnread(): void;
  /** The reader has closed the connection. */
  onGone(): void;
}

/** The next piece is made only after the reader has taken the previous one. */
export function pacedStream(parts: AsyncGenerator<string, void>, options: StreamOptions): ReadableStream<Uint8Array> {
  const { heartbeat, everyMs, unreadMs, onUnread, onGone } = options;
  const encoder = new TextEncoder();
  let next: Promise<IteratorResult<string, void>> | null = null;
  let unread: NodeJS.Timeout | undefined;
  const send = (controller: ReadableStreamDefaultController<Uint8Array>, text: string) => {
    controller.enqueue(encoder.encode(text));
    clearTimeout(unread);
    unread = setTimeout(onUnread, unreadMs).unref();
  };
  return new ReadableStream<Uint8Array>(
    {
      start: (controller) => send(controller, heartbeat),
      async pull(controller) {
        clearTimeout(unread);
        next ??= parts.next();
        const result = await firstWithin(next, everyMs);
        if (result === null) return send(controller, heartbeat);
        next = null;
        if (!result.done) return send(controller, result.value);
        controller.close();
      },
      cancel() {
        clearTimeout(unread);
        onGone();
      },
    },
    { highWaterMark: 0 },
  );
}

/** null when the promise takes longer. */
export async function firstWithin<T>(promise: Promise<T>, ms: number): Promise<T | null> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<null>((resolve) => {
    timer = setTimeout(() => resolve(null), ms);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}
