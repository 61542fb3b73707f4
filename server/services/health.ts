// Says whether the database and the engine answer.
import { sql } from 'drizzle-orm';
import type { EngineStatus } from '@/engine/protocol';
import type { Product } from './product';
import type { HealthView } from './views';

const WAIT_MS = 2000;

export async function checkHealth(product: Product): Promise<HealthView> {
  const [database, engine] = await Promise.all([
    within(product.db.execute(sql`select 1`), WAIT_MS),
    engineStatus(product),
  ]);
  const view = { database: database !== null, engine: engine !== null };
  return { ok: view.database && view.engine, ...view };
}

/** null when the engine does not answer within two seconds. */
export async function engineStatus({ engine }: Product): Promise<EngineStatus | null> {
  return within(engine.status(), WAIT_MS);
}

async function within<T>(promise: Promise<T>, ms: number): Promise<T | null> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<null>((resolve) => {
    timer = setTimeout(() => resolve(null), ms);
  });
  try {
    return await Promise.race([promise.catch(() => null), late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Throws UNAVAILABLE when the database does not answer. */
export async function checkDatabase({ db }: Pick<Product, 'db'>): Promise<void> {
  await db.execute(sql`select 1`);
}
