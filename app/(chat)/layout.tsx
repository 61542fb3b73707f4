// The chat's frame: the list next to the open conversation, which stays mounted while its URL changes.
import type { ReactNode } from 'react';
import { ChatShell } from '@/app/chat/chat-shell';
import { SessionGate } from '@/app/sidebar/session-gate';

export default function ChatLayout({ children }: { children: ReactNode }) {
  return (
    <SessionGate>
      <ChatShell />
      {children}
    </SessionGate>
  );
}
