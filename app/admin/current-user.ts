// Finds the user who requests a page, from the session cookie; for server components.
import { headers } from 'next/headers';
import { getWebProcess } from '@/server/product';
import { createContext } from '@/server/trpc';

export async function readCurrentUser() {
  return (await createContext(await getWebProcess(), await headers())).user;
}
