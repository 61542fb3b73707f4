// An API client over a test world, without a server in between: requests go to the handler that Next calls.
import { serve } from '@/server/api/endpoints';
import type { ErrorBody } from '@/server/api/openapi/responses';
import type { WebProcess } from '@/server/product';
import { callAs, createUser } from './world';

export interface ApiClient {
  userId: string;
  apiKeyId: string;
  secret: string;
  send(
    path: string,
    options?: { method?: string; body?: unknown; headers?: Record<string, string> },
  ): Promise<Response>;
  post(path: string, body: unknown, headers?: Record<string, string>): Promise<Response>;
}

/** Puts the process where the routes look for it when Next runs them. */
export function routeTo(web: WebProcess): void {
  (globalThis as { attuneWebProcess?: Promise<WebProcess> }).attuneWebProcess = Promise.resolve(web);
}

/** Allows more requests a minute than a test can send, so that none is refused for its number. */
export async function raiseLimits(web: WebProcess): Promise<void> {
  const limit = { requestsPerMinute: 1_000_000, tokensPerMinute: 1_000_000_000, concurrent: 4 };
  const admin = callAs(web, await createUser(web, 'admin'), 'admin');
  await admin.admin.setSettings({ limits: { user: limit, apiKey: limit } });
}

export async function createClient(web: WebProcess): Promise<ApiClient> {
  const userId = await createUser(web);
  const { id: apiKeyId, secret } = await callAs(web, userId).apiKey.create({ name: 'test', allowTraining: true });
  const send: ApiClient['send'] = (path, { method = 'GET', body, headers = {} } = {}) =>
    serve(
      new Request(`http://localhost:3000${path}`, {
        method,
        headers: { authorization: `Bearer ${secret}`, 'content-type': 'application/json', ...headers },
        body:
          body === undefined || typeof body === 'string' || body instanceof Uint8Array ? body : JSON.stringify(body),
      } as RequestInit),
    );
  const post: ApiClient['post'] = (path, body, headers) => send(path, { method: 'POST', body, headers });
  return { userId, apiKeyId, secret, send, post };
}

export const errorOf = async (response: Response) => ((await response.json()) as ErrorBody).error;
