// Continues a prompt, in the shape of OpenAI's older API.
import { textCompletion } from '@/server/api/completions';
import { route } from '@/server/api/route';

export const dynamic = 'force-dynamic';

export const POST = route(textCompletion);
