// Sends the service's spans to an OpenTelemetry collector: docs/tracing.md says how. Configured by OTEL_SERVICE_NAME,
// OTEL_EXPORTER_OTLP_ENDPOINT, OTEL_TRACES_SAMPLER and the other variables of OpenTelemetry.
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { defaultResource, detectResources, envDetector, resourceFromAttributes } from '@opentelemetry/resources';
import { BatchSpanProcessor, NodeTracerProvider } from '@opentelemetry/sdk-trace-node';

const resource = defaultResource()
  .merge(resourceFromAttributes({ 'service.name': 'jobs-api' }))
  .merge(detectResources({ detectors: [envDetector] }));

new NodeTracerProvider({ resource, spanProcessors: [new BatchSpanProcessor(new OTLPTraceExporter())] }).register();
