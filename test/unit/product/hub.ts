// A stand-in for the hub that serves what @huggingface/hub requests, a repository's tree and files, from local folders.
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';

export interface HubOptions {
  /** The connection breaks after this share of a file's bytes. */
  cutAt?: number;
  /** The tree names a sha256 that differs from the file's. */
  isDamaged?: boolean;
}

export interface Hub {
  url: string;
  /** The paths asked for so far. */
  requests: string[];
  options: HubOptions;
  close(): void;
}

/** Serves `folders` by hub id. */
export async function startHub(folders: Record<string, string>): Promise<Hub> {
  const hub: Hub = { url: '', requests: [], options: {}, close: () => server.close() };
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url!, 'http://hub');
    hub.requests.push(pathname);
    const tree = /^\/api\/models\/(.+)\/tree\/main$/.exec(pathname)?.[1];
    const [, id, name] = /^\/([^/]+\/[^/]+)\/resolve\/main\/(.+)$/.exec(pathname) ?? [];
    const folder = folders[tree ?? id ?? ''];
    if (pathname === '/') return void response.end();
    if (!folder) {
      response.writeHead(404, { 'content-type': 'application/json' });
      return void response.end('{"error":"Repository not found"}');
    }
    if (tree) {
      response.setHeader('content-type', 'application/json');
      return void response.end(JSON.stringify(readdirSync(folder).map((file) => entry(join(folder, file), file))));
    }
    const bytes = readFileSync(join(folder, name!));
    response.setHeader('etag', '"1"');
    if (request.headers.range === 'bytes=0-0') {
      response.writeHead(206, { 'content-range': `bytes 0-0/${bytes.length}` });
      return void response.end(bytes.subarray(0, 1));
    }
    response.writeHead(200, { 'content-length': bytes.length });
    const { cutAt } = hub.options;
    if (cutAt === undefined) return void response.end(bytes);
    response.write(bytes.subarray(0, Math.floor(cutAt * bytes.length)), () => response.destroy());
  });
  const entry = (path: string, name: string) => {
    const bytes = readFileSync(path);
    const oid = createHash('sha256')
      .update(hub.options.isDamaged ? 'other bytes' : bytes)
      .digest('hex');
    const isLarge = /\.(safetensors|gguf)$/.test(name);
    return {
      type: 'file',
      path: name,
      size: bytes.length,
      oid: 'f'.repeat(40),
      ...(isLarge && { lfs: { oid, size: bytes.length, pointerSize: 134 } }),
    };
  };
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  hub.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return hub;
}
