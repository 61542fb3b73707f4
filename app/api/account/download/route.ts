// A person's own data as a file.
import { handleDownload } from '@/server/http/download';

export const dynamic = 'force-dynamic';

export { handleDownload as GET };
