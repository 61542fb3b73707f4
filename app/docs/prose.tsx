// Text from the OpenAPI document: always English, with code between backticks.
export function Prose({ text, className }: { text: string; className?: string }) {
  return (
    <div lang="en" className={className}>
      {text.split('\n\n').map((paragraph) => (
        <p key={paragraph} className="mt-3 first:mt-0">
          <Line text={paragraph} />
        </p>
      ))}
    </div>
  );
}

export function Line({ text }: { text: string }) {
  return text.split('`').map((part, index) =>
    index % 2 === 0 ? (
      part
    ) : (
      <code key={index} className="break-words rounded bg-muted px-1 py-0.5 text-[0.9em] text-foreground">
        {part}
      </code>
    ),
  );
}
