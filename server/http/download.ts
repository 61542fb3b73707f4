// Files over HTTP for whoever's cookie the request has: a person's own data, and for admins the files of a version.
import { AttuneError, toAttuneError } from '@/core/errors';
import { VersionName } from '@/core/versions';
import { getWebProcess, type WebProcess } from '../product';
import { downloadEverything } from '../services/account/download';
import type { Product } from '../services/product';
import { type Archive, downloadAdapter } from '../services/version/registry/download';
import { createContext, type Login } from '../trpc';
import { refuseForeignPage } from './origin';
import { STATUS } from './status';

interface Download {
  name: string;
  type: string;
  /** null if it is not known beforehand. */
  bytes: number | null;
  pieces: AsyncGenerator<string | Uint8Array>;
}
/** What a person may have; throws FORBIDDEN and NOT_FOUND. */
export type Offer = (product: Product, user: Login) => Promise<Download>;

export const ownData: Offer = async (product, user) => ({
  name: `attune-${new Date().toISOString().slice(0, 10)}.json`,
  type: 'application/json; charset=utf-8',
  bytes: null,
  pieces: downloadEverything(product, user.id),
});

const archived =
  (find: (product: Product, user: Login) => Promise<Archive>): Offer =>
  async (product, user) => {
    if (user.role !== 'admin') throw new AttuneError('FORBIDDEN', 'Only administrators may download versions.');
    return { ...(await find(product, user)), type: 'application/x-tar' };
  };

export const adapterOf = (versionId: string): Offer =>
  archived((product, user) => downloadAdapter(product, user.id, checkedName(versionId)));

function checkedName(versionId: string): string {
  const name = VersionName.safeParse(versionId);
  if (!name.success) throw new AttuneError('NOT_FOUND', 'There is no such version.');
  return name.data;
}

export async function handleDownload(request: Request, offer: Offer): Promise<Response> {
  let web: WebProcess;
  try {
    web = await getWebProcess();
  } catch (cause) {
    return refusal(
      new AttuneError('UNAVAILABLE', 'The product is starting, or cannot start; its log says why.', { cause }),
    );
  }
  return answerDownload(web, request, offer);
}

export async function answerDownload(web: WebProcess, request: Request, offer: Offer): Promise<Response> {
  try {
    refuseForeignPage(request);
    const { product, user } = await createContext(web, request.headers);
    if (!user) throw new AttuneError('UNAUTHENTICATED', 'This needs a session; open the settings page first.');
    const { name, type, bytes, pieces } = await offer(product, user);
    return new Response(streamOf(pieces, product.log), {
      headers: {
        'content-type': type,
        'content-disposition': `attachment; filename="${name}"`,
        'cache-control': 'no-store',
        ...(bytes !== null && { 'content-length': String(bytes) }),
      },
    });
  } catch (thrown) {
    const error = toAttuneError(thrown);
    if (error.code === 'INTERNAL') web.product.log.error({ err: error.cause ?? error }, 'a download failed');
    return refusal(error);
  }
}

/** Reads on only when the browser has taken what there is. A failure breaks the download off, so that it shows. */
function streamOf(pieces: Download['pieces'], log: WebProcess['product']['log']): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  return new ReadableStream({
    async pull(controller) {
      try {
        const { value, done } = await pieces.next();
        if (done) controller.close();
        else controller.enqueue(typeof value === 'string' ? encoder.encode(value) : value);
      } catch (error) {
        log.error({ err: error }, 'a download failed');
        controller.error(error);
      }
    },
    async cancel() {
      await pieces.return(undefined);
    },
  });
}

function refusal(error: AttuneError): Response {
  const message =
    error.code === 'INTERNAL' ? 'Something went wrong on the server; its log has the details.' : error.message;
  return new Response(`${message}\n`, {
    status: STATUS[error.code],
    headers: { 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'no-store' },
  });
}
