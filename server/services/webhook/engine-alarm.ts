// Raises the alarm `engine_down` once the engine has not answered for a while; replicas that see the same raise one.
import { sql } from 'drizzle-orm';
import { engineStatus } from '@/server/services/health';
import type { Product } from '@/server/services/product';
import { type Repetition, repeat } from '@/server/services/repeat';

const LOOK_EVERY_MS = 5000;
/** Looks in a row without an answer; a restart of the engine takes fewer. */
const MISSED = 6;
/** Another replica has told it already. */
const QUIET_MINUTES = 5;

export function followEngine(product: Product, everyMs = LOOK_EVERY_MS): Repetition {
  let missed = 0;
  return repeat(product, { everyMs, failure: 'the engine could not be watched' }, async () => {
    missed = (await engineStatus(product)) ? 0 : missed + 1;
    if (missed === MISSED) await raise(product);
  });
}

async function raise({ db, log }: Product): Promise<void> {
  log.error('the engine does not answer');
  await db.transaction(async (tx) => {
    await tx.execute(sql`select pg_advisory_xact_lock(hashtextextended('attune engine alarm', 0))`);
    await tx.execute(sql`select announce('alarm.engine_down', 'engine', '{}')
      where not exists (select from webhook_delivery where event = 'alarm.engine_down'
        and created_at > now() - make_interval(mins => ${QUIET_MINUTES}))`);
  });
}
