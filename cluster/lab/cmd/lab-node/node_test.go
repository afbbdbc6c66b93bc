package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	core "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	endpoint "github.com/envoyproxy/go-control-plane/envoy/config/endpoint/v3"
	listener "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3"
	rbac "github.com/envoyproxy/go-control-plane/envoy/config/rbac/v3"
	httprbac "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/rbac/v3"
	hcm "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/http_connection_manager/v3"
	networkrbac "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/rbac/v3"
	typev3 "github.com/envoyproxy/go-control-plane/envoy/type/v3"
	"google.golang.org/protobuf/proto"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes/fake"
)

// testNode is a node with a cluster in memory.
func testNode(t *testing.T, objects ...*corev1.Pod) *node {
	t.Helper()
	client := fake.NewClientset()
	ctx, cancel := context.WithCancel(context.Background())
	t.Cleanup(cancel)
	for _, object := range objects {
		if _, err := client.CoreV1().Pods(object.Namespace).Create(ctx, object, metav1.CreateOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	factory := informers.NewSharedInformerFactory(client, 0)
	return &node{
		ctx: ctx, client: client, factory: factory, options: options{folder: t.TempDir()},
		services: factory.Core().V1().Services().Lister(), slices: factory.Discovery().V1().EndpointSlices().Lister(),
		pods: map[string]*pod{}, byIP: map[string]*pod{}, changed: make(chan struct{}), nodePorts: map[int32]*nodePort{},
		ports: &ports{taken: map[int]bool{}},
	}
}

func testPod(name, uid string) *corev1.Pod {
	return &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: name, UID: types.UID(uid)},
		Spec:       corev1.PodSpec{NodeName: "lab-node-a", Containers: []corev1.Container{{Name: "app", Image: "app"}}},
		Status: corev1.PodStatus{
			Phase: corev1.PodRunning, PodIP: "10.0.0." + uid,
			Conditions:        []corev1.PodCondition{{Type: corev1.PodReady, Status: corev1.ConditionFalse}},
			ContainerStatuses: []corev1.ContainerStatus{{Name: "app"}},
		},
	}
}

// eventually fails the test when something does not come true.
func eventually(t *testing.T, what string, is func() bool) {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		if is() {
			return
		}
	}
	t.Fatalf("waited in vain: %s", what)
}

func (n *node) live(t *testing.T, name string) *corev1.Pod {
	t.Helper()
	live, err := n.client.CoreV1().Pods("shop").Get(n.ctx, name, metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return live
}

// Ports are needed while pods are looked through, for metrics, /status and senders.
func TestLocksAreTakenInOneOrder(t *testing.T) {
	n := testNode(t)
	for i := range 4 {
		p := n.newPod(testPod(fmt.Sprint("pod-", i), fmt.Sprint(i)))
		p.role = sidecar
		n.pods[p.name()], n.byIP[p.ip()] = p, p
	}
	var workers sync.WaitGroup
	for _, p := range n.pods {
		workers.Go(func() {
			for port := range 300 {
				p.endpoint(port)
			}
			p.stop()
		})
	}
	for range 4 {
		workers.Go(func() {
			for range 1000 {
				n.status()
				n.podOfPort(1)
				n.sender("none.shop")
			}
		})
	}
	done := make(chan struct{})
	go func() {
		workers.Wait()
		close(done)
	}()
	select {
	case <-done:
	case <-time.After(60 * time.Second):
		t.Fatal("the node hangs")
	}
}

func TestPodStaysReady(t *testing.T) {
	n := testNode(t, testPod("web", "1"))
	n.podChanged(n.live(t, "web"))
	isLive := func() bool { return isReady(n.live(t, "web")) }
	eventually(t, "the pod is Ready", isLive)
	n.podChanged(n.live(t, "web"))

	// As kwok does with a second stage, and the node controller with the pods of a node without a lease.
	overwritten := n.live(t, "web")
	setCondition(overwritten, corev1.PodReady, corev1.ConditionFalse)
	if _, err := n.client.CoreV1().Pods("shop").UpdateStatus(n.ctx, overwritten, metav1.UpdateOptions{}); err != nil {
		t.Fatal(err)
	}
	n.podChanged(overwritten)
	eventually(t, "the pod is Ready again", isLive)
	if live := n.live(t, "web"); !live.Status.ContainerStatuses[0].Ready {
		t.Error("its container is not ready")
	}
}

func TestStatusOfAnotherPodIsLeftAlone(t *testing.T) {
	n := testNode(t, testPod("web", "2"))
	earlier := n.newPod(testPod("web", "1"))
	earlier.setReady(true)
	if err := earlier.writeReady(); err != nil {
		t.Fatal(err)
	}
	if isReady(n.live(t, "web")) {
		t.Error("a pod of the same name was made Ready")
	}
}

// A bare pod, or one of a StatefulSet, may come again under its name while the one before drains.
func TestFolderOfANewPodOutlivesTheOldOne(t *testing.T) {
	n := testNode(t)
	first, second := n.newPod(testPod("web", "1")), n.newPod(testPod("web", "2"))
	for _, p := range []*pod{first, second} {
		if err := os.MkdirAll(p.folder, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	first.stop()
	if _, err := os.Stat(second.folder); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(first.folder); !os.IsNotExist(err) {
		t.Error("the folder of the old pod is left")
	}
}

func TestPoliciesAskForThePortsOfThisMachine(t *testing.T) {
	p := testNode(t).newPod(testPod("web", "1"))
	p.role = sidecar
	permission := func(asked func(int) int) *rbac.Permission {
		port := func(of int) *rbac.Permission {
			return &rbac.Permission{Rule: &rbac.Permission_DestinationPort{DestinationPort: uint32(asked(of))}}
		}
		set := func(of ...*rbac.Permission) *rbac.Permission_Set { return &rbac.Permission_Set{Rules: of} }
		not := &rbac.Permission{Rule: &rbac.Permission_NotRule{NotRule: port(9081)}}
		or := &rbac.Permission{Rule: &rbac.Permission_OrRules{OrRules: set(port(9080), port(9090))}}
		return &rbac.Permission{Rule: &rbac.Permission_AndRules{AndRules: set(not, or)}}
	}
	rules := func(asked func(int) int) *rbac.RBAC {
		return &rbac.RBAC{Policies: map[string]*rbac.Policy{"one": {Permissions: []*rbac.Permission{permission(asked)}}}}
	}
	asked := func(port int) int { return port }
	filter := mustPack(&httprbac.RBAC{Rules: rules(asked), ShadowRules: rules(asked)})
	manager := mustPack(&hcm.HttpConnectionManager{HttpFilters: []*hcm.HttpFilter{
		{Name: "rbac", ConfigType: &hcm.HttpFilter_TypedConfig{TypedConfig: filter}},
	}})
	l := &listener.Listener{Name: "virtualInbound", Address: local(15006), TrafficDirection: core.TrafficDirection_INBOUND, FilterChains: []*listener.FilterChain{
		{Filters: []*listener.Filter{
			{Name: "network", ConfigType: &listener.Filter_TypedConfig{TypedConfig: mustPack(&networkrbac.RBAC{Rules: rules(asked)})}},
			{Name: "http", ConfigType: &listener.Filter_TypedConfig{TypedConfig: manager}},
		}},
	}}
	p.rewriteListener(l)
	network, http, inHTTP := &networkrbac.RBAC{}, &hcm.HttpConnectionManager{}, &httprbac.RBAC{}
	for i, into := range []proto.Message{network, http} {
		if err := l.FilterChains[0].Filters[i].GetTypedConfig().UnmarshalTo(into); err != nil {
			t.Fatal(err)
		}
	}
	if err := http.HttpFilters[0].GetTypedConfig().UnmarshalTo(inHTTP); err != nil {
		t.Fatal(err)
	}
	for name, found := range map[string]*rbac.RBAC{"network": network.Rules, "HTTP": inHTTP.Rules, "HTTP shadow": inHTTP.ShadowRules} {
		if !proto.Equal(found, rules(p.endpoint)) {
			t.Errorf("%s: %v", name, found)
		}
	}
}

func TestListenerFiltersAskForThePortsOfThisMachine(t *testing.T) {
	p := testNode(t).newPod(testPod("web", "1"))
	p.role = sidecar
	disabled := func(asked func(int) int) *listener.ListenerFilterChainMatchPredicate {
		port := func(of int) *listener.ListenerFilterChainMatchPredicate {
			at := int32(asked(of))
			return &listener.ListenerFilterChainMatchPredicate{Rule: &listener.ListenerFilterChainMatchPredicate_DestinationPortRange{
				DestinationPortRange: &typev3.Int32Range{Start: at, End: at + 1},
			}}
		}
		or := &listener.ListenerFilterChainMatchPredicate{Rule: &listener.ListenerFilterChainMatchPredicate_OrMatch{
			OrMatch: &listener.ListenerFilterChainMatchPredicate_MatchSet{Rules: []*listener.ListenerFilterChainMatchPredicate{port(9080), port(9081)}},
		}}
		return &listener.ListenerFilterChainMatchPredicate{Rule: &listener.ListenerFilterChainMatchPredicate_NotMatch{NotMatch: or}}
	}
	inspector := func(asked func(int) int) []*listener.ListenerFilter {
		return []*listener.ListenerFilter{{Name: "envoy.filters.listener.tls_inspector", FilterDisabled: disabled(asked)}}
	}
	l := &listener.Listener{Name: "virtualInbound", Address: local(15006), ListenerFilters: inspector(func(port int) int { return port })}
	p.rewriteListener(l)
	if !proto.Equal(l, &listener.Listener{Name: "virtualInbound", Address: local(p.endpoint(15006)), ListenerFilters: inspector(p.endpoint)}) {
		t.Errorf("%v", l)
	}
}

func TestForgottenPodsAreTouched(t *testing.T) {
	forgottenTime = 50 * time.Millisecond
	now := metav1.Now()
	pending, running, unscheduled, held := testPod("pending", "1"), testPod("running", "2"), testPod("unscheduled", "3"), testPod("held", "4")
	pending.Status.Phase, unscheduled.Status.Phase, unscheduled.Spec.NodeName = corev1.PodPending, corev1.PodPending, ""
	held.DeletionTimestamp, held.Finalizers = &now, []string{"example.com/held"}
	n := testNode(t, pending, running, unscheduled, held)
	informer := n.factory.Core().V1().Pods().Informer()
	n.factory.Start(n.ctx.Done())
	n.factory.WaitForCacheSync(n.ctx.Done())
	if len(informer.GetStore().List()) != 4 {
		t.Fatal("the pods are not known")
	}
	go n.retryForgottenPods()
	eventually(t, "the pending pod is touched", func() bool { return n.live(t, "pending").Annotations[retryAnnotation] != "" })
	for _, name := range []string{"running", "unscheduled", "held"} {
		if n.live(t, name).Annotations != nil {
			t.Errorf("%s was touched", name)
		}
	}
}

func TestUnknownPodsOfAResponseAreWaitedForOnce(t *testing.T) {
	podTime = 200 * time.Millisecond
	n := testNode(t)
	p := n.newPod(testPod("web", "1"))
	ctx, cancel := context.WithTimeout(p.ctx, podTime)
	defer cancel()
	assignment := &endpoint.ClusterLoadAssignment{Endpoints: []*endpoint.LocalityLbEndpoints{{}}}
	for i := range 100 {
		at := &core.Address{Address: &core.Address_SocketAddress{SocketAddress: &core.SocketAddress{
			Address: fmt.Sprint("10.0.1.", i), PortSpecifier: &core.SocketAddress_PortValue{PortValue: 80},
		}}}
		assignment.Endpoints[0].LbEndpoints = append(assignment.Endpoints[0].LbEndpoints, &endpoint.LbEndpoint{
			HostIdentifier: &endpoint.LbEndpoint_Endpoint{Endpoint: &endpoint.Endpoint{Address: at}},
		})
	}
	done := make(chan struct{})
	go func() {
		p.rewriteEndpoints(ctx, assignment)
		close(done)
	}()
	select {
	case <-done:
	case <-time.After(5 * time.Second):
		t.Fatal("each of them is waited for")
	}
	if left := len(assignment.Endpoints[0].LbEndpoints); left != 0 {
		t.Errorf("%d unknown endpoints are left", left)
	}
}

// pipe is a pair of connected TCP connections.
func pipe(t *testing.T) (net.Conn, net.Conn) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	here, err := net.Dial("tcp", listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	there, err := listener.Accept()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _ = here.Close(), there.Close() })
	return here, there
}

func TestJoinedConnectionsEnd(t *testing.T) {
	for _, test := range []struct {
		name           string
		idle, halfOpen time.Duration
		half           bool
	}{
		{"when they carry nothing", 100 * time.Millisecond, time.Hour, false},
		{"when one side has ended and they carry nothing", time.Hour, 100 * time.Millisecond, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			idleTime, halfOpenTime = test.idle, test.halfOpen
			client, a := pipe(t)
			b, server := pipe(t)
			done := make(chan struct{})
			go func() {
				join(a, b)
				close(done)
			}()
			_, _ = io.WriteString(client, "hello")
			got := make([]byte, 5)
			if _, err := io.ReadFull(server, got); err != nil || string(got) != "hello" {
				t.Fatalf("%q, %v", got, err)
			}
			if test.half {
				_ = client.(*net.TCPConn).CloseWrite()
			}
			select {
			case <-done:
			case <-time.After(10 * time.Second):
				t.Fatal("they stay open")
			}
		})
	}
}

func TestEgress(t *testing.T) {
	idleTime = 200 * time.Millisecond
	n := testNode(t)
	p := n.newPod(testPod("web", "1"))
	n.pods[p.name()], n.byIP[p.ip()] = p, p
	p.setReady(true)
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	p.appPorts[81] = silent.Addr().(*net.TCPAddr).Port
	server := httptest.NewServer(http.HandlerFunc(n.egress))
	defer server.Close()
	for _, test := range []struct {
		name, target string
		status       int
		body         string
	}{
		{"answers a request that is no proxy request", "/", http.StatusBadRequest, "npx meshwright lab --help"},
		{"reaches an application", "http://10.0.0.1:80/a", http.StatusOK, `"path":"/a"`},
		{"names an address that no pod has", "http://10.9.9.9:80/", http.StatusBadGateway, "the lab has no address 10.9.9.9:80"},
		{"gives up an application that never answers", "http://10.0.0.1:81/", http.StatusBadGateway, "the connection was closed without an answer"},
	} {
		t.Run(test.name, func(t *testing.T) {
			connection, err := net.Dial("tcp", strings.TrimPrefix(server.URL, "http://"))
			if err != nil {
				t.Fatal(err)
			}
			defer connection.Close()
			_ = connection.SetDeadline(time.Now().Add(10 * time.Second))
			fmt.Fprintf(connection, "GET %s HTTP/1.1\r\nHost: web\r\nConnection: close\r\n\r\n", test.target)
			answer, err := io.ReadAll(connection)
			if err != nil {
				t.Fatal(err)
			}
			if !strings.HasPrefix(string(answer), fmt.Sprintf("HTTP/1.1 %d ", test.status)) || !strings.Contains(string(answer), test.body) {
				t.Errorf("answer %q", answer)
			}
		})
	}
}

func TestFoldersOfAnEarlierNodeAreRemoved(t *testing.T) {
	folder := t.TempDir()
	left := filepath.Join(folder, "pods", "left")
	if err := os.MkdirAll(left, 0o700); err != nil {
		t.Fatal(err)
	}
	// It cannot read its kubeconfig, and ends.
	if err := run(context.Background(), options{folder: folder, kubeconfig: filepath.Join(folder, "none")}); err == nil {
		t.Error("it runs without a cluster")
	}
	if _, err := os.Stat(left); !os.IsNotExist(err) {
		t.Error("it is left")
	}
}
