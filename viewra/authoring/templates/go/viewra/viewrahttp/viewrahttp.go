// Package viewrahttp lets a Viewra plugin written in Go answer HTTP requests with net/http handlers.
//
// In the function that registers the plugin's services, beside the others:
//
//	viewrahttp.Register(server, routes, pages)
//
// The handlers get paths below /api/plugins/<id> and /admin/plugins/<id>.
package viewrahttp

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"viewra.example/viewrapb"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

const pieceBytes = 64 * 1024

type stream = grpc.BidiStreamingServer[viewrapb.HttpRequest, viewrapb.HttpResponse]

type service struct {
	viewrapb.UnimplementedHttpServiceServer
	handlers map[viewrapb.HttpRequestHead_Area]http.Handler
}

type headKey struct{}

// Register offers HttpService: routes answers the plugin's routes, pages its admin pages; either may be nil.
func Register(server grpc.ServiceRegistrar, routes, pages http.Handler) {
	handlers := map[viewrapb.HttpRequestHead_Area]http.Handler{
		viewrapb.HttpRequestHead_ROUTE: routes,
		viewrapb.HttpRequestHead_PAGE:  pages,
	}
	viewrapb.RegisterHttpServiceServer(server, &service{handlers: handlers})
}

// Head is the request as the host sent it: with the base paths for links, and the user's scope.
func Head(request *http.Request) *viewrapb.HttpRequestHead {
	head, _ := request.Context().Value(headKey{}).(*viewrapb.HttpRequestHead)
	return head
}

// Media answers with the media file of this id, which the host sends itself, with ranges.
func Media(w http.ResponseWriter, mediaFileID uint32) {
	if own, ok := w.(*writer); ok && own.head == nil {
		own.media = mediaFileID
		own.WriteHeader(http.StatusOK)
	}
}

// Handle answers one request.
func (s *service) Handle(call stream) (err error) {
	first, err := call.Recv()
	if err != nil {
		return err
	}
	head := first.GetHead()
	handler := s.handlers[head.GetArea()]
	if handler == nil {
		handler = http.NotFoundHandler()
	}
	ctx := context.WithValue(call.Context(), headKey{}, head)
	address := (&url.URL{Path: head.GetPath(), RawQuery: head.GetQuery()}).String()
	request, err := http.NewRequestWithContext(ctx, head.GetMethod(), address, &body{call: call, part: first})
	if err != nil {
		return status.Error(codes.InvalidArgument, err.Error())
	}
	if first.GetLast() {
		request.ContentLength = int64(len(first.GetBody()))
	}
	for _, header := range head.GetHeaders() {
		request.Header.Add(header.GetName(), string(header.GetValue()))
	}
	request.Host = request.Header.Get("Host")
	request.RemoteAddr = head.GetClient()
	w := &writer{call: call, header: http.Header{}}
	defer func() {
		if failure := recover(); failure != nil {
			err = status.Error(codes.Internal, fmt.Sprint("the handler panicked: ", failure))
		}
	}()
	handler.ServeHTTP(w, request)
	w.WriteHeader(http.StatusOK)
	return w.send(true)
}

// body reads a request's body from the messages of its call.
type body struct {
	call stream
	part *viewrapb.HttpRequest
}

func (b *body) Read(into []byte) (int, error) {
	for len(b.part.GetBody()) == 0 {
		if b.part.GetLast() {
			return 0, io.EOF
		}
		part, err := b.call.Recv()
		if err == io.EOF {
			return 0, io.ErrUnexpectedEOF // the client went away
		}
		if err != nil {
			return 0, err
		}
		b.part = part
	}
	n := copy(into, b.part.Body)
	b.part.Body = b.part.Body[n:]
	return n, nil
}

func (b *body) Close() error { return nil }

// writer sends a response: what is written together goes out together, until Flush.
type writer struct {
	call    stream
	header  http.Header
	head    *viewrapb.HttpResponseHead
	begun   bool
	pending []byte
	media   uint32
}

func (w *writer) Header() http.Header { return w.header }

func (w *writer) WriteHeader(code int) {
	if w.head != nil {
		return
	}
	w.head = &viewrapb.HttpResponseHead{Status: uint32(code), MediaFileId: w.media}
	for name, values := range w.header {
		for _, value := range values {
			header := &viewrapb.HttpHeader{Name: strings.ToLower(name), Value: []byte(value)}
			w.head.Headers = append(w.head.Headers, header)
		}
	}
}

func (w *writer) Write(data []byte) (int, error) {
	if w.head == nil && w.header.Get("Content-Type") == "" {
		w.header.Set("Content-Type", http.DetectContentType(data))
	}
	w.WriteHeader(http.StatusOK)
	for written := 0; written < len(data); {
		n := min(len(data)-written, pieceBytes-len(w.pending))
		w.pending = append(w.pending, data[written:written+n]...)
		written += n
		if len(w.pending) == pieceBytes {
			if err := w.send(false); err != nil {
				return written, err
			}
		}
	}
	return len(data), nil
}

// Flush sends what was written.
func (w *writer) Flush() {
	w.WriteHeader(http.StatusOK)
	_ = w.send(false) // a client that went away ends the request's context
}

func (w *writer) send(last bool) error {
	response := &viewrapb.HttpResponse{Body: w.pending, Last: last}
	if !w.begun {
		response.Head = w.head
	}
	w.begun, w.pending = true, nil
	return w.call.Send(response)
}
