// An adapter that an admin's browser sends: streamed to disk, checked, and queued for the gates.
import { z } from 'zod';
import { PRESETS } from '@/core/config/presets';
import { AttuneError, toAttuneError } from '@/core/errors';
import { inputSentence } from '@/core/text/input-sentence';
import { VersionName } from '@/core/versions';
import { getWebProcess, type WebProcess } from '../product';
import { receiveAdapter } from '../services/version/import/receive';
import { createContext } from '../trpc';
import { mediaType } from './body';
import { refuseForeignPage } from './origin';
import { STATUS } from './status';

/** In the address, because the body is the archive. */
const Query = z.strictObject({
  name: VersionName,
  file: z.string().trim().min(1).max(200),
  preset: z.enum(Object.keys(PRESETS) as [keyof typeof PRESETS]).optional(),
});

export async function handleUpload(request: Request): Promise<Response> {
  try {
    return await answerUpload(await getWebProcess(), request);
  } catch (cause) {
    return refusal(
      new AttuneError('UNAVAILABLE', 'The product is starting, or cannot start; its log says why.', { cause }),
    );
  }
}

/** 202 with the run that judges it. */
export async function answerUpload(web: WebProcess, request: Request): Promise<Response> {
  try {
    refuseForeignPage(request);
    const { product, user } = await createContext(web, request.headers);
    if (!user) throw new AttuneError('UNAUTHENTICATED', 'This needs a session; sign in first.');
    if (user.role !== 'admin') throw new AttuneError('FORBIDDEN', 'Only administrators may import an adapter.');
    // Any site can post a form, but this type only with this site's permission.
    if (mediaType(request.headers) !== 'application/x-tar' || !request.body)
      throw new AttuneError('BAD_INPUT', 'The body must be a tar archive, with the content type application/x-tar.');
    const query = Query.safeParse(Object.fromEntries(new URL(request.url).searchParams));
    if (!query.success) throw new AttuneError('BAD_INPUT', inputSentence(query.error).sentence);
    const { name, file, preset } = query.data;
    const order = { versionId: name, fileName: file, config: preset ? { preset } : {} };
    return Response.json(await receiveAdapter(product, user.id, order, request.body), { status: 202 });
  } catch (thrown) {
    const error = toAttuneError(thrown);
    if (error.code === 'INTERNAL') web.product.log.error({ err: error.cause ?? error }, 'an upload failed');
    return refusal(error);
  }
}

function refusal(error: AttuneError): Response {
  const message =
    error.code === 'INTERNAL' ? 'Something went wrong on the server; its log has the details.' : error.message;
  return Response.json({ message }, { status: STATUS[error.code], headers: { 'cache-control': 'no-store' } });
}
