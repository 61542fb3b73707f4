// The tRPC instance: context, procedures by role, and the one place where an AttuneError becomes a transport error.
import { initTRPC, TRPCError } from '@trpc/server';
import superjson from 'superjson';
import { prettifyError, ZodError } from 'zod';
import { AttuneError, type ErrorCode, toAttuneError } from '@/core/errors';
import type { WebProcess } from './product';
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
  const session = await auth.api.getSession({ headers });
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

const t = initTRPC.context<Context>().create({
  transformer: superjson,
  sse: { ping: { enabled: true, intervalMs: 10_000 }, client: { reconnectAfterInactivityMs: 30_000 } },
  errorFormatter: ({ shape, error }) => {
    const { cause } = error;
    const attuneCode: ErrorCode | null = cause instanceof AttuneError ? cause.code : null;
    const { stack: _stack, ...data } = shape.data;
    let { message } = shape;
    if (cause instanceof ZodError) message = prettifyError(cause);
    // What nobody foresaw may quote SQL or paths: the log keeps it, the page does not.
    if (attuneCode === 'INTERNAL') message = 'Something went wrong on the server; its log has the details.';
    return { ...shape, message, data: { ...data, attuneCode } };
  },
});

const mapErrors = t.middleware(async ({ next, ctx, path }) => {
  const result = await next();
  if (result.ok || !(result.error.code === 'INTERNAL_SERVER_ERROR' && result.error.cause)) return result;
  const error = toAttuneError(result.error.cause);
  if (error.code === 'INTERNAL') ctx.product.log.error({ err: error.cause ?? error, path }, 'procedure failed');
  throw new TRPCError({ code: TRANSPORT_CODE[error.code], message: error.message, cause: error });
});

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
