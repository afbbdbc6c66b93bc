import assert from 'node:assert/strict';
import { inStages } from '../../lab/apply/stages';

const object = (apiVersion: string, kind: string) => ({ apiVersion, kind });

describe('inStages', () => {
  it('puts every object after what it stands on, and keeps the order within a stage', () => {
    const virtualService = object('networking.istio.io/v1', 'VirtualService');
    const httpRoute = object('gateway.networking.k8s.io/v1', 'HTTPRoute');
    const ingress = object('networking.k8s.io/v1', 'Ingress');
    const destinationRule = object('networking.istio.io/v1beta1', 'DestinationRule');
    const serviceEntry = object('networking.istio.io/v1', 'ServiceEntry');
    const gateway = object('networking.istio.io/v1', 'Gateway');
    const authorization = object('security.istio.io/v1', 'AuthorizationPolicy');
    const certificate = object('cert-manager.io/v1', 'Certificate');
    const deployment = object('apps/v1', 'Deployment');
    const pod = object('v1', 'Pod');
    const job = object('batch/v1', 'Job');
    const service = object('v1', 'Service');
    const role = object('rbac.authorization.k8s.io/v1', 'Role');
    const autoscaler = object('autoscaling/v2', 'HorizontalPodAutoscaler');
    const namespace = object('v1', 'Namespace');
    const definition = object('apiextensions.k8s.io/v1', 'CustomResourceDefinition');
    assert.deepEqual(
      inStages([
        virtualService,
        httpRoute,
        ingress,
        destinationRule,
        serviceEntry,
        gateway,
        authorization,
        certificate,
        deployment,
        pod,
        job,
        service,
        role,
        autoscaler,
        namespace,
        definition,
      ]),
      [
        { stage: 'definitions', objects: [definition] },
        { stage: 'namespaces', objects: [namespace] },
        { stage: 'foundations', objects: [service, role, autoscaler] },
        { stage: 'workloads', objects: [deployment, pod, job] },
        { stage: 'rules', objects: [destinationRule, serviceEntry, gateway, authorization, certificate] },
        { stage: 'routes', objects: [virtualService, httpRoute, ingress] },
      ],
    );
  });

  it('has no empty stages', () => {
    assert.deepEqual(inStages([]), []);
  });

  it('is not taken in by a kind of the same name in another group', () => {
    const namespace = object('example.com/v1', 'Namespace');
    const knative = object('serving.knative.dev/v1', 'Deployment');
    assert.deepEqual(inStages([namespace, knative]), [{ stage: 'rules', objects: [namespace, knative] }]);
  });
});
