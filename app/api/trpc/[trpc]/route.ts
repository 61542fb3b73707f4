// tRPC over HTTP: queries, mutations, and subscriptions as server-sent events.
import { fetchRequestHandler } from '@trpc/server/adapters/fetch';
import { getWebProcess } from '@/server/product';
import { appRouter } from '@/server/routers';
import { createContext } from '@/server/trpc';

export const dynamic = 'force-dynamic';

async function handle(request: Request): Promise<Response> {
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
