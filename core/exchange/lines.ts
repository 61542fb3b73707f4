// Reads a text file line by line, packed or not, in constant memory, and hashes it on the way.
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { createGunzip } from 'node:zlib';
import { AttuneError } from '../errors';

/** A longer line is no line of a data set, and would not fit in memory a few times over. */
const LONGEST_LINE = 64 * 2 ** 20;

export interface LineOfFile {
  /** Counted from 1, empty lines too. */
  number: number;
  text: string;
  /** Bytes of the file that have been read. */
  bytes: number;
}

/** Empty lines are left out. Throws NOT_FOUND or BAD_INPUT naming the file, and the line if one is at fault. */
export async function* readLines(file: string, signal?: AbortSignal): AsyncGenerator<LineOfFile> {
  const isPacked = await startsWithGzip(file);
  const source = createReadStream(file, { highWaterMark: 2 ** 18 });
  const plain = isPacked ? source.pipe(createGunzip()) : source;
  // Errors do not follow a pipe.
  if (plain !== source) source.on('error', (error) => plain.destroy(error));
  const decoder = new TextDecoder('utf-8', { fatal: true });
  let rest: Buffer[] = [];
  let held = 0;
  let number = 0;
  const take = (line: Buffer): LineOfFile | null => {
    number++;
    let text: string;
    try {
      text = decoder.decode(line);
    } catch (cause) {
      throw new AttuneError(
        'BAD_INPUT',
        `${file}:${number} is not UTF-8. Convert the file first, for example with iconv.`,
        {
          cause,
        },
      );
    }
    text = text.replace(/^\ufeff/u, '').trim();
    return text === '' ? null : { number, text, bytes: source.bytesRead };
  };
  try {
    for await (const chunk of plain as AsyncIterable<Buffer>) {
      signal?.throwIfAborted();
      let start = 0;
      for (let end = chunk.indexOf(10); end >= 0; end = chunk.indexOf(10, start)) {
        const line = take(Buffer.concat([...rest, chunk.subarray(start, end)]));
        [rest, held, start] = [[], 0, end + 1];
        if (line) yield line;
      }
      rest.push(chunk.subarray(start));
      held += chunk.length - start;
      if (held > LONGEST_LINE)
        throw new AttuneError('BAD_INPUT', `${file}:${number + 1} is longer than 64 MiB; give one object a line.`);
    }
    const last = take(Buffer.concat(rest));
    if (last) yield last;
  } catch (error) {
    throw readable(error, file);
  } finally {
    plain.destroy();
    source.destroy();
  }
}

/** Hex sha256 of the file's bytes as they are on the disk, and their number. */
export async function fingerprint(file: string): Promise<{ sha256: string; size: number }> {
  const hash = createHash('sha256');
  let size = 0;
  try {
    for await (const chunk of createReadStream(file, { highWaterMark: 2 ** 20 }) as AsyncIterable<Buffer>) {
      hash.update(chunk);
      size += chunk.length;
    }
  } catch (error) {
    throw readable(error, file);
  }
  return { sha256: hash.digest('hex'), size };
}

async function startsWithGzip(file: string): Promise<boolean> {
  try {
    const handle = await open(file);
    try {
      const { buffer, bytesRead } = await handle.read(Buffer.alloc(2), 0, 2, 0);
      return bytesRead === 2 && buffer[0] === 0x1f && buffer[1] === 0x8b;
    } finally {
      await handle.close();
    }
  } catch (error) {
    throw readable(error, file);
  }
}

const REASONS: Record<string, string> = {
  ENOENT: 'there is no such file',
  EISDIR: 'it is a folder',
  EACCES: 'you are not allowed to read it',
};

function readable(error: unknown, file: string): unknown {
  const { code = '', message } = error as NodeJS.ErrnoException;
  if (REASONS[code]) return new AttuneError('NOT_FOUND', `Cannot read ${file}: ${REASONS[code]}.`, { cause: error });
  if (code.startsWith('Z_'))
    return new AttuneError('BAD_INPUT', `Cannot unpack ${file}: ${message}. Is it complete?`, { cause: error });
  return error;
}
