// Reads a file at any position through one descriptor; a read past the end throws CORRUPT and never returns less.
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { AttuneError } from '@/core/errors';

export class RandomAccessFile {
  readonly size: number;
  private readonly descriptor: number;

  constructor(readonly path: string) {
    try {
      this.descriptor = openSync(path, 'r');
    } catch (cause) {
      throw new AttuneError('NOT_FOUND', `Cannot open ${path}: ${(cause as Error).message}. Check the path.`, {
        cause,
      });
    }
    const stat = fstatSync(this.descriptor);
    if (!stat.isFile()) {
      closeSync(this.descriptor);
      throw new AttuneError('BAD_INPUT', `${path} is not a file. Name a weight file.`);
    }
    this.size = stat.size;
  }

  /** A fresh, 8-byte aligned copy of bytes [offset, offset + length). */
  read(offset: number, length: number): Uint8Array<ArrayBuffer> {
    const bytes = new Uint8Array(new ArrayBuffer(length));
    // Node refuses reads of 2 GiB and more in one call.
    for (let done = 0; done < length; ) {
      const count = readSync(this.descriptor, bytes, done, Math.min(length - done, 2 ** 30), offset + done);
      if (count === 0) {
        throw new AttuneError(
          'CORRUPT',
          `${this.path} ends at byte ${this.size}, but ${length} bytes from ${offset} are needed: it is truncated. Copy it again.`,
        );
      }
      done += count;
    }
    return bytes;
  }

  close(): void {
    closeSync(this.descriptor);
  }
}
