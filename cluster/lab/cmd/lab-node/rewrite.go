package main

import (
	"strconv"
	"strings"

	udpa "github.com/cncf/xds/go/udpa/type/v1"
	xds "github.com/cncf/xds/go/xds/type/v3"
	accesslogv3 "github.com/envoyproxy/go-control-plane/envoy/config/accesslog/v3"
	cluster "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	core "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	endpoint "github.com/envoyproxy/go-control-plane/envoy/config/endpoint/v3"
	listener "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3"
	grpclog "github.com/envoyproxy/go-control-plane/envoy/extensions/access_loggers/grpc/v3"
	proxyprotocol "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/listener/proxy_protocol/v3"
	hcm "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/http_connection_manager/v3"
	discovery "github.com/envoyproxy/go-control-plane/envoy/service/discovery/v3"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"
	"google.golang.org/protobuf/types/known/wrapperspb"
)

// rewrite makes istiod's configuration fit this machine, and changes nothing else in it:
//   - addresses of pods become ports on 127.0.0.1;
//   - where iptables would tell Envoy the original destination of a connection, the PROXY protocol does;
//   - filters that only Istio's own build of Envoy has are left out;
//   - nothing leads out of the machine.
func (p *pod) rewrite(response *discovery.DiscoveryResponse) error {
	for i, resource := range response.Resources {
		message, err := resource.UnmarshalNew()
		if err != nil {
			return err
		}
		switch message := message.(type) {
		case *cluster.Cluster:
			p.rewriteCluster(message)
		case *endpoint.ClusterLoadAssignment:
			p.rewriteEndpoints(message)
		case *listener.Listener:
			p.rewriteListener(message)
		default:
			continue
		}
		if response.Resources[i], err = packed(message); err != nil {
			return err
		}
	}
	return nil
}

// packed has the same bytes for the same message, so that Envoy sees no change where there is none.
func packed(message proto.Message) (*anypb.Any, error) {
	value, err := proto.MarshalOptions{Deterministic: true}.Marshal(message)
	return &anypb.Any{TypeUrl: "type.googleapis.com/" + string(message.ProtoReflect().Descriptor().FullName()), Value: value}, err
}

func mustPack(message proto.Message) *anypb.Any {
	packed, err := packed(message)
	if err != nil {
		panic(err)
	}
	return packed
}

func local(port int) *core.Address {
	return &core.Address{Address: &core.Address_SocketAddress{SocketAddress: &core.SocketAddress{
		Address: "127.0.0.1", PortSpecifier: &core.SocketAddress_PortValue{PortValue: uint32(port)},
	}}}
}

// upstream says whether Envoy as its own project builds it has an extension. Istio's own have types outside of its packages.
func upstream(config *anypb.Any) bool {
	if config == nil {
		return true
	}
	url := config.GetTypeUrl()
	// A configuration without a schema names its type inside.
	if old := new(udpa.TypedStruct); config.MessageIs(old) && config.UnmarshalTo(old) == nil {
		url = old.GetTypeUrl()
	} else if current := new(xds.TypedStruct); config.MessageIs(current) && config.UnmarshalTo(current) == nil {
		url = current.GetTypeUrl()
	}
	name := url[strings.LastIndex(url, "/")+1:]
	return strings.HasPrefix(name, "envoy.") && !strings.HasPrefix(name, "envoy.tcp.metadataexchange.")
}

func (p *pod) rewriteCluster(c *cluster.Cluster) {
	kept := c.Filters[:0]
	for _, filter := range c.Filters {
		if upstream(filter.GetTypedConfig()) {
			kept = append(kept, filter)
		}
	}
	c.Filters = kept
	parts := strings.Split(c.Name, "|")
	switch {
	case len(parts) == 4 && parts[0] == "inbound":
		port, _ := strconv.Atoi(parts[1])
		c.UpstreamBindConfig = nil
		p.static(c, p.app(port))
	case c.GetType() == cluster.Cluster_EDS:
	case c.GetType() == cluster.Cluster_ORIGINAL_DST && len(parts) == 4 && parts[0] == "outbound":
		// A headless Service: Envoy would connect to the address that the application had chosen; here any of them is as good.
		port, _ := strconv.Atoi(parts[1])
		p.static(c, p.headlessPorts(parts[3], port)...)
	case c.GetType() == cluster.Cluster_ORIGINAL_DST:
		c.UpstreamBindConfig = nil
		p.static(c)
	case c.LoadAssignment != nil:
		if c.GetType() == cluster.Cluster_STRICT_DNS || c.GetType() == cluster.Cluster_LOGICAL_DNS {
			c.ClusterDiscoveryType = &cluster.Cluster_Type{Type: cluster.Cluster_STATIC}
			c.DnsLookupFamily = cluster.Cluster_AUTO
			c.DnsRefreshRate, c.RespectDnsTtl, c.TypedDnsResolverConfig = nil, false, nil
		}
		p.rewriteEndpoints(c.LoadAssignment)
	}
}

// static gives a cluster endpoints on this machine; without any, its requests get "no healthy upstream".
func (p *pod) static(c *cluster.Cluster, ports ...int) {
	c.ClusterDiscoveryType = &cluster.Cluster_Type{Type: cluster.Cluster_STATIC}
	c.LbPolicy, c.LbConfig = cluster.Cluster_ROUND_ROBIN, nil
	locality := &endpoint.LocalityLbEndpoints{}
	for _, port := range ports {
		locality.LbEndpoints = append(locality.LbEndpoints, &endpoint.LbEndpoint{HostIdentifier: &endpoint.LbEndpoint_Endpoint{
			Endpoint: &endpoint.Endpoint{Address: local(port)},
		}})
	}
	c.LoadAssignment = &endpoint.ClusterLoadAssignment{ClusterName: c.Name, Endpoints: []*endpoint.LocalityLbEndpoints{locality}}
}

func (p *pod) headlessPorts(host string, port int) []int {
	ips, err := p.node.lookup(host, p.object.Namespace)
	if err != nil {
		return nil
	}
	var ports []int
	for _, ip := range ips {
		if at, ok := p.node.endpoint(ip, port); ok {
			ports = append(ports, at)
		}
	}
	return ports
}

// rewriteEndpoints leads endpoints to the ports that play them, and leaves out those that are no pods.
func (p *pod) rewriteEndpoints(assignment *endpoint.ClusterLoadAssignment) {
	for _, locality := range assignment.Endpoints {
		kept := locality.LbEndpoints[:0]
		for _, one := range locality.LbEndpoints {
			socket := one.GetEndpoint().GetAddress().GetSocketAddress()
			if socket == nil {
				continue
			}
			ips := []string{socket.GetAddress()}
			if found, err := p.node.lookup(socket.GetAddress(), p.object.Namespace); err == nil {
				ips = found
			}
			at, ok := p.portOf(ips[0], int(socket.GetPortValue()))
			if !ok {
				continue
			}
			one.GetEndpoint().Address = local(at)
			kept = append(kept, one)
		}
		locality.LbEndpoints = kept
	}
}

// portOf leads an address of a pod or a Service to a port on this machine.
func (p *pod) portOf(ip string, port int) (int, bool) {
	if service := p.node.serviceAt(ip); service != nil {
		for _, servicePort := range service.Spec.Ports {
			if int(servicePort.Port) != port {
				continue
			}
			for _, endpoint := range p.node.ready(service, servicePort.Name) {
				return p.node.endpoint(endpoint.ip, endpoint.port)
			}
		}
		return 0, false
	}
	return p.node.endpoint(ip, port)
}

const originalDestination = "envoy.filters.listener.original_dst"

func (p *pod) rewriteListener(l *listener.Listener) {
	l.AdditionalAddresses = nil
	l.Transparent = nil
	for _, chain := range append(l.FilterChains, l.DefaultFilterChain) {
		if chain != nil {
			p.rewriteFilters(l, chain)
		}
	}
	switch l.Name {
	case "virtualOutbound":
		l.Address = local(p.outbound)
		p.replaceOriginalDestination(l, &listener.ListenerFilter{
			Name:       "envoy.filters.listener.proxy_protocol",
			ConfigType: &listener.ListenerFilter_TypedConfig{TypedConfig: mustPack(&proxyprotocol.ProxyProtocol{})},
		})
	case "virtualInbound":
		p.rewriteInbound(l)
	default:
		if l.GetBindToPort() != nil && !l.GetBindToPort().GetValue() {
			return // It has no socket of its own: virtualOutbound hands connections to it.
		}
		if socket := l.GetAddress().GetSocketAddress(); socket != nil {
			l.Address = local(p.endpoint(int(socket.GetPortValue())))
		}
	}
}

// replaceOriginalDestination puts a filter, or none, in the place of the one that asks the kernel.
func (p *pod) replaceOriginalDestination(l *listener.Listener, by *listener.ListenerFilter) {
	kept := []*listener.ListenerFilter{}
	if by != nil {
		kept = append(kept, by)
	}
	for _, filter := range l.ListenerFilters {
		if filter.Name != originalDestination {
			kept = append(kept, filter)
		}
	}
	l.ListenerFilters = kept
}

// rewriteInbound gives each port of the pod a socket of its own, by which the filter chains know it.
func (p *pod) rewriteInbound(l *listener.Listener) {
	p.replaceOriginalDestination(l, nil)
	l.Address = local(p.endpoint(int(l.GetAddress().GetSocketAddress().GetPortValue())))
	known := map[uint32]bool{}
	for _, chain := range l.FilterChains {
		port := chain.GetFilterChainMatch().GetDestinationPort()
		if port == nil {
			continue
		}
		at := p.endpoint(int(port.GetValue()))
		if !known[port.GetValue()] && port.GetValue() != 15006 {
			l.AdditionalAddresses = append(l.AdditionalAddresses, &listener.AdditionalAddress{Address: local(at)})
		}
		known[port.GetValue()] = true
		chain.FilterChainMatch.DestinationPort = wrapperspb.UInt32(uint32(at))
	}
}

func (p *pod) rewriteFilters(l *listener.Listener, chain *listener.FilterChain) {
	kept := chain.Filters[:0]
	for _, filter := range chain.Filters {
		config := filter.GetTypedConfig()
		if !upstream(config) {
			continue
		}
		manager := &hcm.HttpConnectionManager{}
		if config.MessageIs(manager) && config.UnmarshalTo(manager) == nil {
			p.rewriteManager(l, manager)
			filter.ConfigType = &listener.Filter_TypedConfig{TypedConfig: mustPack(manager)}
		}
		kept = append(kept, filter)
	}
	chain.Filters = kept
}

func (p *pod) rewriteManager(l *listener.Listener, manager *hcm.HttpConnectionManager) {
	kept := manager.HttpFilters[:0]
	for _, filter := range manager.HttpFilters {
		if upstream(filter.GetTypedConfig()) {
			kept = append(kept, filter)
		}
	}
	manager.HttpFilters = kept
	if l.TrafficDirection == core.TrafficDirection_INBOUND {
		return
	}
	manager.AccessLog = append(manager.AccessLog, &accesslogv3.AccessLog{
		Name: "envoy.access_loggers.http_grpc",
		ConfigType: &accesslogv3.AccessLog_TypedConfig{TypedConfig: mustPack(&grpclog.HttpGrpcAccessLogConfig{
			CommonConfig: &grpclog.CommonGrpcAccessLogConfig{
				LogName:             "requests",
				TransportApiVersion: core.ApiVersion_V3,
				GrpcService: &core.GrpcService{TargetSpecifier: &core.GrpcService_EnvoyGrpc_{
					EnvoyGrpc: &core.GrpcService_EnvoyGrpc{ClusterName: "agent"},
				}},
			},
		})},
	})
}
