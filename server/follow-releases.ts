// Hears of stops, new versions and releases from other processes, and acts on them here.
import { toAttuneError } from '@/core/errors';
import { CHANNELS, type Product } from './services/product';
import { promote } from './services/release';
import { readSettings } from './services/settings';

export function followReleases(product: Product): void {
  const { listener, log, running, engine } = product;
  /** Loaded before anybody asks for it: the first token does not wait. */
  const preload = (versionId: string) =>
    engine.load(versionId).catch((error: unknown) => log.warn({ err: error, versionId }, 'a version was not loaded'));

  listener.on(CHANNELS.stopGeneration, (id) => running.get(id)?.stop());
  listener.on(CHANNELS.release, (versionId) => void preload(versionId));
  listener.on(CHANNELS.versionPublished, (versionId) => void publish(product, versionId, preload));
}

async function publish(
  product: Product,
  versionId: string,
  preload: (versionId: string) => Promise<void>,
): Promise<void> {
  try {
    await preload(versionId);
    if (!(await readSettings(product.db)).autoPromote) return;
    await promote(product, null, { versionId });
  } catch (error) {
    // Every replica hears of it, and one of them promotes; a rejected version is nobody's.
    const { code } = toAttuneError(error);
    product.log[code === 'CONFLICT' ? 'info' : 'error']({ err: error, versionId }, 'not promoted');
  }
}
