package main

import (
	"net/http"
	"strconv"
	"strings"

	accesslogdata "github.com/envoyproxy/go-control-plane/envoy/data/accesslog/v3"
	accesslog "github.com/envoyproxy/go-control-plane/envoy/service/accesslog/v3"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// metrics are Istio's standard metrics (https://istio.io/latest/docs/reference/config/metrics/) of the senders. They come from the Envoys' access
// logs, as only Istio's build of Envoy has the filter for them.
type metrics struct {
	accesslog.UnimplementedAccessLogServiceServer
	node     *node
	registry *prometheus.Registry
	requests *prometheus.CounterVec
	duration *prometheus.HistogramVec
}

var metricLabels = []string{
	"reporter", "source_workload", "source_workload_namespace", "source_app", "source_version",
	"destination_service", "destination_service_name", "destination_service_namespace",
	"destination_workload", "destination_workload_namespace", "destination_app", "destination_version",
	"request_protocol", "response_code", "response_flags", "connection_security_policy",
}

func newMetrics(n *node) *metrics {
	m := &metrics{
		node:     n,
		registry: prometheus.NewRegistry(),
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "istio_requests_total", Help: "requests as their senders counted them"}, metricLabels),
		duration: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "istio_request_duration_milliseconds", Help: "time until the whole answer was there",
			Buckets: []float64{0.5, 1, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10000, 30000, 60000},
		}, metricLabels),
	}
	m.registry.MustRegister(m.requests, m.duration)
	return m
}

func (m *metrics) handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{})
}

// StreamAccessLogs takes the entries of one Envoy.
func (m *metrics) StreamAccessLogs(stream accesslog.AccessLogService_StreamAccessLogsServer) error {
	var source *pod
	for {
		message, err := stream.Recv()
		if err != nil {
			return err
		}
		if id := message.GetIdentifier().GetNode().GetId(); id != "" {
			source = m.node.podOf(id)
		}
		if source == nil {
			continue
		}
		for _, entry := range message.GetHttpLogs().GetLogEntry() {
			m.count(source, entry)
		}
	}
}

func (m *metrics) count(source *pod, entry *accesslogdata.HTTPAccessLogEntry) {
	common := entry.GetCommonProperties()
	labels := prometheus.Labels{}
	for _, name := range metricLabels {
		labels[name] = "unknown"
	}
	labels["reporter"] = "source"
	labels["source_workload"], labels["source_workload_namespace"] = source.workload(), source.object.Namespace
	labels["source_app"], labels["source_version"] = canonical(source, "app"), canonical(source, "version")
	// outbound|<port>|<subset>|<host>
	if parts := strings.Split(common.GetUpstreamCluster(), "|"); len(parts) == 4 {
		labels["destination_service"] = parts[3]
		if name := strings.Split(parts[3], "."); len(name) > 2 && name[2] == "svc" {
			labels["destination_service_name"], labels["destination_service_namespace"] = name[0], name[1]
		}
	} else if common.GetUpstreamCluster() != "" {
		labels["destination_service_name"] = common.GetUpstreamCluster()
	}
	if destination := m.node.podOfPort(int(common.GetUpstreamRemoteAddress().GetSocketAddress().GetPortValue())); destination != nil {
		labels["destination_workload"], labels["destination_workload_namespace"] = destination.workload(), destination.object.Namespace
		labels["destination_app"], labels["destination_version"] = canonical(destination, "app"), canonical(destination, "version")
	}
	labels["request_protocol"] = "http"
	labels["response_code"] = strconv.Itoa(int(entry.GetResponse().GetResponseCode().GetValue()))
	labels["response_flags"] = flags(common.GetResponseFlags())
	m.requests.With(labels).Inc()
	if last := common.GetTimeToLastDownstreamTxByte(); last != nil {
		m.duration.With(labels).Observe(float64(last.AsDuration().Microseconds()) / 1000)
	}
}

// canonical is a pod's label as Istio's metrics have it.
func canonical(p *pod, name string) string {
	if value := p.object.Labels[name]; value != "" {
		return value
	}
	if name == "version" {
		return "latest"
	}
	return p.workload()
}

// podOfPort is the pod behind a port of this machine.
func (n *node) podOfPort(port int) *pod {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, p := range n.pods {
		p.mu.Lock()
		found := false
		for _, at := range p.endpoints {
			found = found || at == port
		}
		for _, at := range p.appPorts {
			found = found || at == port
		}
		p.mu.Unlock()
		if found {
			return p
		}
	}
	return nil
}

// flags are the common response flags, in the short form of Envoy's access logs.
func flags(set *accesslogdata.ResponseFlags) string {
	var found []string
	for _, flag := range []struct {
		is   bool
		name string
	}{
		{set.GetNoHealthyUpstream(), "UH"}, {set.GetUpstreamConnectionFailure(), "UF"}, {set.GetUpstreamOverflow(), "UO"},
		{set.GetNoRouteFound(), "NR"}, {set.GetUpstreamConnectionTermination(), "UC"}, {set.GetUpstreamRequestTimeout(), "UT"},
		{set.GetDelayInjected(), "DI"}, {set.GetFaultInjected(), "FI"}, {set.GetRateLimited(), "RL"}, {set.GetLocalReset(), "LR"},
		{set.GetUpstreamRemoteReset(), "UR"}, {set.GetDownstreamConnectionTermination(), "DC"}, {set.GetNoClusterFound(), "NC"},
		{set.GetUpstreamRetryLimitExceeded(), "URX"}, {set.GetUnauthorizedDetails() != nil, "UAEX"},
	} {
		if flag.is {
			found = append(found, flag.name)
		}
	}
	if len(found) == 0 {
		return "-"
	}
	return strings.Join(found, ",")
}
