// Everything under /v1, whatever the method: the table of endpoints decides.
import { serve } from '@/server/api/endpoints';

export const dynamic = 'force-dynamic';

export { serve as DELETE, serve as GET, serve as HEAD, serve as OPTIONS, serve as PATCH, serve as POST, serve as PUT };
