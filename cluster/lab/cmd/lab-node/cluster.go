package main

import (
	"context"
	"fmt"
	"log"
	"math/rand/v2"
	"net"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	corelisters "k8s.io/client-go/listers/core/v1"
	discoverylisters "k8s.io/client-go/listers/discovery/v1"
	"k8s.io/client-go/tools/cache"
	"k8s.io/client-go/tools/clientcmd"
)

// domain of the cluster's DNS names.
const domain = "cluster.local"

// outsideIP is the address of names outside the cluster. It is reserved (RFC 1112): the proxies get it as the original destination, and their
// clusters for the outside have no endpoints.
const outsideIP = "240.240.0.1"

type node struct {
	ctx       context.Context
	options   options
	client    kubernetes.Interface
	services  corelisters.ServiceLister
	slices    discoverylisters.EndpointSliceLister
	factory   informers.SharedInformerFactory
	agentPort int
	metrics   *metrics
	ports     *ports

	// mu may be held while a pod's mu is taken, never the other way round.
	mu   sync.Mutex
	pods map[string]*pod // by namespace/name
	byIP map[string]*pod
	// changed is closed and replaced when a pod appears.
	changed   chan struct{}
	nodePorts map[int32]*nodePort
	// synced is true once all pods that existed at the start are known.
	synced atomic.Bool
	// readied is when the readiness of a pod last changed.
	readied time.Time
}

func newNode(ctx context.Context, o options) (*node, error) {
	config, err := clientcmd.BuildConfigFromFlags("", o.kubeconfig)
	if err != nil {
		return nil, err
	}
	config.QPS, config.Burst = 200, 400
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return nil, err
	}
	factory := informers.NewSharedInformerFactory(client, 0)
	n := &node{
		ctx:       ctx,
		options:   o,
		client:    client,
		factory:   factory,
		services:  factory.Core().V1().Services().Lister(),
		slices:    factory.Discovery().V1().EndpointSlices().Lister(),
		pods:      map[string]*pod{},
		byIP:      map[string]*pod{},
		changed:   make(chan struct{}),
		nodePorts: map[int32]*nodePort{},
		ports:     &ports{taken: map[int]bool{}},
	}
	n.metrics = newMetrics(n)
	return n, nil
}

// watch follows pods and Services until the node ends.
func (n *node) watch() {
	handler := cache.ResourceEventHandlerFuncs{
		AddFunc:    func(object any) { n.podChanged(object.(*corev1.Pod)) },
		UpdateFunc: func(_, object any) { n.podChanged(object.(*corev1.Pod)) },
		DeleteFunc: func(object any) {
			if tombstone, ok := object.(cache.DeletedFinalStateUnknown); ok {
				object = tombstone.Obj
			}
			if p, ok := object.(*corev1.Pod); ok {
				n.podGone(p.Namespace + "/" + p.Name)
			}
		},
	}
	registration, err := n.factory.Core().V1().Pods().Informer().AddEventHandler(handler)
	if err != nil {
		log.Fatal(err)
	}
	ports := cache.ResourceEventHandlerFuncs{
		AddFunc:    func(any) { n.updateNodePorts() },
		UpdateFunc: func(any, any) { n.updateNodePorts() },
		DeleteFunc: func(any) { n.updateNodePorts() },
	}
	if _, err := n.factory.Core().V1().Services().Informer().AddEventHandler(ports); err != nil {
		log.Fatal(err)
	}
	n.factory.Discovery().V1().EndpointSlices().Informer()
	n.factory.Start(n.ctx.Done())
	for _, synced := range n.factory.WaitForCacheSync(n.ctx.Done()) {
		if !synced {
			return
		}
	}
	if cache.WaitForCacheSync(n.ctx.Done(), registration.HasSynced) {
		n.synced.Store(true)
		n.retryForgottenPods()
	}
}

// podTime bounds the wait for a pod that istiod knows and the watch has not reported yet.
var podTime = 3 * time.Second

// podAt is the pod with an address; it waits for one that is not known yet.
func (n *node) podAt(ctx context.Context, ip string) *pod {
	ctx, cancel := context.WithTimeout(ctx, podTime)
	defer cancel()
	for {
		n.mu.Lock()
		p, changed := n.byIP[ip], n.changed
		n.mu.Unlock()
		if p != nil || !strings.HasPrefix(ip, "10.0.") {
			return p
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return nil
		}
	}
}

// endpoint is the port on 127.0.0.1 that plays a port of a pod.
func (n *node) endpoint(ctx context.Context, ip string, port int) (int, bool) {
	p := n.podAt(ctx, ip)
	if p == nil {
		return 0, false
	}
	return p.endpoint(port), true
}

// lookup resolves a name as the cluster's DNS does for a pod of the namespace.
func (n *node) lookup(name, namespace string) ([]string, error) {
	if net.ParseIP(name) != nil {
		return []string{name}, nil
	}
	short := strings.TrimSuffix(strings.TrimSuffix(name, "."), "."+domain)
	parts := strings.Split(strings.TrimSuffix(short, ".svc"), ".")
	if len(parts) <= 2 {
		if len(parts) == 2 {
			namespace = parts[1]
		}
		if service, err := n.services.Services(namespace).Get(parts[0]); err == nil {
			if service.Spec.ClusterIP != corev1.ClusterIPNone {
				return []string{service.Spec.ClusterIP}, nil
			}
			return n.headless(service), nil
		}
	}
	if len(parts) > 1 && short == strings.TrimSuffix(name, ".") && !strings.HasSuffix(short, ".svc") {
		return []string{outsideIP}, nil
	}
	return nil, &net.DNSError{Err: "no such host", Name: name, IsNotFound: true}
}

func (n *node) headless(service *corev1.Service) []string {
	var found []string
	for _, endpoint := range n.ready(service, "") {
		found = append(found, endpoint.ip)
	}
	return found
}

type address struct {
	ip   string
	port int
}

// ready are the endpoints of a Service's port; of every port when the name is empty and the Service has several.
func (n *node) ready(service *corev1.Service, portName string) []address {
	slices, err := n.slices.EndpointSlices(service.Namespace).List(labels.SelectorFromSet(labels.Set{discoveryv1.LabelServiceName: service.Name}))
	if err != nil {
		return nil
	}
	var found []address
	for _, slice := range slices {
		for _, port := range slice.Ports {
			if port.Port == nil || (portName != "" && (port.Name == nil || *port.Name != portName)) {
				continue
			}
			for _, endpoint := range slice.Endpoints {
				if endpoint.Conditions.Ready != nil && !*endpoint.Conditions.Ready {
					continue
				}
				for _, ip := range endpoint.Addresses {
					found = append(found, address{ip, int(*port.Port)})
				}
			}
		}
	}
	return found
}

// serviceAt is the Service with a cluster address.
func (n *node) serviceAt(ip string) *corev1.Service {
	all, err := n.services.List(labels.Everything())
	if err != nil {
		return nil
	}
	for _, service := range all {
		if service.Spec.ClusterIP == ip {
			return service
		}
	}
	return nil
}

// direct leads a connection to an address of the cluster to the port on 127.0.0.1 that plays it, as kube-proxy does.
func (n *node) direct(ctx context.Context, ip string, port int) (string, error) {
	if service := n.serviceAt(ip); service != nil {
		for _, servicePort := range service.Spec.Ports {
			if int(servicePort.Port) != port {
				continue
			}
			return n.oneOf(ctx, service, servicePort.Name)
		}
		return "", fmt.Errorf("Service %s/%s has no port %d", service.Namespace, service.Name, port)
	}
	n.mu.Lock()
	noPod := n.byIP[ip] == nil
	n.mu.Unlock()
	if noPod && port == kubeletPort { // The address of a Node.
		return loopback(n.options.kubeletPort), nil
	}
	if at, ok := n.endpoint(ctx, ip, port); ok {
		return loopback(at), nil
	}
	return "", fmt.Errorf("the lab has no address %s", net.JoinHostPort(ip, strconv.Itoa(port)))
}

// oneOf is any ready endpoint of a Service's port.
func (n *node) oneOf(ctx context.Context, service *corev1.Service, portName string) (string, error) {
	endpoints := n.ready(service, portName)
	if len(endpoints) == 0 {
		return "", fmt.Errorf("Service %s/%s has no ready endpoint", service.Namespace, service.Name)
	}
	chosen := endpoints[rand.IntN(len(endpoints))]
	if at, ok := n.endpoint(ctx, chosen.ip, chosen.port); ok {
		return loopback(at), nil
	}
	return "", fmt.Errorf("no pod has the address %s", chosen.ip)
}
