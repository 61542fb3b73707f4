// The metrics over HTTP, for whoever has the operator's token or an administrator's API key.
import { createHash, timingSafeEqual } from 'node:crypto';
import { AttuneError, toAttuneError } from '@/core/errors';
import { getWebProcess, type WebProcess } from '../product';
import { authenticate, hasAdminKey } from '../services/account/api-key';
import { readMachines } from '../services/monitoring/reading';
import { STATUS } from './status';

export async function handleMetrics(request: Request): Promise<Response> {
  const web = await getWebProcess().catch(() => null);
  if (!web) return new Response('The product is starting, or cannot start; its log says why.\n', { status: 503 });
  return answerMetrics(web, request);
}

export async function answerMetrics({ product, metricsToken }: WebProcess, request: Request): Promise<Response> {
  try {
    const authorization = request.headers.get('authorization');
    if (!isToken(metricsToken, authorization)) {
      const owner = await authenticate(product, authorization);
      if (!(await hasAdminKey(product, owner)))
        throw new AttuneError('FORBIDDEN', 'Metrics take ATTUNE_METRICS_TOKEN or the API key of an administrator.');
    }
    const { metrics } = product.monitor;
    const text = await metrics.text(await readMachines(product));
    return new Response(text, {
      headers: { 'content-type': metrics.registry.contentType, 'cache-control': 'no-store' },
    });
  } catch (thrown) {
    const error = toAttuneError(thrown);
    if (error.code === 'INTERNAL') product.log.error({ err: error.cause ?? error }, 'metrics could not be read');
    const words = error.code === 'INTERNAL' ? 'Something went wrong; the log has the details.' : error.message;
    const headers = error.code === 'UNAUTHENTICATED' ? { 'www-authenticate': 'Bearer' } : undefined;
    return new Response(`${words}\n`, { status: STATUS[error.code], ...(headers && { headers }) });
  }
}

/** In constant time: hashes have one length. */
function isToken(token: string | null, authorization: string | null): boolean {
  const given = /^Bearer +(\S+)$/i.exec(authorization ?? '')?.[1];
  if (token === null || given === undefined) return false;
  const hash = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(hash(token), hash(given));
}
