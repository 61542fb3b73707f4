// A new conversation; the layout draws it.
export default function NewChatPage() {
  return null;
}
