// Takes feedback on an answer of the API.
import { feedback } from '@/server/api/feedback';
import { route } from '@/server/api/route';

export const dynamic = 'force-dynamic';

export const POST = route(feedback);
