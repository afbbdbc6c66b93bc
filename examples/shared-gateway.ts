import { Routes } from 'meshwright';
import * as pulumi from '@pulumi/pulumi';

// Another stack has Istio and the gateway, and says in its output `gateway` how to name it.
export = async (): Promise<Record<string, unknown>> => {
  const platform = new pulumi.StackReference(new pulumi.Config().require('platform'));
  // Arguments must be known, not outputs.
  const { value: gateway } = await platform.getOutputDetails('gateway');
  const cart = {
    gateways: [String(gateway)],
    hosts: ['shop.example.com'],
    versions: ['v1', 'v2'],
    weights: { v1: 'rest' as const, v2: 10 },
  };
  const { weights } = new Routes('shop', { namespace: 'shop', services: { cart } });
  return { weights };
};
