// Readiness: says whether the database and the engine answer, so that traffic may be sent here.
import { AttuneError } from '@/core/errors';
import { getWebProcess } from '@/server/product';
import { createCaller } from '@/server/routers';

export const dynamic = 'force-dynamic';

export async function GET(): Promise<Response> {
  try {
    const { product } = await getWebProcess();
    const health = await createCaller({ product, user: null }).system.health();
    return Response.json(health, { status: health.ok ? 200 : 503 });
  } catch (error) {
    const reason =
      error instanceof AttuneError ? error.message : 'The web process did not start; its log has the details.';
    return Response.json({ ok: false, reason }, { status: 503 });
  }
}
