// Takes an adapter from elsewhere.
import { handleUpload } from '@/server/http/adapter-upload';

export const dynamic = 'force-dynamic';

export { handleUpload as POST };
