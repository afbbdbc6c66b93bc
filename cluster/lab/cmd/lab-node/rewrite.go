package main

import (
	"context"
	"strconv"
	"strings"

	udpa "github.com/cncf/xds/go/udpa/type/v1"
	xds "github.com/cncf/xds/go/xds/type/v3"
	accesslogv3 "github.com/envoyproxy/go-control-plane/envoy/config/accesslog/v3"
	cluster "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	core "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	endpoint "github.com/envoyproxy/go-control-plane/envoy/config/endpoint/v3"
	listener "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3"
	rbac "github.com/envoyproxy/go-control-plane/envoy/config/rbac/v3"
	grpclog "github.com/envoyproxy/go-control-plane/envoy/extensions/access_loggers/grpc/v3"
	httprbac "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/http/rbac/v3"
	proxyprotocol "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/listener/proxy_protocol/v3"
	hcm "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/http_connection_manager/v3"
	networkrbac "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/rbac/v3"
	discovery "github.com/envoyproxy/go-control-plane/envoy/service/discovery/v3"
	typev3 "github.com/envoyproxy/go-control-plane/envoy/type/v3"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"
	"google.golang.org/protobuf/types/known/wrapperspb"
)

// rewrite fits istiod's configuration to this machine:
//   - addresses of pods become ports on 127.0.0.1;
//   - the original destination of a connection comes by the PROXY protocol, not from iptables;
//   - AuthorizationPolicies and filters of listeners ask for the ports on this machine, too;
//   - filters that only Istio's build of Envoy has are left out;
//   - addresses outside the cluster are left out.
func (p *pod) rewrite(response *discovery.DiscoveryResponse) error {
	// All unknown pods of a response together are waited for once.
	ctx, cancel := context.WithTimeout(p.ctx, podTime)
	defer cancel()
	for i, resource := range response.Resources {
		message, err := resource.UnmarshalNew()
		if err != nil {
			return err
		}
		switch message := message.(type) {
		case *cluster.Cluster:
			p.rewriteCluster(ctx, message)
		case *endpoint.ClusterLoadAssignment:
			p.rewriteEndpoints(ctx, message)
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

// packed is deterministic, so that Envoy sees no change where there is none.
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

// upstream reports whether Envoy's own build has an extension. Types of Istio's extensions are in other packages.
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

func (p *pod) rewriteCluster(ctx context.Context, c *cluster.Cluster) {
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
		// A headless Service: Envoy would connect to the address that the application chose; here any will do.
		port, _ := strconv.Atoi(parts[1])
		p.static(c, p.headlessPorts(ctx, parts[3], port)...)
	case c.GetType() == cluster.Cluster_ORIGINAL_DST:
		c.UpstreamBindConfig = nil
		p.static(c)
	case c.LoadAssignment != nil:
		if c.GetType() == cluster.Cluster_STRICT_DNS || c.GetType() == cluster.Cluster_LOGICAL_DNS {
			c.ClusterDiscoveryType = &cluster.Cluster_Type{Type: cluster.Cluster_STATIC}
			c.DnsLookupFamily = cluster.Cluster_AUTO
			c.DnsRefreshRate, c.RespectDnsTtl, c.TypedDnsResolverConfig = nil, false, nil
		}
		p.rewriteEndpoints(ctx, c.LoadAssignment)
	}
}

// static gives a cluster endpoints on this machine; without any, requests get "no healthy upstream".
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

func (p *pod) headlessPorts(ctx context.Context, host string, port int) []int {
	ips, err := p.node.lookup(host, p.object.Namespace)
	if err != nil {
		return nil
	}
	var ports []int
	for _, ip := range ips {
		if at, ok := p.node.endpoint(ctx, ip, port); ok {
			ports = append(ports, at)
		}
	}
	return ports
}

// rewriteEndpoints replaces addresses of pods by ports on this machine, and drops all other addresses.
func (p *pod) rewriteEndpoints(ctx context.Context, assignment *endpoint.ClusterLoadAssignment) {
	for _, locality := range assignment.Endpoints {
		kept := locality.LbEndpoints[:0]
		for _, one := range locality.LbEndpoints {
			socket := one.GetEndpoint().GetAddress().GetSocketAddress()
			if socket == nil {
				continue
			}
			ips := []string{socket.GetAddress()}
			if found, err := p.node.lookup(socket.GetAddress(), p.object.Namespace); err == nil && len(found) > 0 {
				ips = found
			}
			at, ok := p.portOf(ctx, ips[0], int(socket.GetPortValue()))
			if !ok {
				continue
			}
			one.GetEndpoint().Address = local(at)
			kept = append(kept, one)
		}
		locality.LbEndpoints = kept
	}
}

// portOf is the port on this machine for an address of a pod or a Service.
func (p *pod) portOf(ctx context.Context, ip string, port int) (int, bool) {
	if service := p.node.serviceAt(ip); service != nil {
		for _, servicePort := range service.Spec.Ports {
			if int(servicePort.Port) != port {
				continue
			}
			for _, endpoint := range p.node.ready(service, servicePort.Name) {
				return p.node.endpoint(ctx, endpoint.ip, endpoint.port)
			}
		}
		return 0, false
	}
	return p.node.endpoint(ctx, ip, port)
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
			return // It has no socket: virtualOutbound passes connections to it.
		}
		if socket := l.GetAddress().GetSocketAddress(); socket != nil {
			l.Address = local(p.endpoint(int(socket.GetPortValue())))
		}
	}
}

// replaceOriginalDestination replaces the filter that asks the kernel.
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

// rewriteInbound gives each port of the pod its own socket; filter chains match its port.
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
	for _, filter := range l.ListenerFilters {
		p.rewritePredicate(filter.FilterDisabled)
	}
}

// rewritePredicate replaces the ports for which a listener filter, such as the TLS inspector, is off.
func (p *pod) rewritePredicate(predicate *listener.ListenerFilterChainMatchPredicate) {
	switch rule := predicate.GetRule().(type) {
	case *listener.ListenerFilterChainMatchPredicate_OrMatch:
		for _, one := range rule.OrMatch.Rules {
			p.rewritePredicate(one)
		}
	case *listener.ListenerFilterChainMatchPredicate_AndMatch:
		for _, one := range rule.AndMatch.Rules {
			p.rewritePredicate(one)
		}
	case *listener.ListenerFilterChainMatchPredicate_NotMatch:
		p.rewritePredicate(rule.NotMatch)
	case *listener.ListenerFilterChainMatchPredicate_DestinationPortRange:
		// istiod writes ranges of one port.
		at := int32(p.endpoint(int(rule.DestinationPortRange.Start)))
		rule.DestinationPortRange = &typev3.Int32Range{Start: at, End: at + 1}
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
		policy := &networkrbac.RBAC{}
		if config.MessageIs(policy) && config.UnmarshalTo(policy) == nil {
			p.rewritePolicies(policy.Rules, policy.ShadowRules)
			filter.ConfigType = &listener.Filter_TypedConfig{TypedConfig: mustPack(policy)}
		}
		kept = append(kept, filter)
	}
	chain.Filters = kept
}

func (p *pod) rewriteManager(l *listener.Listener, manager *hcm.HttpConnectionManager) {
	kept := manager.HttpFilters[:0]
	for _, filter := range manager.HttpFilters {
		config := filter.GetTypedConfig()
		if !upstream(config) {
			continue
		}
		policy := &httprbac.RBAC{}
		if config.MessageIs(policy) && config.UnmarshalTo(policy) == nil {
			p.rewritePolicies(policy.Rules, policy.ShadowRules)
			filter.ConfigType = &hcm.HttpFilter_TypedConfig{TypedConfig: mustPack(policy)}
		}
		kept = append(kept, filter)
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

// rewritePolicies replaces the ports of the pod by those on which its proxy listens.
func (p *pod) rewritePolicies(all ...*rbac.RBAC) {
	for _, one := range all {
		for _, policy := range one.GetPolicies() {
			p.rewritePermissions(policy.Permissions)
		}
	}
}

func (p *pod) rewritePermissions(permissions []*rbac.Permission) {
	for _, permission := range permissions {
		switch rule := permission.Rule.(type) {
		case *rbac.Permission_AndRules:
			p.rewritePermissions(rule.AndRules.Rules)
		case *rbac.Permission_OrRules:
			p.rewritePermissions(rule.OrRules.Rules)
		case *rbac.Permission_NotRule:
			p.rewritePermissions([]*rbac.Permission{rule.NotRule})
		case *rbac.Permission_DestinationPort:
			rule.DestinationPort = uint32(p.endpoint(int(rule.DestinationPort)))
		}
	}
}
