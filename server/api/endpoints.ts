// The API's endpoints: which path takes which method, and the error for any other request.
import { AttuneError } from '@/core/errors';
import { chatCompletion, textCompletion } from './completions';
import { preflight } from './cors';
import { methodNotAllowed } from './errors';
import { feedback, feedbackList, feedbackTrace, questionnaires } from './feedback';
import { figures } from './figures';
import { model, models } from './models';
import { openApiDocument } from './openapi/openapi';
import { type Call, forEverybody, type Handler, withKey } from './route';

type Methods = Partial<Record<'GET' | 'POST', Handler>>;

/** A name in braces stands for one segment. */
const ENDPOINTS: Record<string, Methods> = {
  '/v1/chat/completions': { POST: withKey(chatCompletion) },
  '/v1/completions': { POST: withKey(textCompletion) },
  '/v1/models': { GET: withKey(models) },
  '/v1/models/{id}': { GET: withKey(model) },
  '/v1/feedback': { GET: withKey(feedbackList), POST: withKey(feedback) },
  '/v1/feedback/{id}/trace': { GET: withKey(feedbackTrace) },
  '/v1/questionnaires': { GET: withKey(questionnaires) },
  '/v1/figures': { GET: withKey(figures) },
  '/v1/openapi.json': { GET: forEverybody(async () => Response.json(openApiDocument())) },
};

export async function serve(request: Request): Promise<Response> {
  const { pathname } = new URL(request.url);
  const found = find(pathname);
  const allowed = found ? allowedBy(found.methods) : [];
  if (request.method === 'OPTIONS') return preflight(request, allowed);
  const method = request.method === 'HEAD' ? 'GET' : request.method;
  const handler = found && Object.hasOwn(found.methods, method) ? found.methods[method as keyof Methods] : undefined;
  const response = await (handler ?? refusal(pathname, allowed))(request, found?.params ?? {});
  if (request.method !== 'HEAD') return response;
  await response.body?.cancel();
  return new Response(null, response);
}

function allowedBy(methods: Methods): string[] {
  return [...('GET' in methods ? ['GET', 'HEAD'] : []), ...('POST' in methods ? ['POST'] : []), 'OPTIONS'];
}

function refusal(pathname: string, allowed: string[]): Handler {
  return forEverybody(async () => {
    if (allowed.length > 0) return methodNotAllowed(pathname, allowed);
    throw new AttuneError('NOT_FOUND', `There is no ${pathname}. /v1/openapi.json lists the endpoints.`);
  });
}

function find(pathname: string): { methods: Methods; params: Call['params'] } | null {
  const segments = pathname.replace(/\/$/, '').split('/');
  for (const [path, methods] of Object.entries(ENDPOINTS)) {
    const params = match(path.split('/'), segments);
    if (params) return { methods, params };
  }
  return null;
}

function match(pattern: string[], segments: string[]): Record<string, string> | null {
  if (pattern.length !== segments.length) return null;
  const params: Record<string, string> = {};
  for (const [index, part] of pattern.entries()) {
    const segment = segments[index]!;
    const name = /^\{(\w+)\}$/.exec(part)?.[1];
    if (name && segment !== '') params[name] = decode(segment);
    else if (part !== segment) return null;
  }
  return params;
}

/** A segment whose percent-encoding is not UTF-8 is looked up as it is written: nothing has that name. */
function decode(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}
