// The five figures: for an administrator's key always, and for any other if they are public.
import { toWire } from '@/core/feedback/wire';
import { hasAdminKey } from '@/server/services/account/api-key';
import { readFigures, readPublicFigures } from '@/server/services/figures/figures';
import { FiguresFields } from './openapi/figures-response';
import type { Call } from './route';

export async function figures({ product, owner }: Call): Promise<Response> {
  const isAdmin = await hasAdminKey(product, owner);
  const read = isAdmin ? await readFigures(product) : await readPublicFigures(product);
  return Response.json({ object: 'figures', ...(toWire(FiguresFields, read) as object) });
}
