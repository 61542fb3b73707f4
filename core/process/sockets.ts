// Decides where a folder's sockets are: in the folder if the path is short enough, else in a private temporary folder.
import { createHash } from 'node:crypto';
import { chmodSync, chownSync, lstatSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { AttuneError } from '@/core/errors';
import { dataPaths } from '@/core/paths';

/** Bytes, not characters. Linux allows 107, macOS 103. */
export const MAX_SOCKET_PATH_BYTES = 103;

const TEMPORARY = /^attune-[0-9a-f]{12}$/;
/** Names of sockets that earlier releases made in the temporary folder. */
const FORMER = /^attune-(train-(fp32|int8)-)?[0-9a-f]{12}\.sock$/;

/** The path of the socket `name` of `folder`; on Windows the name of a pipe. Creates nothing. */
export function socketPath(folder: string, name: string): string {
  const digest = createHash('sha256').update(path.resolve(folder)).digest('hex').slice(0, 12);
  if (process.platform === 'win32') return `\\\\.\\pipe\\attune-${digest}-${name}`;
  const near = path.join(folder, name);
  const file = fits(near) ? near : path.join(os.tmpdir(), `attune-${digest}`, name);
  if (fits(file)) return file;
  throw new AttuneError(
    'BAD_INPUT',
    `A socket's path may have ${MAX_SOCKET_PATH_BYTES} bytes, but both ${near} and ${file} have more. Set TMPDIR to a shorter folder.`,
  );
}

const fits = (file: string) => Buffer.byteLength(file) <= MAX_SOCKET_PATH_BYTES;

/** The socket of the product's engine, for both the web process and the engine. */
export const engineSocket = (dataFolder: string): string => socketPath(dataPaths(dataFolder).run, 'engine.sock');

/** Makes a socket's folder if it is missing, accessible only to `owner`. Throws if another user owns that folder. */
export function makeSocketFolder(socket: string, owner = process.getuid?.() ?? 0): void {
  if (process.platform === 'win32') return;
  const folder = path.dirname(socket);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  if (!TEMPORARY.test(path.basename(folder))) return;
  const info = lstatSync(folder);
  if (!info.isDirectory() || (info.uid !== process.getuid?.() && info.uid !== owner))
    throw new AttuneError(
      'FORBIDDEN',
      `${folder} belongs to another user. Remove it, or set TMPDIR to another folder.`,
    );
  chmodSync(folder, 0o700);
  if (info.uid !== owner) chownSync(folder, owner, -1);
}

/** Removes the temporary folder of a socket that is no longer used; never a data folder. */
export function removeSocketFolder(socket: string): void {
  const folder = path.dirname(socket);
  if (TEMPORARY.test(path.basename(folder))) rmSync(folder, { recursive: true, force: true });
}

/** Removes what killed processes left in the temporary folder: Attune's sockets on which nothing answers. */
export async function sweepSockets(folder = os.tmpdir()): Promise<void> {
  if (process.platform === 'win32') return;
  for (const name of readdirSync(folder)) {
    const found = path.join(folder, name);
    const info = lstatSync(found, { throwIfNoEntry: false });
    if (!info || (info.uid !== process.getuid?.() && process.getuid?.() !== 0)) continue;
    if (FORMER.test(name) && info.isSocket()) {
      if (!(await isAnswered(found))) rmSync(found, { force: true });
    } else if (TEMPORARY.test(name) && info.isDirectory()) {
      const sockets = readdirSync(found).map((entry) => path.join(found, entry));
      const live = await Promise.all(sockets.filter((at) => lstatSync(at).isSocket()).map(isAnswered));
      // An empty folder may be one that a process is about to use.
      if (live.length > 0 && !live.includes(true)) rmSync(found, { recursive: true, force: true });
    }
  }
}

/** The kernel also accepts connections for a busy process, so only a dead one refuses. */
export function isAnswered(socket: string): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = net.connect(socket);
    probe.once('connect', () => {
      probe.destroy();
      resolve(true);
    });
    probe.once('error', () => resolve(false));
  });
}
