// The cockpit: where the loop stands and what comes next, painted by the server and kept fresh by the page.
import { headers } from 'next/headers';
import { Cockpit } from '@/app/admin/cockpit/cockpit';
import { getWebProcess } from '@/server/product';
import { createCaller } from '@/server/routers';
import { createContext } from '@/server/trpc';

export default async function AdminPage() {
  const context = await createContext(await getWebProcess(), await headers());
  // The layout tells other people why they see nothing.
  if (context.user?.role !== 'admin') return null;
  return <Cockpit initial={await createCaller(context).admin.overview()} />;
}
