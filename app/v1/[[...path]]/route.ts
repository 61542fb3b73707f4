// Passes every request under /v1 to the table of endpoints, which decides about paths and methods.
import { serve } from '@/server/api/endpoints';

export const dynamic = 'force-dynamic';

export { serve as DELETE, serve as GET, serve as HEAD, serve as OPTIONS, serve as PATCH, serve as POST, serve as PUT };
