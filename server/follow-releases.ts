// Listens for stops, new versions, releases and rules from other processes, and acts on them here.
import { and, eq } from 'drizzle-orm';
import { textRules } from '@/core/constraints/rules';
import { CHANNELS } from '@/core/contract';
import { version } from '@/db/schema';
import type { Product } from './services/product';

export function followReleases(product: Product): void {
  const { listener, running } = product;
  listener.on(CHANNELS.stopGeneration, (id) => running.get(id)?.stop());
  listener.on(CHANNELS.rules, (version) => void readInAdvance(product, Number(version)));
  for (const channel of [CHANNELS.versionPublished, CHANNELS.release]) {
    listener.on(channel, (versionId) => void preload(product, versionId));
  }
}

/** Loads a version before the first request for it, so that its first token does not wait. Skips rejected versions. */
async function preload({ db, engine, log }: Product, versionId: string): Promise<void> {
  try {
    const [row] = await db
      .select({ id: version.id })
      .from(version)
      .where(and(eq(version.id, versionId), eq(version.status, 'accepted')));
    if (row) await engine.load(versionId);
  } catch (error) {
    log.warn({ err: error, versionId }, 'a version could not be loaded in advance');
  }
}

/** So that the first answer under new rules does not wait for them. */
async function readInAdvance({ rules, log }: Product, version: number): Promise<void> {
  try {
    textRules(await rules.at(version));
  } catch (error) {
    log.warn({ err: error, version }, 'rules could not be read in advance');
  }
}
