// A version's adapter as PEFT reads it, in a tar archive.
import { adapterOf, handleDownload } from '@/server/http/download';

export const dynamic = 'force-dynamic';

export const GET = async (request: Request, { params }: { params: Promise<{ id: string }> }) =>
  handleDownload(request, adapterOf((await params).id));
