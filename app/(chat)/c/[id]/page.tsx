// A stored conversation; the layout draws it.
import { notFound } from 'next/navigation';
import { z } from 'zod';

export default async function ConversationPage({ params }: { params: Promise<{ id: string }> }) {
  if (!z.uuid().safeParse((await params).id).success) notFound();
  return null;
}
