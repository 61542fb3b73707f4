// Sends the times of answers as spans to an OpenTelemetry collector; without one nothing of it is loaded.
import type { EndedAnswer } from './answer';

export interface Traces {
  send(answer: EndedAnswer): void;
  /** Sends what waits. */
  close(): Promise<void>;
}

/**
 * The provider is not made global: Next would then send spans of its own, whose addresses hold what people search for.
 * The exporter reads its other standard variables, such as OTEL_EXPORTER_OTLP_HEADERS, itself.
 */
export async function openTraces(url: string | null): Promise<Traces | null> {
  if (url === null) return null;
  const [
    { SpanStatusCode, context, trace },
    { BasicTracerProvider, BatchSpanProcessor },
    otlp,
    { resourceFromAttributes },
  ] = await Promise.all([
    import('@opentelemetry/api'),
    import('@opentelemetry/sdk-trace-base'),
    import('@opentelemetry/exporter-trace-otlp-http'),
    import('@opentelemetry/resources'),
  ]);
  const provider = new BasicTracerProvider({
    resource: resourceFromAttributes({ 'service.name': 'attune' }),
    spanProcessors: [new BatchSpanProcessor(new otlp.OTLPTraceExporter({ url }))],
  });
  const tracer = provider.getTracer('attune');
  return {
    send({ createdAt, firstTokenMs, durationMs, received, ...answer }) {
      const after = (ms: number) => new Date(createdAt.getTime() + ms);
      const end = after(durationMs);
      const attributes = {
        'attune.generation': answer.generationId,
        'attune.version': answer.versionId,
        'attune.status': answer.status,
        'attune.rule_hits': answer.hits,
        'gen_ai.usage.input_tokens': answer.promptTokens,
        'gen_ai.usage.output_tokens': answer.completionTokens,
      };
      const message = tracer.startSpan('message', { startTime: received?.at ?? createdAt, attributes, root: true });
      const inside = trace.setSpan(context.active(), message);
      const part = (name: string, from: Date, to: Date) => tracer.startSpan(name, { startTime: from }, inside).end(to);
      if (received) {
        part('rules', received.at, received.checkedAt);
        part('receive', received.checkedAt, createdAt);
      }
      // The engine does not say when the queue ended and the reading of the prompt began.
      part('wait for the first token', createdAt, firstTokenMs === null ? end : after(firstTokenMs));
      if (firstTokenMs !== null) part('generate', after(firstTokenMs), end);
      if (answer.status === 'failed') message.setStatus({ code: SpanStatusCode.ERROR });
      message.end(end);
    },
    close: () => provider.shutdown(),
  };
}
