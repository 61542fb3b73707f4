// A stored conversation; the layout draws it, and proxy.ts refuses a path whose id is not one.
export default function ConversationPage() {
  return null;
}
