// tRPC over HTTP: queries, mutations, and subscriptions as server-sent events.
import { fetchRequestHandler } from '@trpc/server/adapters/fetch';
import { getWebProcess } from '@/server/product';
import { appRouter } from '@/server/routers';
import { createContext } from '@/server/trpc';

export const dynamic = 'force-dynamic';

/** A message has at most 32 kB, and a page sends a few calls together. */
const MAX_BODY_BYTES = 1024 * 1024;

async function handle(request: Request): Promise<Response> {
  const bytes = Number(request.headers.get('content-length') ?? 0);
  if (bytes > MAX_BODY_BYTES) {
    return new Response(`The request has ${bytes} bytes; the most is ${MAX_BODY_BYTES}.`, { status: 413 });
  }
  const web = await getWebProcess();
  return fetchRequestHandler({
    endpoint: '/api/trpc',
    req: request,
    router: appRouter,
    createContext: () => createContext(web, request.headers),
    // A proxy that buffers would hold the stream back.
    responseMeta: () => ({ headers: { 'x-accel-buffering': 'no' } }),
  });
}

export { handle as GET, handle as POST };
