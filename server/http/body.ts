// Reads the body of a request: bytes are counted as they come, and what is not UTF-8 is refused rather than guessed at.
import { AttuneError } from '@/core/errors';

/** Read and thrown away beyond the limit, because a connection with an unread rest serves no further request. */
const MAX_DRAINED_BYTES = 8 * 1024 * 1024;

/** A length that is announced may be a lie, and a chunked body announces none. Throws `tooLong` over the limit. */
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

/** Throws BAD_INPUT where the body is not UTF-8; a byte order mark of UTF-8 is dropped. */
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
