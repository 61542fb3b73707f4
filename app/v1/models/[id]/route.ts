// One version that a key may ask for.
import { model } from '@/server/api/models';
import { route } from '@/server/api/route';

export const dynamic = 'force-dynamic';

export const GET = route(model);
