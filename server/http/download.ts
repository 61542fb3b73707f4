// A person's own data over HTTP: a streamed JSON file for whoever's cookie the request has.
import { AttuneError, toAttuneError } from '@/core/errors';
import { getWebProcess, type WebProcess } from '../product';
import { downloadEverything } from '../services/account/download';
import { createContext } from '../trpc';
import { refuseForeignPage } from './origin';
import { STATUS } from './status';

export async function handleDownload(request: Request): Promise<Response> {
  let web: WebProcess;
  try {
    web = await getWebProcess();
  } catch (cause) {
    return refusal(
      new AttuneError('UNAVAILABLE', 'The product is starting, or cannot start; its log says why.', { cause }),
    );
  }
  return answerDownload(web, request);
}

export async function answerDownload(web: WebProcess, request: Request): Promise<Response> {
  try {
    refuseForeignPage(request);
    const { product, user } = await createContext(web, request.headers);
    if (!user) throw new AttuneError('UNAUTHENTICATED', 'This needs a session; open the settings page first.');
    const day = new Date().toISOString().slice(0, 10);
    return new Response(streamOf(downloadEverything(product, user.id), product.log), {
      headers: {
        'content-type': 'application/json; charset=utf-8',
        'content-disposition': `attachment; filename="attune-${day}.json"`,
        'cache-control': 'no-store',
      },
    });
  } catch (thrown) {
    const error = toAttuneError(thrown);
    if (error.code === 'INTERNAL') web.product.log.error({ err: error.cause ?? error }, 'a download failed');
    return refusal(error);
  }
}

/** Reads on only when the browser has taken what there is. A failure breaks the download off, so that it shows. */
function streamOf(pieces: AsyncGenerator<string>, log: WebProcess['product']['log']): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  return new ReadableStream({
    async pull(controller) {
      try {
        const { value, done } = await pieces.next();
        if (done) controller.close();
        else controller.enqueue(encoder.encode(value));
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
