import type { AddonsSettings, TracingBackend } from './settings';

/** The addon that spans go to; undefined when none is on. */
export function tracingBackend({ jaeger, zipkin, tracing }: AddonsSettings): TracingBackend | undefined {
  const on = [
    ...(jaeger === undefined ? [] : ['jaeger' as const]),
    ...(zipkin === undefined ? [] : ['zipkin' as const]),
  ];
  return on.find((addon) => addon === tracing?.backend) ?? on[0];
}

/** Whether the Services `tracing` and `zipkin` lead to this addon. */
export function ownsTracing(addon: TracingBackend, addons: AddonsSettings): boolean {
  return tracingBackend(addons) === addon;
}
