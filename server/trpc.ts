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

/** Who asks, from the session's cookie alone. */
export async function createContext({ product, auth }: WebProcess, headers: Headers): Promise<Context> {
  const session = await auth.api.getSession({ headers }).catch(async (error: unknown) => {
    // better-auth hides what failed; the database itself can be asked.
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
  CORRUPT: 'INTERNAL_SERVER_ERROR',
  UNSUPPORTED: 'NOT_IMPLEMENTED',
  UNAVAILABLE: 'SERVICE_UNAVAILABLE',
  CANCELLED: 'CLIENT_CLOSED_REQUEST',
  INTERNAL: 'INTERNAL_SERVER_ERROR',
};
/** JSON-RPC's numbers: a client takes a stream up again after a 500's, and gives it up after this one. */
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
      // What was not foreseen may quote paths: the log keeps it, the page does not.
      message:
        cause.code === 'INTERNAL' ? 'Something went wrong on the server; its log has the details.' : cause.message,
      data: { ...data, attuneCode: cause.code, param: cause.param },
    };
  },
});

/** Every error has one: what tRPC itself refuses is a request that it cannot read. */
function causeOf(error: TRPCError): AttuneError {
  const { cause } = error;
  if (cause instanceof AttuneError) return cause;
  if (cause instanceof ZodError) return fromZod(cause);
  if (error.code === 'INTERNAL_SERVER_ERROR') return toAttuneError(cause ?? error);
  if (error.code === 'NOT_FOUND') return new AttuneError('NOT_FOUND', error.message);
  return new AttuneError('BAD_INPUT', 'The request is not one that this product understands.', { cause: error });
}

function fromZod(error: ZodError): AttuneError {
  const { sentence, field } = inputSentence(error);
  return new AttuneError('BAD_INPUT', sentence, { cause: error, ...(field ? { param: field } : {}) });
}

/** As the client gets it; for what fails before tRPC is asked, too. */
export function toTransportError(thrown: unknown): TRPCError {
  const error = thrown instanceof TRPCError ? causeOf(thrown) : toAttuneError(thrown);
  return new TRPCError({ code: TRANSPORT_CODE[error.code], message: error.message, cause: error });
}

/** Seconds after which the first of these calls may be made again; null where waiting does not help. */
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

/** An error after the first event leaves as one before it would. */
async function* mapStream<T>(events: AsyncIterable<T>, fail: (error: unknown) => Error): AsyncGenerator<T> {
  try {
    yield* events;
  } catch (error) {
    // The reader is gone, and nothing failed.
    throw error instanceof Error && error.name === 'AbortError' ? error : fail(error);
  }
}

export const router = t.router;
export const createCallerFactory = t.createCallerFactory;
export const publicProcedure = t.procedure.use(mapErrors);

export const userProcedure = publicProcedure.use(({ ctx, next }) => {
  if (!ctx.user)
    throw new AttuneError('UNAUTHENTICATED', 'This needs a login; open the page again to get a guest session.');
  return next({ ctx: { ...ctx, user: ctx.user } });
});

/** A guest's session ends with the browser's cookies; what outlives it needs an account. */
export const memberProcedure = userProcedure.use(({ ctx, next }) => {
  if (ctx.user.isAnonymous) throw new AttuneError('FORBIDDEN', 'A guest may not do this; create an account first.');
  return next({ ctx });
});

export const adminProcedure = userProcedure.use(({ ctx, next }) => {
  if (ctx.user.role !== 'admin')
    throw new AttuneError('FORBIDDEN', 'Only an admin may do this; sign in with an admin account.');
  return next({ ctx });
});
