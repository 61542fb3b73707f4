// The tRPC instance: context, procedures by role, and the one place where an AttuneError becomes a transport error.
import { initTRPC, TRPCError } from '@trpc/server';
import superjson, { type SuperJSONResult } from 'superjson';
import { ZodError } from 'zod';
import { AttuneError, type ErrorCode, toAttuneError } from '@/core/errors';
import { inputSentence } from '@/core/text/input-sentence';
import { checkPlainData } from './http/plain-data';
import { RETRY_AFTER_SECONDS } from './http/status';
import type { WebProcess } from './product';
import { checkDatabase } from './services/health';
import type { Product } from './services/product';

export interface Login {
  id: string;
  name: string;
  role: string;
  isAnonymous: boolean;
}

export interface Context {
  product: Product;
  user: Login | null;
}

/** Finds the caller, from the session cookie only. */
export async function createContext({ product, auth }: WebProcess, headers: Headers): Promise<Context> {
  const session = await auth.api.getSession({ headers }).catch(async (error: unknown) => {
    // better-auth hides what failed, so the database is asked directly.
    await checkDatabase(product);
    throw toAttuneError(error);
  });
  if (!session) return { product, user: null };
  const { id, name, role, isAnonymous } = session.user;
  return { product, user: { id, name, role: role ?? 'user', isAnonymous: isAnonymous ?? false } };
}

const TRANSPORT_CODE: Record<ErrorCode, TRPCError['code']> = {
  BAD_INPUT: 'BAD_REQUEST',
  NOT_FOUND: 'NOT_FOUND',
  FORBIDDEN: 'FORBIDDEN',
  UNAUTHENTICATED: 'UNAUTHORIZED',
  CONFLICT: 'CONFLICT',
  OVERLOADED: 'TOO_MANY_REQUESTS',
  TOO_LONG: 'PAYLOAD_TOO_LARGE',
  CONSTRAINT: 'UNPROCESSABLE_CONTENT',
  CORRUPT: 'INTERNAL_SERVER_ERROR',
  UNSUPPORTED: 'NOT_IMPLEMENTED',
  UNAVAILABLE: 'SERVICE_UNAVAILABLE',
  CANCELLED: 'CLIENT_CLOSED_REQUEST',
  INTERNAL: 'INTERNAL_SERVER_ERROR',
};
/** JSON-RPC's numbers: a client reconnects a stream after the number of a 500, and gives up after this one. */
const INVALID_REQUEST = -32600;

const t = initTRPC.context<Context>().create({
  transformer: {
    input: {
      serialize: superjson.serialize,
      deserialize: (value: SuperJSONResult) => {
        checkPlainData(value.json);
        return superjson.deserialize(value);
      },
    },
    output: superjson,
  },
  sse: { ping: { enabled: true, intervalMs: 10_000 }, client: { reconnectAfterInactivityMs: 30_000 } },
  errorFormatter: ({ shape, error, type }) => {
    const cause = causeOf(error);
    const { stack: _stack, ...data } = shape.data;
    const isHopeless = cause.code === 'INTERNAL' || cause.code === 'CORRUPT';
    return {
      ...shape,
      code: type === 'subscription' && isHopeless ? INVALID_REQUEST : shape.code,
      // An unexpected error may quote paths, so only the log gets its text.
      message:
        cause.code === 'INTERNAL' ? 'Something went wrong on the server; its log has the details.' : cause.message,
      data: { ...data, attuneCode: cause.code, param: cause.param, rule: cause.rule, noVerdict: cause.noVerdict },
    };
  },
});

/** Every error has an AttuneError: what tRPC itself refuses is a request that it cannot read. */
function causeOf(error: TRPCError): AttuneError {
  const { cause } = error;
  if (cause instanceof AttuneError) return cause;
  if (cause instanceof ZodError) return fromZod(cause);
  if (error.code === 'INTERNAL_SERVER_ERROR') return toAttuneError(cause ?? error);
  if (error.code === 'NOT_FOUND') return new AttuneError('NOT_FOUND', error.message);
  return new AttuneError('BAD_INPUT', 'Attune does not understand this request.', { cause: error });
}

function fromZod(error: ZodError): AttuneError {
  const { sentence, field } = inputSentence(error);
  return new AttuneError('BAD_INPUT', sentence, { cause: error, ...(field ? { param: field } : {}) });
}

/** The error as the client gets it; also used for failures before tRPC runs. */
export function toTransportError(thrown: unknown): TRPCError {
  const error = thrown instanceof TRPCError ? causeOf(thrown) : toAttuneError(thrown);
  return new TRPCError({ code: TRANSPORT_CODE[error.code], message: error.message, cause: error });
}

/** Seconds after which all of these calls may be made again; null if waiting does not help. */
export function retryAfterSeconds(errors: readonly TRPCError[]): number | null {
  const waits = errors.flatMap(({ cause }) =>
    cause instanceof AttuneError && (cause.code === 'OVERLOADED' || cause.code === 'UNAVAILABLE')
      ? [cause.retryAfterSeconds ?? RETRY_AFTER_SECONDS]
      : [],
  );
  return waits.length > 0 ? Math.max(...waits) : null;
}

const mapErrors = t.middleware(async ({ next, ctx, path, getRawInput }) => {
  const fail = (thrown: unknown) => {
    const error = toTransportError(thrown);
    const { cause } = error;
    if (cause instanceof AttuneError && cause.code === 'INTERNAL')
      ctx.product.log.error({ err: cause.cause ?? cause, path }, 'procedure failed');
    return error;
  };
  const input = await getRawInput().catch((error: unknown) => {
    throw fail(error);
  });
  try {
    checkPlainData(input);
  } catch (error) {
    throw fail(error);
  }
  const result = await next();
  if (!result.ok) throw fail(result.error);
  return isStream(result.data) ? { ...result, data: mapStream(result.data, fail) } : result;
});

const isStream = (data: unknown): data is AsyncIterable<unknown> =>
  typeof data === 'object' && data !== null && Symbol.asyncIterator in data;

/** Sends an error after the first event in the same way as one before it. */
async function* mapStream<T>(events: AsyncIterable<T>, fail: (error: unknown) => Error): AsyncGenerator<T> {
  try {
    yield* events;
  } catch (error) {
    // The reader has left; nothing failed.
    throw error instanceof Error && error.name === 'AbortError' ? error : fail(error);
  }
}

export const router = t.router;
export const createCallerFactory = t.createCallerFactory;
export const publicProcedure = t.procedure.use(mapErrors);

export const userProcedure = publicProcedure.use(({ ctx, next }) => {
  if (!ctx.user)
    throw new AttuneError('UNAUTHENTICATED', 'This needs a session; reload the page to get a guest session.');
  return next({ ctx: { ...ctx, user: ctx.user } });
});

/** A guest's session is lost with the browser's cookies, so anything longer-lived needs an account. */
export const memberProcedure = userProcedure.use(({ ctx, next }) => {
  if (ctx.user.isAnonymous) throw new AttuneError('FORBIDDEN', 'Guests may not do this; create an account first.');
  return next({ ctx });
});

/** Work at /rate: for raters and for admins. */
export const raterProcedure = userProcedure.use(({ ctx, next }) => {
  if (ctx.user.role !== 'rater' && ctx.user.role !== 'admin')
    throw new AttuneError('FORBIDDEN', 'Only a rater may do this; an admin gives the role on the page /admin/users.');
  return next({ ctx });
});

export const adminProcedure = userProcedure.use(({ ctx, next }) => {
  if (ctx.user.role !== 'admin')
    throw new AttuneError('FORBIDDEN', 'Only an admin may do this; sign in with an admin account.');
  return next({ ctx });
});
