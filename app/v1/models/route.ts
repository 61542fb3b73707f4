// Lists the versions that a key may ask for.
import { models } from '@/server/api/models';
import { route } from '@/server/api/route';

export const dynamic = 'force-dynamic';

export const GET = route(models);
