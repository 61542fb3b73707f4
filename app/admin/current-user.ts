// Who asks for a page, from the session's cookie; for server components.
import { headers } from 'next/headers';
import { getWebProcess } from '@/server/product';
import { createContext } from '@/server/trpc';

export async function readCurrentUser() {
  return (await createContext(await getWebProcess(), await headers())).user;
}
