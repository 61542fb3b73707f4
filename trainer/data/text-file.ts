// Reads a text file from elsewhere: UTF-8 or UTF-16 with any line ends; everything else is refused in plain words.
import { constants, isUtf8 } from 'node:buffer';
import { readFile } from 'node:fs/promises';
import { AttuneError } from '@/core/errors';

/** First bytes of files that are not text, and what to do with them. */
const SIGNATURES: [bytes: number[], what: string, wayOut: string][] = [
  [[0x1f, 0x8b], 'compressed with gzip', 'Unpack it first: gunzip'],
  [[0x28, 0xb5, 0x2f, 0xfd], 'compressed with zstd', 'Unpack it first: unzstd'],
  [[0x42, 0x5a, 0x68], 'compressed with bzip2', 'Unpack it first: bunzip2'],
  [[0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00], 'compressed with xz', 'Unpack it first: unxz'],
  [[0x50, 0x4b, 0x03, 0x04], 'a zip archive', 'Unpack it first: unzip'],
  [[0x50, 0x41, 0x52, 0x31], 'a Parquet file', 'Write it as JSON lines first, for example with pandas or DuckDB'],
  [[0x41, 0x52, 0x52, 0x4f, 0x57, 0x31], 'an Arrow file', 'Write it as JSON lines first, for example with pandas'],
  [[0x25, 0x50, 0x44, 0x46], 'a PDF file', 'Take its text out first: pdftotext'],
  [[0xff, 0xfe, 0x00, 0x00], 'UTF-32 text', 'Convert it first: iconv -f UTF-32 -t UTF-8'],
  [[0x00, 0x00, 0xfe, 0xff], 'UTF-32 text', 'Convert it first: iconv -f UTF-32 -t UTF-8'],
];

/** The file's text with only line feeds and no byte-order marks. Throws NOT_FOUND or BAD_INPUT naming the file. */
export async function readTextFile(file: string): Promise<string> {
  const bytes = await readFile(file).catch((cause: NodeJS.ErrnoException) => {
    const reason = REASONS[cause.code ?? ''] ?? cause.message;
    throw new AttuneError('NOT_FOUND', `Cannot read ${file}: ${reason}.`, { cause });
  });
  if (bytes.length > constants.MAX_STRING_LENGTH) throw tooLarge(file);
  const text = decode(bytes, file);
  if (text.includes('\0')) {
    throw new AttuneError('BAD_INPUT', `${file} contains zero bytes, so it is not a text file. Give UTF-8 text.`);
  }
  return text.replace(/\r\n?/gu, '\n').replace(/(^|\n)\ufeff/gu, '$1');
}

const REASONS: Record<string, string> = {
  ENOENT: 'there is no such file',
  EISDIR: 'it is a folder',
  EACCES: 'you are not allowed to read it',
  ERR_FS_FILE_TOO_LARGE: 'it is over 2 GiB; split it, for example with split --lines',
};

const tooLarge = (file: string) =>
  new AttuneError('BAD_INPUT', `${file} is larger than 512 MiB. Split it, for example with split --lines=100000.`);

function decode(bytes: Buffer, file: string): string {
  const known = SIGNATURES.find(([signature]) => signature.every((byte, i) => bytes[i] === byte));
  if (known) throw new AttuneError('BAD_INPUT', `${file} is ${known[1]}. ${known[2]}.`);
  const encoding = encodingOf(bytes);
  try {
    return new TextDecoder(encoding, { fatal: true }).decode(bytes);
  } catch (cause) {
    const where = encoding === 'utf-8' ? `${file}:${badLine(bytes)} is not UTF-8` : `${file} is broken UTF-16`;
    throw new AttuneError(
      'BAD_INPUT',
      `${where}. Convert it first; for Latin-1 or Windows text: iconv -f WINDOWS-1252 -t UTF-8.`,
      { cause },
    );
  }
}

/** Recognised by its byte-order mark, or because every second byte of Latin letters is zero in UTF-16. */
function encodingOf(bytes: Buffer): 'utf-8' | 'utf-16le' | 'utf-16be' {
  const [a, b, c, d] = bytes;
  if (a === 0xff && b === 0xfe) return 'utf-16le';
  if (a === 0xfe && b === 0xff) return 'utf-16be';
  if (a && b === 0 && c && d === 0) return 'utf-16le';
  if (a === 0 && b && c === 0 && d) return 'utf-16be';
  return 'utf-8';
}

function badLine(bytes: Buffer): number {
  let line = 1;
  for (let start = 0; start < bytes.length; line++) {
    const end = bytes.indexOf(10, start);
    const stop = end === -1 ? bytes.length : end;
    if (!isUtf8(bytes.subarray(start, stop))) return line;
    start = stop + 1;
  }
  return line;
}
