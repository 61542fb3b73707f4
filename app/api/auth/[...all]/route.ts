// Sign-in, sign-up, guests and sign-out.
import { getWebProcess } from '@/server/product';

export const dynamic = 'force-dynamic';

async function handle(request: Request): Promise<Response> {
  const { auth } = await getWebProcess();
  return auth.handler(request);
}

export { handle as GET, handle as POST };
