// A stored conversation; the layout draws it.
export default function ConversationPage() {
  return null;
}
