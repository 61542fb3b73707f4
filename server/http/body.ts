// Reads the body of a request: counts bytes as they arrive, and refuses what is not UTF-8 rather than guessing.
import { AttuneError } from '@/core/errors';

/** Read and discarded beyond the limit, because a connection with unread bytes cannot serve another request. */
const MAX_DRAINED_BYTES = 8 * 1024 * 1024;

/** The announced length may be wrong, and a chunked body announces none. Throws `tooLong` over the limit. */
export async function readBytes(
  request: Request,
  maxBytes: number,
  tooLong: 'BAD_INPUT' | 'TOO_LONG' = 'BAD_INPUT',
): Promise<Uint8Array<ArrayBuffer>> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of request.body ?? []) {
    bytes += chunk.length;
    if (bytes > MAX_DRAINED_BYTES) break;
    if (bytes <= maxBytes) chunks.push(chunk);
  }
  if (bytes > maxBytes) {
    throw new AttuneError(tooLong, `The body has more than ${maxBytes} bytes. Send less at once.`);
  }
  return new Uint8Array(Buffer.concat(chunks));
}

/** Throws BAD_INPUT if the body is not UTF-8; a UTF-8 byte order mark is dropped. */
export async function readText(request: Request, maxBytes: number): Promise<string> {
  const bytes = await readBytes(request, maxBytes);
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new AttuneError('BAD_INPUT', 'The body is not UTF-8. Encode it as UTF-8 and send it again.', { cause });
  }
}

/** `application/json; charset=utf-8` is application/json. */
export const mediaType = (headers: Headers): string =>
  (headers.get('content-type') ?? '').split(';', 1).join('').trim().toLowerCase();
