// A person's own data as a file.
import { handleDownload, ownData } from '@/server/http/download';

export const dynamic = 'force-dynamic';

export const GET = (request: Request) => handleDownload(request, ownData);
