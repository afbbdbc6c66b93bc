package main

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/url"
	"strconv"
	"strings"
	"time"

	core "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	tlsv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/transport_sockets/tls/v3"
	accesslog "github.com/envoyproxy/go-control-plane/envoy/service/accesslog/v3"
	discovery "github.com/envoyproxy/go-control-plane/envoy/service/discovery/v3"
	secret "github.com/envoyproxy/go-control-plane/envoy/service/secret/v3"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/keepalive"
	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/types/known/anypb"
	security "istio.io/api/security/v1alpha1"
	authenticationv1 "k8s.io/api/authentication/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// largeMessage is the size of a configuration of some thousand services, in bytes.
const largeMessage = 256 << 20

// certificateLife is how long a proxy's certificate is valid: istio-agent's default (SECRET_TTL).
const certificateLife = 24 * time.Hour

// agent is the istio-agent of all Envoys: it passes on their configuration from istiod, gets certificates from istiod's CA, and makes the
// metrics of Istio's build of Envoy from their access logs.
type agent struct {
	discovery.UnimplementedAggregatedDiscoveryServiceServer
	secret.UnimplementedSecretDiscoveryServiceServer
	node *node
}

func (n *node) agentServer() *grpc.Server {
	server := grpc.NewServer(grpc.MaxRecvMsgSize(largeMessage), grpc.MaxSendMsgSize(largeMessage))
	a := &agent{node: n}
	discovery.RegisterAggregatedDiscoveryServiceServer(server, a)
	secret.RegisterSecretDiscoveryServiceServer(server, a)
	accesslog.RegisterAccessLogServiceServer(server, n.metrics)
	return server
}

// podOf is the pod of an Envoy: the third part of its node id is <pod>.<namespace>.
func (n *node) podOf(id string) *pod {
	parts := strings.Split(id, "~")
	if len(parts) != 4 {
		return nil
	}
	dot := strings.LastIndex(parts[2], ".")
	if dot < 0 {
		return nil
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.pods[parts[2][dot+1:]+"/"+parts[2][:dot]]
}

// podOf is the pod of a stream that an Envoy opens.
func (a *agent) podOf(id string) (*pod, error) {
	if p := a.node.podOf(id); p != nil {
		return p, nil
	}
	return nil, fmt.Errorf("no pod for the proxy %s", id)
}

// StreamAggregatedResources passes an Envoy's requests to istiod, and rewrites istiod's responses.
func (a *agent) StreamAggregatedResources(down discovery.AggregatedDiscoveryService_StreamAggregatedResourcesServer) error {
	first, err := down.Recv()
	if err != nil {
		return err
	}
	p, err := a.podOf(first.GetNode().GetId())
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(down.Context())
	defer cancel()
	connection, err := p.istiodConnection(ctx)
	if err != nil {
		log.Printf("%s: %v", p.name(), err)
		return err
	}
	defer connection.Close()
	up, err := discovery.NewAggregatedDiscoveryServiceClient(connection).StreamAggregatedResources(p.authorized(ctx))
	if err != nil {
		return err
	}
	if err := up.Send(first); err != nil {
		return err
	}
	ended := make(chan error, 2)
	go func() {
		for {
			request, err := down.Recv()
			if err == nil {
				p.note(request)
				err = up.Send(request)
			}
			if err != nil {
				ended <- err
				return
			}
		}
	}()
	go func() {
		for {
			response, err := up.Recv()
			if err == nil {
				err = p.rewrite(response)
			}
			if err == nil {
				err = down.Send(response)
			}
			if err != nil {
				ended <- err
				return
			}
		}
	}()
	err = <-ended
	if errors.Is(err, io.EOF) {
		return nil
	}
	return err
}

// note records why an Envoy refuses its configuration, for /status and the log.
func (p *pod) note(request *discovery.DiscoveryRequest) {
	problem := ""
	if detail := request.GetErrorDetail(); detail != nil {
		problem = detail.GetMessage()
		log.Printf("%s: its Envoy refuses %s: %s", p.name(), request.GetTypeUrl(), problem)
	}
	p.mu.Lock()
	p.problem = problem
	p.mu.Unlock()
}

// requestTime bounds one request to the API server or istiod.
const requestTime = 10 * time.Second

// token is a token of the pod's ServiceAccount for istiod.
func (p *pod) token(ctx context.Context) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, requestTime)
	defer cancel()
	life := int64(certificateLife.Seconds())
	request := &authenticationv1.TokenRequest{Spec: authenticationv1.TokenRequestSpec{Audiences: []string{"istio-ca"}, ExpirationSeconds: &life}}
	answer, err := p.node.client.CoreV1().ServiceAccounts(p.object.Namespace).CreateToken(ctx, p.object.Spec.ServiceAccountName, request, metav1.CreateOptions{})
	if err != nil {
		return "", fmt.Errorf("no token for ServiceAccount %s: %w", p.object.Spec.ServiceAccountName, err)
	}
	return answer.Status.Token, nil
}

func (p *pod) authorized(ctx context.Context) context.Context {
	token, err := p.token(ctx)
	if err != nil {
		log.Printf("%s: %v", p.name(), err)
	}
	return metadata.AppendToOutgoingContext(ctx, "authorization", "Bearer "+token, "clusterid", "Kubernetes")
}

// istiodAddress is istiod's address in the injected configuration of the pod's proxy.
func (p *pod) istiodAddress() (host string, port int) {
	host, port = "istiod.istio-system.svc", 15012
	proxy := container(p.object, "istio-proxy")
	address := p.environment(proxy)["CA_ADDR"]
	if given, number, err := net.SplitHostPort(address); err == nil {
		if parsed, err := strconv.Atoi(number); err == nil {
			return given, parsed
		}
	}
	return host, port
}

// istiodConnection is a connection to istiod that checks its certificate against the root in the pod's namespace, as a sidecar does.
func (p *pod) istiodConnection(ctx context.Context) (*grpc.ClientConn, error) {
	host, port := p.istiodAddress()
	ips, err := p.node.lookup(host, p.object.Namespace)
	if err == nil && len(ips) == 0 {
		err = errors.New("it has no address")
	}
	if err != nil {
		return nil, fmt.Errorf("istiod %s: %w", host, err)
	}
	reading, cancel := context.WithTimeout(ctx, requestTime)
	defer cancel()
	roots, err := p.node.client.CoreV1().ConfigMaps(p.object.Namespace).Get(reading, "istio-ca-root-cert", metav1.GetOptions{})
	if err != nil {
		return nil, fmt.Errorf("the root of istiod's certificates: %w", err)
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM([]byte(roots.Data["root-cert.pem"]))
	dial := func(ctx context.Context, _ string) (net.Conn, error) {
		at, err := p.node.direct(ctx, ips[0], port)
		if err != nil {
			return nil, err
		}
		return net.DialTimeout("tcp", at, dialTime)
	}
	return grpc.NewClient("passthrough:///"+host,
		grpc.WithTransportCredentials(credentials.NewTLS(&tls.Config{RootCAs: pool, ServerName: host, MinVersion: tls.VersionTLS12})),
		grpc.WithContextDialer(dial),
		// As istio-agent has it: an istiod that hangs ends the stream, and Envoy opens another.
		grpc.WithKeepaliveParams(keepalive.ClientParameters{Time: 30 * time.Second, Timeout: 10 * time.Second}),
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(largeMessage), grpc.MaxCallSendMsgSize(largeMessage)))
}

// StreamSecrets sends an Envoy its certificate ("default") and the mesh's root ("ROOTCA"), and new ones after half their life.
func (a *agent) StreamSecrets(stream secret.SecretDiscoveryService_StreamSecretsServer) error {
	request, err := stream.Recv()
	if err != nil {
		return err
	}
	p, err := a.podOf(request.GetNode().GetId())
	if err != nil {
		return err
	}
	gone := make(chan error, 1)
	go func() {
		for {
			// Envoy opens a stream for each secret, so the other requests are acknowledgements.
			if _, err := stream.Recv(); err != nil {
				gone <- err
				return
			}
		}
	}()
	for version := 1; ; version++ {
		identity, err := p.identity(stream.Context())
		if err != nil {
			log.Printf("%s: no certificate: %v", p.name(), err)
			return err
		}
		response := &discovery.DiscoveryResponse{
			TypeUrl:     "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.Secret",
			VersionInfo: strconv.Itoa(version),
			Nonce:       strconv.Itoa(version),
		}
		for _, name := range request.GetResourceNames() {
			resource, err := anypb.New(identity.secret(name))
			if err != nil {
				return err
			}
			response.Resources = append(response.Resources, resource)
		}
		if err := stream.Send(response); err != nil {
			return err
		}
		select {
		case err := <-gone:
			return err
		case <-time.After(certificateLife / 2):
		}
	}
}

// identity is a proxy's certificate with its chain, its key, and the root of the mesh, all as PEM.
type identity struct {
	chain, key, root []byte
}

func (i *identity) secret(name string) *tlsv3.Secret {
	inline := func(bytes []byte) *core.DataSource {
		return &core.DataSource{Specifier: &core.DataSource_InlineBytes{InlineBytes: bytes}}
	}
	if name == "ROOTCA" {
		return &tlsv3.Secret{Name: name, Type: &tlsv3.Secret_ValidationContext{ValidationContext: &tlsv3.CertificateValidationContext{TrustedCa: inline(i.root)}}}
	}
	return &tlsv3.Secret{Name: name, Type: &tlsv3.Secret_TlsCertificate{TlsCertificate: &tlsv3.TlsCertificate{CertificateChain: inline(i.chain), PrivateKey: inline(i.key)}}}
}

// identity asks istiod's CA for a certificate in the name of the pod's ServiceAccount.
func (p *pod) identity(ctx context.Context) (*identity, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	spiffe := &url.URL{Scheme: "spiffe", Host: domain, Path: "/ns/" + p.object.Namespace + "/sa/" + p.object.Spec.ServiceAccountName}
	csr, err := x509.CreateCertificateRequest(rand.Reader, &x509.CertificateRequest{Subject: pkix.Name{Organization: []string{domain}}, URIs: []*url.URL{spiffe}}, key)
	if err != nil {
		return nil, err
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, err
	}
	connection, err := p.istiodConnection(ctx)
	if err != nil {
		return nil, err
	}
	defer connection.Close()
	asking, cancel := context.WithTimeout(ctx, requestTime)
	defer cancel()
	answer, err := security.NewIstioCertificateServiceClient(connection).CreateCertificate(p.authorized(asking), &security.IstioCertificateRequest{
		Csr:              string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE REQUEST", Bytes: csr})),
		ValidityDuration: int64(certificateLife.Seconds()),
	})
	if err != nil {
		return nil, err
	}
	chain := answer.GetCertChain()
	if len(chain) < 2 {
		return nil, fmt.Errorf("istiod's CA answered with %d certificates", len(chain))
	}
	return &identity{
		chain: []byte(strings.Join(chain[:len(chain)-1], "\n")),
		key:   pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}),
		root:  []byte(chain[len(chain)-1]),
	}, nil
}
