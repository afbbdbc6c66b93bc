package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"path"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	corev1 "k8s.io/api/core/v1"
)

// podHeader has the pod that answers, for `meshwright traffic`. callerHeader has the caller's identity as the sidecar passes it on.
const (
	podHeader    = "x-lab-pod"
	callerHeader = "x-lab-caller"
)

// application is the stub for the image of a pod's first container that is not the proxy.
func (p *pod) application() http.Handler {
	c := p.appContainer()
	handler := p.echo
	image, environment := "", map[string]string{}
	if c != nil {
		image, _, _ = strings.Cut(path.Base(strings.SplitN(c.Image, "@", 2)[0]), ":")
		environment = p.environment(c)
	}
	counter := &atomic.Int64{}
	switch {
	case strings.HasPrefix(image, "examples-bookinfo-productpage"):
		handler = p.productpage
	case strings.HasPrefix(image, "examples-bookinfo-reviews"):
		handler = p.reviews
	case strings.HasPrefix(image, "examples-bookinfo-ratings"):
		handler = func(w http.ResponseWriter, _ *http.Request) {
			writeJSON(w, object{"id": 0, "ratings": object{"Reviewer1": 5, "Reviewer2": 4}})
		}
	case strings.HasPrefix(image, "examples-bookinfo-details"):
		handler = p.details
	case image == "istio-tutorial-customer":
		handler = p.chain("customer", "preference", func(r *http.Request, to http.Header) { to.Set("baggage-user-agent", r.UserAgent()) })
	case image == "istio-tutorial-preference":
		handler = p.chain("preference", "recommendation", func(r *http.Request, to http.Header) {
			if agent := r.Header.Get("baggage-user-agent"); agent != "" {
				to.Set("baggage-user-agent", agent)
			}
		})
	case image == "istio-tutorial-recommendation":
		handler = func(w http.ResponseWriter, _ *http.Request) {
			fmt.Fprintf(w, "recommendation %s from '%s': %d\n", p.object.Labels["version"], p.object.Name, counter.Add(1))
		}
	case image == "order" || image == "delivery" || image == "product":
		handler = func(w http.ResponseWriter, r *http.Request) { mall(image, w, r) }
	case image == "simpleproxy":
		handler = func(w http.ResponseWriter, r *http.Request) { p.simpleProxy(environment["PROXYURL"], w, r) }
	case image == "simpleserver":
		handler = func(w http.ResponseWriter, r *http.Request) {
			fmt.Fprintf(w, "%s requested from %s on %s", environment["SERVERCONTNET"], r.URL.Path, p.object.Name)
		}
	case image == "hello-server":
		handler = func(w http.ResponseWriter, _ *http.Request) {
			if share, err := strconv.ParseFloat(environment["RANDOM_ERROR"], 64); err == nil && rand.Float64() < share {
				w.WriteHeader(http.StatusServiceUnavailable)
			}
			fmt.Fprintf(w, "Hello server - %s\n", environment["VERSION"])
		}
	case image == "httpbin":
		handler = func(w http.ResponseWriter, r *http.Request) {
			time.Sleep(60 * time.Millisecond) // Long enough for concurrent requests, for the circuit breaker.
			p.echo(w, r)
		}
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set(podHeader, p.name())
		if caller := r.Header.Get("x-forwarded-client-cert"); caller != "" {
			w.Header().Set(callerHeader, caller)
		}
		handler(w, r)
	})
}

func (p *pod) appContainer() *corev1.Container {
	for i := range p.object.Spec.Containers {
		if c := &p.object.Spec.Containers[i]; c.Name != "istio-proxy" {
			return c
		}
	}
	return nil
}

func writeJSON(w http.ResponseWriter, value any) {
	w.Header().Set("content-type", "application/json")
	_ = json.NewEncoder(w).Encode(value)
}

// echo is the application of all other images: it answers with the request.
func (p *pod) echo(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(io.LimitReader(r.Body, 1<<20))
	headers := map[string]string{}
	for name := range r.Header {
		headers[strings.ToLower(name)] = r.Header.Get(name)
	}
	writeJSON(w, object{
		"pod": p.object.Name, "namespace": p.object.Namespace, "version": p.object.Labels["version"],
		"method": r.Method, "host": r.Host, "path": r.URL.RequestURI(), "headers": headers, "body": string(body),
	})
}

// passedOn are the headers of traces and sessions.
var passedOn = []string{
	"x-request-id", "x-ot-span-context", "x-b3-traceid", "x-b3-spanid", "x-b3-parentspanid", "x-b3-sampled", "x-b3-flags", "b3",
	"traceparent", "tracestate", "grpc-trace-bin", "authorization", "cookie", "user-agent", "end-user",
}

// get calls another service as an application does, with the headers that Bookinfo passes on.
func (p *pod) get(r *http.Request, address string, timeout time.Duration, more func(http.Header)) (status int, body string, err error) {
	ctx, cancel := context.WithTimeout(r.Context(), timeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return 0, "", err
	}
	for _, name := range passedOn {
		if values := r.Header.Values(name); len(values) > 0 {
			request.Header[http.CanonicalHeaderKey(name)] = values
		}
	}
	if more != nil {
		more(request.Header)
	}
	transport := &http.Transport{
		DisableKeepAlives: true,
		DialContext: func(ctx context.Context, _, to string) (net.Conn, error) {
			host, number, err := net.SplitHostPort(to)
			if err != nil {
				return nil, err
			}
			port, err := strconv.Atoi(number)
			if err != nil {
				return nil, err
			}
			return p.dial(ctx, host, port)
		},
	}
	response, err := transport.RoundTrip(request)
	if err != nil {
		return 0, "", err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	return response.StatusCode, string(text), err
}

const bookinfoPort = "9080"

// productpage is Bookinfo's page. Like the original it calls reviews twice, for three seconds each.
func (p *pod) productpage(w http.ResponseWriter, r *http.Request) {
	user := ""
	if cookie, err := r.Cookie("session"); err == nil {
		user, _ = url.QueryUnescape(cookie.Value)
	}
	switch {
	case r.URL.Path == "/login":
		http.SetCookie(w, &http.Cookie{Name: "session", Value: url.QueryEscape(r.FormValue("username")), Path: "/"})
		http.Redirect(w, r, "/productpage", http.StatusFound)
		return
	case r.URL.Path == "/logout":
		http.SetCookie(w, &http.Cookie{Name: "session", Path: "/", MaxAge: -1})
		http.Redirect(w, r, "/productpage", http.StatusFound)
		return
	case strings.HasPrefix(r.URL.Path, "/api/v1/products"):
		writeJSON(w, []object{{"id": 0, "title": "The Comedy of Errors"}})
		return
	case r.URL.Path != "/productpage":
		fmt.Fprintln(w, "productpage")
		return
	}
	signIn := func(to http.Header) {
		if user != "" {
			to.Set("end-user", user)
		}
	}
	_, details, _ := p.get(r, "http://details:"+bookinfoPort+"/details/0", 3*time.Second, signIn)
	status, reviews := 0, ""
	for attempt := 0; attempt < 2 && status != http.StatusOK; attempt++ {
		status, reviews, _ = p.get(r, "http://reviews:"+bookinfoPort+"/reviews/0", 3*time.Second, signIn)
	}
	w.Header().Set("content-type", "text/html; charset=utf-8")
	fmt.Fprint(w, bookPage(user, details, status, reviews))
}

type bookReviews struct {
	Pod     string `json:"podname"`
	Reviews []struct {
		Reviewer string `json:"reviewer"`
		Text     string `json:"text"`
		Rating   *struct {
			Stars int    `json:"stars"`
			Color string `json:"color"`
			Error string `json:"error"`
		} `json:"rating"`
	} `json:"reviews"`
}

func bookPage(user, details string, status int, reviews string) string {
	var page strings.Builder
	page.WriteString(`<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Simple Bookstore App</title><style>
body{font:16px/1.5 system-ui,sans-serif;margin:0;color:#1f2937}header{background:#1f3a5f;color:#fff;padding:.8rem 2rem;display:flex;justify-content:space-between}
header form{display:inline}main{max-width:60rem;margin:2rem auto;padding:0 1rem;display:grid;grid-template-columns:1fr 1fr;gap:2rem}h1{grid-column:1/-1;margin:0}
.stars{font-size:1.6rem;letter-spacing:.1em}.missing{color:#b45309}small{color:#6b7280}</style></head><body><header><b>Bookinfo</b>`)
	if user == "" {
		page.WriteString(`<form action="/login" method="post"><input name="username" placeholder="user name" aria-label="user name"> <button>Sign in</button></form>`)
	} else {
		fmt.Fprintf(&page, `<form action="/logout">%s <button>Sign out</button></form>`, html.EscapeString(user))
	}
	page.WriteString(`</header><main><h1>The Comedy of Errors</h1><section><h2>Book details</h2>`)
	var book map[string]any
	if json.Unmarshal([]byte(details), &book) == nil && book["author"] != nil {
		for _, name := range []string{"type", "pages", "publisher", "language", "author"} {
			fmt.Fprintf(&page, "<div>%s: %s</div>", name, html.EscapeString(fmt.Sprint(book[name])))
		}
	} else {
		page.WriteString(`<p class="missing">Sorry, product details are currently unavailable for this book.</p>`)
	}
	page.WriteString(`</section><section><h2>Book reviews</h2>`)
	var found bookReviews
	if status != http.StatusOK || json.Unmarshal([]byte(reviews), &found) != nil {
		page.WriteString(`<p class="missing">Sorry, product reviews are currently unavailable for this book.</p>`)
	}
	for _, review := range found.Reviews {
		fmt.Fprintf(&page, "<blockquote><p>%s</p><small>%s</small>", html.EscapeString(review.Text), html.EscapeString(review.Reviewer))
		if rating := review.Rating; rating != nil && rating.Error != "" {
			fmt.Fprintf(&page, `<p class="missing">%s</p>`, html.EscapeString(rating.Error))
		} else if rating != nil {
			stars := strings.Repeat("★", rating.Stars) + strings.Repeat("☆", 5-rating.Stars)
			fmt.Fprintf(&page, `<p class="stars" style="color:%s">%s</p>`, html.EscapeString(rating.Color), stars)
		}
		page.WriteString("</blockquote>")
	}
	if found.Pod != "" {
		fmt.Fprintf(&page, "<small>Reviews served by: %s</small>", html.EscapeString(found.Pod))
	}
	page.WriteString("</section></main></body></html>\n")
	return page.String()
}

// reviews calls ratings, except version 1. Version 2 waits ten seconds and has black stars, version 3 two and a half and red ones.
func (p *pod) reviews(w http.ResponseWriter, r *http.Request) {
	texts := [][2]string{
		{"Reviewer1", "An extremely entertaining play by Shakespeare."},
		{"Reviewer2", "Absolutely fun and entertaining."},
	}
	version := p.object.Labels["version"]
	var rating func(reviewer string) object
	if version != "v1" {
		timeout, color := 10*time.Second, "black"
		if version == "v3" {
			timeout, color = 2500*time.Millisecond, "red"
		}
		var ratings struct {
			Ratings map[string]int `json:"ratings"`
		}
		status, body, err := p.get(r, "http://ratings:"+bookinfoPort+"/ratings/0", timeout, nil)
		failed := err != nil || status != http.StatusOK || json.Unmarshal([]byte(body), &ratings) != nil
		rating = func(reviewer string) object {
			if failed {
				return object{"error": "Ratings service is currently unavailable"}
			}
			return object{"stars": ratings.Ratings[reviewer], "color": color}
		}
	}
	var list []object
	for _, one := range texts {
		review := object{"reviewer": one[0], "text": one[1]}
		if rating != nil {
			review["rating"] = rating(one[0])
		}
		list = append(list, review)
	}
	writeJSON(w, object{"id": "0", "podname": p.object.Name, "clustername": "null", "reviews": list})
}

func (p *pod) details(w http.ResponseWriter, _ *http.Request) {
	writeJSON(w, object{
		"id": 0, "author": "William Shakespeare", "year": 1595, "type": "paperback", "pages": 200, "publisher": "PublisherA", "language": "English",
	})
}

// chain is a service of the tutorial: it calls the next one and answers with its response.
func (p *pod) chain(name, next string, more func(*http.Request, http.Header)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		status, body, err := p.get(r, "http://"+next+":8080/", 30*time.Second, func(to http.Header) { more(r, to) })
		var unknown *net.DNSError
		switch {
		case errors.As(err, &unknown):
			w.WriteHeader(http.StatusServiceUnavailable)
			fmt.Fprintf(w, "%s => UnknownHostException: %s\n", name, next)
		case err != nil:
			w.WriteHeader(http.StatusServiceUnavailable)
			fmt.Fprintf(w, "%s => %v\n", name, err)
		case status != http.StatusOK:
			w.WriteHeader(http.StatusServiceUnavailable)
			fmt.Fprintf(w, "%s => Error: %d - %s\n", name, status, strings.TrimSpace(body))
		default:
			fmt.Fprintf(w, "%s => %s", name, body)
		}
	}
}

// mall answers a request for "/" with the root of a HAL API, like the services of the mall.
func mall(name string, w http.ResponseWriter, r *http.Request) {
	if r.URL.Path != "/" {
		http.NotFound(w, r)
		return
	}
	plural := name + "s"
	if name == "delivery" {
		plural = "deliveries"
	}
	link := "http://" + r.Host + "/"
	w.Header().Set("content-type", "application/hal+json")
	_ = json.NewEncoder(w).Encode(object{"_links": object{
		plural: object{"href": link + plural + "{?page,size,sort}", "templated": true}, "profile": object{"href": link + "profile"},
	}})
}

// simpleProxy calls the address in its environment.
func (p *pod) simpleProxy(address string, w http.ResponseWriter, r *http.Request) {
	status, body, err := p.get(r, strings.TrimSuffix(address, "/")+r.URL.Path, 30*time.Second, nil)
	if err != nil {
		w.WriteHeader(http.StatusBadGateway)
		fmt.Fprintf(w, "%s: %v", address, err)
		return
	}
	fmt.Fprintf(w, "Proxying value: %s with code %d", body, status)
}
