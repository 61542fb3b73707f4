// Runs the whole product for a test file and gives it an API key and OpenAI's client.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eq } from 'drizzle-orm';
import OpenAI, { APIError } from 'openai';
import { afterAll, beforeAll, expect } from 'vitest';
import { loadBase } from '@/core/base/load-base';
import { closeDatabase, type Database, getDatabase } from '@/db/client';
import { generation } from '@/db/schema';
import type * as schemas from '@/server/api/openapi/responses';
import { writeTinyLlama } from '@/test/tiny-llama';
import { pauseOnceBegun } from '../pause-engine';
import { openProduct, realModel, type TestProduct } from './support';

export const SHORT = { max_tokens: 24 };
export const HELLO = [{ role: 'user' as const, content: 'Say hello to me.' }];

interface Api {
  /** The base that the product serves. */
  model: string;
  product: TestProduct;
  db: Database;
  secret: string;
  client: OpenAI;
  /** A logit_bias under which no answer reaches an end of turn. */
  endless: Record<string, number>;
}

/** Filled by `useApi` before the first test of a file. */
export const api = {} as Api;

export function useApi(): void {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'attune-api-'));
    if (!realModel) await writeModelThatBeginsTexts(folder);
    api.model = realModel ?? folder;
    const { eosTokenIds } = (await loadBase(api.model)).weights.config;
    api.endless = Object.fromEntries(eosTokenIds.map((id) => [id, -100]));
    api.product = await openProduct({ model: api.model });
    api.db = getDatabase(api.product.databaseUrl);
    ({ secret: api.secret } = await api.product.admin.apiKey.create.mutate({ name: 'suite', allowTraining: true }));
    api.client = clientOf(api.secret);
  });
  afterAll(async () => {
    if (api.db) await closeDatabase(api.product.databaseUrl);
    await api.product?.close();
    await rm(folder, { recursive: true, force: true });
  });
}

/** Writes the tiny model as one whose texts begin with the bos token, as Llama's do. */
async function writeModelThatBeginsTexts(path: string): Promise<void> {
  await writeTinyLlama(path, { seed: 3 });
  const file = join(path, 'tokenizer_config.json');
  const config = JSON.parse(await readFile(file, 'utf8')) as object;
  await writeFile(file, JSON.stringify({ ...config, add_bos_token: true }));
}

export const clientOf = (apiKey: string) => new OpenAI({ apiKey, baseURL: `${api.product.url}/v1`, maxRetries: 0 });
/** The request body as the client types it: its types lack our extensions. */
export type Body = OpenAI.Chat.ChatCompletionCreateParamsNonStreaming;
export const chat = (more: object = {}) =>
  api.client.chat.completions.create({ model: 'champion', messages: HELLO, ...SHORT, ...more } as Body);
export const idsOf = (completion: object) => (completion as schemas.ChatCompletion).attune.generation_ids;
export const rowOf = async (id: string) => (await api.db.select().from(generation).where(eq(generation.id, id)))[0]!;
export const errorOf = async (call: Promise<unknown>): Promise<APIError> => {
  const error = await call.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(APIError);
  return error as APIError;
};
export const post = (path: string, body: unknown, headers: Record<string, string> = {}) =>
  fetch(`${api.product.url}/v1/${path}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${api.secret}`, 'content-type': 'application/json', ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });

/** Pauses the engine while `work` runs: immediately, or as soon as an answer has begun. */
export async function whilePaused<T>(work: () => Promise<T>, begun: Promise<unknown> = Promise.resolve()): Promise<T> {
  const engine = api.product.supervisor.pid('engine')!;
  await pauseOnceBegun(engine, begun);
  return work().finally(() => process.kill(engine, 'SIGCONT'));
}
