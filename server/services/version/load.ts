// Loads a version into the engine before it meets anybody, and says what to do if its files are gone.
import { AttuneError, toAttuneError } from '@/core/errors';
import type { Product } from '@/server/services/product';

export async function loadVersion({ engine }: Pick<Product, 'engine'>, id: string): Promise<void> {
  await engine.load(id).catch((cause: unknown) => {
    if (toAttuneError(cause).code !== 'NOT_FOUND') throw cause;
    throw new AttuneError(
      'CONFLICT',
      `The files of version ${id} are no longer in the folder "artifacts" of Attune's data. Put them back from a backup, or choose another version.`,
      { cause },
    );
  });
}
