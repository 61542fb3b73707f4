// A web process without pages, which its parent asks and kills: the server with its controller of canaries.
import { startWebProcess } from '@/server/product';
import { createCaller } from '@/server/routers';

export interface Order {
  id: number;
  /** Null is the product's first admin. */
  userId: string | null;
  path: string;
  input: unknown;
}
export interface Reply {
  id: number;
  value?: unknown;
  error?: { code: string; message: string };
}

const ADMIN = 'kills-admin';
const REVIEW_EVERY_MS = 200;

const settings = JSON.parse(process.argv[2]!) as Parameters<typeof startWebProcess>[0];
const { product } = await startWebProcess(settings, { reviewEveryMs: REVIEW_EVERY_MS });
const reply = (message: Reply) => process.send!(message);

process.on('message', async ({ id, userId, path, input }: Order) => {
  const own = userId ?? ADMIN;
  const role = userId === null ? 'admin' : 'user';
  const caller = createCaller({ product, user: { id: own, name: own, role, isAnonymous: false } });
  const [router, procedure] = path.split('.') as [string, string];
  const call = (caller as unknown as Record<string, Record<string, (input: unknown) => Promise<unknown>>>)[router]!;
  try {
    reply({ id, value: await call[procedure]!(input) });
  } catch (error) {
    const { code, message } = error as { code?: string; message: string };
    reply({ id, error: { code: code ?? 'UNKNOWN', message } });
  }
});
reply({ id: 0 });
