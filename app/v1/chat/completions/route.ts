// Answers a conversation, in the shape of OpenAI's API.
import { chatCompletion } from '@/server/api/completions';
import { route } from '@/server/api/route';

export const dynamic = 'force-dynamic';

export const POST = route(chatCompletion);
