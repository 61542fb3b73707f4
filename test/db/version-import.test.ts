// An adapter from elsewhere: what is sent is checked before anything is queued, and a version's download can be sent again.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ADAPTER_CONFIG_FILE, ADAPTER_WEIGHTS_FILE } from '@/core/artifact/adapter-files';
import { tarEnd, tarHeader, tarPadding } from '@/core/formats/tar';
import { sha256 } from '@/core/hash';
import { importFolder } from '@/core/paths';
import { audit, trainingRun } from '@/db/schema';
import { answerUpload } from '@/server/http/adapter-upload';
import { adapterOf, answerDownload } from '@/server/http/download';
import type { WebProcess } from '@/server/product';
import { addThumbs } from '@/test/prompts';
import { enter, type Person } from './people';
import { createWorld, publishVersion, type World } from './world';

let world: World;
let web: WebProcess;
let admin: Person;
let files: Record<string, Buffer>;
beforeAll(async () => {
  world = await createWorld({ seed: 1 });
  web = world.web;
  admin = await enter(web, 'admin');
  await publishVersion(web, world.artifacts, 'v1');
  const read = (name: string) => [name, readFileSync(path.join(world.artifacts, 'v1', name))] as const;
  files = Object.fromEntries([ADAPTER_CONFIG_FILE, ADAPTER_WEIGHTS_FILE].map(read));
  const thumbs = Array.from({ length: 8 }, (_, i) => ({ up: i % 2 === 0 }));
  await addThumbs(web.product.db, { userId: admin.id, thumbs });
});
afterAll(() => world?.close());
beforeEach(async () => {
  await web.product.db.delete(trainingRun);
  await web.product.db.delete(audit);
});

const pack = (contents: Record<string, Buffer>) =>
  Buffer.concat([
    ...Object.entries(contents).flatMap(([name, content]) => [
      tarHeader(name, content.length),
      content,
      tarPadding(content.length),
    ]),
    tarEnd(),
  ]);
const headers = { origin: 'http://localhost:3000', 'x-forwarded-host': 'localhost:3000', 'x-forwarded-proto': 'http' };

async function upload(body: Buffer, { cookie = admin.cookie, query = 'name=theirs&file=theirs.tar&preset=tiny' } = {}) {
  const request = new Request(`http://localhost:3000/api/admin/adapters?${query}`, {
    ...{ method: 'POST', body: new Uint8Array(body) },
    headers: { ...headers, cookie, 'content-type': 'application/x-tar' },
  });
  const response = await answerUpload(web, request);
  return { status: response.status, ...((await response.json()) as { runId?: string; message?: string }) };
}

const config = (change: object) =>
  Buffer.from(JSON.stringify({ ...JSON.parse(files[ADAPTER_CONFIG_FILE]!.toString()), ...change }));
const runs = () => web.product.db.select().from(trainingRun);
const leftOver = () => [
  ...readdirSync(web.product.uploads),
  ...(existsSync(web.product.runs) ? readdirSync(web.product.runs) : []),
];

it('a version’s download can be sent as a new one, packed with gzip or not: it waits as a run that trains nothing', async () => {
  const asked = new Request('http://localhost:3000/x', { headers: { ...headers, cookie: admin.cookie } });
  const download = await answerDownload(web, asked, adapterOf('v1'));
  expect(download.headers.get('content-disposition')).toBe('attachment; filename="v1.tar"');
  const archive = Buffer.from(await download.arrayBuffer());
  expect(archive.length).toBe(Number(download.headers.get('content-length')));
  const { status, runId } = await upload(gzipSync(archive));
  expect(status).toBe(202);
  const weights = files[ADAPTER_WEIGHTS_FILE]!;
  const imported = {
    versionId: 'theirs',
    fileName: 'theirs.tar',
    sha256: sha256(weights),
    bytes: weights.length,
    rank: 2,
  };
  expect(await runs()).toMatchObject([
    { id: runId, kind: 'judge', status: 'queued', config: { preset: 'tiny' }, imported },
  ]);
  const kept = importFolder(path.join(web.product.runs, runId!));
  for (const [name, content] of Object.entries(files)) expect(readFileSync(path.join(kept, name))).toEqual(content);
  const rows = await web.product.db.select().from(audit).orderBy(audit.id);
  expect(rows.map(({ action, subject, actorId }) => [action, subject, actorId])).toEqual([
    ['version.download', 'v1', admin.id],
    ['run.start', runId, admin.id],
    ['version.import', 'theirs', admin.id],
  ]);
  expect(await upload(archive)).toMatchObject({ status: 409, message: expect.stringContaining('Choose another name') });
  expect(await upload(archive, { query: 'name=v1&file=a.tar&preset=tiny' })).toMatchObject({ status: 409 });
  expect(leftOver()).toEqual([runId]);
});

describe('nothing is queued and nothing is left of', () => {
  it.each<[what: string, contents: () => Record<string, Buffer>, sentence: RegExp]>([
    ['DoRA', () => ({ ...files, [ADAPTER_CONFIG_FILE]: config({ use_dora: true }) }), /use_dora = true/],
    [
      'another method than LoRA',
      () => ({ ...files, [ADAPTER_CONFIG_FILE]: config({ peft_type: 'IA3' }) }),
      /peft_type/,
    ],
    ['a field that nobody knows', () => ({ ...files, [ADAPTER_CONFIG_FILE]: config({ shiny: 1 }) }), /shiny = 1/],
    ['another rank than the tensors’', () => ({ ...files, [ADAPTER_CONFIG_FILE]: config({ r: 4 }) }), /rank is 4/],
    ['no configuration', () => ({ [ADAPTER_WEIGHTS_FILE]: files[ADAPTER_WEIGHTS_FILE]! }), /no adapter_config\.json/],
    ['no tensors', () => ({ [ADAPTER_CONFIG_FILE]: files[ADAPTER_CONFIG_FILE]! }), /no adapter_model\.safetensors/],
    [
      'tensors that are cut off',
      () => ({ ...files, [ADAPTER_WEIGHTS_FILE]: files[ADAPTER_WEIGHTS_FILE]!.subarray(0, 999) }),
      /damaged/,
    ],
    ['a name that leads outside', () => ({ ...files, '../x': Buffer.from('x') }), /leads out of its folder/],
    [
      'a configuration of a megabyte',
      () => ({ ...files, [ADAPTER_CONFIG_FILE]: Buffer.alloc(1e6) }),
      /65536 is the most/,
    ],
  ])('%s', async (_, contents, sentence) => {
    const before = leftOver();
    expect(await upload(pack(contents()))).toMatchObject({ status: 400, message: expect.stringMatching(sentence) });
    expect(await runs()).toEqual([]);
    expect(leftOver()).toEqual(before);
  });

  it('what unpacks to more than a disk should take, before it is written', async () => {
    // Members of gzip one after the other unpack as one stream.
    const zeros = gzipSync(Buffer.alloc(16 * 1024 * 1024));
    const header = gzipSync(tarHeader('notes.bin', 320 * 1024 * 1024));
    const bomb = Buffer.concat([header, ...Array.from({ length: 20 }, () => zeros), gzipSync(tarEnd())]);
    expect(bomb.length).toBeLessThan(1e6);
    expect(await upload(bomb)).toMatchObject({ status: 400, message: expect.stringContaining('unpacks to more than') });
  });

  it('an upload by anyone but an administrator, or under a name that is no plain one', async () => {
    const person = await enter(web);
    expect((await upload(pack(files), { cookie: person.cookie })).status).toBe(403);
    expect((await upload(pack(files), { cookie: '' })).status).toBe(401);
    expect((await upload(pack(files), { query: 'name=../x&file=a' })).status).toBe(400);
    expect((await upload(pack(files), { query: 'name=base&file=a.tar&preset=tiny' })).status).toBe(409);
    expect(await runs()).toEqual([]);
  });
});
