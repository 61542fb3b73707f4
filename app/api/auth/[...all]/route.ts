// Sign-in, sign-up, guests and sign-out.
import { handleAuth } from '@/server/http/auth-handler';

export const dynamic = 'force-dynamic';

export { handleAuth as GET, handleAuth as POST };
