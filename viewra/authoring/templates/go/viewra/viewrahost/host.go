// Package viewrahost lets a Viewra plugin written in Go ask its host: it needs no other right for that.
//
// In the function that registers the plugin's services, beside the others:
//
//	host := viewrahost.Register(server)
//
// Its methods may then be called from any goroutine, in Initialize already. The host opens the stream on which they
// ask, so the plugin connects to nothing.
//
// A plugin that connects to its host all the same, with go-plugin's broker for example, uses Over instead: in Initialize
//
//	connection, err := broker.Dial(request.GetContext().GetHostBrokerId())
//	host := viewrahost.Over(connection)
package viewrahost

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"viewra.example/viewrapb"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

const (
	callTime   = 10 * time.Second // of a call whose context has no deadline
	attachTime = 5 * time.Second  // in which a host opens the stream
)

// The kinds of errors, for errors.Is.
var (
	ErrDenied      = errors.New("the operator has not granted it")
	ErrInvalid     = errors.New("the arguments are wrong")
	ErrNotFound    = errors.New("it is not there")
	ErrQuota       = errors.New("a quota is used up")
	ErrLate        = errors.New("it was not done in time")
	ErrRemote      = errors.New("a server on the network failed")
	ErrUnavailable = errors.New("there is no host to ask")
)

var kinds = map[viewrapb.HostAnswer_Failure]error{
	viewrapb.HostAnswer_DENIED:    ErrDenied,
	viewrapb.HostAnswer_INVALID:   ErrInvalid,
	viewrapb.HostAnswer_NOT_FOUND: ErrNotFound,
	viewrapb.HostAnswer_QUOTA:     ErrQuota,
	viewrapb.HostAnswer_LATE:      ErrLate,
	viewrapb.HostAnswer_REMOTE:    ErrRemote,
}

// Error is what the host answered in place of a result; Hint is the remedy, if it knows one.
type Error struct {
	Method, Message, Hint string
	kind                  error
}

func (e *Error) Error() string {
	if e.Hint == "" {
		return e.Method + ": " + e.Message
	}
	return e.Method + ": " + e.Message + " (" + e.Hint + ")"
}

// Unwrap gives the kind of the error.
func (e *Error) Unwrap() error { return e.kind }

// Host asks the host of this process.
type Host struct {
	viewrapb.UnimplementedHostBridgeServer
	single  viewrapb.HostServiceClient // nil: it asks on the stream
	mutex   sync.Mutex
	current *uplink
	changed chan struct{} // closed when current is replaced
}

// Register offers the host the stream on which this process asks it.
func Register(server grpc.ServiceRegistrar) *Host {
	host := &Host{changed: make(chan struct{})}
	viewrapb.RegisterHostBridgeServer(server, host)
	return host
}

// Over asks over a connection to the host, at host_service_addr or host_broker_id of the plugin's context.
func Over(connection grpc.ClientConnInterface) *Host {
	return &Host{single: viewrapb.NewHostServiceClient(connection)}
}

// uplink is one stream: what is to be sent, and who waits for an answer.
type uplink struct {
	outgoing chan *viewrapb.HostRequest
	over     chan struct{}
	mutex    sync.Mutex
	last     uint64
	waiting  map[uint64]chan *viewrapb.HostAnswer
}

// Attach serves the stream that the host opens; a later one replaces it.
func (h *Host) Attach(stream grpc.BidiStreamingServer[viewrapb.HostAnswer, viewrapb.HostRequest]) error {
	up := &uplink{
		outgoing: make(chan *viewrapb.HostRequest),
		over:     make(chan struct{}),
		waiting:  map[uint64]chan *viewrapb.HostAnswer{},
	}
	h.mutex.Lock()
	h.current = up
	close(h.changed)
	h.changed = make(chan struct{})
	h.mutex.Unlock()
	defer close(up.over)
	received := make(chan error, 1)
	go func() { received <- up.receive(stream) }()
	for {
		select {
		case request := <-up.outgoing:
			if err := stream.Send(request); err != nil {
				return err
			}
		case err := <-received:
			return err
		case <-stream.Context().Done():
			return nil
		}
	}
}

func (u *uplink) receive(stream grpc.BidiStreamingServer[viewrapb.HostAnswer, viewrapb.HostRequest]) error {
	for {
		answer, err := stream.Recv()
		if err != nil {
			return nil // the host ended the stream
		}
		u.mutex.Lock()
		waiting := u.waiting[answer.GetId()]
		delete(u.waiting, answer.GetId())
		u.mutex.Unlock()
		if waiting != nil { // else its caller gave up
			waiting <- answer
		}
	}
}

// Call asks for a method by its name, such as "kv.get": with arguments that become JSON, and bytes beside them. It
// puts the result into what into points to, and returns the bytes beside that. The methods of Host are easier to use.
func (h *Host) Call(ctx context.Context, method string, arguments any, data []byte, into any) ([]byte, error) {
	if _, limited := ctx.Deadline(); !limited {
		limit, cancel := context.WithTimeout(ctx, callTime)
		defer cancel()
		ctx = limit
	}
	text, err := json.Marshal(arguments)
	if err != nil {
		return nil, &Error{Method: method, Message: err.Error(), kind: ErrInvalid}
	}
	answer, err := h.ask(ctx, method, text, data)
	if err != nil {
		return nil, err
	}
	if answer.GetFailure() != viewrapb.HostAnswer_NONE {
		failed := &Error{Method: method, Message: answer.GetError(), Hint: answer.GetHint()}
		failed.kind = kinds[answer.GetFailure()]
		return nil, failed
	}
	if into != nil && len(answer.GetValue()) > 0 {
		if err := json.Unmarshal(answer.GetValue(), into); err != nil {
			return nil, fmt.Errorf("%s: the host's answer cannot be read: %w", method, err)
		}
	}
	return answer.GetData(), nil
}

func (h *Host) ask(ctx context.Context, method string, text, data []byte) (*viewrapb.HostAnswer, error) {
	if h.single == nil {
		up, err := h.attached(ctx, method)
		if err != nil {
			return nil, err
		}
		return up.ask(ctx, method, text, data)
	}
	request := &viewrapb.HostRequest{Method: method, Arguments: text, Data: data, TimeoutMs: left(ctx)}
	answer, err := h.single.Call(ctx, request)
	switch {
	case err == nil:
		return answer, nil
	case ctx.Err() != nil:
		return nil, late(method, ctx)
	case status.Code(err) == codes.InvalidArgument:
		return nil, &Error{Method: method, Message: status.Convert(err).Message(), kind: ErrInvalid}
	case status.Code(err) == codes.ResourceExhausted:
		return nil, &Error{Method: method, Message: status.Convert(err).Message(), kind: ErrQuota}
	}
	return nil, &Error{Method: method, Message: status.Convert(err).Message(), kind: ErrUnavailable}
}

// left gives the milliseconds until the deadline of a context that has one.
func left(ctx context.Context) uint32 {
	deadline, _ := ctx.Deadline()
	return uint32(max(1, min(time.Until(deadline).Milliseconds(), 1<<31)))
}

func (h *Host) attached(ctx context.Context, method string) (*uplink, error) {
	patience := time.NewTimer(attachTime)
	defer patience.Stop()
	for {
		h.mutex.Lock()
		up, changed := h.current, h.changed
		h.mutex.Unlock()
		if up != nil {
			select {
			case <-up.over:
			default:
				return up, nil
			}
		}
		select {
		case <-changed:
		case <-patience.C:
			return nil, &Error{Method: method, Message: "this plugin's host offers no host services", kind: ErrUnavailable}
		case <-ctx.Done():
			return nil, late(method, ctx)
		}
	}
}

func (u *uplink) ask(ctx context.Context, method string, text, data []byte) (*viewrapb.HostAnswer, error) {
	answered := make(chan *viewrapb.HostAnswer, 1)
	u.mutex.Lock()
	u.last++
	id := u.last
	u.waiting[id] = answered
	u.mutex.Unlock()
	defer func() {
		u.mutex.Lock()
		delete(u.waiting, id)
		u.mutex.Unlock()
	}()
	request := &viewrapb.HostRequest{
		Id: id, Method: method, Arguments: text, Data: data, TimeoutMs: left(ctx),
	}
	gone := &Error{Method: method, Message: "the stream to the host has ended", kind: ErrUnavailable}
	select {
	case u.outgoing <- request:
	case <-u.over:
		return nil, gone
	case <-ctx.Done():
		return nil, late(method, ctx)
	}
	select {
	case answer := <-answered:
		return answer, nil
	case <-u.over:
		return nil, gone
	case <-ctx.Done():
		return nil, late(method, ctx)
	}
}

func late(method string, ctx context.Context) error {
	if errors.Is(ctx.Err(), context.Canceled) {
		return fmt.Errorf("%s: %w", method, ctx.Err())
	}
	return &Error{Method: method, Message: "the host did not answer in time", kind: ErrLate}
}
