// Whatever else a client asks for under /v1: an error that the client can read.
import { unknownPath } from '@/server/api/errors';

export { unknownPath as DELETE, unknownPath as GET, unknownPath as POST };
